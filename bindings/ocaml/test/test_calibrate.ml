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

(* --- Solo5 on virtio without kvmclock --- *)

(* The host's time as an RTC has it, late by a part of a second; it may jump. *)
let jumped_s = ref 0
let rtc_ns () = Int64.of_int (((!now_ns - 680_000_000) / s_ns * s_ns) + (!jumped_s * s_ns))

(* Solo5's monotonic clock and the sleeps have this rate. Begins when the RTC is [phase_ms] behind a change. *)
let begin_on_rtc ?(phase_ms = 300) rate =
  reset ();
  Udp.reset ();
  jumped_s := 0;
  clock := Clock.create { source with period_s = 3e-9; period_error = 0.5 };
  move_to (start_ns + (phase_ms * 1_000_000));
  Sleep.slow := 1. /. rate;
  Calibrate.clock ~error:0.5 ~seconds:rtc_ns ~elapsed_ns:(host_ns rate) !clock

let since_s begun = float (!now_ns - begun) /. 1e9

let test_rtc () =
  let check (rate, phase_ms) =
    let begun = start_ns + (phase_ms * 1_000_000) and sent = ref [] and found_s = ref 0. and disruptions = ref 0 in
    let on_event = function
      | Ffntp_lwt.Server (_, Sent) -> sent := since_s begun :: !sent
      | Status Synchronised -> found_s := since_s begun
      | Disrupted -> incr disruptions
      | _ -> ()
    in
    let run () =
      let source = Clock.source !clock in
      is_true "measured" (off source < 0.01 && source.period_error > 0.1 && source.period_error < 0.13);
      Loop.start ~on_event ~nonce ~servers:[ server ] !clock (Client.config source) ()
    in
    let loop = Lwt.map run (begin_on_rtc ~phase_ms rate) in
    pass (begun + (25 * s_ns / 10));
    let loop = match Lwt.state loop with Return loop -> loop | _ -> Alcotest.fail "not within 2.5 s" in
    for _ = 1 to 100 do
      pass_s 1;
      is_right ()
    done;
    Alcotest.(check int) "never disrupted" 0 !disruptions;
    let limit_s = if rate > 0.5 then 5. else 7. in
    is_true (Printf.sprintf "synchronised after %.2f s" !found_s) (!found_s > 0. && !found_s < limit_s);
    let rec least_gap = function a :: (b :: _ as rest) -> Float.min (a -. b) (least_gap rest) | _ -> 100. in
    is_true (Printf.sprintf "%.3f s apart" (least_gap !sent)) (least_gap !sent > 2. *. 0.99);
    let early = List.filter (fun s -> s < List.nth (List.rev !sent) 0 +. 14.) !sent in
    is_true "no more than are polite" (List.length early <= 8);
    is_true "no late queries" (List.length early >= 7);
    is_true "stopped" (Lwt.state (Loop.stop loop) = Return ())
  in
  let phases = [ 0; 300; 690; 999 ] in
  List.iter (fun rate -> List.iter (fun phase -> check (rate, phase)) phases) [ 1. /. 4.4; 1. /. 1.38; 1.; 1.2 ]

(* A clock that stands still, or jumps: the one in nanoseconds is used. A single jump costs a second more. *)
let test_no_seconds () =
  let state measured = Lwt.state measured = Lwt.Return () in
  let measured = begin_on_rtc 1. in
  pass_s 1;
  jumped_s := 3600;
  pass_s 3;
  let source = Clock.source !clock in
  is_true "a single jump" (state measured && off source < 0.01 && source.period_error > 0.1);
  let measured = begin_on_rtc (1. /. 60.) in
  pass_s 3;
  is_true "late looks" (state measured && off (Clock.source !clock) < (Clock.source !clock).period_error -. 0.1);
  let measured = begin_on_rtc 0.8 in
  for _ = 1 to 70 do
    pass (!now_ns + 100_000_000);
    jumped_s := !jumped_s + 7
  done;
  pass_s 1;
  is_true "it jumps on and on" (state measured && (Clock.source !clock).period_error = 0.5);
  reset ();
  clock := Clock.create { source with period_s = 3e-9; period_error = 0.5 };
  let measured = Calibrate.clock ~seconds:(fun () -> 0L) ~elapsed_ns:(host_ns 1.) !clock in
  pass_s 6;
  is_true "it stands still" (state measured && (Clock.source !clock).period_error < 0.011)

let () =
  let case name f = Alcotest.test_case name `Quick f in
  Alcotest.run "ffntp-calibrate"
    [ ("calibrate", [ case "measures" test_measures; case "a slow host" test_slow_host;
        case "an RTC" test_rtc; case "no seconds" test_no_seconds ]) ]
