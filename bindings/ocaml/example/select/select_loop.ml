(* The loop without Lwt: an ensemble, a socket for each server, and select. Loops for other schedulers have these parts.

     select_loop SECONDS ADDRESS:PORT ... *)
open Ffntp

type peer = {
  member : Ensemble.member;
  address : Unix.sockaddr;
  socket : Unix.file_descr;  (* connected, so that only this server's datagrams arrive *)
}

type t = { clock : Clock.t; mutable ensemble : Ensemble.t; peers : peer list }

let now t = Clock.counter t.clock

(* 64 bits that nobody can guess. *)
let nonce () =
  let channel = open_in_bin "/dev/urandom" in
  Fun.protect
    ~finally:(fun () -> close_in channel)
    (fun () -> String.get_int64_ne (really_input_string channel 8) 0)

(* --- inputs and events --- *)

let name t member =
  match List.find_opt (fun peer -> peer.member = member) t.peers with
  | Some { address = ADDR_INET (address, port); _ } -> Printf.sprintf "%s:%d" (Unix.string_of_inet_addr address) port
  | _ -> "a server"

let handle t = function
  | _, Session.Map -> Clock.publish t.clock (Ensemble.output t.ensemble)
  | Ensemble.Member member, Session.Reply verdict ->
      Printf.printf "%s: %s\n%!" (name t member) (Client.verdict_name verdict)
  | Ensemble.Member member, event -> Printf.printf "%s: %s\n%!" (name t member) (Session.event_name event)
  | Ensemble.All, event -> Printf.printf "%s\n%!" (Session.event_name event)

let put t ?(at = now t) target input =
  let events, ensemble = Ensemble.input ~at target input t.ensemble in
  t.ensemble <- ensemble;
  List.iter (handle t) events

(* --- the network --- *)

let ask t peer =
  let nonce = nonce () in
  put t (Member peer.member) (Begin_request nonce);
  match Ensemble.request peer.member t.ensemble with
  | None -> ()
  | Some packet -> (
      try ignore (Unix.send peer.socket (Cstruct.to_bytes packet) 0 (Cstruct.length packet) [])
      with Unix.Unix_error _ -> put t (Member peer.member) Send_failed)

let receive t peer =
  let bytes = Bytes.create 1024 in
  match Unix.recv peer.socket bytes 0 1024 [] with
  | length ->
      let at = now t in
      put t ~at (Member peer.member) (Datagram (Cstruct.of_bytes ~len:length bytes))
  | exception Unix.Unix_error _ -> put t (Member peer.member) Network_failed

(* --- the loop --- *)

(* An input of one member may change the deadlines of others. *)
let wait_s t =
  let period_s = (Clock.source t.clock).period_s in
  let left_s peer =
    Int64.to_float (Int64.sub (Ensemble.deadline peer.member t.ensemble) (now t)) *. period_s
  in
  Float.max 0.001 (List.fold_left (fun s peer -> Float.min s (left_s peer)) 1. t.peers)

let work t peer =
  put t (Member peer.member) Timeout;
  if Ensemble.wants_request peer.member t.ensemble then ask t peer

let step t =
  List.iter (work t) t.peers;
  let ready, _, _ = Unix.select (List.map (fun peer -> peer.socket) t.peers) [] [] (wait_s t) in
  List.iter (fun peer -> if List.mem peer.socket ready then receive t peer) t.peers

let say t =
  match Clock.read t.clock with
  | Ok { estimate; bound_ns; _ } ->
      Format.printf "%a +- %d ns@." (Ptime.pp_rfc3339 ~frac_s:9 ()) (Ptime.v estimate) bound_ns
  | Error why -> print_endline (Output.refusal_text why)

(* --- the start --- *)

let add t text =
  let colon = String.rindex text ':' in
  let port = int_of_string (String.sub text (colon + 1) (String.length text - colon - 1)) in
  let address = Unix.ADDR_INET (Unix.inet_addr_of_string (String.sub text 0 colon), port) in
  let socket = Unix.socket (Unix.domain_of_sockaddr address) SOCK_DGRAM 0 in
  Unix.connect socket address;
  match Ensemble.add ~now:(now t) t.ensemble with
  | None -> invalid_arg "there is no room for the server"
  | Some (member, ensemble) -> { t with ensemble; peers = t.peers @ [ { member; address; socket } ] }

let start servers =
  let clock = Clock.default () in
  let config = Client.config (Clock.source clock) in
  let ensemble = Ensemble.create ~room:(List.length servers) config ~now:(Clock.counter clock) in
  List.fold_left add { clock; ensemble; peers = [] } servers

let () =
  match Array.to_list Sys.argv with
  | _ :: seconds :: (_ :: _ as servers) ->
      let t = start servers and until = Unix.gettimeofday () +. float_of_string seconds in
      while Unix.gettimeofday () < until do
        step t
      done;
      say t
  | _ ->
      prerr_endline "usage: select_loop SECONDS ADDRESS:PORT ...";
      exit 2
