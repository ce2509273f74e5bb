(** An NTP client without I/O: state in, state out. Every input carries its own counter reading; the client asks for
    neither time nor randomness. States are values: none ever changes, and an old one may be kept or gone on from.

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
      | Wait_until counter, state -> (* nothing to do until then, or until a datagram comes: *)
          let verdict, state = Client.add_reply ~received datagram state in
          Clock.publish clock (Client.output ~now state)
      | Change_server, state -> (* resolve its name anew *)
    ]}

    {!Ffntp_lwt} does just that. *)

type t

(** {1 Making one} *)

type estimator = Law | Radclock

type leap_table
(** TAI - UTC, and until when that is known. *)

val leap_table : expires_s:int -> (int * int) array -> leap_table
(** From each POSIX second on, ascending, TAI - UTC is so many seconds; [expires_s]: from then on nothing is known.
    It stays in memory for ever.
    @raise Invalid_argument if it is not such a table. *)

val builtin_leap_table : unit -> leap_table
(** What was known when the library was written; it expires in June 2026. *)

type config = {
  counter : Counter.source;
  poll_min_s : int;  (** 1 to 131072 *)
  poll_max_s : int;  (** [poll_min_s] to 131072 *)
  poll_is_adaptive : bool;
      (** [false]: polls at [poll_min_s], and [poll_max_s] is how far a kiss-o'-death may raise it; [true]: chooses
          between the two from how uncertain the clock is *)
  burst : int;  (** requests at the start and after a disruption, 2 s apart; 1 to 16 *)
  max_drift : float;  (** by how much the counter's rates within a month differ at most, as a ratio *)
  counter_may_jump : bool;  (** it may stop or jump without notice, as a guest's *)
  max_root_distance_s : float;  (** replies with more are refused *)
  pivot_s : int option;
      (** seconds since 1970; the true time lies within 68 years of it. [None]: when the library was written *)
  leap_table : leap_table option;
      (** all leap seconds until it expires; TAI is known by it. [None]: the server announces them, and TAI is not
          known *)
  estimator : estimator;
}

val config : Counter.source -> config
(** The usual values: polls every 16 s, a burst of 8, for a guest. *)

val create : config -> now:Counter.t -> t
(** @raise Invalid_argument if the configuration is out of range. *)

val continue : Output.t -> t -> t
(** Goes on where a former client of the same counter stopped: its period is a start, its promises are kept. Before
    the first query.
    @raise Invalid_argument if the output is of another counter. *)

(** {1 What to do next} *)

type action =
  | Wait_until of Counter.t  (** nothing to do before that *)
  | Send  (** call {!new_query} now *)
  | Change_server
      (** this server has given no time for long, answered or not, or refuses: resolve its name anew, or take another.
          Said once. *)

val next : now:Counter.t -> t -> action * t
(** Also ends a query that has waited too long. *)

(** {1 Queries and replies} *)

val new_query : now:Counter.t -> nonce:int64 -> t -> Cstruct.t * t
(** The 48 bytes to send at once, and the state with that query in flight; one that was in flight is given up. [now]:
    the counter just before sending. [nonce]: 64 bits from a cryptographic generator, new for each query, such as
    {!Ffntp_rng}'s.
    @raise Invalid_argument if it is 0. *)

val sent : at:Counter.t -> t -> t
(** A better reading of when the query left; any time before its reply is added. *)

type verdict =
  | Accepted
  | Refused_length  (** shorter than 48 bytes, or a tail that is neither fields nor MAC *)
  | Refused_version
  | Refused_mode  (** not a server's reply *)
  | Refused_origin  (** not the nonce of the query in flight *)
  | Refused_duplicate  (** the nonce of a query that was answered *)
  | Refused_late  (** the nonce of a query that was given up or replaced; or too long a round trip *)
  | Refused_kiss_rate  (** kiss-o'-death RATE: ask less often *)
  | Refused_kiss_deny
  | Refused_kiss_other
  | Refused_unsynchronised
  | Refused_timestamps
  | Refused_root_distance
  | Refused_residence  (** the server says it held the query for longer than the round trip took *)
  | Refused_counter  (** the counter jumped *)
  | Refused_contradiction  (** the server's time and the counter cannot both be right *)
  | Refused_leap  (** a leap second is near: which of two seconds is meant, nothing tells *)
  | Refused_smear  (** the server smears a leap second: for a day its UTC is nobody else's *)

val verdict_name : verdict -> string
(** A short lower-case name such as ["bogus-origin"]. *)

val add_reply : received:Counter.t -> Cstruct.t -> t -> verdict * t
(** A datagram from the server. [received]: the counter when it arrived. In each line of states a query is answered
    once: the state from before the reply would take it again. *)

(** {1 What happens outside} *)

val disrupted : now:Counter.t -> t -> t
(** The counter is known to have jumped or stood still (suspend, migration, restore): all is void until measured
    anew. *)

val server_changed : now:Counter.t -> t -> t
(** From now on queries go to another server: forgets the path and what became of replies, keeps the oscillator. *)

val set_leap_table : leap_table option -> t -> t
(** Another table than the configuration's. *)

(** {1 What it knows} *)

val output : now:Counter.t -> t -> Output.t
(** The map as of now. To be published after each reply, and whenever {!next} says to wait. *)

val counted : t -> verdict -> int
(** How often each happened with this server. *)

type source = {
  stratum : int;  (** 0: no reply has had time, or none since the counter was disrupted; so is the rest *)
  refid : int32;  (** as on the wire *)
  leap : int;  (** the server's leap indicator, 0 to 3 *)
  reach : int;  (** the last eight queries, newest in bit 0: did the reply have time? *)
  offset_ns : int;  (** our clock minus the server, at the last exchange; positive = ahead *)
  rtt_ns : int;
  rtt_min_ns : int;
  root_delay_ns : int;
  root_dispersion_ns : int;
}

val source : t -> source
