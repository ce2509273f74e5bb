(** NTPv4 packets that are authenticated by NTS (RFC 8915), with keys and cookies that a key exchange has agreed. The
    library has no key exchange: hand in the result of one, by whatever means. A state belongs to one server, and is
    used beside its {!Session}, or its member of an {!Ensemble}:

    {[
      (* The session has begun a query: *)
      match Nts.request ~random:(Ffntp_rng.bytes Nts.random_size) packet keys with
      | Some (datagram, keys) -> (* send the datagram *)
      | None -> (* no cookie is left: input [Send_failed], and hand in new keys *)

      (* A datagram has come: *)
      match Nts.reply datagram keys with
      | Authentic packet, keys -> (* input [Datagram packet] *)
      | (Not_authentic | Cookie_refused), keys -> (* no input: it may be anyone's *)
    ]}

    States are values, but a cookie is used once: a host on the way could recognise a client by a cookie that it sees
    twice. Each cookie has a token, which is outside of OCaml's values and common to all copies of a state.
    {!val-request} takes the token by an atomic exchange before it makes the packet, and fails to take it if any copy of
    the state took it before, in any thread or domain. So an old state cannot repeat a cookie: it uses a different one,
    or has none left. The new cookies of a reply go to the first state that accepts the reply. States cannot be
    marshalled, because that would copy the tokens.

    The program must hand in each cookie to one {!create} only, and none that is in a snapshot of the machine or that an
    earlier run of the program had: after a restore, hand in new keys. *)

type t

(** {1 Keys} *)

(** An AEAD algorithm: [Ffntp_nts.aes_siv_cmac_256] is the one that all servers have. *)
type aead = {
  number : int;  (** as in IANA's registry *)
  key_size : int;  (** bytes; at most 32 *)
  nonce_size : int;  (** bytes of a request's nonce; 1 to 16 *)
  seal : key:string -> nonce:string -> associated:string -> string -> string;
      (** encrypt, to 16 bytes more than the text has *)
  unseal : key:string -> nonce:string -> associated:string -> string -> string option;
      (** decrypt; [None] if it is not authentic. The nonce has the server's length, at least 1, and the sealed text at
          least 16 bytes *)
}

val create : aead:aead -> c2s_key:string -> s2c_key:string -> string list -> t
(** Create a state of the keys from client to server and from server to client, and of the cookies, of which at most
    {!most_cookies} are kept, each one once.
    @raise Invalid_argument if a key or a number of the algorithm does not have its size, or the size of a cookie is not
    a multiple of 4 from 12 to 256. *)

val most_cookies : int
(** Cookies that are kept: 8, as many as a key exchange gives. *)

val cookies : t -> int
(** The number of cookies that can still be used, by this state and by its copies together. Each request uses one, and
    an authentic reply brings as many as are missing. With 0 the server cannot be asked until there are new keys. *)

(** {1 Packets} *)

val random_size : int
(** Bytes that one request needs of a cryptographic generator, for its identifier and its nonce: 48. *)

val request : random:string -> Cstruct.t -> t -> (Cstruct.t * t) option
(** Make the datagram of a query's 48 bytes, and the state in which its reply is awaited; [None] if no cookie is left.
    It asks for as many cookies as are missing. If the algorithm raises an exception the cookie is lost.
    @raise Invalid_argument if [random] does not have {!random_size} bytes, or the query does not have 48. *)

type answer =
  | Authentic of Cstruct.t  (** the 48 bytes of the reply, a part of the datagram *)
  | Cookie_refused
      (** the server could not use the cookie (NTSN). It is not authentic: anyone on the path can forge it *)
  | Not_authentic

val reply : Cstruct.t -> t -> answer * t
(** Check a datagram: whether it answers the last request, and is authentic by the server's key. If it is, its cookies
    are kept, and the request is answered; otherwise the state is the same. A reply is accepted once in each sequence of
    states. *)

(** {1 A channel} *)

(** A state that changes, for loops that are not written as functions from state to state. The first two fields are
    those of [Ffntp_lwt.protection]. *)
type channel = {
  seal : Cstruct.t -> (Cstruct.t, string) result;  (** as {!val-request}; [Error]: no cookie is left *)
  unseal : Cstruct.t -> Cstruct.t option;  (** as {!val-reply}; [None]: it is not authentic *)
  latest : unit -> t;  (** the state now, such as to see how many {!val-cookies} are left *)
}

val channel : random:(int -> string) -> t -> channel
(** [random]: returns this many bytes from a cryptographic generator: [Ffntp_rng.bytes]. An exception that it raises is
    [seal]'s, and costs no cookie. *)
