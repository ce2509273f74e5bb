(* Keeps UTC by NTP, and prints the time: --ntp-server=NAME-OR-ADDRESS. *)
open Lwt.Infix
open Ffntp

let ntp_server =
  let open Cmdliner in
  let doc = Arg.info ~doc:"The NTP server: a name or an address." ~docv:"HOST" [ "ntp-server" ] in
  Mirage_runtime.register_arg Arg.(required & opt (some string) None doc)

module Main (S : Tcpip.Stack.V4V6) (Dns : Dns_client_mirage.S) = struct
  module Calibrate = Ffntp_lwt.Calibrate (Mirage_sleep)
  module Ntp = Ffntp_lwt.Make (S.UDP) (Mirage_sleep)

  let resolve dns name =
    match Result.bind (Domain_name.of_string name) Domain_name.host with
    | Error (`Msg why) -> Lwt.return_error why
    | Ok host -> (
        Dns.gethostbyname dns host >|= function
        | Ok address -> Ok (Ipaddr.V4 address, 123)
        | Error (`Msg why) -> Error why)

  (* The name is resolved again whenever the server has not answered for a while. *)
  let server dns () =
    match Ipaddr.of_string (ntp_server ()) with
    | Ok address -> Lwt.return_ok (address, 123)
    | Error _ -> resolve dns (ntp_server ())

  let on_event event = Logs.debug (fun m -> m "%a" Ffntp_lwt.pp_event event)

  (* Code that takes Mirage_ptime needs no knowledge of NTP; Clock.read also returns the error bound. *)
  let say clock =
    match Clock.read clock with
    | Ok { bound_ns; _ } ->
        Logs.app (fun m -> m "%a, +- %d ns" (Ptime.pp_human ~frac_s:9 ()) (Mirage_ptime.now ()) bound_ns)
    | Error why -> Logs.app (fun m -> m "%s" (Output.refusal_text why))

  let rec speak clock =
    say clock;
    Mirage_sleep.ns 1_000_000_000L >>= fun () -> speak clock

  let start stack dns =
    let clock = Clock.default () in
    Calibrate.clock ~elapsed_ns:Mirage_mtime.elapsed_ns clock >>= fun () ->
    let config = Client.config (Clock.source clock) in
    let _ntp = Ntp.start ~on_event ~nonce:Ffntp_rng.nonce ~server:(server dns) clock config (S.udp stack) in
    speak clock
end
