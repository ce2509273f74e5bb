(* Clocks whose counter's period is hardly known, and clocks without a time. *)
open Ffntp
open World

let is_true what condition = Alcotest.check Alcotest.bool what true condition
let later s = start_ns + (s * s_ns)

(* --- a period that is known to half of itself: a guest's counter measured against a bad clock --- *)

(* The client runs by the counter, and therefore faster or slower than true time. *)
let rec run_by_counter state ns until =
  if ns >= until then state
  else
    match Client.next ~now:(counter_at ns) state with
    | Send, state ->
        let verdict, state, ns = exchange state ns in
        is_true "every reply is accepted" (verdict = Accepted);
        run_by_counter state ns until
    | Wait_until counter, state ->
        let ticks = Int64.to_int (Int64.sub counter (counter_at ns)) in
        run_by_counter state (min until (ns + max 1000 ticks)) until
    | Change_server, state -> run_by_counter state ns until

let marker output = (Output.details output).disruption_marker

(* At true time [ns]: the bound holds, nothing was disrupted, and the period is right within [error]. *)
let holds ~first ~error state ns =
  let output = Client.output ~now:(counter_at ns) state in
  match Output.read output (counter_at ns) with
  | Error why -> Alcotest.fail (Output.refusal_text why)
  | Ok r ->
      is_true "the bound holds" (compare r.earliest (d_ps_of_ns ns) <= 0 && compare (d_ps_of_ns ns) r.latest <= 0);
      is_true "no disruption" (marker output = marker first);
      let off = Float.abs (((Output.details output).period_s *. 1.00003e9) -. 1.) in
      if off > error then Alcotest.failf "the period is off by %g after %d ms" off ((ns - start_ns) / 1_000_000)

let test_unknown_period () =
  let try_with estimator factor =
    let source = { source with period_s = 1e-9 *. factor; period_error = 0.5 } in
    let config = { (Client.config source) with estimator } in
    let state = Client.create config ~now:(counter_at start_ns) in
    let first = Client.output ~now:(counter_at start_ns) state in
    let at state s ~until ~error =
      let state = run_by_counter state (later s) (later until) in
      holds ~first ~error state (later until);
      state
    in
    let state = at state 0 ~until:1 ~error:1. in
    let state = at state 1 ~until:6 ~error:1e-3 in
    ignore (at state 6 ~until:900 ~error:1e-5)
  in
  List.iter
    (fun (estimator, _) -> List.iter (try_with estimator) [ 1.; 1.34; 1. /. 1.34; 1.2; 0.7; 1.9 ])
    (Client.estimators ())

let test_elapsed_with_a_better_period () =
  let source = { source with period_s = 1.34e-9; period_error = 0.5 } in
  let clock = Clock.create source and last = ref 0L in
  let state = ref (Client.create (Client.config source) ~now:(counter_at start_ns)) in
  for s = 1 to 60 do
    state := run_by_counter !state (later (s - 1)) (later s);
    Clock.set_counter clock (counter_at (later s));
    Clock.publish clock (Client.output ~now:(counter_at (later s)) !state);
    let elapsed_ns = Clock.elapsed_ns clock in
    is_true "forward" (elapsed_ns > !last);
    is_true "at the true rate" (s < 5 || Int64.abs (Int64.sub (Int64.sub elapsed_ns !last) 1_000_000_000L) < 200_000L);
    last := elapsed_ns
  done

(* --- the last time, continued --- *)

let near what expected got = is_true what (got >= expected && got < expected + 1000)

let test_reckoned () =
  let clock = Clock.create source in
  let publish ?(status = Output.Synchronised) ns =
    let at = Clock.counter clock in
    Clock.publish clock (Output.make Manual status ~at ~time:(d_ps_of_ns ns) ~period_s:1e-9 ~bound_ns:1000)
  in
  let is_at what ns = near what ns (Int64.to_int (Option.get (Clock.reckoned_ns clock))) in
  let pass s = Clock.set_counter clock (Int64.add (Clock.counter clock) (Int64.of_int (s * s_ns))) in
  is_true "no time yet" (Clock.reckoned_ns clock = None);
  publish ~status:Initialising (later 0);
  is_true "none that may be read" (Clock.reckoned_ns clock = None);
  publish (later 0);
  is_at "published" (later 0);
  pass 5;
  publish ~status:Disrupted (later 100);
  pass 5;
  is_at "elapsed" (later 10);
  Clock.set_counter clock 1L;
  is_at "a counter that was set back: from the last output on" (later 5);
  publish ~status:Disrupted (later 100);
  pass 2;
  is_at "on from there" (later 7);
  publish (later 50);
  is_at "a new time" (later 50)

(* The time alone is computed from words that the publisher prepared, a reading from the map. *)
let test_the_time_alone () =
  let midnight_s = 1_798_761_600 in
  let at = 1_000_000_000_000 in
  let try_with ?leap_second ~period_s () =
    let clock = Clock.create source in
    Clock.set_counter clock (Int64.of_int at);
    Clock.publish clock
      (Output.make ~tai_offset_s:37 ?leap_second ~drift:1e-6 Manual Synchronised ~at:(Int64.of_int at)
         ~time:(d_ps_of_ns ((midnight_s - 5) * s_ns)) ~period_s ~bound_ns:1000);
    let is_same offset =
      Clock.set_counter clock (Int64.of_int (at + offset));
      let alone = try Ok (Clock.now_d_ps clock) with Sys_error text -> Error text in
      let read = Result.map (fun (r : Output.reading) -> r.estimate) (Clock.read clock) in
      is_true (string_of_int offset) (alone = Result.map_error Output.refusal_text read)
    in
    List.iter is_same [ 0; 1; -1; -1000; -1_000_000; -1_000_000_000; max_int - at; max_int ];
    for i = 0 to 200 do
      is_same (i * 50_000_001)
    done
  in
  List.iter
    (fun period_s ->
      try_with ~period_s ();
      try_with ~period_s ~leap_second:(Inserted midnight_s) ();
      try_with ~period_s ~leap_second:(Left_out midnight_s) ())
    [ 1e-9; 1e-9 /. 3.; 1e-12; 1e-6 ]

let test_d_ps_of_ns () =
  let is (d, ps) ns = is_true (Int64.to_string ns) (Output.d_ps_of_ns ns = (d, ps)) in
  is (0, 0L) 0L;
  is (0, 1000L) 1L;
  is (-1, 86_399_999_999_999_000L) (-1L);
  is (-1, 0L) (-86_400_000_000_000L);
  is (1, 0L) 86_400_000_000_000L;
  is (20_454, 0L) 1_767_225_600_000_000_000L

let () =
  let case name f = Alcotest.test_case name `Quick f in
  Alcotest.run "ffntp-clock"
    [
      ( "clock",
        [
          case "unknown period" test_unknown_period;
          case "elapsed time with a better period" test_elapsed_with_a_better_period;
          case "reckoned" test_reckoned;
          case "the time alone" test_the_time_alone;
          case "days and picoseconds" test_d_ps_of_ns;
        ] );
    ]
