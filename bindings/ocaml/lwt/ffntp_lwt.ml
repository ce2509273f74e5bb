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

type protection = {
  seal : Cstruct.t -> (Cstruct.t, string) result;
  unseal : Cstruct.t -> Cstruct.t option;
}

type 'address candidate = { address : 'address; port : int; protection : protection option }

type 'address server = {
  name : string;
  options : Ensemble.options;
  resolve : unit -> ('address candidate list, string) result Lwt.t;
}

let candidate ?protection ?(port = 123) address = { address; port; protection }
let server ?(options = Ensemble.options) ~name resolve = { name; options; resolve }

type server_event =
  | Sent
  | Not_sent of string
  | Reply of Client.verdict
  | Unanswered
  | Unresolved of string
  | Selected of Ensemble.selection

type event = Server of string * server_event | Status of Output.status | Disrupted

let pp_server_event ppf = function
  | Sent -> Format.pp_print_string ppf "sent"
  | Not_sent why -> Format.fprintf ppf "not sent: %s" why
  | Reply verdict -> Format.fprintf ppf "reply: %s" (Client.verdict_name verdict)
  | Unanswered -> Format.pp_print_string ppf "unanswered"
  | Unresolved why -> Format.fprintf ppf "no address: %s" why
  | Selected selection -> Format.pp_print_string ppf (Ensemble.selection_name selection)

let pp_event ppf = function
  | Server (name, event) -> Format.fprintf ppf "%s: %a" name pp_server_event event
  | Status status -> Format.pp_print_string ppf (Output.status_name status)
  | Disrupted -> Format.pp_print_string ppf "the counter jumped"

