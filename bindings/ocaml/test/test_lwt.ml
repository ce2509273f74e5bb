(* The loop over a simulated network and time, so that a day takes no time. *)
open Ffntp
open World
open Network

let is_true what condition = Alcotest.check Alcotest.bool what true condition

module Udp = Udp_of (struct
  type t = string

  let to_string = Fun.id
end)

module Loop = Ffntp_lwt.Make (Udp) (Sleep)

let events : Ffntp_lwt.server_event list ref = ref []
let all_events : Ffntp_lwt.event list ref = ref []
let count event = List.length (List.filter (( = ) event) !events)
let count_of name event = List.length (List.filter (( = ) (Ffntp_lwt.Server (name, event))) !all_events)

let say event =
  all_events := event :: !all_events;
  match event with Ffntp_lwt.Server (_, event) -> events := event :: !events | _ -> ()

let the_server () = Lwt.return_ok ("server", 123)

(* A server that is resolved to one address. *)
let single server =
  let candidates (address, port) = [ Ffntp_lwt.candidate ~port address ] in
  Ffntp_lwt.server ~name:"single" (fun () -> Lwt.map (Result.map candidates) (server ()))

(* A server with these addresses. *)
let named ?options name addresses =
  Ffntp_lwt.server ?options ~name (fun () -> Lwt.return_ok (List.map Ffntp_lwt.candidate addresses))

let again ?port ?(on_event = say) ?least_sources ?(nonce = nonce) ?(server = the_server) ?servers
    ?(config = Client.config source) () =
  let servers = Option.value ~default:[ single server ] servers in
  Loop.start ?port ~on_event ?least_sources ~nonce ~servers !clock config ()

let start ?port ?on_event ?least_sources ?nonce ?server ?servers ?config ?(answers = fun _ -> true) () =
  reset ();
  Udp.reset ();
  events := [];
  all_events := [];
  Udp.answers := answers;
  again ?port ?on_event ?least_sources ?nonce ?server ?servers ?config ()

let stop loop =
  let stopped = Loop.stop loop in
  is_true "stopped" (Lwt.state stopped = Return ());
  is_true "nobody sleeps" (!Sleep.sleeping = 0);
  is_true "nothing is listened to" (Hashtbl.length Udp.listeners = 0);
  let sent = !Udp.sent in
  pass_s 10_000;
  is_true "and nothing is sent" (sent = !Udp.sent)

let test_keeps_time () =
  let loop = start () in
  pass_s 1;
  is_right ();
  for _ = 1 to 60 do
    pass_s 60;
    is_right ();
    is_true "no port is open in between" (Hashtbl.length Udp.listeners <= 1)
  done;
  is_true "as often as it should" (!Udp.sent >= 225 && !Udp.sent <= 260);
  is_true "all were answered" (count (Reply Accepted) = !Udp.sent && count Unanswered = 0);
  stop loop;
  is_true "stopping twice" (Lwt.state (Loop.stop loop) = Return ())

let test_silence () =
  let loop = start () in
  pass_s 300;
  (Udp.answers := fun _ -> false);
  let before = count Unanswered in
  pass_s 300;
  is_true "unanswered" (count Unanswered > before);
  (* until a second after the next query *)
  let rec wait sent =
    if sent = !Udp.sent then (
      pass_s 1;
      wait sent)
  in
  wait !Udp.sent;
  pass_s 5;
  is_true "no port stays open" (Hashtbl.length Udp.listeners = 0);
  is_right ();
  pass_s 20_000;
  is_true "free-running" (match Clock.read !clock with Ok r -> r.status = Free_running | Error _ -> false);
  is_right ();
  stop loop

let test_another_server () =
  let asked = ref 0 in
  let server () =
    incr asked;
    Lwt.return_ok ((if !asked = 1 then "dead" else "server"), 123)
  in
  let loop = start ~server () in
  (Udp.answers := fun dst -> dst <> "dead");
  pass_s 40;
  is_true "a burst for each" (!Udp.sent >= 8 + 8);
  pass_s 560;
  is_true "asked again" (!asked = 2);
  is_right ();
  stop loop

