open Ffntp
open World

let check = Alcotest.check
let is_true what condition = check Alcotest.bool what true condition
let reading = function Ok (r : Output.reading) -> r | Error e -> Alcotest.failf "refused: %s" (Output.refusal_text e)
let refusal = function Ok _ -> Alcotest.fail "not refused" | Error e -> e
let refuses what (expected : Output.refusal) result = is_true what (refusal result = expected)

let raises_invalid what f =
  is_true what (match f () with _ -> false | exception Invalid_argument _ -> true)

let fresh ?(config = Client.config source) () = Client.create config ~now:(counter_at start_ns)
let later s = start_ns + (s * s_ns)
let synchronised () = run (fresh ()) start_ns (later 600)

let contains (r : Output.reading) ns =
  compare r.earliest (d_ps_of_ns ns) <= 0 && compare (d_ps_of_ns ns) r.latest <= 0

(* --- what OCaml and C must agree on --- *)

let verdicts =
  Client.
    [
      Accepted; Refused_length; Refused_version; Refused_mode; Refused_origin; Refused_duplicate; Refused_late;
      Refused_kiss_rate; Refused_kiss_deny; Refused_kiss_other; Refused_unsynchronised; Refused_timestamps;
      Refused_root_distance; Refused_residence; Refused_counter; Refused_contradiction; Refused_leap; Refused_smear;
      Refused_authentication;
    ]

let test_names () =
  let status = Output.[ Unknown; Initialising; Synchronised; Free_running; Disrupted ] in
  check
    Alcotest.(list string)
    "statuses"
    [ "unknown"; "initialising"; "synchronised"; "free-running"; "disrupted" ]
    (List.map Output.status_name status);
  check
    Alcotest.(list string)
    "verdicts"
    [
      "accepted"; "length"; "version"; "mode"; "bogus-origin"; "duplicate"; "late"; "kiss-rate"; "kiss-deny";
      "kiss-other";
      "unsynchronised"; "timestamps"; "root-distance"; "residence"; "counter"; "contradiction"; "leap-second";
      "smear"; "authentication";
    ]
    (List.map Client.verdict_name verdicts);
  check Alcotest.string "there are no more of them" "unknown"
    (Client.verdict_name (Obj.magic (List.length verdicts)));
  is_true "texts of refusals differ"
    (List.length
       (List.sort_uniq compare
          (List.map Output.refusal_text
             [
               Unsynchronised; Disrupted; Void; Tai_unknown; Bound; Range; Too_old; Busy; Counter; Disconnected;
               Steady; Other_boot; Future; Negative; No_bound; Invalid;
             ]))
    = 16);
  is_true "the last of them"
    (Output.refusal_text Invalid = "the VMClock page has values that the VMClock specification does not define")

(* --- the client --- *)

let test_keeps_time () =
  let state = fresh () in
  let before = Client.output ~now:(counter_at start_ns) state in
  is_true "initialising" (Output.status before = Initialising);
  refuses "no time yet" Unsynchronised (Output.read before (counter_at start_ns));
  let rec go state minute =
    let ns = later (60 * minute) in
    let state = run state (later (60 * (minute - 1))) ns in
    let r = reading (Output.read (Client.output ~now:(counter_at ns) state) (counter_at ns)) in
    is_true "synchronised" (r.status = Synchronised);
    is_true "the bound holds" (contains r ns);
    is_true "within 100 us" (minute < 10 || abs (ns_of_d_ps r.estimate - ns) < 100_000);
    if minute < 120 then go state (minute + 1)
  in
  go state 1

let test_each_estimator () =
  List.iter
    (fun (estimator, _) ->
      let state = fresh ~config:{ (Client.config source) with estimator } () in
      let ns = later 3000 in
      let state = run state start_ns ns in
      let r = reading (Output.read (Client.output ~now:(counter_at ns) state) (counter_at ns)) in
      is_true "the bound holds" (contains r ns))
    (Client.estimators ())

(* A result computed from a state is the same when it is computed again, whatever happened to the state meanwhile. *)
let test_states_are_values () =
  List.iter
    (fun (estimator, _) ->
      let former = run (fresh ~config:{ (Client.config source) with estimator } ()) start_ns (later 300) in
      let ns = later 300 in
      let former_output = Client.output ~now:(counter_at ns) former in
      let query, asked = Client.new_query ~now:(counter_at ns) ~nonce:5L former in
      let received = ns + delay_ns in
      let answer state =
        Client.add_reply
          ~received:(counter_at (received + delay_ns))
          (reply query ~received ~sent:received)
          state
      in
      let _, once = answer asked in
      let far = run once (received + delay_ns) (later 4000) in
      Gc.full_major ();
      (* by then the query is overdue *)
      ignore (Client.output ~now:(counter_at (later 900)) asked);
      let verdict, again = answer asked in
      is_true "accepted again" (verdict = Accepted);
      let at state = Output.details (Client.output ~now:(counter_at (later 400)) state) in
      is_true "the same again" (at once = at again);
      is_true "the same before"
        (Output.details former_output = Output.details (Client.output ~now:(counter_at ns) former));
      is_true "time went on elsewhere" (at far <> at again))
    (Client.estimators ())

let test_a_query_is_answered_once () =
  let query, state = Client.new_query ~now:(counter_at start_ns) ~nonce:(nonce ()) (fresh ()) in
  let received = start_ns + delay_ns in
  let answer = reply query ~received ~sent:received in
  let add state = Client.add_reply ~received:(counter_at (received + delay_ns)) answer state in
  let first, state = add state in
  let second, state = add state in
  is_true "accepted" (first = Accepted);
  is_true "duplicate" (second = Refused_duplicate);
  check Alcotest.int "counted" 1 (Client.counted state Refused_duplicate);
  check Alcotest.int "counted" 1 (Client.counted state Accepted)

