(** Keeps a {!Ffntp.Clock.t} by NTP, over whatever UDP and sleep there are. *)

(** The part of [Tcpip.Udp.S] that is needed: a MirageOS stack's [UDP] is one. *)
module type UDP = sig
  type t
  type ipaddr
  type error

  val pp_error : Format.formatter -> error -> unit

  val listen : t -> port:int -> (src:ipaddr -> dst:ipaddr -> src_port:int -> Cstruct.t -> unit Lwt.t) -> unit
  (** Replaces whoever listened on that port. *)

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

(** What [Mirage_sleep] is. Where there is [Mirage_time.S] instead: [struct let ns = Time.sleep_ns end]. *)
module type SLEEP = sig
  val ns : int64 -> unit Lwt.t
end

type event =
  | Sent
  | Not_sent of string  (** why, such as no route, no randomness, no port; it is tried again after a while *)
  | Reply of Ffntp.Client.verdict  (** a datagram, and what became of it *)
  | Unanswered
  | Unresolved of string
      (** there is no new address to ask: the one so far is asked on, if there is one; else it is tried again after 2 s
      *)

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
  (** Asks from now on, and publishes on the clock, which must be of the configuration's counter; one loop for a clock
      at a time. Where a former one left a time, that is told on, and gone on from.

      [port]: to send from; a new one for each query, 49152 to 65535, if it is not said.

      [on_event]: what it raises goes to [Lwt.async_exception_hook], and the loop goes on. What [Sleep] raises goes there
      too, and ends it.

      [nonce]: 64 bits from a cryptographic generator: [Ffntp_rng.nonce]. While it raises, or gives 0, nothing is sent.

      [server]: the address and the port, 123, of a server; asked at the start, and again whenever the server at hand
      has not answered eight times: resolve a name in it, or take the next of a list. What it raises is an [Unresolved]
      too, and so is no answer within 30 s.
      @raise Invalid_argument if the configuration is out of range, or of another counter, or there is no such port. *)

  val stop : t -> unit Lwt.t
  (** Ends when nothing is asked and nothing listened to any more: at once. The clock tells on what it has, with a bound
      that grows, until that is [Void]: 8 polls later, or 1000 s if that is longer. May be called again, from
      [on_event] too; and another loop may be started. *)

  val disrupted : t -> unit
  (** The machine is known to have been suspended, migrated or restored. A counter that ran backwards is noticed
      without. *)

  val client : t -> Ffntp.Client.t
  (** The client's state now. *)
end

module Calibrate (Sleep : SLEEP) : sig
  val clock : ?error:float -> elapsed_ns:(unit -> int64) -> Ffntp.Clock.t -> unit Lwt.t
  (** Measures the clock's counter for a tenth of a second against another clock, such as [Mirage_mtime.elapsed_ns]
      where that is not [ffntp.mirage-mtime] itself, and tells the clock. Does nothing if its period is known
      already. [error]: how wrong the other clock's rate may be, see {!Ffntp.Counter.measure}. *)
end
