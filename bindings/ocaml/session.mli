(** A client with its server, its deadlines and its published output, without I/O, as pure functions from state to
    state. It is the loop that every system of this project uses: it decides when a query is due, when it is given up,
    and when there is a new output. {!Client} has the parts underneath. States are values: they never change.

    {[
      let events, state = Session.input ~at:now Timeout state in
      (* take the events *)
      if Session.wants_request state then
        let events, state = Session.input ~at:now (Begin_request nonce) state in
        Option.iter send (Session.request state);
        (* wait for a datagram until [Session.deadline state] *)
        let events, state = Session.input ~at:received (Datagram datagram) state in
        (* [Map] among the events: publish [Session.output state] *)
    ]}

    {!Ensemble} is the same for several servers. {!Ffntp_lwt} is this loop. *)

type t

val create : Client.config -> now:Counter.t -> t
(** Create a session.
    @raise Invalid_argument if the configuration is out of range. *)

(** {1 Inputs} *)

type input =
  | Timeout  (** time has passed: do what is due; it has no effect before the {!deadline} *)
  | Send_failed  (** the query could not be sent; it counts as unanswered once its reply is overdue *)
  | Network_failed  (** the network reported an error while a reply was awaited, such as an unreachable port *)
  | Disruption  (** the counter jumped or stood still (suspend, migration, restore) *)
  | Burst  (** some queries are wanted now, 2 s apart; a server that asked for fewer gets none *)
  | Publish  (** yield the output as of now *)
  | Begin_request of int64
      (** begin the query that {!wants_request} asks for, with 64 bits from a cryptographic generator; 0 if there are
          none, and then the session asks again after a second *)
  | Sent_at of Counter.t  (** a better reading of the query's departure *)
  | Pause_until of Counter.t  (** want no query before that counter reading *)
  | Datagram of Cstruct.t  (** a datagram came from the server *)
  | Server of int
      (** a number for the server that later queries go to. If it differs from the number before, the path is
          forgotten, and the oscillator is kept *)
  | Leap_table of Client.leap_table option  (** replace the configuration's table *)
  | Former of Output.t
      (** continue from the last output of an earlier session of the same counter, before the first query; until there
          is an estimate, {!output} is that one *)
  | Counter_replaced of Counter.source
      (** a different counter of the same kind took the former one's place, as in a machine restored elsewhere. With a
          period that is out of range it is a [Disruption] *)

type event =
  | Sent  (** a query was begun *)
  | Not_sent
  | No_nonce
  | Network_error  (** the network reported an error while a reply was awaited *)
  | Unanswered  (** no reply was accepted in time *)
  | Change_server  (** resolve the server's name again, or choose a different server *)
  | Disrupted
  | Server_changed
  | Map  (** {!output} is new; this event is the first of its input *)
  | Selection  (** an {!Ensemble} uses the server differently from now on; a session alone has no such event *)
  | Reply of Client.verdict  (** a datagram came; the verdict on it *)

val event_name : event -> string
(** A short lower-case name such as ["change-server"]. *)

val input : at:Counter.t -> input -> t -> event list * t
(** Process one input. [at]: the counter when it happened; no query left before it, and no datagram came after it.
    @raise Invalid_argument if a former output is of a different counter. *)

(** {1 Results} *)

val wants_request : t -> bool
(** Whether a query is due: pass [Begin_request]. *)

val request : t -> Cstruct.t option
(** The 48 bytes to send, if the last input began a query. *)

val is_awaiting : t -> bool
(** Whether a reply is awaited. *)

val deadline : t -> Counter.t
(** The counter reading at which [Timeout] is due. *)

val output : t -> Output.t
(** The output of the last [Map]; before the first one, that of the beginning or the former one. *)

val source : t -> Client.source
val counted : t -> Client.verdict -> int
(** How often this verdict was reached with this server, as of the last [Map]. *)
