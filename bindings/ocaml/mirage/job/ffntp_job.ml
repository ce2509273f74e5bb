open Ffntp
open Lwt.Infix

let source = Logs.Src.create "ffntp" ~doc:"The clock kept by NTP"

module Log = (val Logs.src_log source : Logs.LOG)

module type STACK = sig
  type t

  module UDP : Ffntp_lwt.UDP with type ipaddr = Ipaddr.t

  val udp : t -> UDP.t
end

module type DNS = sig
  type t

  val gethostbyname : t -> [ `host ] Domain_name.t -> (Ipaddr.V4.t, [> `Msg of string ]) result Lwt.t
  val gethostbyname6 : t -> [ `host ] Domain_name.t -> (Ipaddr.V6.t, [> `Msg of string ]) result Lwt.t
end

module Name = struct
  type host = Address of Ipaddr.t | Host of [ `host ] Domain_name.t
  type t = { host : host; port : int }

  let ntp_port = 123
  let of_ipaddr address = { host = Address address; port = ntp_port }

  (* Everybody's addresses, and nobody's, are no servers. *)
  let is_server address =
    (not (Ipaddr.is_multicast address))
    && Ipaddr.compare address (V4 Ipaddr.V4.any) <> 0
    && Ipaddr.compare address (V4 Ipaddr.V4.broadcast) <> 0
    && Ipaddr.compare address (V6 Ipaddr.V6.unspecified) <> 0

  let is_digit c = c >= '0' && c <= '9'

  let with_port host text =
    match int_of_string_opt text with
    | Some port when port >= 1 && port <= 65535 && String.for_all is_digit text -> Ok { host; port }
    | _ -> Error "its port is not a number from 1 to 65535"

  let address_of text =
    match Ipaddr.of_string text with
    | Ok address when is_server address -> Some (Ok (Address address))
    | Ok _ -> Some (Error "it is not the address of one machine")
    | Error _ -> None

  let is_number text = text <> "" && String.for_all (fun c -> is_digit c || c = '.') text

  let host_of text =
    match address_of text with
    | Some result -> result
    | None when is_number text -> Error "it is not an IPv4 address"
    | None -> (
        match Result.bind (Domain_name.of_string text) Domain_name.host with
        | Ok host when text <> "" && Domain_name.count_labels host > 0 -> Ok (Host host)
        | _ -> Error "it is neither a name nor an address")

  (* The text from its character [start] on. *)
  let from text start = String.sub text start (String.length text - start)

  let of_bracketed text =
    match String.index_opt text ']' with
    | None -> Error "it has no closing bracket"
    | Some close -> (
        let rest = from text (close + 1) in
        match address_of (String.sub text 1 (close - 1)) with
        | Some (Ok host) when rest = "" -> Ok { host; port = ntp_port }
        | Some (Ok host) when rest.[0] = ':' -> with_port host (from rest 1)
        | Some (Error _ as error) -> error
        | _ -> Error "it is not an IPv6 address in brackets and a port")

  let of_string text =
    match (String.index_opt text '[', String.index_opt text ':', String.rindex_opt text ':') with
    | Some 0, _, _ -> of_bracketed text
    | _, Some first, Some last when first = last ->
        Result.bind (host_of (String.sub text 0 first)) (fun host -> with_port host (from text (last + 1)))
    | _ -> Result.map (fun host -> { host; port = ntp_port }) (host_of text)

  let to_string { host; port } =
    let text = match host with Address address -> Ipaddr.to_string address | Host name -> Domain_name.to_string name in
    match host with
    | _ when port = ntp_port -> text
    | Address (V6 _) -> Printf.sprintf "[%s]:%d" text port
    | _ -> Printf.sprintf "%s:%d" text port
end

type state = Idle of string | Starting | Running | Stopped

(* --- the log: each problem of a server once, until it is over --- *)

module Problems = struct
  type t = (string, string) Hashtbl.t

  let create () : t = Hashtbl.create 7

  let report (t : t) server problem advice =
    if Hashtbl.find_opt t server <> Some problem then (
      Hashtbl.replace t server problem;
      Log.warn (fun m -> m "%s: %s; %s" server problem advice))

  let over (t : t) server =
    if Hashtbl.mem t server then (
      Hashtbl.remove t server;
      Log.info (fun m -> m "%s: answers now" server))
end

(* Requests in a row without an answer that are a problem. *)
let silence = 3

(* The state of the log. *)
type memory = { problems : Problems.t; silent : (string, int) Hashtbl.t; mutable was_synchronised : bool }

let log_status memory clock status =
  match (status, Clock.read clock) with
  | Output.Synchronised, Ok { bound_ns; _ } ->
      memory.was_synchronised <- true;
      Log.info (fun m -> m "synchronised, +- %d ns" bound_ns)
  | Free_running, _ when memory.was_synchronised ->
      Log.warn (fun m -> m "no longer synchronised: the servers are silent or disagree; the bound of the time grows")
  | _ -> Log.debug (fun m -> m "%s" (Output.status_name status))

let log_of_server { problems; silent; _ } name = function
  | Ffntp_lwt.Reply Client.Accepted ->
      Hashtbl.remove silent name;
      Problems.over problems name
  | Reply verdict -> Log.debug (fun m -> m "%s: reply refused: %s" name (Client.verdict_name verdict))
  | Unanswered ->
      let count = 1 + Option.value ~default:0 (Hashtbl.find_opt silent name) in
      Hashtbl.replace silent name count;
      if count = silence then
        Problems.report problems name "does not answer with a usable time"
          "it is asked on; check that it is an NTP server, and that its UDP port can be reached"
  | Unresolved why ->
      Problems.report problems name ("has no address: " ^ why)
        "it is looked up again; check --ntp-server, and the unikernel's name servers"
  | Not_sent why ->
      Problems.report problems name ("cannot be sent to: " ^ why) "it is tried again; check the network's routes"
  | Selected Falseticker ->
      Log.warn (fun m -> m "%s: its time contradicts the majority's; it is left out until it agrees" name)
  | Selected selection -> Log.debug (fun m -> m "%s: %s" name (Ensemble.selection_name selection))
  | Sent -> Log.debug (fun m -> m "%s: asked" name)

let log_event memory clock = function
  | Ffntp_lwt.Status status -> log_status memory clock status
  | Disrupted ->
      memory.was_synchronised <- false;
      Log.warn (fun m -> m "the counter jumped, as in a suspension; the time is measured again")
  | Server (name, event) -> log_of_server memory name event

module Make (Sleep : Ffntp_lwt.SLEEP) (Stack : STACK) (Dns : DNS) = struct
  module Loop = Ffntp_lwt.Make (Stack.UDP) (Sleep)

  type keys = { server : Name.t; protection : Ffntp_lwt.protection }

  type t = {
    mutable state : state;
    mutable loop : Loop.t option;
    mutable end_watch : unit -> unit;
    mutable stopping : unit Lwt.t option;
  }

  (* --- names --- *)

  let attempt f convert =
    Lwt.catch
      (fun () -> f () >|= function Ok address -> Ok (convert address) | Error (`Msg why) -> Error why)
      (fun e -> Lwt.return_error (Printexc.to_string e))

  let patience_ns = 1_000_000_000L
  let never () = fst (Lwt.wait ())

  (* Wait for both, or for a while after the first address. Neither look-up is cancelled, as others may share it. *)
  let first_of_both a b =
    let address p = Lwt.protected p >>= function Ok _ -> Lwt.return_unit | Error _ -> never () in
    let both = Lwt.join [ Lwt.protected a >|= ignore; Lwt.protected b >|= ignore ] in
    Lwt.pick [ both; (Lwt.pick [ address a; address b ] >>= fun () -> Sleep.ns patience_ns) ]

  let lookup dns host =
    let v6 = attempt (fun () -> Dns.gethostbyname6 dns host) (fun address -> Ipaddr.V6 address) in
    let v4 = attempt (fun () -> Dns.gethostbyname dns host) (fun address -> Ipaddr.V4 address) in
    first_of_both v6 v4 >|= fun () ->
    let found p = match Lwt.state p with Return (Ok address) -> [ address ] | _ -> [] in
    match (found v6 @ found v4, Lwt.state v6, Lwt.state v4) with
    | [], Return (Error no_v6), Return (Error no_v4) ->
        Error (if no_v6 = no_v4 then no_v4 else Printf.sprintf "%s; for IPv6: %s" no_v4 no_v6)
    | addresses, _, _ -> Ok addresses

  let resolve dns { Name.host; port } protection =
    let candidates = List.map (fun address -> Ffntp_lwt.candidate ?protection ~port address) in
    match host with
    | Address address -> Lwt.return_ok (candidates [ address ])
    | Host host -> lookup dns host >|= Result.map candidates

  let server ?options ?exchange dns name =
    let find () =
      match exchange with
      | None -> resolve dns name None
      | Some exchange -> (
          exchange () >>= function
          | Ok { server; protection } -> resolve dns server (Some protection)
          | Error why -> Lwt.return_error ("key exchange: " ^ why))
    in
    Ffntp_lwt.server ?options ~name:(Name.to_string name) find

  (* --- the job --- *)

  let idle t why advice =
    t.state <- Idle why;
    Log.err (fun m -> m "the clock is not kept: %s; %s" why advice)

  let text = function Invalid_argument why | Sys_error why | Failure why -> why | e -> Printexc.to_string e

  let disrupted t = Option.iter Loop.disrupted t.loop

  let begin_watch t watch clock =
    try t.end_watch <- watch ~disrupted:(fun () -> disrupted t) clock
    with e -> Log.warn (fun m -> m "suspensions are not watched for: %s; the next reply shows them" (text e))

  let run t ~config ~least_sources ~on_event ~watch ~nonce ~servers clock udp =
    let memory = { problems = Problems.create (); silent = Hashtbl.create 7; was_synchronised = false } in
    let on_event event =
      log_event memory clock event;
      on_event event
    in
    let loop = Loop.start ?least_sources ~on_event ~nonce ~servers clock (config (Clock.source clock)) udp in
    t.loop <- Some loop;
    t.state <- Running;
    Option.iter (fun watch -> begin_watch t watch clock) watch;
    Log.info (fun m ->
        m "asking %s" (String.concat ", " (List.map (fun { Ffntp_lwt.name; _ } -> name) servers)))

  let calibrated calibrate clock =
    Lwt.catch
      (fun () -> calibrate clock)
      (fun e ->
        Log.warn (fun m -> m "the counter's rate could not be measured: %s; replies will show it" (text e));
        Lwt.return_unit)

  let advice = "check the arguments of the unikernel and the configuration in its code"

  (* absent: why there is no server, if there is none. *)
  let begin_job ~absent ?(config = Client.config) ?least_sources ?(on_event = ignore)
      ?(calibrate = fun _ -> Lwt.return_unit) ?watch ~nonce ~clock ~servers stack =
    let t = { state = Starting; loop = None; end_watch = ignore; stopping = None } in
    let begin_on clock =
      calibrated calibrate clock >|= fun () ->
      if t.state = Starting then run t ~config ~least_sources ~on_event ~watch ~nonce ~servers clock (Stack.udp stack)
    in
    if servers = [] then idle t absent "name one: --ntp-server=HOST"
    else
      Lwt.async (fun () ->
          Lwt.catch
            (fun () -> begin_on (clock ()))
            (fun e ->
              if t.state <> Stopped then idle t (text e) advice;
              Lwt.return_unit));
    t

  let absent = "there is no server"

  let start ?config ?least_sources ?on_event ?calibrate ?watch ~nonce ~clock ~servers stack =
    begin_job ~absent ?config ?least_sources ?on_event ?calibrate ?watch ~nonce ~clock ~servers stack

  let stop t =
    match t.stopping with
    | Some stopping -> stopping
    | None ->
        t.state <- Stopped;
        (try t.end_watch () with e -> Log.warn (fun m -> m "the watch could not be ended: %s" (text e)));
        let stopping = match t.loop with Some loop -> Loop.stop loop | None -> Lwt.return_unit in
        t.stopping <- Some stopping;
        stopping

  let state t = t.state

  (* --- servers by name --- *)

  let read_name text =
    match Name.of_string text with
    | Ok name -> [ name ]
    | Error why ->
        Log.err (fun m ->
            m "--ntp-server=%S is left out: %s; write NAME, NAME:PORT, ADDRESS, ADDRESS:PORT or [IPV6]:PORT" text why);
        []

  let most = 64

  let without_repetition names =
    let add kept name = if List.mem (Name.to_string name) (List.map Name.to_string kept) then kept else name :: kept in
    let distinct = List.rev (List.fold_left add [] names) in
    if List.length distinct > most then
      Log.err (fun m -> m "of %d NTP servers the first %d are asked; name fewer" (List.length distinct) most);
    List.filteri (fun i _ -> i < most) distinct

  let offered address =
    if Name.is_server address then [ Name.of_ipaddr address ]
    else (
      Log.err (fun m ->
          m "the NTP server %a of DHCP is left out: it is not one machine's; check the DHCP server" Ipaddr.pp address);
      [])

  let start_named ?config ?least_sources ?on_event ?calibrate ?watch ?dhcp ~nonce ~clock ~names stack dns =
    let names =
      match (names, dhcp) with
      | [], dhcp -> List.concat_map offered (Option.value ~default:[] dhcp)
      | names, _ -> List.concat_map read_name names
    in
    let absent = if dhcp = Some [] then absent ^ ": DHCP offers none (option 42)" else absent in
    let servers = List.map (server dns) (without_repetition names) in
    begin_job ~absent ?config ?least_sources ?on_event ?calibrate ?watch ~nonce ~clock ~servers stack
end
