(** Raw hardware counters. Only differences of readings have a meaning; a counter is never adjusted. *)

type t = int64
(** A reading: 64 bits, unsigned, modulo 2{^64}. [Int64.sub newer older] is right across a wrap. *)

type kind =
  | Unknown
  | Tsc  (** x86's time stamp counter *)
  | Arm_virtual  (** [CNTVCT_EL0] *)
  | Monotonic_raw  (** Linux's [CLOCK_MONOTONIC_RAW], in nanoseconds *)
  | Manual  (** set by hand: {!Clock.set_counter} *)

val cpu : kind
(** The CPU's own counter, which is the one to use in a unikernel; [Unknown] for a CPU without a known one. Prefer it
    to Solo5's monotonic clock, whose rate depends on the number of its readings. *)

val is_readable : kind -> bool
(** Whether this build can read it. The caller must ensure that it is the same on every CPU and does not change its
    rate; [ffntp.linux] does so on Linux. *)

external read : kind -> (t[@unboxed]) = "ffntp_ml_counter_read_byte" "ffntp_ml_counter_read" [@@noalloc]
(** The counter, now; 0 if it is not readable. *)

type source = {
  kind : kind;
  period_s : float;  (** seconds per tick, as far as known; 1e-12 to 1e-6 *)
  period_error : float;  (** error of [period_s], as a ratio: [500e-6] for 500 ppm; at most 0.5 *)
}
(** A counter, and its properties before anything was measured. *)

(** {1 Measuring a period}

    Few guests can ask a CPU for its counter's frequency. It can be measured against any other clock that is right
    for a moment: *)

type pair
(** The counter and another clock, read at the same time. *)

val pair : kind -> elapsed_ns:(unit -> int64) -> pair
(** Take the best of a few attempts. *)

val pair_of : (unit -> t) -> elapsed_ns:(unit -> int64) -> pair
(** The same of a counter that is read by a function, such as {!Clock.counter}. *)

val pair_within : from:t -> until:t -> int64 -> pair
(** The other clock had this reading, in ns, at some time between two readings of the counter. *)

val measure : ?error:float -> kind -> pair -> pair -> source
(** [measure kind first last] is the counter's source. [error]: the error of the other clock's rate; 0.01 by default,
    because virtual machines' calibrated clocks may be wrong by a thousandth.
    @raise Invalid_argument if no time passed on either, or the period comes out longer than 1 us. *)
