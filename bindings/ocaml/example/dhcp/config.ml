(* mirage >= 4.9.0 & < 4.12.0 *)
open Mirage

let ptime =
  let packages = [ package ~sublibs:[ "ptime" ] "ffntp-mirage"; package ~min:"5.1.0" ~max:"6.0.0" "mirage-ptime" ] in
  impl ~packages "Mirage_ptime" ptime

(* The network's DHCP is asked for NTP servers (option 42), and for name servers. *)
let requests = make_dhcp_requests ()
let () = add_dhcp_request requests 42
let stack, lease_of_stack = generic_stackv4v6_with_lease ~dhcp_requests:requests default_network
let dns = generic_dns_client ~dhcp:(requests, lease_of_stack) stack (generic_happy_eyeballs stack)

(* Without --ntp-server=HOST the servers of the lease keep the clock. *)
let ntp =
  let packages = [ package ~sublibs:[ "dhcp" ] "ffntp-mirage"; package ~min:"2.0.0" ~max:"4.0.0" "charrua" ] in
  main ~packages "Ffntp_mirage_dhcp.Make" (stackv4v6 @-> dns_client @-> lease @-> job)

let main = main ~packages:[ package "ptime" ] "Unikernel" job
let () = register ~ptime "clock" [ ntp $ stack $ dns $ lease_of_stack; main ]
