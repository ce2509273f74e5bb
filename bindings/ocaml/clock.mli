(** A clock to hand to an application: a counter, and the newest output of whoever keeps it. One thread publishes,
    any may read; a reading takes no lock and allocates its result alone. *)

type t

val create : Counter.source -> t
(** Not synchronised. What has elapsed counts from now, at the source's period until a better one is published.
    @raise Invalid_argument if the counter cannot be read here and is not [Manual], or its period is not within 1e-12
    to 1e-6 s. *)

val publish : t -> Output.t -> unit
(** @raise Invalid_argument if the output is of another counter. *)

val counter : t -> Counter.t
(** The clock's counter, now. *)

val set_counter : t -> Counter.t -> unit
(** Sets a [Manual] counter.
    @raise Invalid_argument if it is not. *)

(** {1 The time} *)

val read : ?scale:Output.scale -> ?max_bound_ns:int -> t -> (Output.reading, Output.refusal) result
(** As {!Output.read}, now. *)

val now_d_ps : t -> Output.d_ps
(** UTC.
    @raise Sys_error while there is no time to tell; the text says why. *)

val steady_d_ps : t -> (Output.d_ps, Output.refusal) result
(** UTC that never runs backwards: where the time is corrected backwards it goes on, up to 500 ppm slower, until it
    is right again. *)

val output : t -> (Output.t, Output.refusal) result
(** The newest output, for counter readings of one's own and for durations. *)

(** {1 What has elapsed} *)

val elapsed_ns : t -> int64
(** Since the clock was created. It never jumps, and never runs backwards while its counter does not: only its rate
    is the server's, as the difference clock has it. It can be told from the beginning, at the counter's nominal
    rate. *)

(** {1 The counter} *)

val source : t -> Counter.source

val set_source : t -> Counter.source -> unit
(** The counter's period has been measured: until the first output, which has a better one, what elapses from now on
    counts by it.
    @raise Invalid_argument if it is of another counter, or its period is not within 1e-12 to 1e-6 s. *)

val period_ps : t -> int64
(** What the clock can tell apart: a tick, in picoseconds; at least 1. *)

val page : t -> Page.t
(** The clock's own page, to be shared with other readers of the same counter. *)

(** {1 The clock of this program} *)

val default : unit -> t
(** The clock that [ffntp.mirage-ptime] and [ffntp.mirage-mtime] read; always the same one, made when the program
    starts. Its counter is
    [CLOCK_MONOTONIC_RAW] where there is one, else the CPU's own, of which nothing is known then: see
    {!Ffntp_lwt.Calibrate}.
    @raise Sys_error if there is neither. *)
