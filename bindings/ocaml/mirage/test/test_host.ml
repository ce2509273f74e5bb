(* The host's clock and a clock of ours with a counter set by hand, so that a suspension takes no time. *)
open Ffntp
module Host = Ffntp_mirage_host

let is_true what condition = Alcotest.check Alcotest.bool what true condition
let s_ns = 1_000_000_000
let release_s = 1_767_225_600 (* 2026-01-01 *)
let start_ns = (release_s + (200 * 86_400)) * s_ns
let source = { Counter.kind = Manual; period_s = 1e-9; period_error = 500e-6 }
let d_ps ns = Output.d_ps_of_ns (Int64.of_int ns)

(* A host and its guest. [wall_ns] is the host's time, which goes on while the counter stands still. *)
type world = { clock : Clock.t; mutable wall_ns : int; mutable readings : int }

let make ?(source = source) () = { clock = Clock.create source; wall_ns = start_ns; readings = 0 }

let wall ?(unit_ns = 1) world () =
  world.readings <- world.readings + 1;
  Int64.of_int (world.wall_ns / unit_ns * unit_ns)

let count_s world s = Clock.set_counter world.clock (Int64.add (Clock.counter world.clock) (Int64.of_float (s *. 1e9)))
let suspend_s world s = world.wall_ns <- world.wall_ns + int_of_float (s *. 1e9)

let pass_s world s =
  suspend_s world s;
  count_s world s

let publish ?(status = Output.Synchronised) ?(period_s = 1e-9) world ns =
  Clock.publish world.clock
    (Output.make Manual status ~at:(Clock.counter world.clock) ~time:(d_ps ns) ~period_s ~bound_ns:1000)

(* --- the time with or without a bound --- *)

let is_from source host =
  Alcotest.(check string) "source" (Host.source_name source) (Host.source_name (Host.source host))

let has_time what expected_ns host =
  let d, ps = Host.now_d_ps host and day, at_ps = d_ps expected_ns in
  is_true what (d = day && Int64.abs (Int64.sub ps at_ps) < 2_000_000L)

let test_host_tells () =
  let world = make () in
  let host = Host.create ~wall_ns:(wall world) world.clock in
  is_from Host host;
  has_time "the host's time" world.wall_ns host;
  pass_s world 5.;
  let ntp_ns = start_ns + (60 * s_ns) in
  publish world ntp_ns;
  is_from Ntp host;
  has_time "the clock's time" ntp_ns host;
  publish ~status:Disrupted world 0;
  is_from Host host;
  has_time "the host's time again" world.wall_ns host;
  publish world ntp_ns;
  Clock.set_counter world.clock 0L;
  is_from Host host;
  has_time "a counter that ran backwards" world.wall_ns host

let test_no_host () =
  List.iter
    (fun wall_ns ->
      let world = make () in
      let host = Host.create ~wall_ns:(fun () -> wall_ns) world.clock in
      is_from Release host;
      pass_s world 7.;
      has_time "the release date, and what elapsed" ((release_s + 7) * s_ns) host;
      publish world start_ns;
      is_from Ntp host;
      pass_s world 3.;
      publish ~status:Disrupted world 0;
      pass_s world 4.;
      is_from Reckoned host;
      has_time "the last time, and what elapsed" (start_ns + (7 * s_ns)) host)
    [ 0L; -1L; Int64.of_int ((release_s * s_ns) - 1); Int64.min_int ];
  let world = make () in
  let host = Host.create ~wall_ns:(fun () -> Int64.of_int (release_s * s_ns)) world.clock in
  is_from Host host

(* No client has such a time, but an output made by hand may. *)
let test_never_before_the_release () =
  let world = make () in
  let host = Host.create ~wall_ns:(fun () -> 0L) world.clock in
  publish world 86_400_000_000_000;
  publish ~status:Disrupted world 0;
  is_from Release host

let test_this_host () =
  let host = Host.default () in
  is_from Host host;
  let d, ps = Host.now_d_ps host in
  let s = float (d * 86_400) +. (Int64.to_float ps *. 1e-12) in
  is_true "this machine's time" (Float.abs (s -. Unix.gettimeofday ()) < 10.);
  let first = Host.elapsed_ns () in
  is_true "elapses" (Host.elapsed_ns () >= first && first > 0L);
  is_true "its rate" (Host.elapsed_error () = 0.01);
  is_true "a rate measured by a PIT" (Host.elapsed_error ~wall_ns:(fun () -> 1_795_959_625_000_000_000L) () = 0.5);
  is_true "no wall clock" (Host.elapsed_error ~wall_ns:(fun () -> 0L) () = 0.5)

(* The words that a call allocates. *)
let words f =
  let before = Gc.minor_words () in
  for _ = 1 to 1000 do
    ignore (Sys.opaque_identity (f ()))
  done;
  (Gc.minor_words () -. before) /. 1000.

let test_allocates_its_result () =
  let world = make () in
  publish world start_ns;
  let host = Host.create ~wall_ns:(wall world) world.clock in
  (* a pair and a boxed int64 *)
  is_true "now_d_ps" (words (fun () -> Host.now_d_ps host) < 6.1);
  is_true "the host was not asked" (world.readings = 0)

(* --- suspensions --- *)

(* Run a scheduler that wakes up [per_s] times a second. Returns the number of disruptions. *)
let watched ?unit_ns ?(published = true) world =
  let disruptions = ref 0 and hook = ref ignore in
  if published then publish world world.wall_ns;
  let stop =
    Host.watch ~wall_ns:(wall ?unit_ns world)
      ~at_enter_iter:(fun f -> hook := f)
      ~disrupted:(fun () -> incr disruptions)
      world.clock
  in
  let iterate ?(per_s = 20) ?(pass = pass_s) s =
    let former = !disruptions in
    for _ = 1 to s * per_s do
      pass world (1. /. float per_s);
      !hook ()
    done;
    !disruptions - former
  in
  (iterate, stop)

let check = Alcotest.(check int)

let test_suspension () =
  let world = make () in
  let iterate, stop = watched world in
  check "none" 0 (iterate 600);
  is_true "at most ten readings of the host's clock a second" (world.readings <= 6001);
  List.iter
    (fun s ->
      suspend_s world s;
      check "suspended" 1 (iterate 1);
      check "once" 0 (iterate 60))
    [ 20.; 0.3; 86_400.; -3600. ];
  suspend_s world 0.05;
  check "a small step" 0 (iterate 60);
  stop ();
  suspend_s world 20.;
  check "no longer" 0 (iterate 60)

let test_nothing_to_disrupt () =
  let iterate, _ = watched ~published:false (make ()) in
  check "without a time" 0 (iterate 10 ~pass:(fun world s -> suspend_s world 20.; pass_s world s));
  let world = make () in
  world.wall_ns <- 0;
  let iterate, _ = watched ~published:false world in
  publish world start_ns;
  check "without a host's clock" 0 (iterate 10 ~pass:(fun world s -> count_s world (200. *. s)))

(* A host that slews its clock by 8 %, and schedulers that sleep long. *)
let test_slew () =
  let world = make () in
  let iterate, _ = watched world in
  let slewing world s = count_s world s; suspend_s world (1.08 *. s) in
  check "slewing" 0 (iterate 60 ~pass:slewing);
  check "asleep" 0 (iterate 60 ~per_s:1 ~pass:(fun world s -> slewing world (10. *. s)))

(* An RTC that tells whole seconds, and a counter whose period is 34 % off until the second reply. *)
let test_whole_seconds () =
  let world = make ~source:{ source with period_error = 0.5 } () in
  let iterate, _ = watched ~unit_ns:s_ns world in
  check "none" 0 (iterate 600);
  check "asleep" 0 (iterate 600 ~per_s:1);
  publish ~period_s:1.34e-9 world world.wall_ns;
  check "a wrong rate" 0 (iterate 600 ~per_s:1);
  check "a wrong rate, asleep" 0 (iterate 60 ~per_s:1 ~pass:(fun world s -> pass_s world (20. *. s)));
  suspend_s world 20.;
  check "suspended" 1 (iterate 3)

let () =
  let case name f = Alcotest.test_case name `Quick f in
  Alcotest.run "ffntp-mirage"
    [
      ( "host",
        [
          case "the host tells" test_host_tells;
          case "no host's clock" test_no_host;
          case "never before the release" test_never_before_the_release;
          case "this host" test_this_host;
          case "allocates only the time" test_allocates_its_result;
        ] );
      ( "watch",
        [
          case "suspension" test_suspension;
          case "nothing to disrupt" test_nothing_to_disrupt;
          case "slew" test_slew;
          case "whole seconds" test_whole_seconds;
        ] );
    ]