let test_refuses_rubbish () =
  let now = counter_at start_ns in
  let query, state = Client.new_query ~now ~nonce:(nonce ()) (fresh ()) in
  let verdict datagram = fst (Client.add_reply ~received:(Int64.add now 4_000_000L) datagram state) in
  let good = reply query ~received:(start_ns + delay_ns) ~sent:(start_ns + delay_ns) in
  is_true "empty" (verdict Cstruct.empty = Refused_length);
  is_true "short" (verdict (Cstruct.sub good 0 47) = Refused_length);
  is_true "its own query" (verdict query = Refused_mode);
  is_true "unsynchronised"
    (verdict (reply ~leap:3 query ~received:start_ns ~sent:start_ns) = Refused_unsynchronised);
  let new_year = (1_798_761_600 * s_ns) - (s_ns / 2) (* of 2027; nothing is true before the release *) in
  is_true "a leap second, half a second before it"
    (verdict (reply ~leap:1 query ~received:new_year ~sent:new_year) = Refused_leap);
  let strange = Cstruct.append good Cstruct.empty in
  Cstruct.set_uint8 strange 30 (Cstruct.get_uint8 strange 30 lxor 1);
  is_true "another nonce" (verdict strange = Refused_origin);
  (* a view that does not begin at the start of its buffer *)
  is_true "shifted" (verdict (Cstruct.shift (Cstruct.append (Cstruct.create 5) good) 5) = Accepted);
  raises_invalid "a nonce of 0" (fun () -> Client.new_query ~now ~nonce:0L state)

let test_refuses_configurations () =
  let usual = Client.config source in
  List.iter
    (fun config -> raises_invalid "out of range" (fun () -> fresh ~config ()))
    [
      { usual with poll_min_s = 0 };
      { usual with poll_min_s = -16 };
      { usual with poll_min_s = (1 lsl 32) + 16 };
      { usual with poll_max_s = 8 };
      { usual with burst = 17 };
      { usual with max_drift = nan };
      { usual with counter = { source with period_s = 0. } };
      { usual with counter = { source with period_error = 0.51 } };
      { usual with counter = { source with period_s = nan } };
      { usual with counter = { source with period_error = nan } };
      { usual with max_root_distance_s = nan };
      { usual with max_drift = -1e-6 };
      { usual with estimator = "guess" };
    ]

let test_tai () =
  let table = Client.leap_table ~expires_s:1_800_000_000 [| (1_435_708_800, 36); (1_483_228_800, 37) |] in
  let config = { (Client.config source) with leap_table = Some table } in
  let ns = later 60 in
  let known = Client.output ~now:(counter_at ns) (run (fresh ~config ()) start_ns ns) in
  let tai = reading (Output.read ~scale:Tai known (counter_at ns)) in
  let utc = reading (Output.read known (counter_at ns)) in
  check Alcotest.int "37 s apart" (37 * s_ns) (ns_of_d_ps tai.estimate - ns_of_d_ps utc.estimate);
  is_true "the bound holds" (contains utc ns);
  let unknown = Client.output ~now:(counter_at ns) (run (fresh ()) start_ns ns) in
  refuses "unknown" Tai_unknown (Output.read ~scale:Tai unknown (counter_at ns));
  let told = Client.set_leap_table (Some table) (run (fresh ()) start_ns ns) in
  let output = Client.output ~now:(counter_at ns) told in
  is_true "told later" (Result.is_ok (Output.read ~scale:Tai output (counter_at ns)));
  let expired leap_expiry_is_strict =
    let table = Client.leap_table ~expires_s:1_500_000_000 [| (1_435_708_800, 36); (1_483_228_800, 37) |] in
    let config = { config with leap_table = Some table; leap_expiry_is_strict } in
    Client.output ~now:(counter_at ns) (run (fresh ~config ()) start_ns ns)
  in
  is_true "not expired" (not (Output.details known).tai_is_expired);
  is_true "in force" (Result.is_ok (Output.read ~scale:Tai (expired false) (counter_at ns)));
  is_true "marked" (Output.details (expired false)).tai_is_expired;
  refuses "strict" Tai_unknown (Output.read ~scale:Tai (expired true) (counter_at ns));
  is_true "not marked" (not (Output.details (expired true)).tai_is_expired);
  ignore (Client.create { config with leap_table = Some (Client.builtin_leap_table ()) } ~now:0L);
  raises_invalid "no entries" (fun () -> Client.leap_table ~expires_s:1_800_000_000 [||]);
  raises_invalid "too many" (fun () -> Client.leap_table ~expires_s:1_800_000_000 (Array.make 65 (0, 0)));
  raises_invalid "an offset beyond 16 bits" (fun () ->
      Client.leap_table ~expires_s:1_800_000_000 [| (1_435_708_800, 65_536 + 36) |]);
  raises_invalid "two seconds at once" (fun () ->
      Client.leap_table ~expires_s:1_800_000_000 [| (1_435_708_800, 35); (1_483_228_800, 37) |])

let test_disrupted () =
  let ns = later 600 in
  let state = Client.disrupted ~now:(counter_at ns) (synchronised ()) in
  refuses "void" Disrupted (Output.read (Client.output ~now:(counter_at ns) state) (counter_at ns));
  let again = later 620 in
  let state = run state ns again in
  is_true "right again"
    (contains (reading (Output.read (Client.output ~now:(counter_at again) state) (counter_at again))) again)

