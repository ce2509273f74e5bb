(** A clock for applications: a counter, and the newest output of the client that keeps it. One thread publishes, any
    thread may read. A reading takes no lock and allocates only its result. *)

type t

val create : Counter.source -> t
(** A clock that is not synchronised. Elapsed time counts from now, at the source's period until a better one is
    published.
    @raise Invalid_argument if the counter cannot be read here and is not [Manual], or its period is not within 1e-12
    to 1e-6 s. *)

val publish : t -> Output.t -> unit
(** Publish an output.
    @raise Invalid_argument if the output is of a different counter. *)

val counter : t -> Counter.t
(** The clock's counter, now. *)

val set_counter : t -> Counter.t -> unit
(** Set a [Manual] counter.
    @raise Invalid_argument if the counter is of a different kind. *)

(** {1 The time} *)

val read : ?scale:Output.scale -> ?max_bound_ns:int -> t -> (Output.reading, Output.refusal) result
(** The time now, as {!Output.read} returns it. *)

val now_d_ps : t -> Output.d_ps
(** UTC.
    @raise Sys_error while there is no time; the text has the reason. *)

val steady_d_ps : t -> (Output.d_ps, Output.refusal) result
(** Monotonic UTC, which never runs backwards: if the time is corrected backwards, it runs up to 500 ppm slower until
    it is right again. *)

val reckoned_ns : t -> int64 option
(** UTC by dead reckoning, in nanoseconds since 1970: the time when an output was last published that had one, plus the
    time elapsed since; [None] if no output had a time. It is available after a disruption, has no bound, and lacks the
    time for which the counter stood still. *)

val output : t -> (Output.t, Output.refusal) result
(** The newest output, for counter readings taken by the caller, and for durations. *)

(** {1 Elapsed time} *)

val elapsed_ns : t -> int64
(** Nanoseconds since the clock was created. This time never jumps, and never runs backwards unless its counter does.
    Only its rate comes from the server, as that of the difference clock. It is available from the beginning, at the
    counter's nominal rate. *)

(** {1 The counter} *)

val source : t -> Counter.source

val set_source : t -> Counter.source -> unit
(** Set the counter's measured period. Elapsed time uses it until the first output, which has a better period.
    @raise Invalid_argument if it is of a different counter, or its period is not within 1e-12 to 1e-6 s. *)

val period_ps : t -> int64
(** The clock's resolution: a tick, in picoseconds; at least 1. *)

val page : t -> Page.t
(** The clock's own page, which can be shared with other readers of the same counter. *)

(** {1 The clock of this program} *)

val default : unit -> t
(** The clock that [ffntp-mirage.ptime] and [ffntp-mirage.mtime] read; always the same one, created when the program
    starts. Its counter is [CLOCK_MONOTONIC_RAW] if there is one, else the CPU's own, whose rate is then unknown: see
    {!Ffntp_lwt.Calibrate}.
    @raise Sys_error if there is neither. *)
