(* mirage >= 4.11.0 *)
open Mirage

(* Mirage_ptime, for everything in this unikernel, is kept by NTP. *)
let ptime =
  let packages = [ package ~sublibs:[ "mirage-ptime" ] "ffntp"; package "mirage-ptime" ] in
  impl ~packages "Mirage_ptime" ptime

let main =
  let packages =
    [
      package ~sublibs:[ "lwt"; "rng" ] "ffntp";
      package "ptime";
      package "ipaddr";
      package "mirage-mtime";
      package "mirage-sleep";
    ]
  in
  main ~packages "Unikernel.Main" (stackv4v6 @-> job)

let () = register ~ptime "clock" [ main $ generic_stackv4v6 default_network ]
