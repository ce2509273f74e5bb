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
  | Not_sent of string  (** why; it counts as unanswered *)
  | Reply of Ffntp.Client.verdict  (** a datagram, and what became of it *)
  | Unanswered
  | Unresolved of string  (** there is no address to ask: tried again after a while *)

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
  (** Asks from now on, and publishes on the clock, which must be of the configuration's counter.
      [port]: to send from; a new one for each query, 49152 to 65535, if it is not said.
      [nonce]: 64 bits from a cryptographic generator: [Ffntp_rng.nonce].
      [server]: the address and the port, 123, of a server; asked at the start, and again whenever the server at hand
      is no good: resolve a name in it, or take the next of a list. What it raises is an [Unresolved] too.
      @raise Invalid_argument if the configuration is out of range, or of another counter. *)

  val stop : t -> unit Lwt.t
  (** Ends when nothing is asked and nothing listened to any more. The clock keeps what it has, and free-runs. May be
      called again. *)

  val disrupted : t -> unit
  (** The machine is known to have been suspended, migrated or restored. *)

  val client : t -> Ffntp.Client.t
  (** The client's state now. *)
end

module Calibrate (Sleep : SLEEP) : sig
  val clock : ?error:float -> elapsed_ns:(unit -> int64) -> Ffntp.Clock.t -> unit Lwt.t
  (** Measures the clock's counter for a tenth of a second against another clock, such as [Mirage_mtime.elapsed_ns]
      where that is not [ffntp.mirage-mtime] itself, and tells the clock. Does nothing if its period is known
      already. [error]: how wrong the other clock's rate may be, see {!Ffntp.Counter.measure}. *)
end
