(* Domains read a clock, and continue from one shared state, while another domain publishes. *)
open Ffntp

let source = { Counter.kind = Counter.Monotonic_raw; period_s = 1e-9; period_error = 500e-6 }
let clock = Clock.create source
let state = Client.create (Client.config source) ~now:(Clock.counter clock)
let start = Clock.counter clock
let day = 20_000
let is_over = Atomic.make false

(* All outputs have the same time: the time elapsed since the start. *)
let output () =
  let at = Clock.counter clock in
  let time = (day, Int64.mul 1000L (Int64.sub at start)) in
  Output.make Monotonic_raw Synchronised ~at ~time ~period_s:1e-9 ~bound_ns:1000

let publish n =
  for i = 1 to n do
    Clock.publish clock (output ());
    if i land 255 = 0 then (
      Clock.publish clock (Client.output ~now:(Clock.counter clock) state);
      Clock.publish clock (output ()))
  done;
  Atomic.set is_over true

let near a b = Int64.sub a b >= -1000L

let read_once () =
  let before = Int64.sub (Clock.counter clock) start in
  match Clock.read clock with
  | Error Unsynchronised -> ()
  | Error why -> failwith (Output.refusal_text why)
  | Ok { estimate = d, ps; _ } ->
      let after = Int64.sub (Clock.counter clock) start and ns = Int64.div ps 1000L in
      if not (d = day && near ns before && near after ns) then failwith "another time"

let read_steady () =
  match Clock.steady_d_ps clock with
  | Ok _ | Error Unsynchronised -> ()
  | Error why -> failwith (Output.refusal_text why)

let go_on nonce =
  let now = Clock.counter clock in
  let _, next = Client.next ~now state in
  let _, asked = Client.new_query ~now ~nonce next in
  let status state = Output.status (Client.output ~now state) in
  if not (status asked = Initialising && status state = Initialising) then failwith "another state"

let rec read nonce former count =
  let elapsed = Clock.elapsed_ns clock in
  if elapsed < former then failwith "elapsed backwards";
  read_once ();
  read_steady ();
  go_on nonce;
  if Atomic.get is_over then count else read nonce elapsed (count + 1)

(* Before the first output a clock keeps no steady time; from then on it has one, or none at present. *)
let () =
  Clock.publish clock (output ());
  let readers = List.map (fun nonce -> Domain.spawn (fun () -> read nonce 0L 0)) [ 1L; 2L; 3L ] in
  publish 20_000;
  List.iter (fun reader -> Printf.printf "%d readings\n" (Domain.join reader)) readers
