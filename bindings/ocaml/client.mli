(** An NTP client without I/O, as pure functions from state to state. Every input carries its own counter reading; the
    client uses no other time, and no randomness. States are values: they never change, and you may keep an old state or
    continue from it.

    {v
    mirage-ntp            here
    initial_state         create
    generate_query        new_query
    process_reply         add_reply
    output_of_state       output
    v}

    {[
      match Client.next ~now state with
      | Send, state ->
          let packet, state = Client.new_query ~now ~nonce state in
          (* send the packet *)
      | Wait_until counter, state -> (* nothing to do until then, or until a datagram arrives: *)
          let verdict, state = Client.add_reply ~received datagram state in
          Clock.publish clock (Client.output ~now state)
      | Change_server, state -> (* resolve its name again *)
    ]}

    {!Ffntp_lwt} is this loop. *)

type t

(** {1 Configuration} *)

val estimators : unit -> (string * string) list
(** The name of each estimator, and a line that describes it; the default one is the first. *)

type leap_table
(** TAI - UTC, and the time until which it is known. *)

val leap_table : expires_s:int -> (int * int) array -> leap_table
(** A table of leap seconds. An entry [(from_s, tai_offset_s)] states TAI - UTC from that POSIX second on; entries
    are ascending. From [expires_s] on the table states nothing. The table is never freed.
    @raise Invalid_argument if the table is not valid. *)

val builtin_leap_table : unit -> leap_table
(** The leap seconds known when the library was written. This table expired in June 2026. *)

type config = {
  counter : Counter.source;
  poll_min_s : int;  (** 1 to 131072 *)
  poll_max_s : int;  (** [poll_min_s] to 131072 *)
  poll_is_adaptive : bool;
      (** [false]: polls at [poll_min_s], and a kiss-o'-death raises the interval up to [poll_max_s]; [true]: chooses
          between the two by the clock's uncertainty *)
  burst : int;  (** requests at the start and after a disruption, 2 s apart; 1 to 16 *)
  max_drift : float;  (** largest difference of the counter's rates within a month, as a ratio *)
  counter_may_jump : bool;  (** the counter may stop or jump without notice, as a guest's *)
  max_root_distance_s : float;  (** replies with a larger root distance are rejected *)
  pivot_s : int option;
      (** seconds since 1970, within 68 years of the true time. [None]: 68 years after the release of the library, so
          that any time within 136 years from the release is right *)
  leap_table : leap_table option;
      (** all leap seconds until it expires, which makes TAI known. [None]: leap seconds come from the server's
          announcements, and TAI is unknown *)
  leap_expiry_is_strict : bool;
      (** [false]: once the table has expired, its last TAI - UTC stays in force, with the leap seconds that the server
          announces; [true]: TAI is then unknown *)
  estimator : string;  (** a name of {!estimators}, or ["default"] *)
}

val config : Counter.source -> config
(** The default configuration, for a guest: polls every 16 s, a burst of 8. *)

val create : config -> now:Counter.t -> t
(** Create a client.
    @raise Invalid_argument if the configuration is out of range. *)

val continue : Output.t -> t -> t
(** Continue from the last output of an earlier client of the same counter: its period is the initial estimate, and
    its published bounds are kept. Call it before the first query.
    @raise Invalid_argument if the output is of a different counter. *)

(** {1 Next action} *)

type action =
  | Wait_until of Counter.t  (** nothing to do before that counter reading *)
  | Send  (** call {!new_query} now *)
  | Change_server
      (** this server has given no usable time for long, answered or not, or it refuses service: resolve its name
          again, or choose a different server. Returned once. *)

val next : now:Counter.t -> t -> action * t
(** The next action. Also gives up a query that has waited too long. *)

(** {1 Queries and replies} *)

val new_query : now:Counter.t -> nonce:int64 -> t -> Cstruct.t * t
(** The 48 bytes to send at once, and the state with that query in flight; an earlier query in flight is given up.
    [now]: the counter just before sending. [nonce]: 64 bits from a cryptographic generator, new for each query, such
    as {!Ffntp_rng}'s.
    @raise Invalid_argument if the nonce is 0. *)

val sent : at:Counter.t -> t -> t
(** Set a better reading of the query's departure; at any time before its reply is added. *)

type verdict =
  | Accepted
  | Refused_length  (** shorter than 48 bytes, or with a tail that is neither extension fields nor a MAC *)
  | Refused_version
  | Refused_mode  (** not a server's reply *)
  | Refused_origin  (** its nonce is not that of the query in flight *)
  | Refused_duplicate  (** its nonce is that of a query already answered *)
  | Refused_late  (** its nonce is that of a query given up or replaced; or the round trip was too long *)
  | Refused_kiss_rate  (** kiss-o'-death RATE: ask less often *)
  | Refused_kiss_deny
  | Refused_kiss_other
  | Refused_unsynchronised
  | Refused_timestamps
  | Refused_root_distance
  | Refused_residence  (** the server's residence time exceeds the round trip *)
  | Refused_counter  (** the counter jumped *)
  | Refused_contradiction  (** the server's time and the counter contradict each other *)
  | Refused_leap  (** the timestamp is ambiguous: within a leap second *)
  | Refused_smear  (** the server smears a leap second: for a day its time is not UTC *)
  | Refused_authentication  (** a crypto-NAK; or the system's port could not verify the reply's MAC *)

val verdict_name : verdict -> string
(** A short lower-case name such as ["bogus-origin"]. *)

val add_reply : received:Counter.t -> Cstruct.t -> t -> verdict * t
(** Process a datagram from the server. [received]: the counter when it arrived. A query is answered once in each
    sequence of states: a state from before the reply would accept the reply again. *)

(** {1 External events} *)

val disrupted : now:Counter.t -> t -> t
(** Report that the counter jumped or stood still (suspend, migration, restore): no time is available until the next
    exchange. *)

val server_changed : now:Counter.t -> t -> t
(** Report that queries go to a different server from now on. The path and the counts of replies are forgotten, the
    oscillator is kept. *)

val set_leap_table : leap_table option -> t -> t
(** Replace the configuration's table. *)

(** {1 Results} *)

val output : now:Counter.t -> t -> Output.t
(** The map as of now. Publish it after each reply, and whenever {!next} returns [Wait_until]. *)

val counted : t -> verdict -> int
(** How often this verdict was reached with this server. *)

type source = {
  stratum : int;  (** 0, like all other fields: no reply had a time yet, or none since the counter was disrupted *)
  refid : int32;  (** as on the wire *)
  leap : int;  (** the server's leap indicator, 0 to 3 *)
  reach : int;  (** the last eight queries, newest in bit 0; 1: the reply had a time *)
  offset_ns : int;  (** our clock minus the server, at the last exchange; positive = ahead *)
  rtt_ns : int;
  rtt_min_ns : int;
  root_delay_ns : int;
  root_dispersion_ns : int;
}

val source : t -> source
