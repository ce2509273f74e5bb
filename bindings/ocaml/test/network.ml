(* A simulated network and time, so that a day takes no time. *)
open Ffntp
open World

(* Future events and their times: (true time, order of planning). *)
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

(* Ticks by which the counter was moved. *)
let moved = ref 0L

let move_to ns =
  now_ns := max !now_ns ns;
  Clock.set_counter !clock (Int64.add !moved (counter_at !now_ns))

(* Run all events up to [ns]. *)
let rec pass ns =
  match Plan.min_binding_opt !plan with
  | Some (((due, _) as key), f) when due <= ns ->
      plan := Plan.remove key !plan;
      move_to due;
      f ();
      pass ns
  | _ -> move_to ns

module Sleep = struct
  let sleeping = ref 0
  let fails = ref false

  (* The true time that a sleep of 1 ns takes. *)
  let slow = ref 1.

  let ns ns =
    if !fails then failwith "no timer";
    let slept, wake = Lwt.task () in
    incr sleeping;
    Lwt.on_termination slept (fun () -> decr sleeping);
    let wakes_at = !now_ns + int_of_float (!slow *. Int64.to_float ns) in
    at wakes_at (fun () -> if Lwt.is_sleeping slept then Lwt.wakeup wake ());
    slept
end

(* Texts of addresses: "unreachable" and "raises" cannot be sent to. *)
module Udp_of (Address : sig
  type t

  val to_string : t -> string
end) =
struct
  type t = unit
  type ipaddr = Address.t
  type error = string

  let pp_error = Format.pp_print_string

  type callback = src:ipaddr -> dst:ipaddr -> src_port:int -> Cstruct.t -> unit Lwt.t

  let ports = ref (fun _ -> true)
  let listeners : (int, callback) Hashtbl.t = Hashtbl.create 3
  let listen () ~port f = if !ports port then Hashtbl.replace listeners port f else failwith "no such port"
  let unlisten () ~port = Hashtbl.remove listeners port
  let answers = ref (fun _ -> true)
  let sent = ref 0
  let longest = ref 0
  let is_stuck = ref false
  let forged = ref false
  let garbled = ref false
  let fails = ref (fun _ -> false)

  (* The datagrams that a query is answered with, from the reply of a server without NTS. *)
  let replies = ref (fun _query packet -> [ packet ])
  let port = ref 0
  let last_port () = !port

  let error_ns = ref (fun _ -> 0)

  let deliver ?(src_port = 123) src port datagram =
    match Hashtbl.find_opt listeners port with
    | Some f -> Lwt.ignore_result (f ~src ~dst:src ~src_port datagram)
    | None -> ()

  let write ?src:_ ?(src_port = 0) ?ttl:_ ~dst:address ~dst_port () query =
    port := dst_port;
    let dst = Address.to_string address in
    incr sent;
    longest := max !longest (Cstruct.length query);
    if dst = "unreachable" || !fails dst then Lwt.return_error "no route"
    else if dst = "raises" then failwith "no network"
    else if !is_stuck then fst (Lwt.wait ())
    else (
      if !answers dst then (
        let arrived = !now_ns + delay_ns in
        let received = arrived + !error_ns dst in
        let packet = reply query ~received ~sent:received in
        if !forged then Cstruct.set_uint8 packet 47 0xff;
        List.iter
          (fun datagram -> at (arrived + delay_ns) (fun () -> deliver ~src_port:dst_port address src_port datagram))
          (!replies query packet));
      Lwt.return_ok ())

  (* Nothing is under way, everything is answered. *)
  let reset () =
    Hashtbl.reset listeners;
    (answers := fun _ -> true);
    (ports := fun _ -> true);
    (error_ns := fun _ -> 0);
    is_stuck := false;
    sent := 0;
    longest := 0;
    (fails := fun _ -> false);
    (replies := fun _ packet -> [ packet ]);
    forged := false;
    garbled := false
end

let reset () =
  now_ns := start_ns;
  Sleep.sleeping := 0;
  Sleep.slow := 1.;
  moved := 0L;
  plan := Plan.empty;
  clock := Clock.create source;
  move_to start_ns

let pass_s s = pass (!now_ns + (s * s_ns))

(* The clock's interval contains the true time. *)
let is_right () =
  match Clock.read !clock with
  | Error e -> Alcotest.fail (Output.refusal_text e)
  | Ok r ->
      let truth = d_ps_of_ns !now_ns in
      Alcotest.(check bool) "the bound holds" true (compare r.earliest truth <= 0 && compare truth r.latest <= 0)

let status () = match Clock.read !clock with Ok { status; _ } -> status | Error _ -> Output.Unknown
