(** A clock that is set by hand, for tests of code that takes a clock. Only its counter and its client are replaced:
    bounds grow, readings are refused, and elapsed time never runs backwards, as in a real clock.

    {[
      let mock = Ffntp_mock.create noon in
      Ffntp_mock.advance mock 5_000_000_000L;                (* 5 s pass *)
      Ffntp_mock.set mock later;                             (* the time is stepped *)
      Ffntp_mock.set_status mock Initialising;               (* there is no time *)
      Ffntp_mock.set_leap_second mock (Some (Inserted midnight_s))
    ]} *)

type t

val create : ?bound_ns:int -> ?drift:float -> ?tai_offset_s:int -> Ptime.t -> t
(** A synchronised clock at that time, which stands still until it is moved. Its counter ticks in nanoseconds.
    [bound_ns]: 1000 by default. [drift]: growth of the bound, s/s; 1e-6 by default. [tai_offset_s]: TAI - UTC; 37 by
    default.
    @raise Invalid_argument like {!Ffntp.Output.make}; the functions below do so, too. *)

val clock : t -> Ffntp.Clock.t

val advance : t -> int64 -> unit
(** Let that many nanoseconds pass without news from the server, so that the bound grows. Negative: the counter jumps
    back, as when a machine is restored from a snapshot. *)

val set : ?bound_ns:int -> t -> Ptime.t -> unit
(** Set the time, as a server does that has a different one; elapsed time does not change. The disruption marker
    changes if the new time contradicts the earlier bound. [bound_ns]: 1000 by default. *)

val set_status : t -> Ffntp.Output.status -> unit
(** Set the status: without a time, for example [Initialising] and [Disrupted], or with one, [Synchronised] and
    [Free_running]. [Disrupted] changes the disruption marker. *)

val set_tai_offset : t -> int option -> unit
(** Set TAI - UTC at the time that was last set; {!set} then follows leap seconds. [None]: unknown. *)

val set_leap_second : t -> Ffntp.Output.leap_second option -> unit
(** Announce a leap second, or withdraw it. {!advance} passes through it. *)

(** The same clock with Mirage's signatures. *)
module type S = sig
  include Ffntp.Mirage.PTIME
  include Ffntp.Mirage.MTIME
end

val mirage : t -> (module S)
