(* The other options are more than a hundred in charrua. *)
type dhcp_option = Ntp_servers of Ipaddr.V4.t list | Dns_servers of Ipaddr.V4.t list

let collect_ntp_servers options =
  List.concat_map (function Ntp_servers servers -> servers | Dns_servers _ -> []) options