let test_continues () =
  let ns = later 3000 in
  let former = Client.output ~now:(counter_at ns) (run (fresh ()) start_ns ns) in
  let state = Client.continue former (Client.create (Client.config source) ~now:(counter_at ns)) in
  let _, state, ns = exchange state ns in
  let details = Output.details (Client.output ~now:(counter_at ns) state) in
  is_true "knows the rate" (Float.abs ((details.period_s *. 1e9) -. (1. -. 30e-6)) < 2e-6);
  is_true "no disruption" (details.disruption_marker = (Output.details former).disruption_marker);
  raises_invalid "another counter" (fun () ->
      Client.continue
        (Output.make Tsc Synchronised ~at:0L ~time:(0, 0L) ~period_s:1e-9 ~bound_ns:0)
        (Client.create (Client.config source) ~now:0L))

(* The least round trip is 4 ms; the error from its asymmetry is 1.3 % of that. *)
let test_asymmetry () =
  let ns = later 600 in
  let o = Client.output ~now:(counter_at ns) (synchronised ()) in
  let is_share = function Some error_ns -> error_ns >= 52_000 && error_ns < 53_500 | None -> false in
  is_true "in a reading" (is_share (reading (Output.read o (counter_at ns))).asymmetry_error_ns);
  is_true "in the details" (is_share (Output.details o).asymmetry_esterror_ns);
  let clock = Clock.create source in
  Clock.publish clock o;
  is_true "in a page" (is_share (Output.details (Result.get_ok (Page.read (Clock.page clock)))).asymmetry_esterror_ns);
  let later_output = Client.output ~now:(counter_at (later 660)) (run (synchronised ()) ns (later 660)) in
  Clock.publish clock later_output;
  is_true "in a page's past"
    (is_share (Output.details (Result.get_ok (Page.past (Clock.page clock) (counter_at ns)))).asymmetry_esterror_ns);
  let nothing = Client.output ~now:(counter_at start_ns) (fresh ()) in
  is_true "by its name on the page"
    (is_share (Option.map Int64.to_int (List.assoc_opt "time_asymmetry_esterror_nanosec" (Output.fields o))));
  is_true "beside the other numbers, in the page's order"
    (List.filteri (fun i _ -> i < 5) (List.map fst (Output.fields o))
    = [ "clock_status"; "tai_offset_sec"; "leap_indicator"; "counter_period_shift"; "counter_value" ]);
  is_true "not before the first estimate" ((Output.details nothing).asymmetry_esterror_ns = None);
  is_true "not in an output made by hand"
    ((reading (Output.read (Output.make Manual Synchronised ~at:0L ~time:(0, 0L) ~period_s:1e-9 ~bound_ns:0) 0L))
       .asymmetry_error_ns = None)

let test_source () =
  let state = synchronised () in
  let server = Client.source state in
  check Alcotest.int "stratum" 1 server.stratum;
  is_true "refid" (server.refid = 0x47505300l);
  check Alcotest.int "reach" 255 server.reach;
  is_true "rtt" (server.rtt_ns > 4_000_000 && server.rtt_ns < 4_300_000);
  is_true "offset" (abs server.offset_ns < 100_000)

(* --- the session --- *)

let put at_ns input state = Session.input ~at:(counter_at at_ns) input state
let has event (events, _) = List.mem event events

(* Begin the query that the state wants at true time [ns]; return the state, and its reply with zeroes before it. *)
let asked ns state =
  let _, state = put ns Session.Timeout state in
  is_true "a query is due" (Session.wants_request state);
  let events, state = put ns (Session.Begin_request (nonce ())) state in
  is_true "begun" (events = [ Session.Sent ] && Session.is_awaiting state);
  let received = ns + delay_ns in
  let query = Option.get (Session.request state) in
  (state, Cstruct.append (Cstruct.create 7) (reply query ~received ~sent:received))

let answered ns (state, datagram) =
  put (ns + (2 * delay_ns)) (Session.Datagram (Cstruct.shift datagram 7)) state

let fresh_session ?(config = Client.config source) () = Session.create config ~now:(counter_at start_ns)

let test_session () =
  let state = fresh_session () in
  is_true "nothing yet" (Output.status (Session.output state) = Initialising && Session.request state = None);
  let ((query, _) as in_flight) = asked start_ns state in
  let events, after = answered start_ns in_flight in
  is_true "a map first, then the verdict" (events = [ Session.Map; Reply Accepted ]);
  is_true "no query is awaited" (not (Session.is_awaiting after || Session.wants_request after));
  is_true "counted" (Session.counted after Accepted = 1 && (Session.source after).stratum = 1);
  is_true "the bound holds"
    (contains (reading (Output.read (Session.output after) (counter_at (later 1)))) (later 1));
  is_true "the deadline comes" (Session.deadline after > counter_at (later 1));
  is_true "nothing is copied for nothing" (snd (put (later 1) Session.Timeout after) == after);
  (* states are values *)
  is_true "the former is as it was" (Session.is_awaiting query && Session.counted query Accepted = 0);
  Gc.full_major ();
  is_true "the same again" (fst (answered start_ns in_flight) = events);
  is_true "no nonce" (has Session.No_nonce (put start_ns (Session.Begin_request 0L) (snd (put start_ns Timeout state))));
  is_true "disrupted" (fst (put (later 2) Session.Disruption after) = [ Session.Map; Disrupted ]);
  is_true "unanswered" (has Session.Unanswered (put (later 5) Session.Timeout query));
  is_true "not sent" (has Session.Not_sent (put start_ns Session.Send_failed query));
  is_true "an error" (has Session.Network_error (put start_ns Session.Network_failed query));
  is_true "published" (fst (put (later 2) Session.Publish after) = [ Session.Map ])

