(** Clocks of the shapes that MirageOS knows, backed by a {!Clock.t}. Where a module is taken as an argument, apply
    {!Make}; where MirageOS links one by a dune variant, name [ffntp.mirage-ptime] and [ffntp.mirage-mtime] among the
    libraries of the executable instead. *)

(** What [Mirage_ptime] is. *)
module type PTIME = sig
  val now : unit -> Ptime.t
  val period : unit -> Ptime.span option
  val current_tz_offset_s : unit -> int option
  val now_d_ps : unit -> int * int64
  val period_d_ps : unit -> (int * int64) option
end

(** What [Mirage_mtime] is. *)
module type MTIME = sig
  val elapsed_ns : unit -> int64
  val period_ns : unit -> int64 option
end

(** [Mirage_clock.PCLOCK], since 3.0. Each {!PTIME} is one. *)
module type PCLOCK = sig
  val now_d_ps : unit -> int * int64
  val current_tz_offset_s : unit -> int option
  val period_d_ps : unit -> (int * int64) option
end

(** [Mirage_clock.MCLOCK], since 3.0. *)
module type MCLOCK = MTIME

module type CLOCK = sig
  val clock : unit -> Clock.t

  val otherwise : (unit -> int * int64) option
  (** Where to take the time from while there is none to tell, such as [Mirage_ptime.now_d_ps] of the host's clock.
      [None]: then [now] and [now_d_ps] raise [Sys_error], as those of Unix do when they have no time. *)
end

val since_1970 : (unit -> Clock.t) -> unit -> int * int64
(** For [otherwise]: 1970-01-01 and what has elapsed, which nobody takes for the time, and which does not stop a
    logger. *)

module Ptime_of (C : CLOCK) : PTIME
(** The time zone is not known. *)

module Mtime_of (C : sig
  val clock : unit -> Clock.t
end) : MTIME

(** Both, of one clock. *)
module Make (C : CLOCK) : sig
  include PTIME
  include MTIME
end
