(* Several servers: those that are right and one that is wrong, in simulated time. *)
open Ffntp
open World

let check = Alcotest.check
let is_true what condition = check Alcotest.bool what true condition

let raises_invalid what f =
  is_true what (match f () with _ -> false | exception Invalid_argument _ -> true)

let config = Client.config source
let now = counter_at
let later s = start_ns + (s * s_ns)

let create ?least_sources ?(room = 3) ?(config = config) () =
  Ensemble.create ?least_sources ~room config ~now:(now start_ns)

let add ?options ?(at = start_ns) ensemble =
  match Ensemble.add ?options ~now:(now at) ensemble with
  | Some (_, ensemble) -> ensemble
  | None -> Alcotest.fail "there is no room"

let three () = add (add (add (create ())))
let put target input (events, ns, ensemble) =
  let new_events, ensemble = Ensemble.input ~at:(now ns) target input ensemble in
  (events @ new_events, ns, ensemble)

(* The leap indicators of the servers. *)
let leaps = ref [ 0; 0; 0 ]

(* One exchange, from true time [ns] on, with a server whose clock is ahead by [error_ns]. *)
let exchange error_ns member world =
  let events, ns, ensemble = put (Member member) (Begin_request (nonce ())) world in
  let query = Option.get (Ensemble.request member ensemble) in
  let extra = abs (Int64.to_int !nonces) mod 100_000 in
  let received = ns + delay_ns + extra in
  let told = received + error_ns in
  let datagram = reply ~leap:(List.nth !leaps member) query ~received:told ~sent:told in
  put (Member member) (Datagram datagram) (events, received + delay_ns, ensemble)

(* Do what is due at each member. [errors]: of the servers, [None]: it is silent. *)
let work errors world =
  List.fold_left
    (fun world member ->
      let ((_, _, ensemble) as world) = put (Member member) Timeout world in
      match List.nth errors member with
      | Some error_ns when Ensemble.wants_request member ensemble -> exchange error_ns member world
      | None when Ensemble.wants_request member ensemble -> put (Member member) (Begin_request (nonce ())) world
      | _ -> world)
    world
    (let _, _, ensemble = world in Ensemble.members ensemble)

let next_ns (_, ns, ensemble) =
  let left member = Int64.to_int (Int64.sub (Ensemble.deadline member ensemble) (now ns)) in
  ns + 1000 + max 0 (List.fold_left (fun least member -> min least (left member)) max_int (Ensemble.members ensemble))

let rec run errors ((_, ns, _) as world) until =
  if ns >= until then world
  else
    let ((events, _, ensemble) as world) = work errors world in
    run errors (events, next_ns world, ensemble) until

let status ensemble = Output.status (Ensemble.output ensemble)
let selection member ensemble = (Ensemble.source member ensemble).selection

let is_right ns ensemble =
  match Output.read (Ensemble.output ensemble) (now ns) with
  | Error e -> Alcotest.fail (Output.refusal_text e)
  | Ok { earliest; latest; _ } ->
      let truth = d_ps_of_ns ns in
      is_true "the bound holds" (compare earliest truth <= 0 && compare truth latest <= 0)

let right = Some 0

let test_majority () =
  let events, ns, ensemble = run [ right; Some s_ns; right ] ([], start_ns, three ()) (later 600) in
  is_right ns ensemble;
  is_true "synchronised" (status ensemble = Synchronised);
  is_true "the liar is named" (selection 1 ensemble = Falseticker);
  let is_used member = List.mem (selection member ensemble) [ Ensemble.Followed; Combined ] in
  is_true "the others are used" (is_used 0 && is_used 2);
  is_true "events of selection" (List.mem (Ensemble.Member 1, Session.Selection) events);
  is_true "events of replies" (List.mem (Ensemble.Member 2, Session.Reply Accepted) events);
  is_true "maps are of all"
    (List.mem (Ensemble.All, Session.Map) events && not (List.mem (Ensemble.Member 0, Session.Map) events));
  let share member = (Ensemble.source member ensemble).share_percent in
  is_true "shares" (share 1 = 0 && abs (share 0 + share 2 - 100) <= 1);
  let offset_ns = (Ensemble.source 1 ensemble).server.offset_ns in
  is_true "offset of the liar" (abs (offset_ns + s_ns) < 1_000_000);
  is_true "counted" (Ensemble.counted 0 ensemble Accepted > 30)

let test_silence () =
  let _, ns, ensemble = run [ right; None; right ] ([], start_ns, three ()) (later 300) in
  is_right ns ensemble;
  is_true "the silent one is not selected" (selection 1 ensemble = Unselected);
  is_true "it is asked all the same" (Ensemble.counted 1 ensemble Accepted = 0);
  let _, ns, ensemble = run [ right; right; right ] ([], ns, ensemble) (later 900) in
  is_right ns ensemble;
  is_true "it comes back" (selection 1 ensemble <> Unselected)

let test_states_are_values () =
  let all = [ right; right; right ] in
  let _, ns, before = work all (run all ([], start_ns, three ()) (later 100)) in
  let deadline = Ensemble.deadline 0 before and output = Ensemble.output before in
  let events, after = Ensemble.input ~at:(now ns) All Disruption before in
  is_true "disrupted" (status after = Disrupted && List.mem_assoc Ensemble.All events);
  Gc.full_major ();
  is_true "the former state is as it was" (Ensemble.deadline 0 before = deadline && Ensemble.output before = output);
  let again = Ensemble.input ~at:(now ns) All Disruption before in
  is_true "the same again" (fst again = events && Ensemble.output (snd again) = Ensemble.output after);
  let early = Ensemble.input ~at:(now ns) (Member 0) Timeout before in
  is_true "nothing is copied for nothing" (fst early = [] && snd early == before)

