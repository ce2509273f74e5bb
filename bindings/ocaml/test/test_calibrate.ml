(* A counter of unknown period, measured against a host's clock, and then by the replies of a server. *)
open Ffntp
open World
open Network

let is_true what condition = Alcotest.check Alcotest.bool what true condition

module Udp = Udp_of (struct
  type t = string

  let to_string = Fun.id
end)

module Loop = Ffntp_lwt.Make (Udp) (Sleep)
module Calibrate = Ffntp_lwt.Calibrate (Sleep)

let server = Ffntp_lwt.server ~name:"server" (fun () -> Lwt.return_ok [ Ffntp_lwt.candidate "server" ])

(* The host's elapsed time, at this rate. *)
let host_ns rate () = Int64.of_float (rate *. float (!now_ns - start_ns))

let calibrated ?error rate =
  reset ();
  Udp.reset ();
  clock := Clock.create { source with period_s = 3e-9; period_error = 0.5 };
  move_to start_ns;
  let measured = Calibrate.clock ?error ~elapsed_ns:(host_ns rate) !clock in
  pass_s 1;
  is_true "measured" (Lwt.state measured = Return ());
  Clock.source !clock

let off { Counter.period_s; _ } = Float.abs ((period_s *. 1e9) -. 1.)

let test_measures () =
  let source = calibrated 1. in
  is_true "right" (off source < 1e-4 && source.period_error >= 0.01 && source.period_error < 0.011);
  let known = Calibrate.clock ~elapsed_ns:(fun () -> 0L) (Clock.create World.source) in
  is_true "nothing to measure" (Lwt.state known = Return ())

(* A PIT's delay that takes longer than it should, or less. *)
let test_slow_host () =
  List.iter
    (fun rate ->
      let source = calibrated ~error:0.5 rate in
      is_true "the host's error" (off source > 0.15 && source.period_error = 0.5);
      let disruptions = ref 0 in
      let on_event = function Ffntp_lwt.Disrupted -> incr disruptions | _ -> () in
      let loop = Loop.start ~on_event ~nonce ~servers:[ server ] !clock (Client.config source) () in
      for _ = 1 to 600 do
        pass_s 1;
        is_right ()
      done;
      is_true "never disrupted" (!disruptions = 0);
      is_true "synchronised" (status () = Synchronised);
      is_true "stopped" (Lwt.state (Loop.stop loop) = Return ()))
    [ 1. /. 1.34; 1. /. 1.2; 1.2; 1.34 ]

let () =
  let case name f = Alcotest.test_case name `Quick f in
  Alcotest.run "ffntp-calibrate"
    [ ("calibrate", [ case "measures" test_measures; case "a slow host" test_slow_host ]) ]
