(** {!Ffntp_mirage} with the NTP servers that the network's DHCP server offers (option 42), for config.ml:

    {[
      let requests = make_dhcp_requests ()
      let () = add_dhcp_request requests 42
      let stack, lease_of_stack = generic_stackv4v6_with_lease ~dhcp_requests:requests default_network
      let ntp =
        let packages = [ package "ffntp-mirage" ~sublibs:[ "dhcp" ]; package ~min:"2.0.0" ~max:"4.0.0" "charrua" ] in
        main ~packages "Ffntp_mirage_dhcp.Make" (stackv4v6 @-> dns_client @-> lease @-> job)
      let () = register ~ptime "unikernel" [ ntp $ stack $ dns $ lease_of_stack; main ]
    ]} *)

module Make (Stack : Ffntp_job.STACK) (Dns : Ffntp_job.DNS) (_ : sig end) : sig
  val start : Stack.t -> Dns.t -> Dhcp_wire.dhcp_option list option -> unit Lwt.t
  (** As [Ffntp_mirage.Make(...).start]. The servers of [--ntp-server] are asked alone, if there are any; else those of
      the lease. *)
end
