(** A job that keeps a clock by NTP in the background: servers by name or address, resolved for both versions of IP;
    bad input is a line of the log (source ["ffntp"]) and a state, never an exception. {!Ffntp_mirage} is this job with
    MirageOS's libraries, for config.ml. *)

(** The part of [Tcpip.Stack.V4V6] that is needed. *)
module type STACK = sig
  type t

  module UDP : Ffntp_lwt.UDP with type ipaddr = Ipaddr.t

  val udp : t -> UDP.t
end

(** The part of [Dns_client_mirage.S] that is needed. *)
module type DNS = sig
  type t

  val gethostbyname : t -> [ `host ] Domain_name.t -> (Ipaddr.V4.t, [> `Msg of string ]) result Lwt.t
  val gethostbyname6 : t -> [ `host ] Domain_name.t -> (Ipaddr.V6.t, [> `Msg of string ]) result Lwt.t
end

(** A server as the user writes it. *)
module Name : sig
  type host = Address of Ipaddr.t | Host of [ `host ] Domain_name.t
  type t = { host : host; port : int }

  val of_string : string -> (t, string) result
  (** Read [ntp.example.org], [192.0.2.1], [2001:db8::1]; with a port [ntp.example.org:123], [192.0.2.1:123],
      [[2001:db8::1]:123]. The error is the reason, for the log. *)

  val of_ipaddr : Ipaddr.t -> t
  val to_string : t -> string
end

type state =
  | Idle of string  (** nothing is asked; the reason *)
  | Starting  (** the counter is measured, for a tenth of a second *)
  | Running
  | Stopped

module Make (Sleep : Ffntp_lwt.SLEEP) (Stack : STACK) (Dns : DNS) : sig
  type t

  (** The result of a key exchange: the server to ask, which may be a different one, and its keys. *)
  type keys = { server : Name.t; protection : Ffntp_lwt.protection }

  val server :
    ?options:Ffntp.Ensemble.options ->
    ?exchange:(unit -> (keys, string) result Lwt.t) ->
    Dns.t ->
    Name.t ->
    Ipaddr.t Ffntp_lwt.server
  (** A server whose name is resolved for IPv6 and IPv4 at once; its addresses are tried in this order. Once one of the
      two has an address, the other has a second more.

      [exchange]: for NTS, the key exchange with this server (RFC 8915), over the unikernel's TLS; or it returns keys
      that the unikernel has. Called at the start, and again when the server does not answer, or the protection has no
      cookie left. *)

  val start :
    ?config:(Ffntp.Counter.source -> Ffntp.Client.config) ->
    ?least_sources:int ->
    ?on_event:(Ffntp_lwt.event -> unit) ->
    ?calibrate:(Ffntp.Clock.t -> unit Lwt.t) ->
    ?watch:(disrupted:(unit -> unit) -> Ffntp.Clock.t -> unit -> unit) ->
    nonce:(unit -> int64) ->
    clock:(unit -> Ffntp.Clock.t) ->
    servers:Ipaddr.t Ffntp_lwt.server list ->
    Stack.t ->
    t
  (** Start the job. It returns at once.

      [config]: of the client; {!Ffntp.Client.val-config} by default. [least_sources], [on_event], [nonce], [servers]:
      see {!Ffntp_lwt.Make.start}. [calibrate]: measures the counter before the first query. [watch]: begins to watch
      for suspensions, and returns the function that ends that: [Ffntp_mirage_host.watch]. *)

  val start_named :
    ?config:(Ffntp.Counter.source -> Ffntp.Client.config) ->
    ?least_sources:int ->
    ?on_event:(Ffntp_lwt.event -> unit) ->
    ?calibrate:(Ffntp.Clock.t -> unit Lwt.t) ->
    ?watch:(disrupted:(unit -> unit) -> Ffntp.Clock.t -> unit -> unit) ->
    ?dhcp:Ipaddr.t list ->
    nonce:(unit -> int64) ->
    clock:(unit -> Ffntp.Clock.t) ->
    names:string list ->
    Stack.t ->
    Dns.t ->
    t
  (** As {!start}, with these servers. A name that is rubbish is left out, with a line of the log; of two that are the
      same, the second one is.

      [dhcp]: the servers that the network's DHCP offers, asked if no name is given. With neither the state is [Idle],
      and a line of the log has the reason. *)

  val state : t -> state

  val disrupted : t -> unit
  (** Report that the machine was suspended, migrated or restored. *)

  val stop : t -> unit Lwt.t
  (** As {!Ffntp_lwt.Make.stop}. May be called repeatedly, and while the job is starting. *)
end
