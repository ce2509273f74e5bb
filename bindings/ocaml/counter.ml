type t = int64
type kind = Unknown | Tsc | Arm_virtual | Monotonic_raw | Manual

external is_readable : kind -> bool = "ffntp_ml_counter_is_readable" [@@noalloc]
external read : kind -> (t[@unboxed]) = "ffntp_ml_counter_read_byte" "ffntp_ml_counter_read" [@@noalloc]

let cpu = if is_readable Tsc then Tsc else if is_readable Arm_virtual then Arm_virtual else Unknown

type source = { kind : kind; period_s : float; period_error : float }

(* The other clock was read within [width] ticks after [ticks]. *)
type pair = { ticks : t; width : int64; ns : int64 }

let attempt read elapsed_ns =
  let ticks = read () in
  let ns = elapsed_ns () in
  { ticks; width = Int64.sub (read ()) ticks; ns }

let pair_of read ~elapsed_ns =
  let rec best n found =
    if n = 0 then found
    else
      let other = attempt read elapsed_ns in
      best (n - 1) (if Int64.unsigned_compare other.width found.width < 0 then other else found)
  in
  best 4 (attempt read elapsed_ns)

let pair_within ~from ~until ns = { ticks = from; width = Int64.sub until from; ns }

let pair kind ~elapsed_ns = pair_of (fun () -> read kind) ~elapsed_ns

let measure ?(error = 0.01) kind first last =
  let ticks = Int64.to_float (Int64.sub last.ticks first.ticks) in
  let s = Int64.to_float (Int64.sub last.ns first.ns) *. 1e-9 in
  let period_s = s /. ticks in
  if not (ticks > 0. && s > 0. && period_s <= 1e-6) then
    invalid_arg "Ffntp.Counter.measure: no time has passed, or the counter is too slow";
  let uncertain = (Int64.to_float first.width +. Int64.to_float last.width) /. ticks in
  { kind; period_s; period_error = Float.min 0.5 (error +. uncertain) }
