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

(* The resolution of the server's name may take this time. *)
let resolving_ns = 30_000_000_000L

(* Without a server, or a port, the attempt is repeated after this time. *)
let retry_s = 2.

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
    mutable session : Session.t;
    mutable former : (Udp.ipaddr * int) option;  (* the server in use, *)
    mutable servers : int;  (* and its number *)
    mutable port : int option;  (* the open port: a query is in flight *)
    mutable wants_server : bool;  (* the server's name is to be resolved again *)
    mutable is_running : bool;
    wake : unit Lwt_condition.t;  (* a datagram has arrived, or the loop is to stop *)
    halt : unit Lwt_condition.t;  (* the loop is to stop *)
    mutable ended : unit Lwt.t;
  }

  let session t = t.session
  let now t = Clock.counter t.clock
  let period_s t = (Clock.source t.clock).period_s
  let seconds t ticks = Int64.to_float ticks *. period_s t
  let after t s = Int64.add (now t) (Int64.of_float (s /. period_s t))

  (* An exception in a callback does not end the loop, but it is reported. *)
  let tell t event = try t.on_event event with e -> !Lwt.async_exception_hook e

  let hang_up t =
    Option.iter (fun port -> Udp.unlisten t.udp ~port) t.port;
    t.port <- None

  (* --- inputs and events --- *)

  let handle t = function
    | Session.Map -> Clock.publish t.clock (Session.output t.session)
    | Reply verdict ->
        if verdict = Client.Accepted then hang_up t;
        tell t (Reply verdict)
    | Unanswered ->
        hang_up t;
        tell t Unanswered
    | Change_server -> t.wants_server <- true
    | Disrupted | Server_changed -> hang_up t
    | Sent | Not_sent | No_nonce | Network_error -> ()

  let put ?at t input =
    let at = match at with Some at -> at | None -> now t in
    let events, session = Session.input ~at input t.session in
    t.session <- session;
    List.iter (handle t) events

  let disrupted t =
    put t Session.Disruption;
    Lwt_condition.broadcast t.wake ()

  (* Read the counter first, so that the time of the code below is not counted as delay. *)
  let receive t server_port ~src:_ ~dst:_ ~src_port datagram =
    let received = now t in
    if t.is_running && src_port = server_port then (
      put ~at:received t (Session.Datagram datagram);
      Lwt_condition.broadcast t.wake ());
    Lwt.return_unit

  (* --- queries --- *)

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

  (* The query is begun once its port is open and there is a nonce, so that its departure is as late as possible. *)
  let begin_query t ((_, server_port) as server) =
    let src_port = choose_port t and nonce = t.nonce () in
    Udp.listen t.udp ~port:src_port (receive t server_port);
    t.port <- Some src_port;
    put t (Session.Begin_request nonce);
    match Session.request t.session with
    | Some packet -> write t src_port server packet
    | None -> failwith "the nonce is 0"

  (* If a query cannot be begun, for lack of randomness or of a port, the session pauses. *)
  let ask t server =
    try begin_query t server
    with e ->
      hang_up t;
      put t (Session.Pause_until (after t retry_s));
      tell t (Not_sent (Printexc.to_string e))

  (* --- the loop --- *)

  (* Sleep, but wake up early when something has arrived. *)
  let sleep_s t s = Lwt.pick [ Sleep.ns (Int64.of_float (s *. 1e9)); Lwt_condition.wait t.wake ]

  let sleep t =
    let left_s = seconds t (Int64.sub (Session.deadline t.session) (now t)) in
    sleep_s t (Float.max shortest_s (Float.min longest_s left_s))

  let resolve t =
    let found = Lwt.catch t.server (fun e -> Lwt.return_error (Printexc.to_string e)) in
    let late = Sleep.ns resolving_ns >|= fun () -> Error "no answer" in
    Lwt.pick [ found; late; (Lwt_condition.wait t.halt >|= fun () -> Error "stopped") ]

  let take t server =
    if t.former <> Some server then t.servers <- t.servers + 1;
    t.former <- Some server;
    put t (Session.Server t.servers)

  let rec run t server =
    if t.is_running then put t Session.Timeout;
    if not t.is_running then Lwt.return_unit
    else if t.wants_server then find_server t
    else (
      if Session.wants_request t.session then ask t server;
      if t.is_running then sleep t >>= fun () -> run t server else Lwt.return_unit)

  and find_server t =
    t.wants_server <- false;
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
        | None -> sleep_s t retry_s >>= fun () -> if t.is_running then find_server t else Lwt.return_unit)

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

  let has_time output = match Output.status output with Synchronised | Free_running -> true | _ -> false

  (* The time of an earlier loop stays published until there is a new estimate. *)
  let continue_from_clock t =
    (match Clock.output t.clock with
    | Ok output when has_time output -> put t (Session.Former output)
    | _ -> ());
    put t Session.Publish

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
        session = Session.create config ~now;
        former = None;
        servers = 0;
        port = None;
        wants_server = false;
        is_running = true;
        wake = Lwt_condition.create ();
        halt = Lwt_condition.create ();
        ended = Lwt.return_unit;
      }
    in
    continue_from_clock t;
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
