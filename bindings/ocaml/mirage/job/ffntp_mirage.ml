open Cmdliner

(* The names are read by the job, so that one which is wrong is a line of the log, and does not end the unikernel. *)
let names =
  let doc =
    "An NTP server that keeps the clock: a name or an address, with :PORT if its port is not 123. Repeat it for \
     several: three or more outvote one that is wrong."
  in
  let arg = Arg.info [ "ntp-server" ] ~doc ~docv:"HOST" ~docs:"NTP OPTIONS" in
  Mirage_runtime.register_arg Arg.(value & opt_all string [] arg)

(* The job that runs. *)
type running = { state : unit -> Ffntp_job.state; stop : unit -> unit Lwt.t }

let nothing = { state = (fun () -> Ffntp_job.Stopped); stop = (fun () -> Lwt.return_unit) }
let running = ref nothing
let state () = !running.state ()
let stop () = !running.stop ()

let is_over = function Ffntp_job.Stopped | Idle _ -> true | Starting | Running -> false

module Make (Stack : Ffntp_job.STACK) (Dns : Ffntp_job.DNS) = struct
  module Calibrate = Ffntp_lwt.Calibrate (Mirage_sleep)
  module Job = Ffntp_job.Make (Mirage_sleep) (Stack) (Dns)

  let calibrate =
    Calibrate.clock ~error:(Ffntp_mirage_host.elapsed_error ()) ?seconds:(Ffntp_mirage_host.seconds ())
      ~elapsed_ns:Ffntp_mirage_host.elapsed_ns

  let watch ~disrupted clock =
    Ffntp_mirage_host.watch ~at_enter_iter:Mirage_runtime.at_enter_iter ~disrupted clock

  (* One clock has one job. *)
  let start_with ?dhcp stack dns =
    if is_over (state ()) then (
      let nonce = Ffntp_rng.nonce and clock = Ffntp.Clock.default and names = names () in
      let job = Job.start_named ?dhcp ~calibrate ~watch ~nonce ~clock ~names stack dns in
      running := { state = (fun () -> Job.state job); stop = (fun () -> Job.stop job) };
      Mirage_runtime.at_exit (fun () -> Job.stop job))
    else Logs.warn (fun m -> m "ffntp: the clock has a job already; name Ffntp_mirage.Make once in config.ml");
    Lwt.return_unit

  let start stack dns = start_with stack dns
end