(* The resolution of a server's name may take this time. *)
let resolving_ns = 30_000_000_000L

(* Without a port the attempt is repeated after this time; a resolution too, and then less often. *)
let retry_s = 2.
let retry_longest_s = 16.

(* Limits of a sleep: short enough to notice a counter that jumped, long enough that rounding does not make the loop
   spin. *)
let longest_s = 64.
let shortest_s = 0.001

(* Solo5's clock may run slow, and sleeps with it: the first sleep is short, and shows by how much. *)
let first_s = 0.2
let measurable_s = 0.1
let stretch_most = 10.

(* In place of a reply that could not be verified (RFC 5905: a header and a key identifier). *)
let crypto_nak = Cstruct.create 52

module Make (Udp : UDP) (Sleep : SLEEP) = struct
  (* A server that is asked: a member of the ensemble, and one of its name's addresses. *)
  type peer = {
    server : Udp.ipaddr server;
    mutable member : Ensemble.member option;  (* None: its name could not be resolved *)
    mutable current : Udp.ipaddr candidate option;  (* the address in use, *)
    mutable number : int;  (* and its number *)
    mutable untried : Udp.ipaddr candidate list;  (* addresses of the last resolution to be tried after it *)
    mutable is_choice : bool;  (* the last resolution found several addresses *)
    mutable has_answered : bool;  (* at the address in use *)
    mutable pause_s : float;  (* after a round of several addresses without any answer *)
    mutable port : int option;  (* the open port: a query is in flight *)
    mutable wants_address : bool;  (* the name is to be resolved, *)
    mutable resolve_at : Counter.t;  (* then *)
    mutable retry_s : float;
    mutable resolution : unit Lwt.t;
  }

  type t = {
    udp : Udp.t;
    clock : Clock.t;
    config : Client.config;
    fixed_port : int option;
    on_event : event -> unit;
    nonce : unit -> int64;
    mutable ensemble : Ensemble.t;
    mutable peers : peer list;
    mutable status : Output.status;
    mutable is_running : bool;
    mutable stretch : float option;  (* the time that the last long sleep took, as a multiple of what was asked for *)
    wake : unit Lwt_condition.t;  (* something has arrived, or the loop is to stop *)
    halt : unit Lwt_condition.t;  (* the loop is to stop *)
    mutable ended : unit Lwt.t;
  }

  let ensemble t = t.ensemble
  let now t = Clock.counter t.clock
  let period_s t = (Clock.source t.clock).period_s
  let seconds t ticks = Int64.to_float ticks *. period_s t
  let after t s = Int64.add (now t) (Int64.of_float (s /. period_s t))

  (* An exception in a callback does not end the loop, but it is reported. *)
  let tell t event = try t.on_event event with e -> !Lwt.async_exception_hook e
  let tell_of t peer event = tell t (Server (peer.server.name, event))

  (* --- ports --- *)

  let has_port port peer = peer.port = Some port

  (* With a fixed port it is that of several peers. *)
  let hang_up t peer =
    let port = peer.port in
    peer.port <- None;
    Option.iter (fun port -> if not (List.exists (has_port port) t.peers) then Udp.unlisten t.udp ~port) port

  let hang_up_all t = List.iter (hang_up t) t.peers

  (* With 64 servers a port is free at the third attempt, unless the generator is stuck. *)
  let rec choose_port ?(attempts = 10) t =
    match t.fixed_port with
    | Some port -> port
    | None ->
        let port = 49152 + Int64.to_int (Int64.logand (t.nonce ()) 0x3fffL) in
        if not (List.exists (has_port port) t.peers) then port
        else if attempts = 1 then failwith "the generator of random numbers repeats itself"
        else choose_port ~attempts:(attempts - 1) t

  (* --- addresses --- *)

  let is_same (a : Udp.ipaddr candidate) (b : Udp.ipaddr candidate) = a.address = b.address && a.port = b.port
  let is_at candidate peer = Option.fold ~none:false ~some:(is_same candidate) peer.current
  let is_free t peer candidate = not (List.exists (fun other -> other != peer && is_at candidate other) t.peers)

  let resolve_after t peer s =
    peer.wants_address <- true;
    peer.resolve_at <- after t s

  let lengthen_pause t peer = peer.pause_s <- Float.min (2. *. peer.pause_s) (float_of_int t.config.poll_max_s)

  (* --- inputs and events --- *)

  let publish t =
    let output = Ensemble.output t.ensemble in
    Clock.publish t.clock output;
    let status = Output.status output in
    let is_new = status <> t.status in
    t.status <- status;
    if is_new then tell t (Status status)

  let rec put ?at t target input =
    let at = match at with Some at -> at | None -> now t in
    let events, ensemble = Ensemble.input ~at target input t.ensemble in
    t.ensemble <- ensemble;
    List.iter (handle t) events

  and handle t (target, event) =
    match ((target : Ensemble.target), (event : Session.event)) with
    | _, Map -> publish t
    | _, Disrupted ->
        hang_up_all t;
        List.iter (fun peer -> peer.resolve_at <- now t) t.peers;
        tell t Disrupted
    | All, _ -> ()
    | Member member, Selection ->
        let { Ensemble.selection; _ } = Ensemble.source member t.ensemble in
        List.iter (fun peer -> if peer.member = Some member then tell_of t peer (Selected selection)) t.peers
    | Member member, event -> List.iter (fun peer -> if peer.member = Some member then handle_of t peer event) t.peers

  and put_to ?at t peer input = Option.iter (fun member -> put ?at t (Member member) input) peer.member

  and handle_of t peer = function
    | Session.Reply verdict ->
        if verdict = Client.Accepted then hang_up t peer;
        if verdict = Client.Accepted || verdict = Refused_contradiction then (
          peer.has_answered <- true;
          peer.pause_s <- float_of_int t.config.poll_min_s);
        tell_of t peer (Reply verdict)
    | Unanswered ->
        hang_up t peer;
        tell_of t peer Unanswered;
        try_next t peer
    | Change_server -> resolve_after t peer 0.
    | Server_changed -> hang_up t peer
    | Sent | Not_sent | No_nonce | Network_error | Map | Disrupted | Selection -> ()

  (* Ask a server at this address from now on. The session forgets the path if the address is different. *)
  and take t peer candidate =
    if not (is_at candidate peer) then (
      peer.number <- peer.number + 1;
      peer.has_answered <- false);
    peer.current <- Some candidate;
    put_to t peer (Session.Server peer.number)

  (* An address that has never answered makes room for the next one: the network may lack its version of IP. After a
     round without an answer the name is resolved again, and there is a pause. *)
  and try_next t peer =
    if t.is_running && peer.is_choice && not peer.has_answered then
      match List.filter (is_free t peer) peer.untried with
      | next :: untried ->
          peer.untried <- untried;
          take t peer next
      | [] ->
          resolve_after t peer peer.pause_s;
          put_to t peer (Session.Pause_until (after t peer.pause_s));
          lengthen_pause t peer

  let disrupted t =
    if t.is_running then put t All Session.Disruption;
    Lwt_condition.broadcast t.wake ()

  (* --- receiving --- *)

  let verified candidate datagram =
    match candidate.protection with
    | None -> datagram
    | Some { unseal; _ } -> Option.value ~default:crypto_nak (try unseal datagram with _ -> None)

  (* Several peers have the same port only if it is fixed. *)
  let find_peer t port src src_port =
    let asks is_right peer = Option.fold ~none:false ~some:is_right peer.current in
    let has_src_port (candidate : Udp.ipaddr candidate) = candidate.port = src_port in
    let listening = List.filter (fun peer -> has_port port peer && asks has_src_port peer) t.peers in
    match (List.find_opt (asks (fun candidate -> candidate.address = src)) listening, listening) with
    | Some peer, _ | None, [ peer ] -> Some peer
    | None, _ -> None

  (* Read the counter first, so that the time of the code below is not counted as delay. *)
  let receive t port ~src ~dst:_ ~src_port datagram =
    let received = now t in
    (match find_peer t port src src_port with
    | Some ({ current = Some candidate; _ } as peer) when t.is_running ->
        put_to ~at:received t peer (Session.Datagram (verified candidate datagram));
        Lwt_condition.broadcast t.wake ()
    | _ -> ());
    Lwt.return_unit

  (* --- queries --- *)

  let seal candidate packet =
    match candidate.protection with None -> Ok packet | Some { seal; _ } -> seal packet

  (* The same address may be written to again before the failure of a former write is known. *)
  let not_sent t peer number why =
    put_to t peer Session.Send_failed;
    tell_of t peer (Not_sent why);
    if number = peer.number then try_next t peer;
    Lwt_condition.broadcast t.wake ()

  (* The loop does not wait for the write, which may have to wait for a neighbour's address. *)
  let write t peer src_port candidate packet =
    let number = peer.number in
    let done_with = function
      | _ when not t.is_running -> ()
      | Ok () -> tell_of t peer Sent
      | Error why -> not_sent t peer number why
    in
    Lwt.async (fun () ->
        Lwt.catch
          (fun () ->
            Udp.write ~src_port ~dst:candidate.address ~dst_port:candidate.port t.udp packet >|= function
            | Ok () -> Ok ()
            | Error e -> Error (Format.asprintf "%a" Udp.pp_error e))
          (fun e -> Lwt.return_error (Printexc.to_string e))
        >|= done_with)

  (* The query is begun once its port is open and there is a nonce, so that its departure is as late as possible. *)
  let begin_query t peer candidate =
    let src_port = choose_port t and nonce = t.nonce () in
    if not (List.exists (has_port src_port) t.peers) then Udp.listen t.udp ~port:src_port (receive t src_port);
    peer.port <- Some src_port;
    put_to t peer (Session.Begin_request nonce);
    let request = Option.bind peer.member (fun member -> Ensemble.request member t.ensemble) in
    match Option.map (seal candidate) request with
    | Some (Ok packet) -> write t peer src_port candidate packet
    | Some (Error why) ->
        (* at once, and after failed resolutions less often *)
        resolve_after t peer (peer.retry_s -. retry_s);
        not_sent t peer peer.number why
    | None when nonce = 0L -> failwith "the nonce is 0"
    | None -> hang_up t peer (* the counter was set back: the session begins again *)

  (* If a query cannot be begun, for lack of randomness or of a port, the session pauses. *)
  let ask t peer candidate =
    try begin_query t peer candidate
    with e ->
      hang_up t peer;
      put_to t peer (Session.Pause_until (after t retry_s));
      tell_of t peer (Not_sent (Printexc.to_string e))

  (* --- resolution, in the background --- *)

  (* A server without an address is no member, because the vote waits for a member that was not asked yet. With room for
     one there is no vote. *)
  let join t peer =
    if peer.member = None then
      match Ensemble.add ~options:peer.server.options ~now:(now t) t.ensemble with
      | None -> ()
      | Some (member, ensemble) ->
          peer.member <- Some member;
          t.ensemble <- ensemble

  let leave t peer =
    match peer.member with
    | Some member when List.compare_length_with t.peers 1 > 0 ->
        t.ensemble <- Ensemble.remove ~now:(now t) member t.ensemble;
        peer.member <- None;
        put t All Session.Publish
    | _ -> ()

  let unresolved t peer why =
    resolve_after t peer peer.retry_s;
    peer.retry_s <- Float.min (2. *. peer.retry_s) retry_longest_s;
    (* One that has an address is asked there, until the session wants a different server again. *)
    if peer.current <> None then peer.wants_address <- false else leave t peer;
    tell_of t peer (Unresolved why)

  (* The address in use comes last, because it was left, or has not answered for long. *)
  let found t peer candidates =
    let free = List.filter (is_free t peer) candidates in
    let former, others = List.partition (fun candidate -> is_at candidate peer) free in
    match others @ former with
    | [] -> unresolved t peer (if candidates = [] then "it has none" else "it is asked already, under another name")
    | first :: untried ->
        peer.retry_s <- retry_s;
        peer.is_choice <- untried <> [];
        peer.untried <- untried;
        let is_first = peer.current = None in
        join t peer;
        take t peer first;
        if is_first then put_to t peer (Session.Pause_until (now t))

  let fail t e =
    if t.is_running then (match e with Lwt.Canceled -> () | e -> !Lwt.async_exception_hook e);
    t.is_running <- false;
    hang_up_all t;
    Lwt_condition.broadcast t.halt ();
    Lwt_condition.broadcast t.wake ();
    Lwt.return_unit

  let resolve t peer =
    peer.wants_address <- false;
    let answer = Lwt.catch peer.server.resolve (fun e -> Lwt.return_error (Printexc.to_string e)) in
    let late = Sleep.ns resolving_ns >|= fun () -> Error "no answer" in
    Lwt.pick [ answer; late; (Lwt_condition.wait t.halt >|= fun () -> Error "stopped") ] >|= fun answer ->
    if t.is_running then (
      (match answer with Ok candidates -> found t peer candidates | Error why -> unresolved t peer why);
      Lwt_condition.broadcast t.wake ())

  let resolve_if_due t peer =
    let is_due = peer.wants_address && Int64.sub peer.resolve_at (now t) <= 0L in
    if is_due && Lwt.state peer.resolution <> Sleep then
      peer.resolution <- Lwt.catch (fun () -> resolve t peer) (fail t)

  (* --- the loop --- *)

  (* Without an address there is nothing to ask. *)
  let ask_if_wanted t peer =
    let is_wanted member = Ensemble.wants_request member t.ensemble in
    if t.is_running && Option.fold ~none:false ~some:is_wanted peer.member then
      match peer.current with
      | Some candidate -> ask t peer candidate
      | None -> put_to t peer (Session.Pause_until (after t longest_s))

  let work t peer =
    if t.is_running then put_to t peer Session.Timeout;
    if t.is_running then resolve_if_due t peer;
    ask_if_wanted t peer

  let left_s t peer =
    let until counter = seconds t (Int64.sub counter (now t)) in
    let of_member member = until (Ensemble.deadline member t.ensemble) in
    let left_s = Option.fold ~none:longest_s ~some:of_member peer.member in
    let may_resolve = peer.wants_address && Lwt.state peer.resolution <> Sleep in
    if may_resolve then Float.min left_s (until peer.resolve_at) else left_s

  (* A sleep that is too short costs a turn of the loop, and nothing else. *)
  let sleep_s t s =
    let begun = now t in
    Sleep.ns (Int64.of_float (s *. 1e9)) >|= fun () ->
    let took_s = seconds t (Int64.sub (now t) begun) in
    if s >= measurable_s then t.stretch <- Some (Float.min stretch_most (Float.max 1. (took_s /. s)))

  let asked_s t left_s =
    match t.stretch with None -> Float.min first_s left_s | Some stretch -> left_s /. stretch

  (* Sleep, but wake up early when something has arrived. *)
  let sleep t =
    let left_s = List.fold_left (fun s peer -> Float.min s (left_s t peer)) longest_s t.peers in
    let s = Float.max shortest_s (asked_s t left_s) in
    Lwt.pick [ sleep_s t s; Lwt_condition.wait t.wake ]

  let rec run t =
    List.iter (work t) t.peers;
    if t.is_running then sleep t >>= fun () -> run t else Lwt.return_unit

  let check ?port (config : Client.config) clock servers =
    if config.counter.kind <> (Clock.source clock).kind then
      invalid_arg "Ffntp_lwt.start: the clock is of a different counter";
    if Option.fold ~none:false ~some:(fun port -> port < 1 || port > 65535) port then
      invalid_arg "Ffntp_lwt.start: the port is not within 1 to 65535";
    if servers = [] || List.length servers > 64 then invalid_arg "Ffntp_lwt.start: there are not 1 to 64 servers"

  let has_time output = match Output.status output with Synchronised | Free_running -> true | _ -> false

  (* The time of an earlier loop stays published until there is a new estimate. *)
  let continue_from_clock t =
    (match Clock.output t.clock with
    | Ok output when has_time output -> put t All (Session.Former output)
    | _ -> ());
    put t All Session.Publish

  let peer t server =
    {
      server;
      member = None;
      current = None;
      number = 0;
      untried = [];
      is_choice = false;
      has_answered = false;
      pause_s = float_of_int t.config.poll_min_s;
      port = None;
      wants_address = true;
      resolve_at = now t;
      retry_s;
      resolution = Lwt.return_unit;
    }

  let start ?port ?(on_event = ignore) ?least_sources ~nonce ~servers clock config udp =
    check ?port config clock servers;
    let now = Clock.counter clock in
    let t =
      {
        udp;
        clock;
        config;
        fixed_port = port;
        on_event;
        nonce;
        ensemble = Ensemble.create ?least_sources ~room:(List.length servers) config ~now;
        peers = [];
        status = Initialising;
        is_running = true;
        stretch = None;
        wake = Lwt_condition.create ();
        halt = Lwt_condition.create ();
        ended = Lwt.return_unit;
      }
    in
    t.peers <- List.map (peer t) servers;
    List.iter (join t) t.peers;
    continue_from_clock t;
    t.ended <- Lwt.catch (fun () -> run t) (fail t);
    t

  let stop t =
    t.is_running <- false;
    hang_up_all t;
    Lwt_condition.broadcast t.halt ();
    Lwt_condition.broadcast t.wake ();
    Lwt.join (t.ended :: List.map (fun peer -> peer.resolution) t.peers)
end

module Calibrate (Sleep : SLEEP) = struct
  (* Between two looks at a clock of whole seconds; and the looks after which it is taken to be none. *)
  let look_ns = 1_000_000L
  let looks = 5_000

  (* A host may slew its clock by 8 %. A busy machine looks late at a change, which adds to the error. *)
  let seconds_error = 0.1

  (* [before] and [ns]: of the last look, the counter and the clock. [first]: the last change, if the clock did not jump
     since. The counter is read before and after the clock, so that a change lies between [before] and the reading after
     the look that shows it. *)
  let rec by_seconds clock seconds left before ns first =
    if left = 0 then Lwt.return_none else Sleep.ns look_ns >>= fun () -> look clock seconds left before ns first

  and look clock seconds left before ns first =
    let now = Clock.counter clock in
    let now_ns = seconds () in
    let go_on = by_seconds clock seconds (left - 1) now now_ns in
    if now_ns = ns then go_on first
    else if Int64.sub now_ns ns <> 1_000_000_000L then go_on None
    else
      let change = Counter.pair_within ~from:before ~until:(Clock.counter clock) now_ns in
      match first with
      | None -> go_on (Some change)
      | Some first ->
          Lwt.return_some (Counter.measure ~error:seconds_error (Clock.source clock).kind first change)

  let of_elapsed ?error ~elapsed_ns clock =
    let pair () = Counter.pair_of (fun () -> Clock.counter clock) ~elapsed_ns in
    let first = pair () in
    Sleep.ns 100_000_000L >|= fun () -> Counter.measure ?error (Clock.source clock).kind first (pair ())

  let clock ?error ?seconds ~elapsed_ns clock =
    let { Counter.period_error; _ } = Clock.source clock in
    if period_error < 0.01 then Lwt.return_unit
    else
      (match seconds with
      | None -> Lwt.return_none
      | Some seconds -> by_seconds clock seconds looks (Clock.counter clock) (seconds ()) None)
      >>= (function Some source -> Lwt.return source | None -> of_elapsed ?error ~elapsed_ns clock)
      >|= Clock.set_source clock
end
