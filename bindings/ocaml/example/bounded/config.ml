(* mirage >= 4.9.0 & < 4.12.0 *)
open Mirage

(* Mirage_ptime is kept by NTP for everything in this unikernel, by a job that adds the argument --ntp-server=HOST. *)
let ptime =
  let packages = [ package ~sublibs:[ "ptime" ] "ffntp-mirage"; package ~min:"5.1.0" ~max:"6.0.0" "mirage-ptime" ] in
  impl ~packages "Mirage_ptime" ptime

let ntp = main ~packages:[ package "ffntp-mirage" ] "Ffntp_mirage.Make" (stackv4v6 @-> dns_client @-> job)
let stack = generic_stackv4v6 default_network
let dns = generic_dns_client stack (generic_happy_eyeballs stack)

let main =
  main ~packages:[ package "ffntp"; package ~sublibs:[ "host" ] "ffntp-mirage"; package "ptime" ] "Unikernel" job

let () = register ~ptime "clock" [ ntp $ stack $ dns; main ]