let test_no_server () =
  let loop = start ~server:(fun () -> Lwt.fail (Failure "no DNS")) () in
  pass_s 60;
  is_true "reported repeatedly, ever less often" (List.length !events >= 5 && List.length !events <= 8);
  is_true "sent nothing" (!Udp.sent = 0);
  stop loop;
  let waits_for_ever = fst (Lwt.wait ()) in
  stop (start ~server:(fun () -> waits_for_ever) ())

let test_unreachable () =
  let try_with dst why =
    let loop = start ~server:(fun () -> Lwt.return_ok (dst, 123)) () in
    pass_s 60;
    is_true "reported" (count (Not_sent why) = !Udp.sent);
    is_true "not busily" (!Udp.sent > 5 && !Udp.sent < 20);
    stop loop
  in
  try_with "unreachable" "no route";
  try_with "raises" "Failure(\"no network\")"

(* A query that cannot be started is repeated every 2 s. *)
let test_nothing_to_send_with () =
  let try_with ?nonce () =
    let loop = start ?nonce () in
    pass_s 60;
    is_true "reported at intervals" (List.length !events >= 29 && List.length !events <= 31);
    is_true "sent nothing" (!Udp.sent = 0 && Hashtbl.length Udp.listeners = 0);
    loop
  in
  stop (try_with ~nonce:(fun () -> failwith "not seeded") ());
  stop (try_with ~nonce:(fun () -> 0L) ());
  let is_seeded = ref false in
  let loop = try_with ~nonce:(fun () -> if !is_seeded then nonce () else failwith "not seeded") () in
  is_seeded := true;
  pass_s 10;
  is_right ();
  (Udp.ports := fun _ -> false);
  pass_s 100;
  is_true "no port" (count (Not_sent "Failure(\"no such port\")") > 10);
  is_right ();
  stop loop

let test_stuck () =
  let loop = start () in
  pass_s 300;
  Udp.is_stuck := true;
  let sent = !Udp.sent in
  pass_s 300;
  is_true "goes on" (!Udp.sent > sent + 10 && count Unanswered > 10);
  stop loop;
  let waits_for_ever = fst (Lwt.wait ()) in
  let asked = ref 0 in
  let server () =
    incr asked;
    if !asked = 1 then waits_for_ever else the_server ()
  in
  let loop = start ~server () in
  pass_s 40;
  is_true "reported" (count (Unresolved "no answer") = 1);
  is_right ();
  stop loop

(* The server vanishes, and so does the name service; then the server comes back. *)
let test_nobody_knows_it_any_more () =
  let is_known = ref true in
  let loop = start ~server:(fun () -> if !is_known then the_server () else Lwt.return_error "no such name") () in
  pass_s 300;
  is_known := false;
  (Udp.answers := fun _ -> false);
  pass_s 3600;
  is_true "asked again, not busily" (count (Unresolved "no such name") > 5 && List.length !events < 1000);
  is_true "free-running" (match Clock.read !clock with Ok r -> r.status = Free_running | Error _ -> false);
  is_right ();
  (Udp.answers := fun _ -> true);
  pass_s 60;
  is_true "synchronised" (match Clock.read !clock with Ok r -> r.status = Synchronised | Error _ -> false);
  stop loop

let test_callback_raises () =
  let hook = !Lwt.async_exception_hook and heard = ref 0 in
  (Lwt.async_exception_hook := fun _ -> incr heard);
  let loop = start ~on_event:(fun event -> say event; failwith "callback") () in
  pass_s 300;
  is_right ();
  is_true "every event was reported" (!heard = List.length !all_events && !heard > 30);
  stop loop;
  Lwt.async_exception_hook := hook

(* There is no timer left to wait with. *)
let test_no_timer () =
  let hook = !Lwt.async_exception_hook and heard = ref 0 in
  (Lwt.async_exception_hook := fun _ -> incr heard);
  let loop = start () in
  pass_s 300;
  Sleep.fails := true;
  pass_s 60;
  Sleep.fails := false;
  Alcotest.(check int) "reported once" 1 !heard;
  is_right ();
  stop loop;
  Lwt.async_exception_hook := hook

