(** The host's clock: the time while a {!Ffntp.Clock.t} has none, and a witness of suspensions. Needs no library of
    MirageOS.

    The host's clock has no error bound. On Solo5 it is the hypervisor's at each reading (hvt, spt), whole seconds of
    an emulated RTC (virtio without kvmclock), or the hypervisor's at boot, continued by the counter (virtio with
    kvmclock, Xen, Muen). *)

(** {1 The host's clocks} *)

external wall_ns : unit -> (int64[@unboxed]) = "ffntp_ml_host_wall_ns_byte" "ffntp_ml_host_wall_ns"
[@@noalloc]
(** UTC in nanoseconds since 1970: [CLOCK_REALTIME], or Solo5's wall clock. *)

external elapsed_ns : unit -> (int64[@unboxed]) = "ffntp_ml_host_elapsed_ns_byte" "ffntp_ml_host_elapsed_ns"
[@@noalloc]
(** Nanoseconds since an arbitrary start: [CLOCK_MONOTONIC], or Solo5's monotonic clock, whatever implements
    [Mirage_mtime]. *)

val elapsed_error : ?wall_ns:(unit -> int64) -> unit -> float
(** The error of the rate of {!elapsed_ns}, as a ratio: 0.5 where the wall clock has whole seconds, because Solo5 then
    measures the counter's frequency against a delay of an emulated PIT, which was seen to be wrong by 34 %, and 4.4
    times off; else 0.01. For [Ffntp_lwt.Calibrate]. *)

val seconds : unit -> (unit -> int64) option
(** The wall clock, if it has whole seconds: the seconds of an emulated RTC are the host's, so that they have the right
    length where {!elapsed_ns} does not. For [Ffntp_lwt.Calibrate]. *)

(** {1 The time with or without a bound} *)

(** Where the time comes from. *)
type source =
  | Ntp  (** the clock has a time: [Ffntp.Clock.read] returns it with its bound *)
  | Host  (** the host's clock; no bound *)
  | Reckoned  (** the last time that the clock had, plus the elapsed time; no bound *)
  | Release
      (** the release date of the library, plus the elapsed time since the start: the true time is later. The date is a
          constant before the date of any build, so that builds are reproducible *)

val source_name : source -> string
(** A short lower-case name such as ["host"]. *)

type t

val create : ?wall_ns:(unit -> int64) -> Ffntp.Clock.t -> t
(** [wall_ns]: {!val-wall_ns} by default. A result before the release date means that there is no such clock, or that it
    was never set. *)

val default : unit -> t
(** Of [Ffntp.Clock.default ()]: the one that [ffntp-mirage.ptime] reads.
    @raise Sys_error like [Ffntp.Clock.default]. *)

val source : t -> source
(** The source of the time now. Any thread may call it. *)

val now_d_ps : t -> Ffntp.Output.d_ps
(** The time: the clock's, or if it has none {!unbounded_d_ps}. Allocates only its result while the clock has a time. *)

val unbounded_d_ps : t -> Ffntp.Output.d_ps
(** The best time without the clock's: the host's, or if that is before the release date the reckoned one, or if the
    clock had no time yet the release date plus the elapsed time. Never before the release date. *)

(** {1 Suspensions} *)

val watch :
  ?wall_ns:(unit -> int64) ->
  at_enter_iter:((unit -> unit) -> unit) ->
  disrupted:(unit -> unit) ->
  Ffntp.Clock.t ->
  (unit -> unit)
(** [watch ~at_enter_iter ~disrupted clock] compares the host's wall clock with the clock's elapsed time at most ten
    times a second, and calls [disrupted] when they part by more than 0.1 s (2.1 s if the wall clock has whole seconds)
    and a tenth of the time since the comparison before, while the clock has a time: the machine was suspended and its
    counter stood still, or the host's clock was set. Either costs a burst of queries. Call the result to end the watch.

    [at_enter_iter]: registers a function that the scheduler calls often: [Mirage_runtime.at_enter_iter]. [disrupted]:
    [Ffntp_lwt.Make(...).disrupted loop].

    Where the host's wall clock is continued by the counter itself, nothing parts; there a suspension shows at the first
    reply after it, and therefore within the interval between two queries. *)
