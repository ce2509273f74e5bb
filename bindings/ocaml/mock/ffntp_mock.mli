(** A clock that is set by hand, for tests of what takes a clock. All of it is real but the counter and whoever keeps
    it: bounds grow, readings are refused, what elapses never runs backwards.

    {[
      let mock = Ffntp_mock.create noon in
      Ffntp_mock.advance mock 5_000_000_000L;                (* 5 s pass *)
      Ffntp_mock.set mock later;                             (* the time is stepped *)
      Ffntp_mock.set_status mock Initialising;               (* there is no time to tell *)
      Ffntp_mock.set_leap_second mock (Some (Inserted midnight_s))
    ]} *)

type t

val create : ?bound_ns:int -> ?drift:float -> ?tai_offset_s:int -> Ptime.t -> t
(** Synchronised, at that time, which stands still until it is moved. Its counter ticks in nanoseconds. [bound_ns]:
    1000 if it is not said. [drift]: how fast the bound grows, s/s; 1e-6 if it is not said. [tai_offset_s]: TAI - UTC;
    37 if it is not said.
    @raise Invalid_argument as {!Ffntp.Output.make} does; so do the others. *)

val clock : t -> Ffntp.Clock.t

val advance : t -> int64 -> unit
(** So many nanoseconds pass, with no news from the server: the bound grows. Negative: the counter jumps back, as where
    a machine is restored from a snapshot. *)

val set : ?bound_ns:int -> t -> Ptime.t -> unit
(** The server says that it is another time; what has elapsed does not change. The disruption marker changes if that
    contradicts what was told before, beyond its bound. [bound_ns]: 1000 if it is not said. *)

val set_status : t -> Ffntp.Output.status -> unit
(** Such as [Initialising] and [Disrupted], where there is no time to tell, and [Synchronised] and [Free_running], where
    there is. [Disrupted] changes the disruption marker. *)

val set_tai_offset : t -> int option -> unit
(** TAI - UTC at the time that was last set, which {!set} keeps up with leap seconds; [None]: nobody has told it. *)

val set_leap_second : t -> Ffntp.Output.leap_second option -> unit
(** A leap second is announced, or none is any more. {!advance} goes through it. *)

(** The same clock in Mirage's shapes. *)
module type S = sig
  include Ffntp.Mirage.PTIME
  include Ffntp.Mirage.MTIME
end

val mirage : t -> (module S)