let test_stop_from_callback () =
  let the_loop = ref None in
  let stop_at event seen =
    say seen;
    if seen = Ffntp_lwt.Server ("single", event) then Option.iter (fun loop -> ignore (Loop.stop loop)) !the_loop
  in
  let try_with event =
    let loop = start ~on_event:(stop_at event) () in
    the_loop := Some loop;
    if event = Ffntp_lwt.Unanswered then (Udp.answers := fun _ -> false);
    pass_s 100;
    is_true "it happened" (count event = 1);
    is_true "and no port was opened after it" (Hashtbl.length Udp.listeners = 0);
    stop loop
  in
  List.iter try_with [ Reply Accepted; Unanswered ]

let test_again () =
  stop (start ());
  let loop = start () in
  pass_s 600;
  let marker () = (Output.details (Result.get_ok (Clock.output !clock))).disruption_marker in
  let before = marker () in
  is_true "stopped" (Lwt.state (Loop.stop loop) = Return ());
  pass_s 100;
  is_right ();
  (Udp.answers := fun _ -> false);
  let loop = again () in
  pass_s 10;
  is_right ();
  (Udp.answers := fun _ -> true);
  pass_s 100;
  is_right ();
  is_true "no disruption" (marker () = before);
  is_true "two loops are two" (Lwt.state (Loop.stop loop) = Return ());
  stop loop

(* The machine is restored from a snapshot that is an hour old. *)
let test_set_back () =
  let loop = start () in
  pass_s 300;
  moved := -3_600_000_000_000L;
  pass_s 1;
  is_true "no time to tell" (Clock.read !clock = Error Disrupted);
  pass_s 29;
  is_right ();
  stop loop

let test_disrupted () =
  let loop = start () in
  pass_s 300;
  Loop.disrupted loop;
  is_true "disrupted" (Clock.read !clock = Error Disrupted);
  pass_s 20;
  is_right ();
  stop loop

let test_port () =
  let loop = start ~port:123 () in
  pass (!now_ns + 1_000_000);
  is_true "that one" (Hashtbl.mem Udp.listeners 123);
  stop loop

let test_rubbish () =
  let loop = start ~port:123 () in
  pass_s 100;
  let before = count (Reply Accepted) in
  for i = 0 to 999 do
    let at_ns = !now_ns + (i * s_ns / 10) in
    at at_ns (fun () -> Udp.deliver "server" 123 (Cstruct.create (i mod 60)))
  done;
  pass_s 101;
  is_true "goes on" (count (Reply Accepted) > before);
  is_right ();
  stop loop

let test_another_port () =
  let loop = start ~port:123 () in
  pass_s 300;
  (Udp.answers := fun _ -> false);
  let rec wait () =
    if not (Hashtbl.mem Udp.listeners 123) then (
      pass_s 1;
      wait ())
  in
  wait ();
  let heard src_port =
    let before = List.length !events in
    Udp.deliver ~src_port "server" 123 (Cstruct.create 48);
    List.length !events - before
  in
  Alcotest.(check int) "not the server's" 0 (heard 124);
  Alcotest.(check int) "the server's" 1 (heard 123);
  stop loop

(* --- several servers --- *)

let three = [ named "a" [ "10.0.0.1" ]; named "b" [ "10.0.0.2" ]; named "c" [ "10.0.0.3" ] ]

let test_majority () =
  let loop = start ~servers:three () in
  (Udp.error_ns := fun dst -> if dst = "10.0.0.2" then s_ns else 0);
  pass_s 1;
  is_right ();
  for _ = 1 to 30 do
    pass_s 20;
    is_right ()
  done;
  is_true "synchronised" (status () = Synchronised);
  is_true "the liar is named" (count_of "b" (Selected Falseticker) > 0 && count_of "a" (Selected Falseticker) = 0);
  is_true "and is still asked" (count_of "b" Sent > 30);
  is_true "all are asked" (abs (count_of "a" Sent - count_of "c" Sent) <= 2);
  is_true "the status was reported" (List.mem (Ffntp_lwt.Status Synchronised) !all_events);
  stop loop

