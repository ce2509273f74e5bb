(* An explicit client: two groups of servers, its own poll interval, and the state of each server.
   --site-ntp-server=HOST names a server of this site, which is preferred; --ntp-server=HOST any other. *)
open Lwt.Infix
open Ffntp

let servers name doc =
  let open Cmdliner in
  Mirage_runtime.register_arg Arg.(value & opt_all string [] (info [ name ] ~doc ~docv:"HOST"))

let site = servers "site-ntp-server" "An NTP server of this site: a name or an address. May be repeated."
let others = servers "ntp-server" "An NTP server elsewhere: a name or an address. May be repeated."

module Main (S : Tcpip.Stack.V4V6) (Dns : Dns_client_mirage.S) = struct
  module Calibrate = Ffntp_lwt.Calibrate (Mirage_sleep)
  module Job = Ffntp_job.Make (Mirage_sleep) (S) (Dns)

  let server options dns text =
    match Ffntp_job.Name.of_string text with
    | Ok name -> [ Job.server ~options dns name ]
    | Error why ->
        Logs.err (fun m -> m "%S: %s" text why);
        []

  let config source = { (Client.config source) with poll_min_s = 8; poll_max_s = 128; poll_is_adaptive = true }

  (* Selections and replies; the job itself logs what is wrong. *)
  let on_event event = Logs.debug (fun m -> m "%a" Ffntp_lwt.pp_event event)

  let say clock =
    match Clock.read clock with
    | Ok { estimate; bound_ns; status; _ } ->
        Logs.app (fun m ->
            m "%a, +- %d ns, %s" (Ptime.pp_human ~frac_s:9 ()) (Ptime.v estimate) bound_ns (Output.status_name status))
    | Error why -> Logs.app (fun m -> m "%s" (Output.refusal_text why))

  let rec speak clock =
    say clock;
    Mirage_sleep.ns 1_000_000_000L >>= fun () -> speak clock

  let start stack dns =
    let clock = Clock.default () in
    let preferred = { Ensemble.options with is_preferred = true } in
    let servers =
      List.concat_map (server preferred dns) (site ()) @ List.concat_map (server Ensemble.options dns) (others ())
    in
    let job =
      Job.start ~config ~on_event ~nonce:Ffntp_rng.nonce
        ~clock:(fun () -> clock)
        ~calibrate:
          (Calibrate.clock ~error:(Ffntp_mirage_host.elapsed_error ()) ?seconds:(Ffntp_mirage_host.seconds ())
             ~elapsed_ns:Ffntp_mirage_host.elapsed_ns)
        ~watch:(Ffntp_mirage_host.watch ?wall_ns:None ~at_enter_iter:Mirage_runtime.at_enter_iter)
        ~servers stack
    in
    Mirage_runtime.at_exit (fun () -> Job.stop job);
    speak clock
end
