(* Keeps UTC by NTP, and says what time it is. *)
open Lwt.Infix
open Ffntp

let server () = Lwt.return_ok (Ipaddr.of_string_exn "10.0.0.1", 123)

module Main (S : Tcpip.Stack.V4V6) = struct
  module Calibrate = Ffntp_lwt.Calibrate (Mirage_sleep)
  module Ntp = Ffntp_lwt.Make (S.UDP) (Mirage_sleep)

  let on_event event = Logs.debug (fun m -> m "%a" Ffntp_lwt.pp_event event)

  (* What takes Mirage_ptime needs to know nothing of NTP; Clock.read also tells how far off it may be. *)
  let say clock =
    match Clock.read clock with
    | Ok { bound_ns; _ } ->
        Logs.app (fun m -> m "%a, +- %d ns" (Ptime.pp_human ~frac_s:9 ()) (Mirage_ptime.now ()) bound_ns)
    | Error why -> Logs.app (fun m -> m "%s" (Output.refusal_text why))

  let rec speak clock =
    say clock;
    Mirage_sleep.ns 1_000_000_000L >>= fun () -> speak clock

  let start stack =
    let clock = Clock.default () in
    Calibrate.clock ~elapsed_ns:Mirage_mtime.elapsed_ns clock >>= fun () ->
    let config = Client.config (Clock.source clock) in
    let _ntp = Ntp.start ~on_event ~nonce:Ffntp_rng.nonce ~server clock config (S.udp stack) in
    Lwt.pick [ S.listen stack; speak clock ]
end
