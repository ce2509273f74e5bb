module type PTIME = sig
  val now : unit -> Ptime.t
  val period : unit -> Ptime.span option
  val current_tz_offset_s : unit -> int option
  val now_d_ps : unit -> int * int64
  val period_d_ps : unit -> (int * int64) option
end

module type MTIME = sig
  val elapsed_ns : unit -> int64
  val period_ns : unit -> int64 option
end

module type PCLOCK = sig
  val now_d_ps : unit -> int * int64
  val current_tz_offset_s : unit -> int option
  val period_d_ps : unit -> (int * int64) option
end

module type MCLOCK = MTIME

module type CLOCK = sig
  val clock : unit -> Clock.t
  val otherwise : (unit -> int * int64) option
end

module Ptime_of (C : CLOCK) = struct
  let now_d_ps () =
    match C.otherwise with
    | None -> Clock.now_d_ps (C.clock ())
    | Some other -> ( try Clock.now_d_ps (C.clock ()) with Sys_error _ -> other ())

  let now () = Ptime.v (now_d_ps ())
  let current_tz_offset_s () = None
  let period_d_ps () = Some (0, Clock.period_ps (C.clock ()))
  let period () = Option.map Ptime.Span.v (period_d_ps ())
end

module Mtime_of (C : sig
  val clock : unit -> Clock.t
end) = struct
  let elapsed_ns () = Clock.elapsed_ns (C.clock ())

  (* The time is in nanoseconds, so that the period is one at least. *)
  let period_ns () = Some (Int64.div (Int64.add (Clock.period_ps (C.clock ())) 999L) 1000L)
end

module Make (C : CLOCK) = struct
  include Ptime_of (C)
  include Mtime_of (C)
end
