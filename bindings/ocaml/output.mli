(** What a client puts out, and a page holds: how a counter maps to time, with what may be wrong about it. An output
    is a value that never changes; reading it takes a counter reading, and nothing else. Integers only, no lock. Whether
    two are the same, {!val-details} tells; [=] does not.

    {[ time(n) = time + (n - at) * period ]} *)

type t

(** {1 Status} *)

type status =
  | Unknown  (** nothing may be read *)
  | Initialising  (** not synchronised yet: nothing may be read *)
  | Synchronised  (** the bound contains the truth *)
  | Free_running  (** no news from the server for a while: the bound grows, and contains the truth *)
  | Disrupted  (** the counter jumped: void until it is measured anew *)

val status : t -> status

val status_name : status -> string
(** A short lower-case name such as ["free-running"]. *)

(** {1 Reading} *)

type refusal =
  | Unsynchronised  (** no time to tell: initialising, or unknown *)
  | Disrupted  (** the counter jumped, and has not been mapped anew *)
  | Void  (** whoever kept the map has stopped *)
  | Tai_unknown  (** nobody has told the offset of TAI from UTC *)
  | Bound  (** the bound exceeds [max_bound_ns] *)
  | Range  (** a result that does not fit, or readings too far apart to tell past from future *)
  | Too_old  (** a counter reading from before the page's oldest anchor *)
  | Busy  (** the page was being written on every try *)
  | Counter  (** the counter cannot be used here *)
  | Disconnected
  | Steady  (** whoever keeps the page keeps no steady time *)
  | Other_boot
  | Future
  | Negative

val refusal_text : refusal -> string
(** One line for people. *)

type leap =
  | No_leap
  | Pre_positive  (** a second is inserted at the end of this month *)
  | Pre_negative
  | Positive  (** inside 23:59:60, which repeats the number of 23:59:59 *)
  | Post_positive
  | Post_negative

type scale =
  | Utc
  | Tai
  | Utc_smeared  (** a leap second is spread over the 24 hours from noon to noon around it *)
  | Utc_sls  (** ... over the last 1000 s before the midnight that ends it *)

type d_ps = int * int64
(** Days since 1970-01-01 and picoseconds of the day, as [Mirage_ptime.now_d_ps] has them. [Ptime.v] makes a
    [Ptime.t] of it. *)

type reading = {
  earliest : d_ps;  (** truth lies from here ... *)
  estimate : d_ps;
  latest : d_ps;  (** ... to here *)
  bound_ns : int;  (** what the estimate is off by at most: the distance to the further end, rounded up *)
  error_ns : int;  (** estimated error, one standard deviation, without the path's asymmetry *)
  asymmetry_error_ns : int option;
      (** standard deviation, independent of [error_ns], of the error from the path's asymmetry: the difference between
          the least delays of the two directions, which no exchange reveals. [None]: unknown *)
  status : status;  (** synchronised or free-running *)
  leap : leap;  (** at the estimate *)
  offset_s : int;  (** of UTC: how far behind continuous time it is; else 0 *)
}

val read : ?scale:scale -> ?max_bound_ns:int -> t -> Counter.t -> (reading, refusal) result
(** The time at a counter reading, past or future. [scale]: [Utc] if it is not said. [max_bound_ns]: a bound above it
    is [Error Bound]; no cap if it is not said. *)

type order = Before | Unordered  (** their intervals overlap: nobody can tell *) | After

val order : reading -> reading -> order
(** Whether the first was certainly taken before the second, certainly after, or neither. Both of the same scale. *)

(** {1 The difference clock} *)

type rate =
  | Local  (** best for intervals up to some 1000 s that end about now *)
  | Stable  (** best for longer ones *)
  | Auto  (** whichever of the two is likely to be nearer *)

type duration = {
  ns : int64;  (** rounded to nearest; negative if [until] is before [from] *)
  duration_bound_ns : int;  (** half the width of the interval that contains the truth *)
  duration_error_ns : int;
}

val duration : ?rate:rate -> t -> from:Counter.t -> until:Counter.t -> (duration, refusal) result
(** The time between two counter readings, less than 2{^63} ticks and 2{^33} s (272 years) apart. It depends on the
    period alone: no correction of the time disturbs it, and it can be told while free-running. That the counter did
    not jump or stand still between the two is for the caller to know. [rate]: [Auto] if it is not said. *)

(** {1 What is in it} *)

type details = {
  status : status;
  counter : Counter.kind;
  leap : leap;
  tai_offset_s : int option;  (** TAI - UTC; [None] while nobody has told it *)
  disruption_marker : int64;  (** changes when outputs from before must not be mixed with those from after *)
  at : Counter.t;
  time : d_ps;  (** at [at]: TAI if its offset is known, else UTC *)
  maxerror_before_ns : int;
  maxerror_after_ns : int;
  esterror_ns : int;
  asymmetry_esterror_ns : int option;  (** independent of [esterror_ns], as in {!type-reading} *)
  period_s : float;
  period_error : float;  (** estimated, as a ratio *)
}

val details : t -> details

(** {1 Made by hand} *)

(** Where UTC counts, since 1970, a second less or more than time does: the midnight that ends a day of 86401 or of
    86399 seconds. *)
type leap_second = Inserted of int  (** 23:59:60 comes before it *) | Left_out of int  (** 23:59:58 does *)

val make :
  ?tai_offset_s:int ->
  ?leap_second:leap_second ->
  ?disruption_marker:int64 ->
  ?drift:float ->
  Counter.kind ->
  status ->
  at:Counter.t ->
  time:d_ps ->
  period_s:float ->
  bound_ns:int ->
  t
(** An output made by hand, for mocks and tests. [time]: UTC, the years 0 to 9999. [drift]: how fast the bound grows,
    s/s, 0 to 0.1; 0 if it is not said. [tai_offset_s]: TAI - UTC at [at]; not known if it is not said. [leap_second]:
    the nearest one, next or last, if there is any. [disruption_marker]: 0 if it is not said.
    @raise Invalid_argument if [period_s] is not within 1e-12 to 1e-2, [bound_ns] is negative, or anything else is out
    of its range. *)
