open Ffntp

type t = {
  clock : Clock.t;
  drift : float;
  mutable status : Output.status;
  mutable bound_ns : int;
  mutable at : Counter.t;  (* where the time was last set, and to what *)
  mutable time : Output.d_ps;
}

let source = { Counter.kind = Counter.Manual; period_s = 1e-9; period_error = 0. }

let publish t =
  Clock.publish t.clock
    (Output.make ~drift:t.drift Counter.Manual t.status ~at:t.at ~time:t.time ~period_s:1e-9 ~bound_ns:t.bound_ns)

let d_ps ptime = Ptime.Span.to_d_ps (Ptime.to_span ptime)

let create ?(bound_ns = 1000) ?(drift = 1e-6) time =
  let clock = Clock.create source in
  let t = { clock; drift; status = Synchronised; bound_ns; at = 0L; time = d_ps time } in
  publish t;
  t

let clock t = t.clock
let advance t ns = Clock.set_counter t.clock (Int64.add (Clock.counter t.clock) ns)

let set ?(bound_ns = 1000) t time =
  t.at <- Clock.counter t.clock;
  t.time <- d_ps time;
  t.bound_ns <- bound_ns;
  publish t

let set_status t status =
  t.status <- status;
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
