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

(* The port stays open for slightly longer than the core waits for a reply, because the counter's rate may be
   uncertain. *)
let patience_s = 4.5

(* The resolution of the server's name may take this time. *)
let resolving_ns = 30_000_000_000L

(* A failed action is repeated after this time. *)
let retry_ns = 2_000_000_000L

(* Limits of a sleep: short enough to notice a counter that jumped, long enough that rounding does not make the loop
   spin. *)
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
    mutable former : (Udp.ipaddr * int) option;  (* the server in use *)
    mutable port : int option;  (* the open port: a query is in flight *)
    mutable sent_at : Counter.t;
    mutable seen : Counter.t;  (* the newest counter reading *)
    mutable is_running : bool;
    wake : unit Lwt_condition.t;  (* a datagram has arrived, or the loop is to stop *)
    halt : unit Lwt_condition.t;  (* the loop is to stop *)
    mutable ended : unit Lwt.t;
  }

  let client t = t.client
  let now t = Clock.counter t.clock
  let seconds t ticks = Int64.to_float ticks *. (Clock.source t.clock).period_s

  (* An exception in a callback does not end the loop, but it is reported. *)
  let tell t event = try t.on_event event with e -> !Lwt.async_exception_hook e

  (* --- publishing --- *)

  let is_telling output = match Output.status output with Synchronised | Free_running -> true | _ -> false
  let has_time clock = match Clock.output clock with Ok output -> is_telling output | Error _ -> false

  (* Keep the output of an earlier loop until there is a new estimate. *)
  let publish t =
    let output = Client.output ~now:(now t) t.client in
    if Output.status output <> Initialising || not (has_time t.clock) then Clock.publish t.clock output

  (* --- queries and replies --- *)

  let hang_up t =
    Option.iter (fun port -> Udp.unlisten t.udp ~port) t.port;
    t.port <- None

  let disrupted t =
    t.client <- Client.disrupted ~now:(now t) t.client;
    hang_up t;
    publish t;
    Lwt_condition.broadcast t.wake ()

  (* Read the counter first, so that the time of the code below is not counted as delay. *)
  let receive t server_port ~src:_ ~dst:_ ~src_port datagram =
    let received = now t in
    if t.is_running && src_port = server_port then (
      let verdict, client = Client.add_reply ~received datagram t.client in
      t.client <- client;
      publish t;
      if verdict = Client.Accepted then hang_up t;
      Lwt_condition.broadcast t.wake ();
      tell t (Reply verdict));
    Lwt.return_unit

  let choose_port t =
    match t.fixed_port with
    | Some port -> port
    | None -> 49152 + Int64.to_int (Int64.logand (t.nonce ()) 0x3fffL)

  (* The loop does not wait for the write, which may have to wait for a neighbour's address. *)
  let write t src_port (dst, dst_port) packet =
    let done_with event = if t.is_running then tell t event in
    Lwt.async (fun () ->
        Lwt.catch
          (fun () ->
            Udp.write ~src_port ~dst ~dst_port t.udp packet >|= function
            | Ok () -> Sent
            | Error e -> Not_sent (Format.asprintf "%a" Udp.pp_error e))
          (fun e -> Lwt.return (Not_sent (Printexc.to_string e)))
        >|= done_with)

  (* Returns false if no query can be sent now, for lack of randomness or of a port. *)
  let ask t ((_, server_port) as server) =
    try
      let src_port = choose_port t and nonce = t.nonce () in
      Udp.listen t.udp ~port:src_port (receive t server_port);
      t.port <- Some src_port;
      t.sent_at <- now t;
      let packet, client = Client.new_query ~now:t.sent_at ~nonce t.client in
      t.client <- client;
      write t src_port server packet;
      true
    with e ->
      hang_up t;
      tell t (Not_sent (Printexc.to_string e));
      false

  let give_up t =
    if t.port <> None then (
      hang_up t;
      tell t Unanswered)

  let patience_left_s t = patience_s -. seconds t (Int64.sub (now t) t.sent_at)
  let give_up_if_overdue t = if patience_left_s t <= 0. then give_up t

  (* --- the loop --- *)

  (* Sleep, but wake up early when something has arrived. *)
  let sleep_ns t ns = Lwt.pick [ Sleep.ns ns; Lwt_condition.wait t.wake ]

  let sleep t until =
    let longest_s = if t.port = None then longest_s else patience_left_s t in
    let s = Float.max shortest_s (Float.min longest_s (seconds t (Int64.sub until (now t)))) in
    sleep_ns t (Int64.of_float (s *. 1e9))

  (* A counter that ran backwards was set back, because the machine has been restored from a snapshot, or migrated. *)
  let look_at_counter t =
    let now = now t in
    let is_set_back = Int64.compare (Int64.sub now t.seen) 0L < 0 in
    t.seen <- now;
    if is_set_back then disrupted t

  let resolve t =
    let found = Lwt.catch t.server (fun e -> Lwt.return_error (Printexc.to_string e)) in
    let late = Sleep.ns resolving_ns >|= fun () -> Error "no answer" in
    Lwt.pick [ found; late; (Lwt_condition.wait t.halt >|= fun () -> Error "stopped") ]

  let take t server =
    if t.former <> None && t.former <> Some server then
      t.client <- Client.server_changed ~now:(now t) t.client;
    t.former <- Some server

  let rec run t server =
    if not t.is_running then Lwt.return_unit
    else (
      look_at_counter t;
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
          if (not t.is_running) || ask t server then run t server else sleep_ns t retry_ns >>= fun () -> run t server
      | Change_server -> find_server t)

  and find_server t =
    resolve t >>= fun found ->
    match (found, t.former) with
    | _ when not t.is_running -> Lwt.return_unit
    | Ok server, _ ->
        take t server;
        run t server
    | Error why, former -> (
        tell t (Unresolved why);
        match former with
        | Some server -> run t server
        | None -> sleep_ns t retry_ns >>= fun () -> if t.is_running then find_server t else Lwt.return_unit)

  let fail t e =
    t.is_running <- false;
    hang_up t;
    (match e with Lwt.Canceled -> () | e -> !Lwt.async_exception_hook e);
    Lwt.return_unit

  let check ?port (config : Client.config) clock =
    if config.counter.kind <> (Clock.source clock).kind then
      invalid_arg "Ffntp_lwt.start: the clock is of a different counter";
    if Option.fold ~none:false ~some:(fun port -> port < 1 || port > 65535) port then
      invalid_arg "Ffntp_lwt.start: the port is not within 1 to 65535"

  let begin_client config clock now =
    let client = Client.create config ~now in
    match Clock.output clock with
    | Ok output when is_telling output -> Client.continue output client
    | _ -> client

  let start ?port ?(on_event = ignore) ~nonce ~server clock config udp =
    check ?port config clock;
    let now = Clock.counter clock in
    let t =
      {
        udp;
        clock;
        fixed_port = port;
        on_event;
        nonce;
        server;
        client = begin_client config clock now;
        former = None;
        port = None;
        sent_at = now;
        seen = now;
        is_running = true;
        wake = Lwt_condition.create ();
        halt = Lwt_condition.create ();
        ended = Lwt.return_unit;
      }
    in
    t.ended <- Lwt.catch (fun () -> find_server t) (fail t);
    t

  let stop t =
    t.is_running <- false;
    hang_up t;
    Lwt_condition.broadcast t.halt ();
    Lwt_condition.broadcast t.wake ();
    t.ended
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
