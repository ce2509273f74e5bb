open Ffntp

type t = {
  clock : Clock.t;
  drift : float;
  mutable status : Output.status;
  mutable bound_ns : int;
  mutable tai_offset_s : int option;
  mutable leap_second : Output.leap_second option;
  mutable disruptions : int64;
  mutable at : Counter.t;  (* where the time was last set, and its value there *)
  mutable time : Output.d_ps;
}

let source = { Counter.kind = Counter.Manual; period_s = 1e-9; period_error = 0. }

let output t =
  Output.make ?tai_offset_s:t.tai_offset_s ?leap_second:t.leap_second ~disruption_marker:t.disruptions ~drift:t.drift
    Counter.Manual t.status ~at:t.at ~time:t.time ~period_s:1e-9 ~bound_ns:t.bound_ns

let publish t = Clock.publish t.clock (output t)
let d_ps ptime = Ptime.Span.to_d_ps (Ptime.to_span ptime)

let create ?(bound_ns = 1000) ?(drift = 1e-6) ?(tai_offset_s = 37) time =
  let t =
    {
      clock = Clock.create source;
      drift;
      status = Synchronised;
      bound_ns;
      tai_offset_s = Some tai_offset_s;
      leap_second = None;
      disruptions = 0L;
      at = 0L;
      time = d_ps time;
    }
  in
  publish t;
  t

let clock t = t.clock
let advance t ns = Clock.set_counter t.clock (Int64.add (Clock.counter t.clock) ns)
let disrupt t = t.disruptions <- Int64.succ t.disruptions

(* The disruption marker changes if the two contradict each other, as a client's does when its earlier bounds fail. *)
let contradict before after =
  match (before, after) with Ok a, Ok b -> Output.order a b <> Unordered | _ -> false

(* The change of TAI - UTC by the leap second. *)
let leapt t (d, _) =
  match t.leap_second with
  | Some (Inserted midnight_s) when d >= midnight_s / 86_400 -> 1
  | Some (Left_out midnight_s) when d >= midnight_s / 86_400 -> -1
  | _ -> 0

let set ?(bound_ns = 1000) t time =
  let before = Clock.read t.clock and time = d_ps time in
  t.at <- Clock.counter t.clock;
  t.tai_offset_s <- Option.map (fun offset_s -> offset_s + leapt t time - leapt t t.time) t.tai_offset_s;
  t.time <- time;
  t.bound_ns <- bound_ns;
  if contradict before (Output.read (output t) t.at) then disrupt t;
  publish t

let set_status t (status : Output.status) =
  if status = Disrupted then disrupt t;
  t.status <- status;
  publish t

let set_tai_offset t offset_s =
  t.tai_offset_s <- offset_s;
  publish t

let set_leap_second t leap_second =
  t.leap_second <- leap_second;
  publish t

module type S = sig
  include Mirage.PTIME
  include Mirage.MTIME
end

let mirage t =
  (module Mirage.Make (struct
    let clock () = t.clock
    let otherwise = None
  end) : S)
