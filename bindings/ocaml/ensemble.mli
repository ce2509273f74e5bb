(** One clock from several servers, without I/O, as pure functions from state to state. Each member is a {!Session} with
    one server, and all have the same counter. The members vote on the time; the ensemble names those that are wrong,
    combines the others, and has one output, whose bound holds as long as more than half of the servers are right.
    States are values: they never change. With [n] members a state has about [10 + 15 n] KB outside of OCaml's heap,
    and each input that has an effect
    copies it, which took 9 us a member on a busy machine; a server causes about three inputs a query.

    {[
      let ensemble = Ensemble.create ~room:3 (Client.config source) ~now in
      match Ensemble.add ~now ensemble with
      | Some (member, ensemble) ->
          (* for each member as for a session: *)
          let events, ensemble = Ensemble.input ~at:now (Member member) Timeout ensemble in
          if Ensemble.wants_request member ensemble then (* ... *)
          (* [(All, Map)] among the events: publish [Ensemble.output ensemble] *)
    ]}

    With room for one member its output is the member's own. *)

type t
type member = int

(** The member that an input is for, or an event is about. *)
type target =
  | All
      (** all members: for inputs about the counter, leap seconds, a former output, publishing, pauses; for the event
          [Map] *)
  | Member of member

type options = {
  is_preferred : bool;  (** while a preferred member is right, only preferred ones are combined *)
  is_trusted : bool;  (** while a trusted member has the time, only trusted ones vote *)
  is_required : bool;  (** the clock is synchronised only while a required member is right, if there is one *)
  is_unused : bool;  (** it is measured, but neither votes nor is combined *)
}

val options : options
(** All [false]. *)

val create : ?least_sources:int -> room:int -> Client.config -> now:Counter.t -> t
(** Create an ensemble without members. [room]: for this many of them, 1 to 64. [least_sources]: the clock is
    synchronised only while this many members are right; 1 by default. With room for several, leap seconds are those
    that most servers announce.
    @raise Invalid_argument if the configuration or a number is out of range. *)

val add : ?config:Client.config -> ?options:options -> now:Counter.t -> t -> (member * t) option
(** Add a member; the result is [None] if there is no room. [config]: by default that of the ensemble; counter,
    estimator and table of leap seconds must be the same.
    @raise Invalid_argument if the configuration is out of range or of a different counter. *)

val remove : now:Counter.t -> member -> t -> t
(** Remove a member. The clock does not move: the member's share goes to the others, slowly. *)

val members : t -> member list
(** In ascending order. *)

(** {1 Inputs and results}

    As those of {!Session}. Functions that take a member raise [Invalid_argument] if there is none of this number. *)

val input : at:Counter.t -> target -> Session.input -> t -> (target * Session.event) list * t
(** Process one input. It may yield events of other members, and change the deadlines of all: after a disruption, or
    while the counter is in doubt, all servers are asked at once. [Former] is for a new ensemble, and for [All]. *)

val wants_request : member -> t -> bool
val request : member -> t -> Cstruct.t option
val is_awaiting : member -> t -> bool
val deadline : member -> t -> Counter.t
val output : t -> Output.t
val counted : member -> t -> Client.verdict -> int

type selection =
  | Unselected  (** it has no time yet, or does not answer *)
  | Followed  (** the output comes from this server; of several, it is the one that counts most *)
  | Combined
  | Spare  (** it agrees with the majority, and is not used *)
  | Falseticker  (** the majority excludes its time *)
  | Astray  (** its time drifts away from the others', or contradicts what it was before *)
  | No_majority  (** no majority of servers agrees *)

val selection_name : selection -> string
(** A short lower-case name such as ["falseticker"]. *)

type source = {
  server : Client.source;  (** with the offset of the ensemble's clock from it *)
  selection : selection;
  share_percent : int;  (** its share in the time of several servers *)
}

val source : member -> t -> source
(** The member's server, as of the last [Map]. *)
