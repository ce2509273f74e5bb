(* LEASE: the NTP server that DHCP offers. *)
module Ntp = Ffntp_mirage_dhcp.Make (Machine.Stack) (Machine.Dns) (Lwt)

let lease =
  let ntp_server text = Dhcp_wire.Ntp_servers [ Ipaddr.V4.of_string_exn text ] in
  let servers = Option.map ntp_server (Sys.getenv_opt "LEASE") in
  Some (Dhcp_wire.Dns_servers [ Ipaddr.V4.localhost ] :: Option.to_list servers)

let () = Machine.run [ (fun () -> Ntp.start (Machine.stack ()) () lease); Unikernel.start ]