let test_one_of_three_falls_silent () =
  let loop = start ~servers:three () in
  pass_s 300;
  (Udp.answers := fun dst -> dst <> "10.0.0.1");
  pass_s 600;
  is_right ();
  is_true "synchronised" (status () = Synchronised);
  is_true "no longer used" (count_of "a" (Selected Unselected) > 0);
  let asked = count_of "a" Sent in
  pass_s 3600;
  is_true "still asked" (count_of "a" Sent > asked + 10);
  (Udp.answers := fun _ -> true);
  pass_s 1200;
  is_true "used again" (count_of "a" (Reply Accepted) > count_of "a" (Selected Unselected));
  is_right ();
  stop loop

(* The names of two servers are not resolved, or not at once. *)
let test_some_have_no_address () =
  let waits_for_ever = fst (Lwt.wait ()) in
  let never = Ffntp_lwt.server ~name:"never" (fun () -> waits_for_ever) in
  let unknown = Ffntp_lwt.server ~name:"unknown" (fun () -> Lwt.return_error "no such name") in
  let loop = start ~servers:[ never; unknown; named "a" [ "10.0.0.1" ] ] () in
  pass_s 5;
  is_right ();
  is_true "it may have an address yet" (status () = Free_running);
  pass_s 30;
  is_true "synchronised by the other one" (status () = Synchronised);
  pass_s 600;
  is_right ();
  is_true "silence is reported" (count_of "never" (Unresolved "no answer") > 5);
  is_true "an unknown name is reported" (count_of "unknown" (Unresolved "no such name") > 20);
  is_true "nothing was sent" (count_of "never" Sent + count_of "unknown" Sent = 0);
  stop loop

(* A network with one version of IP. *)
let test_addresses () =
  let both = [ named "dual" [ "fd00::1"; "10.0.0.1" ] ] in
  let time_with ~answers ~servers =
    let loop = start ~servers ~answers () in
    let rec wait s =
      if status () = Synchronised then s
      else if s > 60 then Alcotest.fail "not synchronised"
      else (
        pass_s 1;
        wait (s + 1))
    in
    let s = wait 0 in
    is_right ();
    pass_s 300;
    is_right ();
    stop loop;
    s
  in
  Alcotest.(check int) "the first" 3 (time_with ~answers:(fun _ -> true) ~servers:both);
  is_true "the second" (time_with ~answers:(fun dst -> dst <> "fd00::1") ~servers:both <= 5);
  let unreachable = [ named "dual" [ "unreachable"; "raises"; "10.0.0.1" ] ] in
  is_true "the third, as the others cannot be sent to" (time_with ~answers:(fun _ -> true) ~servers:unreachable <= 5)

let test_no_address_answers () =
  let resolved = ref 0 in
  let resolve () =
    incr resolved;
    Lwt.return_ok (List.map Ffntp_lwt.candidate [ "fd00::1"; "10.0.0.1" ])
  in
  let loop = start ~servers:[ Ffntp_lwt.server ~name:"dual" resolve ] ~answers:(fun _ -> false) () in
  pass_s 3600;
  is_true "asked, not busily" (!Udp.sent > 10 && !Udp.sent < 300);
  is_true "resolved again" (!resolved > 3 && !resolved < 100);
  (Udp.answers := fun _ -> true);
  pass_s 1100;
  is_right ();
  stop loop

(* A lost reply is no reason to leave an address. *)
let test_answered_address () =
  let loop = start ~servers:[ named "dual" [ "fd00::1"; "10.0.0.1" ] ] () in
  let others = ref 0 in
  let answer is_up dst =
    if dst <> "fd00::1" then incr others;
    is_up
  in
  pass_s 100;
  Udp.answers := answer false;
  pass_s 20;
  Udp.answers := answer true;
  pass_s 100;
  is_true "it was silent for a while" (count Unanswered > 0);
  Alcotest.(check int) "the other is not asked" 0 !others;
  is_right ();
  stop loop

(* No server has two votes. *)
let test_one_address_twice () =
  let servers = [ named "a" [ "10.0.0.1" ]; named "b" [ "10.0.0.1" ]; named "c" [ "10.0.0.1"; "10.0.0.3" ] ] in
  let loop = start ~servers () in
  pass_s 100;
  is_right ();
  is_true "asked once" (count_of "a" Sent > 5 && count_of "b" Sent = 0);
  is_true "reported" (count_of "b" (Unresolved "it is asked already, under another name") > 0);
  is_true "the other address" (count_of "c" (Reply Accepted) > 5);
  stop loop

