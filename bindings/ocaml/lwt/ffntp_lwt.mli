(** Keeps a {!Ffntp.Clock.t} by NTP, over any implementation of UDP and sleep. *)

(** The part of [Tcpip.Udp.S] that is needed; a MirageOS stack's [UDP] has it. *)
module type UDP = sig
  type t
  type ipaddr
  type error

  val pp_error : Format.formatter -> error -> unit

  val listen : t -> port:int -> (src:ipaddr -> dst:ipaddr -> src_port:int -> Cstruct.t -> unit Lwt.t) -> unit
  (** Replaces an earlier listener on that port. *)

  val unlisten : t -> port:int -> unit

  val write :
    ?src:ipaddr ->
    ?src_port:int ->
    ?ttl:int ->
    dst:ipaddr ->
    dst_port:int ->
    t ->
    Cstruct.t ->
    (unit, error) result Lwt.t
end

(** The signature of [Mirage_sleep]. With [Mirage_time.S] instead, use [struct let ns = Time.sleep_ns end]. *)
module type SLEEP = sig
  val ns : int64 -> unit Lwt.t
end

type event =
  | Sent
  | Not_sent of string  (** the reason, such as no route, no randomness, no port; the query is repeated after a while *)
  | Reply of Ffntp.Client.verdict  (** a datagram arrived; the client's verdict on it *)
  | Unanswered
  | Unresolved of string
      (** there is no new address: the old one is used further, if there is one; else the resolution is repeated
          after 2 s *)

val pp_event : Format.formatter -> event -> unit

module Make (Udp : UDP) (Sleep : SLEEP) : sig
  type t

  val start :
    ?port:int ->
    ?on_event:(event -> unit) ->
    nonce:(unit -> int64) ->
    server:(unit -> (Udp.ipaddr * int, string) result Lwt.t) ->
    Ffntp.Clock.t ->
    Ffntp.Client.config ->
    Udp.t ->
    t
  (** Start a loop that queries the server and publishes on the clock, whose counter must be the configuration's. Only
      one loop may run for a clock at a time. The time of an earlier loop stays published, and the new client continues
      from it.

      [port]: the port to send from; by default a new one for each query, 49152 to 65535.

      [on_event]: called for each event. An exception that it raises goes to [Lwt.async_exception_hook], and the loop
      continues. An exception of [Sleep] goes there too, and ends the loop.

      [nonce]: returns 64 bits from a cryptographic generator: [Ffntp_rng.nonce]. While it raises, or returns 0, nothing
      is sent.

      [server]: returns the address and the port, 123, of a server. It is called at the start, and again whenever the
      server in use has left eight queries unanswered: resolve a name in it, or take the next of a list. An exception,
      or no result within 30 s, is an [Unresolved] event.
      @raise Invalid_argument if the configuration is out of range, or of a different counter, or the port invalid. *)

  val stop : t -> unit Lwt.t
  (** Stop at once; the promise is resolved when nothing is sent or received any more. The clock continues from its
      last output, with a growing bound, until that is [Void]: after 8 polls, or 1000 s if that is longer. May be
      called repeatedly, also from [on_event]; a new loop may be started afterwards. *)

  val disrupted : t -> unit
  (** Report that the machine was suspended, migrated or restored. A counter that ran backwards is detected
      automatically. *)

  val session : t -> Ffntp.Session.t
  (** The session's state now. *)
end

module Calibrate (Sleep : SLEEP) : sig
  val clock : ?error:float -> elapsed_ns:(unit -> int64) -> Ffntp.Clock.t -> unit Lwt.t
  (** Measure the clock's counter for a tenth of a second against another clock, such as [Mirage_mtime.elapsed_ns]
      (unless that is [ffntp.mirage-mtime] itself), and set the clock's period. Does nothing if the period is known
      already. [error]: the error of the other clock's rate, see {!Ffntp.Counter.measure}. *)
end
