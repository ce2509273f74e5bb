(* Domains read a clock, and continue from one shared state, while another domain publishes. Two kinds of outputs
   alternate that differ in every number, so that a reading made of parts of both shows. And domains that share a state
   of NTS never send the same cookie. *)
open Ffntp

let source = { Counter.kind = Counter.Monotonic_raw; period_s = 1e-9; period_error = 500e-6 }
let clock = Clock.create source
let state = Client.create (Client.config source) ~now:(Clock.counter clock)
let start = Clock.counter clock
let is_over = Atomic.make false

type kind = { day : int; bound_ns : int; tai_offset_s : int; marker : int64; period_s : float }

let kinds =
  [|
    { day = 20_000; bound_ns = 1000; tai_offset_s = 10; marker = 1L; period_s = 1e-9 };
    { day = 21_000; bound_ns = 70_000; tai_offset_s = 20; marker = 2L; period_s = 1.0000001e-9 };
  |]

(* The time of day is the time elapsed since the start. *)
let output { day; bound_ns; tai_offset_s; marker; period_s } =
  let at = Clock.counter clock in
  let time = (day, Int64.mul 1000L (Int64.sub at start)) in
  Output.make ~tai_offset_s ~disruption_marker:marker Monotonic_raw Synchronised ~at ~time ~period_s ~bound_ns

let publish n =
  for i = 1 to n do
    Clock.publish clock (output kinds.(i land 1));
    if i land 255 = 0 then Clock.publish clock (Client.output ~now:(Clock.counter clock) state)
  done;
  Atomic.set is_over true

let near a b = Int64.sub a b >= -1000L
let since_start () = Int64.sub (Clock.counter clock) start
let kind_of day = List.find (fun kind -> kind.day = day) (Array.to_list kinds)

let read_once () =
  let before = since_start () in
  match Clock.read clock with
  | Error Unsynchronised -> ()
  | Error why -> failwith (Output.refusal_text why)
  | Ok { estimate = day, ps; bound_ns; offset_s; _ } ->
      let after = since_start () and ns = Int64.div ps 1000L and kind = kind_of day in
      if not (near ns before && near after ns) then failwith "a different time";
      if bound_ns <> kind.bound_ns || offset_s <> kind.tai_offset_s then failwith "a torn reading"

let is_of (details : Output.details) kind =
  details.maxerror_after_ns = kind.bound_ns
  && details.tai_offset_s = Some kind.tai_offset_s
  && details.disruption_marker = kind.marker
  && Float.abs ((details.period_s /. kind.period_s) -. 1.) < 1e-8

(* Busy: the publisher was interrupted within an update. *)
let read_output () =
  match Result.map Output.details (Clock.output clock) with
  | Ok ({ status = Synchronised; time = day, _; _ } as details) ->
      if not (is_of details (kind_of day)) then failwith "a torn output"
  | Ok { status = Initialising; _ } | Error Busy -> ()
  | Ok { status; _ } -> failwith (Output.status_name status)
  | Error why -> failwith (Output.refusal_text why)

let read_steady () =
  match Clock.steady_d_ps clock with
  | Ok _ | Error Unsynchronised -> ()
  | Error why -> failwith (Output.refusal_text why)

let go_on nonce =
  let now = Clock.counter clock in
  let _, next = Client.next ~now state in
  let _, asked = Client.new_query ~now ~nonce next in
  let status state = Output.status (Client.output ~now state) in
  if not (status asked = Initialising && status state = Initialising) then failwith "a different state"

let rec read nonce former count =
  let elapsed = Clock.elapsed_ns clock in
  if elapsed < former then failwith "elapsed backwards";
  read_once ();
  read_output ();
  read_steady ();
  if count land 15 = 0 then go_on nonce;
  if Atomic.get is_over then count else read nonce elapsed (count + 1)

(* The readers begin before the first output. *)
let () =
  if Clock.steady_d_ps clock <> Error Unsynchronised then failwith "a fresh clock is not merely unsynchronised";
  let readers = List.map (fun nonce -> Domain.spawn (fun () -> read nonce 0L 0)) [ 1L; 2L; 3L ] in
  publish 50_000;
  List.iter (fun reader -> Printf.printf "%d readings\n" (Domain.join reader)) readers

(* --- cookies --- *)

(* An algorithm that seals nothing. *)
let aead =
  {
    Nts.number = 15;
    key_size = 1;
    nonce_size = 16;
    seal = (fun ~key:_ ~nonce:_ ~associated:_ _ -> String.make 16 's');
    unseal = (fun ~key:_ ~nonce:_ ~associated:_ _ -> None);
  }

let rounds = 5000

let states =
  Array.init rounds (fun round ->
      let cookie i = Printf.sprintf "%06d %d 1234567" round i in
      Nts.create ~aead ~c2s_key:"c" ~s2c_key:"s" (List.init Nts.most_cookies cookie))

(* Bytes 88 and on are the cookie. *)
let cookies_of state =
  let random = String.make Nts.random_size 'r' and packet = Cstruct.create 48 in
  let rec use state sent =
    match Nts.request ~random packet state with
    | Some (datagram, state) -> use state (Cstruct.to_string ~off:88 ~len:16 datagram :: sent)
    | None -> sent
  in
  use state []

let () =
  let begun = Atomic.make 0 in
  let use () =
    Atomic.incr begun;
    while Atomic.get begun < 3 do
      Domain.cpu_relax ()
    done;
    List.concat_map cookies_of (Array.to_list states)
  in
  let users = List.init 3 (fun _ -> Domain.spawn use) in
  let sent = List.concat_map Domain.join users in
  let distinct = List.length (List.sort_uniq compare sent) in
  Printf.printf "%d cookies\n" distinct;
  if distinct <> List.length sent then failwith "a cookie was sent twice";
  if distinct <> rounds * Nts.most_cookies then failwith "a cookie was lost"