let test_port_of_several () =
  let loop = start ~port:123 ~servers:three () in
  for _ = 1 to 20 do
    pass_s 10;
    is_right ();
    is_true "one port" (Hashtbl.length Udp.listeners <= 1)
  done;
  let has_its_replies name = count_of name (Reply Accepted) = count_of name Sent in
  is_true "each has its replies" (List.for_all has_its_replies [ "a"; "b"; "c" ]);
  stop loop

let test_set_back_with_several () =
  let loop = start ~servers:three () in
  pass_s 300;
  moved := -3_600_000_000_000L;
  pass_s 1;
  pass_s 29;
  is_true "reported once" (List.length (List.filter (( = ) Ffntp_lwt.Disrupted) !all_events) = 1);
  is_right ();
  Loop.disrupted loop;
  is_true "disrupted" (Clock.read !clock = Error Disrupted);
  pass_s 20;
  is_right ();
  stop loop

(* A generator that is stuck: the servers after the first have no port. *)
let test_stuck_generator () =
  let loop = start ~servers:three ~nonce:(fun () -> 7L) () in
  pass_s 10;
  is_true "reported" (count (Not_sent "Failure(\"the generator of random numbers repeats itself\")") > 0);
  stop loop

let test_least_sources () =
  let loop = start ~least_sources:3 ~servers:three () in
  (Udp.answers := fun dst -> dst <> "10.0.0.1");
  pass_s 100;
  is_true "two of three are too few" (status () <> Synchronised);
  (Udp.answers := fun _ -> true);
  pass_s 100;
  is_true "three are enough" (status () = Synchronised);
  stop loop

(* --- authentication --- *)

(* A MAC of one byte, behind the header. *)
let protection key =
  let mac () = Cstruct.of_string (String.make 1 (Char.chr !key)) in
  let seal packet = if !key < 0 then Error "no key" else Ok (Cstruct.append packet (mac ())) in
  let unseal datagram =
    if !Udp.garbled then failwith "cannot be decoded";
    if Cstruct.length datagram = 48 && Cstruct.get_uint8 datagram 47 <> 0xff then Some datagram else None
  in
  { Ffntp_lwt.seal; unseal }

let test_protection () =
  let key = ref 7 and exchanges = ref 0 in
  let resolve () =
    incr exchanges;
    if !exchanges > 1 then key := 8;
    Lwt.return_ok [ Ffntp_lwt.candidate ~protection:(protection key) "10.0.0.1" ]
  in
  let loop = start ~servers:[ Ffntp_lwt.server ~name:"nts" resolve ] () in
  pass_s 100;
  is_right ();
  is_true "one exchange" (!exchanges = 1);
  is_true "requests are sealed" (!Udp.longest = 49);
  key := -1;
  pass_s 60;
  is_true "a second exchange" (!exchanges = 2 && count (Not_sent "no key") = 1);
  (Udp.garbled := true);
  pass_s 60;
  (Udp.garbled := false);
  is_true "a reply that cannot be checked is refused" (count (Reply Refused_authentication) > 0);
  pass_s 60;
  let before = count (Reply Accepted) in
  (Udp.forged := true);
  pass_s 100;
  is_true "forged replies are refused" (count (Reply Accepted) = before && count (Reply Refused_authentication) > 2);
  is_right ();
  stop loop

