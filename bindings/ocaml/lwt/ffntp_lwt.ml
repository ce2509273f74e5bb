open Ffntp
open Lwt.Infix

module type UDP = sig
  type t
  type ipaddr
  type error

  val pp_error : Format.formatter -> error -> unit
  val listen : t -> port:int -> (src:ipaddr -> dst:ipaddr -> src_port:int -> Cstruct.t -> unit Lwt.t) -> unit
  val unlisten : t -> port:int -> unit

  val write :
    ?src:ipaddr ->
    ?src_port:int ->
    ?ttl:int ->
    dst:ipaddr ->
    dst_port:int ->
    t ->
    Cstruct.t ->
    (unit, error) result Lwt.t
end

module type SLEEP = sig
  val ns : int64 -> unit Lwt.t
end

type event = Sent | Not_sent of string | Reply of Client.verdict | Unanswered | Unresolved of string

let pp_event ppf = function
  | Sent -> Format.pp_print_string ppf "sent"
  | Not_sent why -> Format.fprintf ppf "not sent: %s" why
  | Reply verdict -> Format.fprintf ppf "reply: %s" (Client.verdict_name verdict)
  | Unanswered -> Format.pp_print_string ppf "unanswered"
  | Unresolved why -> Format.fprintf ppf "no server: %s" why

(* Nothing is listened to for longer than the core waits for a reply, and a little, as the counter may be misjudged. *)
let patience_s = 4.5

(* Without an address it is asked for again after so long. *)
let unresolved_ns = 2_000_000_000L

(* No sleep is longer, so that a counter that jumped is noticed, nor shorter, so that rounding keeps nothing busy. *)
let longest_s = 64.
let shortest_s = 0.001

module Make (Udp : UDP) (Sleep : SLEEP) = struct
  type t = {
    udp : Udp.t;
    clock : Clock.t;
    fixed_port : int option;
    on_event : event -> unit;
    nonce : unit -> int64;
    server : unit -> (Udp.ipaddr * int, string) result Lwt.t;
    mutable client : Client.t;
    mutable former : (Udp.ipaddr * int) option;  (* the server so far *)
    mutable port : int option;  (* listened to: a query is in flight *)
    mutable sent_at : Counter.t;
    mutable is_running : bool;
    wake : unit Lwt_condition.t;  (* something has come, or it is to stop *)
    stopped : unit Lwt.t;
    stopper : unit Lwt.u;
    mutable ended : unit Lwt.t;
  }

  let client t = t.client
  let now t = Clock.counter t.clock
  let seconds t ticks = Int64.to_float ticks *. (Clock.source t.clock).period_s
  let publish t = Clock.publish t.clock (Client.output ~now:(now t) t.client)

  let hang_up t =
    Option.iter (fun port -> Udp.unlisten t.udp ~port) t.port;
    t.port <- None

  (* The counter first: what comes after it is not the network's time. *)
  let receive t server_port ~src:_ ~dst:_ ~src_port datagram =
    let received = now t in
    if t.is_running && src_port = server_port then (
      let verdict, client = Client.add_reply ~received datagram t.client in
      t.client <- client;
      publish t;
      t.on_event (Reply verdict);
      if verdict = Client.Accepted then hang_up t;
      Lwt_condition.broadcast t.wake ());
    Lwt.return_unit

  let choose_port t =
    match t.fixed_port with
    | Some port -> port
    | None -> 49152 + Int64.to_int (Int64.logand (t.nonce ()) 0x3fffL)

  let rec new_nonce t = match t.nonce () with 0L -> new_nonce t | nonce -> nonce

  let send t (dst, dst_port) =
    let src_port = choose_port t and nonce = new_nonce t in
    hang_up t;
    Udp.listen t.udp ~port:src_port (receive t dst_port);
    t.port <- Some src_port;
    t.sent_at <- now t;
    let packet, client = Client.new_query ~now:t.sent_at ~nonce t.client in
    t.client <- client;
    Lwt.catch
      (fun () ->
        Udp.write ~src_port ~dst ~dst_port t.udp packet >|= function
        | Ok () -> Sent
        | Error e -> Not_sent (Format.asprintf "%a" Udp.pp_error e))
      (fun e -> Lwt.return (Not_sent (Printexc.to_string e)))
    >|= t.on_event

  (* Ends early when something has come. *)
  let sleep t until =
    let longest_s = if t.port = None then longest_s else patience_s in
    let s = Float.max shortest_s (Float.min longest_s (seconds t (Int64.sub until (now t)))) in
    Lwt.pick [ Sleep.ns (Int64.of_float (s *. 1e9)); Lwt_condition.wait t.wake ]

  let resolve t =
    let found = Lwt.catch t.server (fun e -> Lwt.return (Error (Printexc.to_string e))) in
    Lwt.pick [ found; (t.stopped >|= fun () -> Error "stopped") ]

  let give_up t =
    if t.port <> None then (
      hang_up t;
      t.on_event Unanswered)

  let give_up_if_overdue t = if seconds t (Int64.sub (now t) t.sent_at) >= patience_s then give_up t

  let rec run t server =
    if not t.is_running then Lwt.return_unit
    else
      let action, client = Client.next ~now:(now t) t.client in
      t.client <- client;
      publish t;
      match action with
      | Wait_until until ->
          sleep t until >>= fun () ->
          give_up_if_overdue t;
          run t server
      | Send ->
          give_up t;
          send t server >>= fun () -> run t server
      | Change_server -> find_server t

  and find_server t =
    resolve t >>= function
    | Ok server ->
        if t.former <> None && t.former <> Some server then
          t.client <- Client.server_changed ~now:(now t) t.client;
        t.former <- Some server;
        run t server
    | Error _ when not t.is_running -> Lwt.return_unit
    | Error why ->
        t.on_event (Unresolved why);
        Lwt.pick [ Sleep.ns unresolved_ns; Lwt_condition.wait t.wake ] >>= fun () ->
        if t.is_running then find_server t else Lwt.return_unit

  let start ?port ?(on_event = ignore) ~nonce ~server clock (config : Client.config) udp =
    if config.counter.kind <> (Clock.source clock).kind then
      invalid_arg "Ffntp_lwt.start: the clock is of another counter";
    let now = Clock.counter clock in
    let stopped, stopper = Lwt.wait () in
    let t =
      {
        udp;
        clock;
        fixed_port = port;
        on_event;
        nonce;
        server;
        client = Client.create config ~now;
        former = None;
        port = None;
        sent_at = now;
        is_running = true;
        wake = Lwt_condition.create ();
        stopped;
        stopper;
        ended = Lwt.return_unit;
      }
    in
    t.ended <- find_server t;
    t

  let stop t =
    if t.is_running then Lwt.wakeup_later t.stopper ();
    t.is_running <- false;
    hang_up t;
    Lwt_condition.broadcast t.wake ();
    t.ended

  let disrupted t =
    t.client <- Client.disrupted ~now:(now t) t.client;
    hang_up t;
    publish t;
    Lwt_condition.broadcast t.wake ()
end

module Calibrate (Sleep : SLEEP) = struct
  let clock ?error ~elapsed_ns clock =
    let { Counter.kind; period_error; _ } = Clock.source clock in
    if period_error < 0.01 then Lwt.return_unit
    else
      let first = Counter.pair kind ~elapsed_ns in
      Sleep.ns 100_000_000L >|= fun () ->
      Clock.set_source clock (Counter.measure ?error kind first (Counter.pair kind ~elapsed_ns))
end
