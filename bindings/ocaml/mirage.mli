(** Clocks with MirageOS's signatures, backed by a {!Clock.t}. If a module is taken as an argument, apply {!Make}. If
    MirageOS links a clock as a dune variant, name [ffntp-mirage.ptime] and [ffntp-mirage.mtime] among the libraries
    of the executable instead. *)

(** The signature of [Mirage_ptime]. *)
module type PTIME = sig
  val now : unit -> Ptime.t
  val period : unit -> Ptime.span option
  val current_tz_offset_s : unit -> int option
  val now_d_ps : unit -> int * int64
  val period_d_ps : unit -> (int * int64) option
end

(** The signature of [Mirage_mtime]. *)
module type MTIME = sig
  val elapsed_ns : unit -> int64
  val period_ns : unit -> int64 option
end

(** [Mirage_clock.PCLOCK], since 3.0. Each {!PTIME} satisfies it. *)
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
  (** The source of the time while the clock has none, such as [Mirage_ptime.now_d_ps] of the host's clock. [None]:
      then [now] and [now_d_ps] raise [Sys_error], as Unix's do when they have no time. *)
end

module Ptime_of (C : CLOCK) : PTIME
(** The time zone is unknown. *)

module Mtime_of (C : sig
  val clock : unit -> Clock.t
end) : MTIME

(** Both, for one clock. *)
module Make (C : CLOCK) : sig
  include PTIME
  include MTIME
end
