(** Raw hardware counters. A reading is a number of which only differences mean anything; nothing ever adjusts it. *)

type t = int64
(** A reading: 64 bits, unsigned, modulo 2{^64}. [Int64.sub newer older] is right across a wrap. *)

type kind =
  | Unknown
  | Tsc  (** x86's time stamp counter *)
  | Arm_virtual  (** [CNTVCT_EL0] *)
  | Monotonic_raw  (** Linux's [CLOCK_MONOTONIC_RAW], in nanoseconds *)
  | Manual  (** set by hand: {!Clock.set_counter} *)

val cpu : kind
(** The CPU's own counter, which is the one to use in a unikernel; [Unknown] if it has none that is known here. Read
    it rather than Solo5's monotonic clock, whose rate depends on how often it is asked. *)

val is_readable : kind -> bool
(** Whether this build can read it. That it is the same on every CPU and does not change its rate is for the caller to
    know; [ffntp.linux] does, on Linux. *)

external read : kind -> (t[@unboxed]) = "ffntp_ml_counter_read_byte" "ffntp_ml_counter_read" [@@noalloc]
(** The counter, now; 0 if it is not readable. *)

type source = {
  kind : kind;
  period_s : float;  (** seconds per tick, as far as anyone knows; 1e-12 to 1e-6 *)
  period_error : float;  (** how wrong that may be, as a ratio: [500e-6] for 500 ppm; at most 0.1 *)
}
(** A counter, and what is known of it before anything was measured. *)

(** {1 Measuring a period}

    A CPU's counter hardly ever tells its frequency to a guest. Any other clock that runs for a moment does: *)

type pair
(** The counter and another clock, read together. *)

val pair : kind -> elapsed_ns:(unit -> int64) -> pair
(** The best of a few attempts. *)

val measure : ?error:float -> kind -> pair -> pair -> source
(** [measure kind first last] is the counter's source. [error]: how wrong the other clock's rate may be; 0.01 if it
    is not said, as virtual machines' calibrated clocks may be wrong by a thousandth.
    @raise Invalid_argument if no time passed on either, or the period comes out longer than 1 us. *)
