(* The loop, over a network and a time that are made here, so that a day takes no time. *)
open Ffntp
open World

let is_true what condition = Alcotest.check Alcotest.bool what true condition

(* What is going to happen, and when: (true time, in the order of being planned). *)
module Plan = Map.Make (struct
  type t = int * int

  let compare = compare
end)

let now_ns = ref start_ns
let planned = ref 0
let plan : (unit -> unit) Plan.t ref = ref Plan.empty

let at ns f =
  incr planned;
  plan := Plan.add (ns, !planned) f !plan

let clock = ref (Clock.create source)
let move_to ns =
  now_ns := max !now_ns ns;
  Clock.set_counter !clock (counter_at !now_ns)

(* Everything that happens until [ns]. *)
let rec pass ns =
  match Plan.min_binding_opt !plan with
  | Some (((due, _) as key), f) when due <= ns ->
      plan := Plan.remove key !plan;
      move_to due;
      f ();
      pass ns
  | _ -> move_to ns

module Sleep = struct
  let ns ns =
    let slept, wake = Lwt.task () in
    at (!now_ns + Int64.to_int ns) (fun () -> if Lwt.is_sleeping slept then Lwt.wakeup wake ());
    slept
end

module Udp = struct
  type t = unit
  type ipaddr = string
  type error = string

  let pp_error = Format.pp_print_string

  type callback = src:ipaddr -> dst:ipaddr -> src_port:int -> Cstruct.t -> unit Lwt.t

  let listeners : (int, callback) Hashtbl.t = Hashtbl.create 3
  let listen () ~port f = Hashtbl.replace listeners port f
  let unlisten () ~port = Hashtbl.remove listeners port
  let answers = ref (fun _ -> true)
  let sent = ref 0

  let deliver port datagram =
    match Hashtbl.find_opt listeners port with
    | Some f -> Lwt.ignore_result (f ~src:"server" ~dst:"me" ~src_port:123 datagram)
    | None -> ()

  let write ?src:_ ?(src_port = 0) ?ttl:_ ~dst ~dst_port:_ () query =
    incr sent;
    if dst = "unreachable" then Lwt.return_error "no route"
    else (
      if !answers dst then (
        let received = !now_ns + delay_ns in
        let packet = reply query ~received ~sent:received in
        at (received + delay_ns) (fun () -> deliver src_port packet));
      Lwt.return_ok ())
end

module Loop = Ffntp_lwt.Make (Udp) (Sleep)

let events : Ffntp_lwt.event list ref = ref []
let count event = List.length (List.filter (( = ) event) !events)

let start ?port ?(server = fun () -> Lwt.return_ok ("server", 123)) ?(config = Client.config source) () =
  now_ns := start_ns;
  plan := Plan.empty;
  events := [];
  Hashtbl.reset Udp.listeners;
  (Udp.answers := fun _ -> true);
  Udp.sent := 0;
  clock := Clock.create source;
  move_to start_ns;
  Loop.start ?port ~on_event:(fun e -> events := e :: !events) ~nonce ~server !clock config ()

let pass_s s = pass (!now_ns + (s * s_ns))

let is_right () =
  match Clock.read !clock with
  | Error e -> Alcotest.fail (Output.refusal_text e)
  | Ok r ->
      let truth = d_ps_of_ns !now_ns in
      is_true "the bound holds" (compare r.earliest truth <= 0 && compare truth r.latest <= 0)

let stop loop =
  let stopped = Loop.stop loop in
  pass_s 3;
  is_true "stopped" (Lwt.state stopped = Return ());
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
  is_true "no port stays open" (Hashtbl.length Udp.listeners <= 1);
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
  pass_s 600;
  is_true "asked again" (!asked = 2);
  is_right ();
  stop loop

let test_no_server () =
  let loop = start ~server:(fun () -> Lwt.fail (Failure "no DNS")) () in
  pass_s 60;
  is_true "said so, again and again" (List.length !events >= 20);
  is_true "sent nothing" (!Udp.sent = 0);
  stop loop;
  let waits_for_ever = fst (Lwt.wait ()) in
  stop (start ~server:(fun () -> waits_for_ever) ())

let test_unreachable () =
  let loop = start ~server:(fun () -> Lwt.return_ok ("unreachable", 123)) () in
  pass_s 60;
  is_true "said so" (count (Not_sent "no route") = !Udp.sent);
  is_true "not busily" (!Udp.sent < 20);
  stop loop

let test_disrupted () =
  let loop = start () in
  pass_s 300;
  Loop.disrupted loop;
  is_true "said so" (Clock.read !clock = Error Disrupted);
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
    at at_ns (fun () -> Udp.deliver 123 (Cstruct.create (i mod 60)))
  done;
  pass_s 101;
  is_true "goes on" (count (Reply Accepted) > before);
  is_right ();
  stop loop

let test_other_counter () =
  is_true "refused"
    (match start ~config:(Client.config { source with kind = Tsc }) () with
    | _ -> false
    | exception Invalid_argument _ -> true)

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
          case "disrupted" test_disrupted;
          case "port" test_port;
          case "rubbish" test_rubbish;
          case "other counter" test_other_counter;
        ] );
    ]