let test_session_inputs () =
  let _, after = answered start_ns (asked start_ns (fresh_session ())) in
  let _, named = put (later 1) (Session.Server 1) after in
  is_true "the same server" (fst (put (later 1) (Session.Server 1) named) = []);
  is_true "a different server" (has Session.Server_changed (put (later 1) (Session.Server 256) named));
  let _, paused = put (later 1) (Session.Pause_until (counter_at (later 30))) after in
  is_true "paused" (not (Session.wants_request (snd (put (later 29) Session.Timeout paused))));
  is_true "no longer" (Session.wants_request (snd (put (later 31) Session.Timeout paused)));
  let table = Session.Leap_table (Some (Client.builtin_leap_table ())) in
  is_true "TAI" ((Output.details (Session.output (snd (put (later 1) table after)))).tai_offset_s <> None);
  let _, wanted = put (later 3) Session.Burst after in
  is_true "a burst" (Session.wants_request wanted);
  let replaced period_s = put (later 3) (Session.Counter_replaced { source with period_s }) after in
  let period_s (_, state) = (Output.details (Session.output state)).period_s in
  is_true "a different counter" (has Session.Disrupted (replaced 5e-10));
  is_true "its period" (Float.abs (period_s (replaced 5e-10) -. 5e-10) < 1e-15);
  is_true "an impossible one" (has Session.Disrupted (replaced 1.) && period_s (replaced 1.) < 2e-9);
  let ahead, datagram = asked (later 3) after in
  let _, sent = put (later 3) (Session.Sent_at (counter_at (later 3 + 1_000_000))) ahead in
  let rtt_ns state = (Session.source (snd (answered (later 3) (state, datagram)))).rtt_ns in
  is_true "a later departure" (rtt_ns ahead - rtt_ns sent > 900_000)

let test_session_continues () =
  let _, after = answered start_ns (asked start_ns (fresh_session ())) in
  let former = Session.output after in
  let _, state = put (later 10) (Session.Former former) (fresh_session ()) in
  is_true "kept" (Output.status (Session.output state) = Free_running && Output.status former = Free_running);
  is_true "not published" (fst (put (later 10) Session.Publish state) = []);
  let other = fresh_session ~config:(Client.config { source with kind = Tsc }) () in
  raises_invalid "of a different counter" (fun () -> put (later 10) (Session.Former former) other);
  raises_invalid "out of range" (fun () -> fresh_session ~config:{ (Client.config source) with burst = 17 } ())

let test_session_names () =
  check
    Alcotest.(list string)
    "events"
    [
      "sent"; "not-sent"; "no-nonce"; "error"; "unanswered"; "change-server"; "disrupted"; "server"; "map";
      "selection"; "reply";
    ]
    (List.map Session.event_name
       [
         Sent; Not_sent; No_nonce; Network_error; Unanswered; Change_server; Disrupted; Server_changed; Map;
         Selection; Reply Accepted;
       ])

(* --- outputs --- *)

let output_at ?drift ?(status = Output.Synchronised) ?(bound_ns = 1000) ns =
  Output.make ?drift Manual status ~at:0L ~time:(d_ps_of_ns ns) ~period_s:1e-9 ~bound_ns

let test_reads_exactly () =
  List.iter
    (fun (s, elapsed_ns) ->
      let ns = (s * s_ns) + 123_456_789 in
      let r = reading (Output.read (output_at ns) (Int64.of_int elapsed_ns)) in
      let d, ps = d_ps_of_ns (ns + elapsed_ns) in
      check Alcotest.int "day" d (fst r.estimate);
      is_true "to the picosecond" (Int64.abs (Int64.sub (snd r.estimate) ps) <= 1L);
      let width_ns = ns_of_d_ps r.latest - ns_of_d_ps r.earliest in
      is_true "the interval is twice the bound" (width_ns >= 2 * 999 && width_ns <= 2 * 1001))
    [ (0, 0); (86_399, 999_999_999); (1_767_225_600, 3_600_000_000_000); (4_102_444_800, -7_000_000_000) ]

let test_rounds_outwards () =
  (* a third of a nanosecond *)
  let o =
    Output.make Manual Synchronised ~at:0L ~time:(20_000, 0L) ~period_s:(1e-9 /. 3.) ~bound_ns:0 in
  let r = reading (Output.read o 1L) in
  is_true "down, and up" (r.earliest = (20_000, 333L) && r.latest = (20_000, 334L))

let test_before_1970 () =
  let r = reading (Output.read (output_at 0) (-500_000_000L)) in
  is_true "the last day of 1969" (fst r.estimate = -1);
  is_true "its last second" (Int64.abs (Int64.sub (snd r.estimate) 86_399_500_000_000_000L) <= 1L)

(* A map made after a leap second, read before it. *)
let test_leap_second_of_before () =
  let midnight_s = 1_483_228_800 in
  let o =
    Output.make ~tai_offset_s:37 ~leap_second:(Inserted midnight_s) Manual Synchronised ~at:0L
      ~time:(d_ps_of_ns (midnight_s * s_ns)) ~period_s:1e-9 ~bound_ns:0
  in
  let is_at ms leap s =
    let r = reading (Output.read o (Int64.of_int (ms * 1_000_000))) in
    is_true "which" (r.leap = leap);
    check Alcotest.int "its number" s (ns_of_d_ps r.estimate / s_ns - midnight_s)
  in
  is_at 500 Post_positive 0;
  is_at (-500) Positive (-1);
  is_at (-1500) Pre_positive (-1);
  is_at (-2500) Pre_positive (-2)

