(** The output of a client, and the content of a page: the map from a counter to time, with its errors. An output is a
    value that never changes; to read it you need only a counter reading. Integers only, no lock. Compare outputs by
    {!val-details}, not by [=].

    {[ time(n) = time + (n - at) * period ]} *)

type t

(** {1 Status} *)

type status =
  | Unknown  (** no time may be read *)
  | Initialising  (** not synchronised yet: no time may be read *)
  | Synchronised  (** the bound contains the true time *)
  | Free_running  (** no usable reply for a while: the bound grows, and contains the true time *)
  | Disrupted  (** the counter jumped: no time until the next exchange *)

val status : t -> status

val status_name : status -> string
(** A short lower-case name such as ["free-running"]. *)

(** {1 Reading} *)

type refusal =
  | Unsynchronised  (** there is no time: initialising, or unknown *)
  | Disrupted  (** the counter jumped, and no exchange followed yet *)
  | Void  (** the client that kept the map has stopped *)
  | Tai_unknown  (** the offset of TAI from UTC is unknown *)
  | Bound  (** the bound exceeds [max_bound_ns] *)
  | Range  (** a result that does not fit, or readings too far apart to distinguish past from future *)
  | Too_old  (** a counter reading from before the page's oldest entry *)
  | Busy  (** the page was being written at every attempt *)
  | Counter  (** the counter cannot be used here *)
  | Disconnected
  | Steady  (** the page has no monotonic time *)
  | Other_boot
  | Future
  | Negative
  | No_bound  (** a VMClock page of another writer that states no maximum errors *)
  | Invalid  (** a VMClock page of another writer with values that VMClock does not define *)

val refusal_text : refusal -> string
(** A message in one line. *)

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
(** Days since 1970-01-01 and picoseconds of the day, as [Mirage_ptime.now_d_ps] returns them. [Ptime.v] converts
    them to a [Ptime.t]. *)

val d_ps_of_ns : int64 -> d_ps
(** Convert nanoseconds since 1970. *)

type reading = {
  earliest : d_ps;  (** the true time lies from here ... *)
  estimate : d_ps;
  latest : d_ps;  (** ... to here *)
  bound_ns : int;  (** largest error of the estimate: the distance to the further end, rounded up *)
  error_ns : int;  (** estimated error, one standard deviation, without the path's asymmetry *)
  asymmetry_error_ns : int option;
      (** standard deviation of the error from the path's asymmetry, which is independent of [error_ns]: the
          difference between the least delays of the two directions, which no exchange reveals. [None]: unknown *)
  status : status;  (** synchronised or free-running *)
  leap : leap;  (** at the estimate *)
  offset_s : int;  (** of UTC: continuous time minus UTC; else 0 *)
}

val read : ?scale:scale -> ?max_bound_ns:int -> t -> Counter.t -> (reading, refusal) result
(** The time at a counter reading, past or future. [scale]: [Utc] by default. [max_bound_ns]: a larger bound is
    [Error Bound]; no limit by default. *)

type order = Before | Unordered  (** their intervals overlap *) | After

val order : reading -> reading -> order
(** Whether the first was certainly taken before the second, certainly after, or neither. Both must be of the same
    scale. *)

(** {1 The difference clock} *)

type rate =
  | Local  (** best for intervals up to some 1000 s that end about now *)
  | Stable  (** best for longer ones *)
  | Auto  (** the one of the two that is likely to be nearer *)

type duration = {
  ns : int64;  (** rounded to nearest; negative if [until] is before [from] *)
  duration_bound_ns : int;  (** half the width of the interval that contains the truth *)
  duration_error_ns : int;
}

val duration : ?rate:rate -> t -> from:Counter.t -> until:Counter.t -> (duration, refusal) result
(** The time between two counter readings that are less than 2{^63} ticks and 2{^33} s (272 years) apart. It depends
    on the period only: no correction of the time affects it, and it is available while free-running. The caller must
    know that the counter did not jump or stand still between the two. [rate]: [Auto] by default. *)

(** {1 Details} *)

type details = {
  status : status;
  counter : Counter.kind;
  leap : leap;
  tai_offset_s : int option;  (** TAI - UTC; [None] if unknown *)
  tai_is_expired : bool;
      (** TAI - UTC is known from a table of leap seconds that had expired at [at]: a later leap second is included only
          if servers announced it *)
  disruption_marker : int64;  (** changes when earlier outputs must not be combined with later ones *)
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

val fields : t -> (string * int64) list
(** The numbers of the output by their names on the page, in its order and units (docs/page.md), for monitoring. A field
    that a later version adds appears here without a change of {!type-details}. *)

(** {1 Construction} *)

(** A leap second, by the midnight that ends the day of 86401 or 86399 seconds, as POSIX time. *)
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
(** Construct an output, for mocks and tests. [time]: UTC, the years 0 to 9999. [drift]: growth of the bound, s/s, 0
    to 0.1; 0 by default. [tai_offset_s]: TAI - UTC at [at]; unknown by default. [leap_second]: the nearest one, next
    or last, if there is any. [disruption_marker]: 0 by default.
    @raise Invalid_argument if [period_s] is not within 1e-12 to 1e-2, [bound_ns] is negative, or anything else is
    out of its range. *)
