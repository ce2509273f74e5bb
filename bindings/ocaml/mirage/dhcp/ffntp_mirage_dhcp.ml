module Make (Stack : Ffntp_job.STACK) (Dns : Ffntp_job.DNS) (_ : sig end) = struct
  module Job = Ffntp_mirage.Make (Stack) (Dns)

  let start stack dns lease =
    let servers = Dhcp_wire.collect_ntp_servers (Option.value ~default:[] lease) in
    Job.start_with ~dhcp:(List.map (fun address -> Ipaddr.V4 address) servers) stack dns
end