let test_refuses_to_read () =
  let o = output_at ~drift:1e-6 (later 0) in
  refuses "the cap" Bound (Output.read ~max_bound_ns:999 o 0L);
  refuses "a negative cap" Bound (Output.read ~max_bound_ns:min_int o 0L);
  is_true "not the cap" (Result.is_ok (Output.read ~max_bound_ns:1000 o 0L));
  refuses "half the range away" Range (Output.read o Int64.min_int);
  refuses "unknown" Unsynchronised (Output.read (output_at ~status:Unknown 0) 0L);
  refuses "disrupted" Disrupted (Output.read (output_at ~status:Disrupted 0) 0L);
  let make ?tai_offset_s ?leap_second ?drift ?(time = (0, 0L)) ?(period_s = 1e-9) ?(bound_ns = 0) what =
    raises_invalid what (fun () ->
        Output.make ?tai_offset_s ?leap_second ?drift Manual Synchronised ~at:0L ~time ~period_s ~bound_ns)
  in
  make "no period" ~period_s:0.;
  make "nan" ~period_s:nan;
  make "a negative bound" ~bound_ns:(-1);
  make "a bound that shrinks" ~drift:(-1e-6);
  make "negative picoseconds" ~time:(0, -1L);
  make "more than a day of them" ~time:(0, 86_400_000_000_000_000L);
  make "the year 10000" ~time:(2_932_897, 0L);
  make "the last day" ~time:(max_int, 0L);
  make "no such offset" ~tai_offset_s:65_573;
  make "no midnight" ~leap_second:(Inserted 86_401)

let test_orders () =
  let at ns = reading (Output.read (output_at (later 0)) ns) in
  is_true "before" (Output.order (at 0L) (at 5000L) = Before);
  is_true "after" (Output.order (at 5000L) (at 0L) = After);
  is_true "unordered" (Output.order (at 0L) (at 1000L) = Unordered)

let test_duration () =
  let ns = later 600 in
  let o = Client.output ~now:(counter_at ns) (synchronised ()) in
  let between a b = Output.duration o ~from:(counter_at a) ~until:(counter_at b) in
  let get = function Ok (d : Output.duration) -> d | Error e -> Alcotest.fail (Output.refusal_text e) in
  let forth = get (between (ns - s_ns) ns) and back = get (between ns (ns - s_ns)) in
  is_true "a second" (Int64.abs (Int64.sub forth.ns 1_000_000_000L) <= Int64.of_int forth.duration_bound_ns);
  is_true "to 5 ppm" (Int64.abs (Int64.sub forth.ns 1_000_000_000L) <= 5000L);
  is_true "the sign alone" (Int64.neg forth.ns = back.ns)

(* --- pages --- *)

let bytes size = Bigarray.Array1.create Bigarray.char Bigarray.c_layout size

let test_page () =
  let clock = Clock.create source in
  let page = Clock.page clock in
  is_true "its counter" (Page.counter page = Manual);
  refuses "empty" Unsynchronised (Result.bind (Page.read page) (fun o -> Output.read o 0L));
  let state = synchronised () in
  let o = Client.output ~now:(counter_at (later 600)) state in
  Clock.publish clock o;
  let whole = Result.get_ok (Page.read page) in
  is_true "the published output" (Output.read whole 5L = Output.read o 5L);
  refuses "a counter that only its writer reads" Counter (Page.now page);
  refuses "before the oldest" Too_old (Page.past page (counter_at start_ns));
  is_true "the anchor" (Result.is_ok (Page.past page (counter_at (later 601))));
  (* the same bytes elsewhere *)
  let copy = bytes 4096 in
  Bigarray.Array1.blit (Page.to_bigarray page) copy;
  is_true "a copy is a page" (Result.is_ok (Page.of_bigarray copy))

let test_refuses_pages () =
  let error b = match Page.of_bigarray b with Ok _ -> Alcotest.fail "not refused" | Error e -> e in
  let zeroed size =
    let b = bytes size in
    Bigarray.Array1.fill b '\000';
    b
  in
  is_true "empty" (error (bytes 0) = Truncated);
  is_true "short" (error (zeroed 100) = Truncated);
  is_true "foreign" (error (zeroed 4096) = Foreign);
  let clock = Clock.create source in
  let whole = Page.to_bigarray (Clock.page clock) in
  is_true "cut" (error (Bigarray.Array1.sub whole 0 4088) = Truncated);
  raises_invalid "not aligned" (fun () -> Page.of_bigarray (Bigarray.Array1.sub (zeroed 8192) 4 4096))

