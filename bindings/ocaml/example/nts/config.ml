(* mirage >= 4.9.0 & < 4.12.0 *)
open Mirage

(* A client whose server is authenticated by NTS, with keys from the command line. Mirage_ptime stays the host's. *)
let main =
  let packages =
    [
      package ~sublibs:[ ""; "lwt"; "nts"; "rng" ] "ffntp";
      package ~sublibs:[ "host"; "job" ] "ffntp-mirage";
      package "ptime";
    ]
  in
  main ~packages "Unikernel.Main" (stackv4v6 @-> dns_client @-> job)

let stack = generic_stackv4v6 default_network
let dns = generic_dns_client stack (generic_happy_eyeballs stack)
let () = register "nts" [ main $ stack $ dns ]