(* Before each reply come a forged one and the former one, and after it comes the reply again. *)
let test_nts () =
  let former = ref (Cstruct.create 48) and sent = Hashtbl.create 100 and exchanges = ref 0 in
  let channel = ref None and is_silent = ref false and keeps_keys = ref true in
  let reply query packet =
    let request = Nts_server.read (Cstruct.to_string query) and packet = Cstruct.to_string packet in
    is_true "authentic, with a new cookie" (request.is_authentic && not (Hashtbl.mem sent request.cookie));
    Hashtbl.add sent request.cookie ();
    if !is_silent then []
    else if not !keeps_keys then [ Cstruct.of_string (Nts_server.refusal packet request) ]
    else
      let genuine = Cstruct.of_string (Nts_server.reply packet request (Nts_server.wanted request)) in
      let wrong = String.mapi (fun i c -> if i = 32 then Char.chr (Char.code c + 9) else c) packet in
      let forged = Nts_server.reply ~key:(String.make 32 'x') wrong request [] in
      let datagrams = [ Cstruct.of_string forged; Cstruct.of_string wrong; !former; genuine; genuine ] in
      former := genuine;
      datagrams
  in
  let random size = String.init size (fun _ -> Char.chr (Int64.to_int (Int64.shift_right_logical (nonce ()) 56))) in
  let left () = match !channel with Some { Nts.latest; _ } -> Nts.cookies (latest ()) | None -> -1 in
  let resolve () =
    Udp.replies := reply;
    incr exchanges;
    if !exchanges = 2 then Lwt.return_error "no keys yet"
    else
      let ({ Nts.seal; unseal; _ } as new_channel) = Nts.channel ~random (Nts_server.keys 8) in
      channel := Some new_channel;
      Lwt.return_ok [ Ffntp_lwt.candidate ~protection:{ seal; unseal } "10.0.0.1" ]
  in
  let loop = start ~servers:[ Ffntp_lwt.server ~name:"nts" resolve ] () in
  pass_s 600;
  is_right ();
  is_true "one exchange" (!exchanges = 1 && status () = Synchronised);
  is_true "each was answered" (count (Reply Accepted) = !Udp.sent && !Udp.sent > 20);
  is_true "each forged reply was refused" (count (Reply Refused_authentication) = 3 * !Udp.sent);
  is_true "the caller sees the cookies" (left () = 8);
  is_silent := true;
  pass_s 300;
  is_true "cookies run out" (count (Not_sent "no NTS cookie is left") > 0);
  is_true "keys were asked for" (count (Unresolved "no keys yet") = 1 && !exchanges > 2);
  is_silent := false;
  pass_s 100;
  is_true "synchronised again" (status () = Synchronised);
  is_right ();
  let before = !exchanges in
  keeps_keys := false;
  pass_s 1000;
  is_true "refused cookies lead to new keys" (!exchanges > before && !exchanges < before + 20);
  stop loop

let test_other_counter () =
  is_true "refused"
    (match start ~config:(Client.config { source with kind = Tsc }) () with
    | _ -> false
    | exception Invalid_argument _ -> true);
  List.iter
    (fun port -> is_true "no such port" (match start ~port () with _ -> false | exception Invalid_argument _ -> true))
    [ -1; 0; 65_536 ];
  List.iter
    (fun n ->
      let servers = List.init n (fun i -> named (string_of_int i) [ string_of_int i ]) in
      is_true "too few or too many" (match start ~servers () with _ -> false | exception Invalid_argument _ -> true))
    [ 0; 65 ]

let () =
  let case name f = Alcotest.test_case name `Quick f in
  Alcotest.run "ffntp-lwt"
    [
      ( "lwt",
        [
          case "keeps time" test_keeps_time;
          case "silence" test_silence;
          case "another server" test_another_server;
          case "no server" test_no_server;
          case "unreachable" test_unreachable;
          case "nothing to send with" test_nothing_to_send_with;
          case "stuck" test_stuck;
          case "the name service fails" test_nobody_knows_it_any_more;
          case "a callback raises" test_callback_raises;
          case "no timer" test_no_timer;
          case "stopped from a callback" test_stop_from_callback;
          case "started again" test_again;
          case "set back" test_set_back;
          case "disrupted" test_disrupted;
          case "port" test_port;
          case "rubbish" test_rubbish;
          case "another port" test_another_port;
          case "other counter" test_other_counter;
        ] );
      ( "servers",
        [
          case "the majority counts" test_majority;
          case "one of three falls silent" test_one_of_three_falls_silent;
          case "some have no address" test_some_have_no_address;
          case "several addresses" test_addresses;
          case "no address answers" test_no_address_answers;
          case "an address that answered" test_answered_address;
          case "one address twice" test_one_address_twice;
          case "one port for several" test_port_of_several;
          case "set back, with several" test_set_back_with_several;
          case "a stuck generator" test_stuck_generator;
          case "least sources" test_least_sources;
          case "authentication" test_protection;
          case "nts" test_nts;
        ] );
    ]