(* Numbers without a constructor, in each field of a page that has constructors. *)
let test_nonsense_in_pages () =
  let clock = Clock.create source in
  Clock.publish clock (output_at (later 0));
  let b = Page.to_bigarray (Clock.page clock) in
  List.iter (fun at -> Bigarray.Array1.set b at '\xff') [ 0x22; 0x26; 0x808 ];
  let page = Result.get_ok (Page.of_bigarray b) in
  is_true "its counter" (Page.counter page = Unknown);
  refuses "now" Counter (Page.now page);
  let o = Result.get_ok (Page.read page) in
  is_true "status" (Output.status o = Unknown);
  let details = Output.details o in
  is_true "details" (details.status = Unknown && details.counter = Unknown && details.leap = No_leap);
  refuses "no time" Unsynchronised (Output.read o 0L);
  refuses "nor a clock's" Unsynchronised (Clock.read clock);
  Bigarray.Array1.set b 0x22 '\002';
  let r = reading (Output.read (Result.get_ok (Page.read page)) 0L) in
  is_true "a leap second of no kind" (r.leap = No_leap);
  (* The page's counter has changed since the page was checked. *)
  if Counter.is_readable Monotonic_raw && Counter.cpu <> Unknown then (
    let clock = Clock.create { source with kind = Monotonic_raw } in
    let at = Clock.counter clock in
    Clock.publish clock (Output.make Monotonic_raw Synchronised ~at ~time:(0, 0L) ~period_s:1e-9 ~bound_ns:0);
    let page = Clock.page clock in
    is_true "a time" (Result.is_ok (Page.now page));
    Bigarray.Array1.set (Page.to_bigarray page) 0x808 (if Counter.cpu = Tsc then '\001' else '\002');
    refuses "another counter" Counter (Page.now page))

(* --- clocks --- *)

let test_clock () =
  let clock = Clock.create source in
  let raises_sys f = match f () with _ -> false | exception Sys_error _ -> true in
  is_true "no time yet" (raises_sys (fun () -> Clock.now_d_ps clock));
  let ns = later 600 in
  Clock.set_counter clock (counter_at ns);
  Clock.publish clock (Client.output ~now:(counter_at ns) (synchronised ()));
  is_true "the time" (abs (ns_of_d_ps (Clock.now_d_ps clock) - ns) < 100_000);
  is_true "with its bound" (contains (reading (Clock.read clock)) ns);
  refuses "a cap" Bound (Clock.read ~max_bound_ns:1 clock);
  Clock.set_counter clock (counter_at (later 500));
  refuses "the counter ran backwards" Disrupted (Clock.read clock);
  let { Output.at; _ } = Output.details (Result.get_ok (Clock.output clock)) in
  Clock.set_counter clock (Int64.pred at);
  is_true "not by what CPUs disorder" (Result.is_ok (Clock.read clock));
  raises_invalid "another counter" (fun () ->
      Clock.publish clock (Output.make Tsc Synchronised ~at:0L ~time:(0, 0L) ~period_s:1e-9 ~bound_ns:0))

(* Where the rate changes, elapsed time gains a guard of less than a microsecond. *)
let near what expected got = is_true what (got >= expected && got < expected + 1000)

let test_elapsed () =
  let clock = Clock.create source in
  let elapsed () = Int64.to_int (Clock.elapsed_ns clock) in
  let publish ?(status = Output.Synchronised) period_s =
    Clock.publish clock
      (Output.make Manual status ~at:(Clock.counter clock) ~time:(d_ps_of_ns start_ns) ~period_s ~bound_ns:0)
  in
  Clock.set_counter clock 1_000_000L;
  near "from the start, at the nominal rate" 1_000_000 (elapsed ());
  (* half the rate and a different time: elapsed time continues *)
  publish 0.5e-9;
  near "no step" 1_000_000 (elapsed ());
  Clock.set_counter clock 3_000_000L;
  near "at the new rate" 2_000_000 (elapsed ());
  publish ~status:Disrupted 0.5e-9;
  let before = elapsed () in
  Clock.set_counter clock 10L;
  check Alcotest.int "not backwards" before (elapsed ());
  publish ~status:Disrupted 0.5e-9;
  Clock.set_counter clock 110L;
  check Alcotest.int "on from there" (before + 50) (elapsed ())

let test_steady () =
  let clock = Clock.create source in
  let say ns = Clock.publish clock (output_at ns) in
  let steady () = ns_of_d_ps (Result.get_ok (Clock.steady_d_ps clock)) in
  refuses "no time yet" Unsynchronised (Clock.steady_d_ps clock);
  say (later 0);
  let before = steady () in
  say (later (-1));
  is_true "not backwards" (steady () >= before);
  is_true "the time is" (ns_of_d_ps (Clock.now_d_ps clock) < before)

let test_elapsed_never_runs_backwards () =
  let clock = Clock.create source and last = ref 0L and state = ref (fresh ()) and ns = ref start_ns in
  for _ = 1 to 600 do
    state := run !state !ns (!ns + s_ns);
    ns := !ns + s_ns;
    Clock.set_counter clock (counter_at !ns);
    let before = Clock.elapsed_ns clock in
    Clock.publish clock (Client.output ~now:(counter_at !ns) !state);
    let after = Clock.elapsed_ns clock in
    is_true "not backwards" (!last <= before && before <= after);
    near "no step" 0 (Int64.to_int (Int64.sub after before));
    last := after
  done

(* The words that a call allocates. *)
let words f =
  let before = Gc.minor_words () in
  for _ = 1 to 1000 do
    ignore (Sys.opaque_identity (f ()))
  done;
  (Gc.minor_words () -. before) /. 1000.

let test_allocates_its_result () =
  let clock = Clock.create source in
  Clock.publish clock (output_at (later 0));
  (* a pair and a boxed int64 *)
  is_true "now_d_ps" (words (fun () -> Clock.now_d_ps clock) < 6.1);
  is_true "elapsed_ns" (words (fun () -> Clock.elapsed_ns clock) < 3.1);
  (* Ok, ten words, and three times d and ps *)
  is_true "read" (words (fun () -> Clock.read clock) < 30.1 +. 0.1);
  is_true "a refusal" (words (fun () -> Clock.read ~max_bound_ns:0 clock) < 4.1);
  (* Ok, a pair and a boxed int64 *)
  is_true "steady_d_ps" (words (fun () -> Clock.steady_d_ps clock) < 8.1);
  let o = output_at (later 0) and now = 5L in
  is_true "Output.read" (words (fun () -> Output.read o now) < 30.1 +. 0.1);
  (* Ok, four words, and a boxed int64 *)
  is_true "duration" (words (fun () -> Output.duration o ~from:0L ~until:now) < 9.1);
  let module C = Mirage.Make (struct
    let clock () = clock
    let otherwise = Some (fun () -> (0, 0L))
  end) in
  is_true "Mirage's now_d_ps" (words C.now_d_ps < 6.1);
  is_true "Mirage's elapsed_ns" (words C.elapsed_ns < 3.1);
  is_true "Counter.read" (Counter.cpu = Unknown || words (fun () -> Counter.read Counter.cpu) < 3.1)

(* A collection runs between any two allocations; OCaml's debugging runtime then overwrites the memory of moved
   values. *)
let test_survives_the_collector () =
  let usual = Gc.get () in
  let same what f =
    let expected = f () in
    for i = 1 to 20_000 do
      ignore (Sys.opaque_identity (Array.make (i mod 13) i));
      if f () <> expected then Alcotest.failf "another %s" what
    done
  in
  let state = synchronised () and ns = later 600 in
  let now = counter_at ns in
  let o = Client.output ~now state in
  let query, asked = Client.new_query ~now ~nonce:7L state in
  let answer = reply query ~received:(ns + delay_ns) ~sent:(ns + delay_ns) in
  let young counter = Int64.add counter (Int64.of_int (Sys.opaque_identity 0)) in
  let details state = Output.details (Client.output ~now:(counter_at (later 700)) state) in
  Gc.set { usual with minor_heap_size = 4096 (* the minimum *) };
  same "reading" (fun () -> Output.read o now);
  same "duration" (fun () -> Output.duration o ~from:0L ~until:now);
  same "refusal" (fun () -> Output.read ~max_bound_ns:1 o now);
  same "details" (fun () -> Output.details o);
  same "source" (fun () -> Client.source state);
  same "action" (fun () -> fst (Client.next ~now:(young now) state));
  same "query" (fun () -> Cstruct.to_string (fst (Client.new_query ~now:(young now) ~nonce:(young 7L) state)));
  same "state" (fun () ->
      let received = young (counter_at (ns + (2 * delay_ns))) in
      let verdict, state = Client.add_reply ~received answer asked in
      (verdict, details state));
  same "disruption" (fun () -> fst (Client.next ~now:(young now) (Client.disrupted ~now:(young now) state)));
  same "earlier departure" (fun () ->
      let state = Client.sent ~at:(young (counter_at (ns + 1_000_000))) asked in
      let verdict, state = Client.add_reply ~received:(counter_at (ns + (2 * delay_ns))) answer state in
      (verdict, (Client.source state).rtt_ns));
  same "output" (fun () ->
      let time = (20_000, young 5L) in
      Output.details (Output.make ~tai_offset_s:37 Manual Synchronised ~at:(young 3L) ~time ~period_s:1e-9 ~bound_ns:9));
  Gc.set usual

let test_counters () =
  let elapsed_ns () = Mtime_clock.elapsed_ns () in
  if Counter.cpu <> Unknown then (
    let first = Counter.pair Counter.cpu ~elapsed_ns in
    let rec wait () = if Int64.sub (elapsed_ns ()) 20_000_000L < 0L then wait () in
    wait ();
    let source = Counter.measure Counter.cpu first (Counter.pair Counter.cpu ~elapsed_ns) in
    is_true "10 kHz to 10 GHz" (source.period_s > 1e-10 && source.period_s < 1e-4);
    raises_invalid "no time" (fun () -> Counter.measure Counter.cpu first first));
  is_true "by hand" (not (Counter.is_readable Manual));
  raises_invalid "not by hand" (fun () -> Clock.set_counter (Clock.default ()) 0L);
  raises_invalid "a counter that nobody can read" (fun () ->
      Clock.create { source with kind = Unknown })

(* --- Mirage's shapes, and the mock --- *)

let test_mock () =
  let time = Option.get (Ptime.of_date_time ((2026, 7, 1), ((12, 0, 0), 0))) in
  let mock = Ffntp_mock.create time in
  let (module C : Ffntp_mock.S) = Ffntp_mock.mirage mock in
  let module _ : Mirage.PCLOCK = C in
  let module _ : Mirage.MCLOCK = C in
  let is_at what expected = is_true what (Ptime.equal (Ptime.truncate ~frac_s:9 (C.now ())) expected) in
  let plus s t = Option.get (Ptime.add_span t (Ptime.Span.of_int_s s)) in
  is_at "as it was set" time;
  let began = C.elapsed_ns () in
  Ffntp_mock.advance mock 5_000_000_000L;
  is_at "5 s later" (plus 5 time);
  near "elapsed" 5_000_000_000 (Int64.to_int (Int64.sub (C.elapsed_ns ()) began));
  is_true "the bound has grown" ((reading (Clock.read (Ffntp_mock.clock mock))).bound_ns >= 6000);
  Ffntp_mock.set mock (plus 3600 time);
  is_at "an hour on" (plus 3600 time);
  near "which did not elapse" 5_000_000_000 (Int64.to_int (Int64.sub (C.elapsed_ns ()) began));
  is_true "period" (C.period_ns () = Some 1L && C.period_d_ps () = Some (0, 1000L));
  is_true "no time zone" (C.current_tz_offset_s () = None);
  Ffntp_mock.set_status mock Disrupted;
  is_true "no time" (match C.now () with _ -> false | exception Sys_error _ -> true)

let test_mock_is_steered () =
  let midnight_s = 1_483_228_800 in
  let at s = Option.get (Ptime.of_float_s (float s)) in
  let mock = Ffntp_mock.create ~tai_offset_s:36 (at (midnight_s - 2)) in
  let clock = Ffntp_mock.clock mock in
  let marker () = (Output.details (Result.get_ok (Clock.output clock))).disruption_marker in
  let utc () = ns_of_d_ps (reading (Clock.read clock)).estimate / s_ns in
  let tai () = ns_of_d_ps (reading (Clock.read ~scale:Tai clock)).estimate / s_ns in
  let second what expected leap =
    check Alcotest.int what expected (utc () - midnight_s);
    is_true what ((reading (Clock.read clock)).leap = leap);
    Ffntp_mock.advance mock 1_000_000_000L
  in
  Ffntp_mock.set_leap_second mock (Some (Inserted midnight_s));
  let before = marker () and began = tai () in
  second "23:59:58" (-2) Pre_positive;
  second "23:59:59" (-1) Pre_positive;
  second "23:59:60" (-1) Positive;
  second "00:00:00" 0 Post_positive;
  check Alcotest.int "four seconds" 4 (tai () - began);
  Ffntp_mock.set ~bound_ns:5000 mock (Option.get (Ptime.add_span (at (midnight_s + 1)) (Ptime.Span.v (0, 2000L))));
  is_true "within the bound" (marker () = before);
  check Alcotest.int "on from there" 1 (utc () - midnight_s);
  check Alcotest.int "the offset of after" 37 (tai () - utc ());
  Ffntp_mock.set_tai_offset mock None;
  refuses "TAI is not known" Tai_unknown (Clock.read ~scale:Tai clock);
  Ffntp_mock.set mock (at (midnight_s + 100));
  is_true "a step is a disruption" (marker () <> before);
  Ffntp_mock.set_status mock Initialising;
  refuses "no time to tell" Unsynchronised (Clock.read clock);
  Ffntp_mock.set_status mock Free_running;
  check Alcotest.int "again" 100 (utc () - midnight_s);
  Ffntp_mock.advance mock (-1_000_000_000L);
  refuses "set back" Disrupted (Clock.read clock);
  Ffntp_mock.set_leap_second mock (Some (Left_out (midnight_s + 86_400)));
  Ffntp_mock.set mock (at (midnight_s + 86_398));
  Ffntp_mock.advance mock 1_000_000_000L;
  check Alcotest.int "no 23:59:59" 86_400 (utc () - midnight_s)

let test_otherwise () =
  let clock = Clock.create source in
  let module C = Mirage.Ptime_of (struct
    let clock () = clock
    let otherwise = Some (fun () -> (20_000, 7L))
  end) in
  is_true "the other clock" (C.now_d_ps () = (20_000, 7L));
  Clock.publish clock (output_at (later 0));
  is_true "its own" (C.now_d_ps () = d_ps_of_ns (later 0))

let test_set_source () =
  let clock = Clock.create source in
  Clock.set_counter clock 1_000_000L;
  Clock.set_source clock { source with period_s = 2e-9 };
  Clock.set_counter clock 2_000_000L;
  near "a millisecond, and two" 3_000_000 (Int64.to_int (Clock.elapsed_ns clock));
  raises_invalid "another counter" (fun () -> Clock.set_source clock { source with kind = Tsc });
  List.iter
    (fun period_s ->
      raises_invalid "no period" (fun () -> Clock.set_source clock { source with period_s });
      raises_invalid "no period" (fun () -> Clock.create { source with period_s }))
    [ nan; 0.; -1e-9; 1. ];
  let elapsed_ns = Clock.elapsed_ns clock in
  Clock.publish clock (output_at (later 0));
  Clock.set_source clock { source with period_s = 5e-9 };
  Clock.set_counter clock 3_000_000L;
  near "the period of an output is better" 1_000_000 (Int64.to_int (Int64.sub (Clock.elapsed_ns clock) elapsed_ns));
  is_true "always the same" (Clock.default () == Clock.default ())

let test_rng () =
  Seeded.initialize ();
  is_true "new each time" (Ffntp_rng.nonce () <> Ffntp_rng.nonce ())

let () =
  let case name f = Alcotest.test_case name `Quick f in
  Alcotest.run "ffntp"
    [
      ("agreement", [ case "names" test_names; case "names of events" test_session_names ]);
      ( "session",
        [
          case "session" test_session;
          case "inputs of a session" test_session_inputs;
          case "a session continues" test_session_continues;
        ] );
      ( "client",
        [
          case "keeps time" test_keeps_time;
          case "each estimator" test_each_estimator;
          case "states are values" test_states_are_values;
          case "a query is answered once" test_a_query_is_answered_once;
          case "refuses rubbish" test_refuses_rubbish;
          case "refuses configurations out of range" test_refuses_configurations;
          case "tai" test_tai;
          case "disrupted" test_disrupted;
          case "continues" test_continues;
          case "asymmetry" test_asymmetry;
          case "source" test_source;
        ] );
      ( "output",
        [
          case "reads exactly" test_reads_exactly;
          case "rounds outwards" test_rounds_outwards;
          case "before 1970" test_before_1970;
          case "a leap second of before" test_leap_second_of_before;
          case "refuses to read" test_refuses_to_read;
          case "orders" test_orders;
          case "duration" test_duration;
        ] );
      ( "page",
        [
          case "page" test_page;
          case "refuses pages" test_refuses_pages;
          case "nonsense in pages" test_nonsense_in_pages;
        ] );
      ( "clock",
        [
          case "clock" test_clock;
          case "elapsed" test_elapsed;
          case "steady" test_steady;
          case "elapsed never runs backwards" test_elapsed_never_runs_backwards;
          case "allocates its result" test_allocates_its_result;
          case "survives the collector" test_survives_the_collector;
          case "counters" test_counters;
          case "set source" test_set_source;
        ] );
      ( "mirage",
        [
          case "mock" test_mock;
          case "mock is steered" test_mock_is_steered;
          case "otherwise" test_otherwise;
          case "rng" test_rng;
        ] );
    ]
