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

(** {1 Servers} *)

(** Authentication of the datagrams of one server: NTS ([Ffntp.Nts.channel]), or a MAC of a key that both know. *)
type protection = {
  seal : Cstruct.t -> (Cstruct.t, string) result;
      (** the datagram to send, from a request's 48 bytes. [Error]: there is no key or cookie; nothing is sent, and the
          server is resolved again *)
  unseal : Cstruct.t -> Cstruct.t option;
      (** the 48 bytes of the reply's header, if they are authentic. [None]: the reply is counted as
          [Refused_authentication] *)
}

type 'address candidate = { address : 'address; port : int; protection : protection option }
(** An address at which a server may be asked. *)

type 'address server = {
  name : string;  (** for events *)
  options : Ffntp.Ensemble.options;
  resolve : unit -> ('address candidate list, string) result Lwt.t;
      (** The server's addresses, best first; or the reason why there is none. Called at the start, and again whenever
          the address in use has left eight queries unanswered: resolve a name in it, or exchange keys. *)
}

val candidate : ?protection:protection -> ?port:int -> 'address -> 'address candidate
(** [port]: 123 by default. *)

val server :
  ?options:Ffntp.Ensemble.options ->
  name:string ->
  (unit -> ('address candidate list, string) result Lwt.t) ->
  'address server

(** {1 Events} *)

type server_event =
  | Sent
  | Not_sent of string  (** the reason, such as no route, no randomness, no port; the query is repeated after a while *)
  | Reply of Ffntp.Client.verdict  (** a datagram arrived; the client's verdict on it *)
  | Unanswered
  | Unresolved of string
      (** there is no new address: the former one is used further, if there is one; else the resolution is repeated
          after 2 s, later after 16 s *)
  | Selected of Ffntp.Ensemble.selection  (** of several servers: this one is used differently from now on *)

type event =
  | Server of string * server_event  (** the server's name *)
  | Status of Ffntp.Output.status  (** the clock's status has changed *)
  | Disrupted  (** the counter jumped: the time is measured again *)

val pp_event : Format.formatter -> event -> unit

(** {1 The loop} *)

module Make (Udp : UDP) (Sleep : SLEEP) : sig
  type t

  val start :
    ?port:int ->
    ?on_event:(event -> unit) ->
    ?least_sources:int ->
    nonce:(unit -> int64) ->
    servers:Udp.ipaddr server list ->
    Ffntp.Clock.t ->
    Ffntp.Client.config ->
    Udp.t ->
    t
  (** Start a loop that queries the servers and publishes on the clock, whose counter must be the configuration's. Only
      one loop may run for a clock at a time. The time of an earlier loop stays published, and the new one continues
      from it. With several servers the time is that of their majority ({!Ffntp.Ensemble}): wrong and silent ones are
      left out, and are still asked.

      Of a server's addresses one is asked at a time. One that leaves its first query unanswered, or that cannot be
      sent to, is followed by the next one, as a network may have IPv4 or IPv6 alone; after a round without an answer
      there is a pause, longer each time, and the addresses are resolved again. An address that another server of the
      list is asked at is left out, because no server may vote twice.

      [port]: the port to send from; by default a new one for each query, 49152 to 65535.

      [on_event]: called for each event. An exception that it raises goes to [Lwt.async_exception_hook], and the loop
      continues. An exception of [Sleep] goes there too, and ends the loop.

      [least_sources]: the clock is synchronised only while this many servers agree; 1 by default.

      [nonce]: returns 64 bits from a cryptographic generator: [Ffntp_rng.nonce]. While it raises, or returns 0, nothing
      is sent.

      [servers]: 1 to 64. An exception of [resolve], or no result within 30 s, is an [Unresolved] event.
      @raise Invalid_argument if the configuration is out of range, or of a different counter, the port invalid, or
      there are not 1 to 64 servers. *)

  val stop : t -> unit Lwt.t
  (** Stop at once; the promise is resolved when nothing is sent or received any more. The clock continues from its
      last output, with a growing bound, until that is [Void]: after 8 polls, or 1000 s if that is longer. May be
      called repeatedly, also from [on_event]; a new loop may be started afterwards. *)

  val disrupted : t -> unit
  (** Report that the machine was suspended, migrated or restored. A counter that ran backwards is detected
      automatically. *)

  val ensemble : t -> Ffntp.Ensemble.t
  (** The state now. A server whose name could not be resolved yet is no member. *)
end

module Calibrate (Sleep : SLEEP) : sig
  val clock : ?error:float -> ?seconds:(unit -> int64) -> elapsed_ns:(unit -> int64) -> Ffntp.Clock.t -> unit Lwt.t
  (** Measure the clock's counter for a tenth of a second against another clock, such as
      [Ffntp_mirage_host.elapsed_ns], and set the clock's period. Does nothing if the period is known already. The other
      clock must not be kept by [clock], as [Mirage_mtime] is if [ffntp-mirage.mtime] implements it.

      [error]: the error of the other clock's rate, at most 0.5, see {!Ffntp.Counter.measure}; in a guest
      [Ffntp_mirage_host.elapsed_error ()]. The second reply of a server determines the period, whatever the error is.

      [seconds]: a clock that is preferred because its rate is right to a tenth, in ns, which changes by whole seconds:
      in a guest [?seconds:(Ffntp_mirage_host.seconds ())]. The time between two of its changes is measured, which takes
      1 to 2 s. If it never changes, or never by one second, the other clock is used after 5 s.
      @raise Invalid_argument like {!Ffntp.Counter.measure}, in the promise. *)
end