let test_disruption_spreads () =
  let _, ns, ensemble = run [ right; right; right ] ([], start_ns, three ()) (later 100) in
  (* the counter is set back by an hour, and one member finds that *)
  let events, ensemble = Ensemble.input ~at:(now (ns - (3600 * s_ns))) (Member 1) Timeout ensemble in
  is_true "found" (List.mem (Ensemble.Member 1, Session.Disrupted) events);
  is_true "of all" (List.for_all (fun member -> Ensemble.wants_request member ensemble) [ 0; 1; 2 ])

let test_members () =
  let ensemble = three () in
  is_true "no more room" (Ensemble.add ~now:(now start_ns) ensemble = None);
  let ensemble = Ensemble.remove ~now:(now start_ns) 1 ensemble in
  is_true "removed" (Ensemble.members ensemble = [ 0; 2 ]);
  (match Ensemble.add ~now:(now start_ns) ensemble with
  | Some (member, ensemble) -> is_true "the free place" (member = 1 && Ensemble.members ensemble = [ 0; 1; 2 ])
  | None -> Alcotest.fail "there is no room");
  List.iter
    (fun member ->
      raises_invalid "no such member" (fun () -> Ensemble.deadline member ensemble);
      raises_invalid "nor an input" (fun () -> Ensemble.input ~at:(now start_ns) (Member member) Publish ensemble))
    [ 1; 3; -1; 64; 1 lsl 32; max_int ]

let test_options () =
  let only unused required = { Ensemble.options with is_unused = unused; is_required = required } in
  let ensemble = add ~options:(only false true) (add ~options:(only true false) (add (create ()))) in
  let _, ns, ensemble = run [ right; right; None ] ([], start_ns, ensemble) (later 100) in
  is_right ns ensemble;
  is_true "a required one is silent" (status ensemble = Free_running);
  is_true "the unused one has no part" ((Ensemble.source 1 ensemble).share_percent = 0);
  let ensemble = add (add (create ~least_sources:2 ())) in
  let _, _, ensemble = run [ right; None ] ([], start_ns, ensemble) (later 100) in
  is_true "one of two is not enough" (status ensemble = Free_running)

(* Most servers decide on a leap second, whichever is followed. *)
let test_leap_seconds () =
  let evening = World.start_ns + (180 * 86_400 * s_ns) + (20 * 3600 * s_ns) in
  let leap_after indicators =
    leaps := indicators;
    let ensemble = Ensemble.create ~room:3 config ~now:(now evening) in
    let ensemble = add ~at:evening (add ~at:evening (add ~at:evening ensemble)) in
    let _, _, ensemble = run [ right; right; right ] ([], evening, ensemble) (evening + (1800 * s_ns)) in
    leaps := [ 0; 0; 0 ];
    (Output.details (Ensemble.output ensemble)).leap
  in
  let check what expected indicators = is_true what (leap_after indicators = expected) in
  List.iter (check "one of three" Output.No_leap) [ [ 1; 0; 0 ]; [ 0; 1; 0 ]; [ 0; 0; 1 ] ];
  List.iter (check "two of three" Output.Pre_positive) [ [ 0; 1; 1 ]; [ 1; 0; 1 ]; [ 1; 1; 0 ] ]

let test_one () =
  let ensemble = add (create ~room:1 ()) in
  let events, ns, ensemble = run [ right ] ([], start_ns, ensemble) (later 100) in
  is_right ns ensemble;
  is_true "synchronised" (status ensemble = Synchronised && List.mem (Ensemble.All, Session.Map) events);
  let former = Ensemble.output ensemble in
  let _, ensemble = Ensemble.input ~at:(now ns) All (Former former) (add ~at:ns (create ~room:3 ())) in
  is_true "several continue from one" (Ensemble.output ensemble = former)

let test_refuses () =
  List.iter (fun room -> raises_invalid "room" (fun () -> create ~room ())) [ 0; -1; 65; 1 + (1 lsl 32); max_int ];
  List.iter (fun least_sources -> raises_invalid "sources" (fun () -> create ~least_sources ())) [ -1; 65 ];
  raises_invalid "configuration" (fun () -> create ~config:{ config with burst = 17 } ());
  let add_with config = Ensemble.add ~config ~now:(now start_ns) (create ()) in
  raises_invalid "a member's configuration" (fun () -> add_with { config with burst = 17 });
  raises_invalid "a different counter" (fun () -> add_with (Client.config { source with kind = Tsc }));
  is_true "other polls" (add_with { config with poll_min_s = 64 } <> None);
  let tsc = create ~config:(Client.config { source with kind = Tsc }) () in
  let former = Ensemble.output (create ()) in
  raises_invalid "a former output" (fun () -> Ensemble.input ~at:0L All (Former former) tsc)

let test_names () =
  check
    Alcotest.(list string)
    "selections"
    [ "none"; "followed"; "combined"; "spare"; "falseticker"; "astray"; "no-majority" ]
    (List.map Ensemble.selection_name
       [ Unselected; Followed; Combined; Spare; Falseticker; Astray; No_majority ])

let () =
  let case name f = Alcotest.test_case name `Quick f in
  Alcotest.run "ffntp-ensemble"
    [
      ( "ensemble",
        [
          case "majority" test_majority;
          case "silence" test_silence;
          case "states of ensembles" test_states_are_values;
          case "disruption spreads" test_disruption_spreads;
          case "members" test_members;
          case "options" test_options;
          case "leap seconds" test_leap_seconds;
          case "one server" test_one;
          case "refuses ensembles" test_refuses;
          case "names of selections" test_names;
        ] );
    ]
