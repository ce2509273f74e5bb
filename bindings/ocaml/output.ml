(* The core's map, as bytes that never change. *)
type t = string
type status = Unknown | Initialising | Synchronised | Free_running | Disrupted

type refusal =
  | Unsynchronised
  | Disrupted
  | Void
  | Tai_unknown
  | Bound
  | Range
  | Too_old
  | Busy
  | Counter
  | Disconnected
  | Steady
  | Other_boot
  | Future
  | Negative
  | No_bound
  | Invalid

type leap = No_leap | Pre_positive | Pre_negative | Positive | Post_positive | Post_negative
type scale = Utc | Tai | Utc_smeared | Utc_sls
type d_ps = int * int64

type reading = {
  earliest : d_ps;
  estimate : d_ps;
  latest : d_ps;
  bound_ns : int;
  error_ns : int;
  asymmetry_error_ns : int option;
  status : status;
  leap : leap;
  offset_s : int;
}

type order = Before | Unordered | After
type rate = Local | Stable | Auto
type duration = { ns : int64; duration_bound_ns : int; duration_error_ns : int }

type details = {
  status : status;
  counter : Counter.kind;
  leap : leap;
  tai_offset_s : int option;
  tai_is_expired : bool;
  disruption_marker : int64;
  at : Counter.t;
  time : d_ps;
  maxerror_before_ns : int;
  maxerror_after_ns : int;
  esterror_ns : int;
  asymmetry_esterror_ns : int option;
  period_s : float;
  period_error : float;
}

external status : t -> status = "ffntp_ml_output_status" [@@noalloc]
external status_name : status -> string = "ffntp_ml_status_name"
external refusal_text : refusal -> string = "ffntp_ml_refusal_text"
external details : t -> details = "ffntp_ml_output_details"
external fields : t -> (string * int64) list = "ffntp_ml_output_fields"

external at : t -> (Counter.t[@unboxed]) -> scale -> int -> (reading, refusal) result
  = "ffntp_ml_output_at_byte" "ffntp_ml_output_at"

external between : t -> rate -> (Counter.t[@unboxed]) -> (Counter.t[@unboxed]) -> (duration, refusal) result
  = "ffntp_ml_output_duration_byte" "ffntp_ml_output_duration"

type parameters = {
  counter : Counter.kind;
  status : status;
  at : Counter.t;
  time : d_ps;
  period_s : float;
  drift : float;
  bound_ns : int;
  tai_offset_s : int option;
  leap_second : (int * int) option;
  disruption_marker : int64;
}

external make_of : parameters -> t = "ffntp_ml_output_make"

let read ?(scale = Utc) ?(max_bound_ns = max_int) output counter = at output counter scale max_bound_ns
let duration ?(rate = Auto) output ~from ~until = between output rate from until

let day_ps = 86_400_000_000_000_000L
let day_ns = 86_400_000_000_000L

let d_ps_of_ns ns =
  let rest = Int64.rem ns day_ns in
  let rest = if rest < 0L then Int64.add rest day_ns else rest in
  (Int64.to_int (Int64.div (Int64.sub ns rest) day_ns), Int64.mul rest 1000L)

(* Convert to a scale without leap seconds. *)
let continuous (reading : reading) (d, ps) =
  let ps = Int64.add ps (Int64.mul (Int64.of_int reading.offset_s) 1_000_000_000_000L) in
  if ps < 0L then (d - 1, Int64.add ps day_ps)
  else if ps >= day_ps then (d + 1, Int64.sub ps day_ps)
  else (d, ps)

let is_before a b = compare (continuous a a.latest) (continuous b b.earliest) < 0
let order a b = if is_before a b then Before else if is_before b a then After else Unordered

type leap_second = Inserted of int | Left_out of int

let sign = function Inserted midnight_s -> (midnight_s, 1) | Left_out midnight_s -> (midnight_s, -1)

(* Ptime's range: the years 0 to 9999. *)
let is_time (d, ps) = d >= -719_528 && d <= 2_932_896 && ps >= 0L && ps < day_ps
let is_midnight s = s mod 86_400 = 0 && is_time (s / 86_400, 0L)

let make ?tai_offset_s ?leap_second ?(disruption_marker = 0L) ?(drift = 0.) counter status ~at ~time ~period_s ~bound_ns
    =
  let leap_second = Option.map sign leap_second and offset_s = Option.value ~default:0 tai_offset_s in
  if
    not
      (is_time time
      && period_s >= 1e-12
      && period_s <= 1e-2
      && drift >= 0.
      && drift <= 0.1
      && bound_ns >= 0
      && offset_s >= -1000 && offset_s <= 1000
      && Option.fold ~none:true ~some:(fun (s, _) -> is_midnight s) leap_second)
  then invalid_arg "Ffntp.Output.make: out of range";
  make_of { counter; status; at; time; period_s; drift; bound_ns; tai_offset_s; leap_second; disruption_marker }
