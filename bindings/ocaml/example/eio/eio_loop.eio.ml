(* The loop for Eio: a fiber that works, and one for each server that receives.

     eio_loop SECONDS ADDRESS:PORT ... *)
open Ffntp

type peer = {
  member : Ensemble.member;
  address : Eio.Net.Sockaddr.datagram;
  socket : [ `Generic | `Unix ] Eio.Net.datagram_socket_ty Eio.Resource.t;
}

type t = {
  clock : Clock.t;
  mutable ensemble : Ensemble.t;
  peers : peer list;
  random : Eio.Flow.source_ty Eio.Resource.t;  (* cryptographic *)
  wake : Eio.Condition.t;  (* a datagram has arrived: deadlines may have changed *)
}

let now t = Clock.counter t.clock

let nonce t =
  let bits = Cstruct.create 8 in
  Eio.Flow.read_exact t.random bits;
  Cstruct.LE.get_uint64 bits 0

let handle t = function
  | _, Session.Map -> Clock.publish t.clock (Ensemble.output t.ensemble)
  | Ensemble.Member member, Session.Reply verdict -> Eio.traceln "%d: %s" member (Client.verdict_name verdict)
  | Ensemble.Member member, event -> Eio.traceln "%d: %s" member (Session.event_name event)
  | Ensemble.All, event -> Eio.traceln "%s" (Session.event_name event)

(* All fibers are in one domain, and none is switched away from here. *)
let put t ?(at = now t) target input =
  let events, ensemble = Ensemble.input ~at target input t.ensemble in
  t.ensemble <- ensemble;
  List.iter (handle t) events

let ask t peer =
  let nonce = nonce t in
  put t (Member peer.member) (Begin_request nonce);
  match Ensemble.request peer.member t.ensemble with
  | None -> ()
  | Some packet -> (
      try Eio.Net.send peer.socket ~dst:peer.address [ packet ]
      with Eio.Io _ -> put t (Member peer.member) Send_failed)

let rec receive t peer =
  let buffer = Cstruct.create 1024 in
  let source, length = Eio.Net.recv peer.socket buffer in
  let at = now t in
  if source = peer.address then put t ~at (Member peer.member) (Datagram (Cstruct.sub buffer 0 length));
  Eio.Condition.broadcast t.wake;
  receive t peer

let wait_s t =
  let period_s = (Clock.source t.clock).period_s in
  let left_s peer = Int64.to_float (Int64.sub (Ensemble.deadline peer.member t.ensemble) (now t)) *. period_s in
  Float.max 0.001 (List.fold_left (fun s peer -> Float.min s (left_s peer)) 64. t.peers)

let work t peer =
  put t (Member peer.member) Timeout;
  if Ensemble.wants_request peer.member t.ensemble then ask t peer

let rec run t sleep =
  List.iter (work t) t.peers;
  let s = wait_s t in
  Eio.Fiber.first (fun () -> sleep s) (fun () -> Eio.Condition.await_no_mutex t.wake);
  run t sleep

let say t =
  match Clock.read t.clock with
  | Ok { estimate; bound_ns; _ } ->
      Format.printf "%a +- %d ns@." (Ptime.pp_rfc3339 ~frac_s:9 ()) (Ptime.v estimate) bound_ns
  | Error why -> print_endline (Output.refusal_text why)

let add ~sw net t text =
  let colon = String.rindex text ':' in
  let port = int_of_string (String.sub text (colon + 1) (String.length text - colon - 1)) in
  let ip = Eio_unix.Net.Ipaddr.of_unix (Unix.inet_addr_of_string (String.sub text 0 colon)) in
  let family = Eio.Net.Ipaddr.fold ip ~v4:(fun _ -> `UdpV4) ~v6:(fun _ -> `UdpV6) in
  let socket = Eio.Net.datagram_socket ~sw net family in
  match Ensemble.add ~now:(now t) t.ensemble with
  | None -> invalid_arg "there is no room for the server"
  | Some (member, ensemble) ->
      { t with ensemble; peers = t.peers @ [ { member; address = `Udp (ip, port); socket } ] }

let start ~sw env servers =
  let clock = Clock.default () in
  let config = Client.config (Clock.source clock) in
  let ensemble = Ensemble.create ~room:(List.length servers) config ~now:(Clock.counter clock) in
  let random = Eio.Stdenv.secure_random env and wake = Eio.Condition.create () in
  let t = { clock; ensemble; peers = []; random; wake } in
  List.fold_left (add ~sw (Eio.Stdenv.net env)) t servers

let main env seconds servers =
  Eio.Switch.run @@ fun sw ->
  let t = start ~sw env servers in
  let sleep s = Eio.Time.sleep (Eio.Stdenv.clock env) s in
  let fibers = (fun () -> run t sleep) :: List.map (fun peer () -> receive t peer) t.peers in
  Eio.Fiber.first (fun () -> Eio.Fiber.all fibers) (fun () -> sleep seconds);
  say t

let () =
  match Array.to_list Sys.argv with
  | _ :: seconds :: (_ :: _ as servers) -> Eio_main.run @@ fun env -> main env (float_of_string seconds) servers
  | _ ->
      prerr_endline "usage: eio_loop SECONDS ADDRESS:PORT ...";
      exit 2
