open Ffntp

external wall_ns : unit -> (int64[@unboxed]) = "ffntp_ml_host_wall_ns_byte" "ffntp_ml_host_wall_ns" [@@noalloc]

external elapsed_ns : unit -> (int64[@unboxed]) = "ffntp_ml_host_elapsed_ns_byte" "ffntp_ml_host_elapsed_ns"
  [@@noalloc]

external release_s : unit -> int = "ffntp_ml_host_release_s" [@@noalloc]

let s_ns = 1_000_000_000L
let release_ns = Int64.mul (Int64.of_int (release_s ())) s_ns
let is_set wall_ns = wall_ns >= release_ns

(* A clock in nanoseconds is at a whole second once in a thousand million readings. *)
let has_whole_seconds wall_ns = Int64.rem wall_ns s_ns = 0L
let elapsed_error ?(wall_ns = wall_ns) () = if has_whole_seconds (wall_ns ()) then 0.5 else 0.01

let seconds () = if has_whole_seconds (wall_ns ()) then Some wall_ns else None

type source = Ntp | Host | Reckoned | Release

let source_name = function Ntp -> "ntp" | Host -> "host" | Reckoned -> "reckoned" | Release -> "release"

type t = { clock : Clock.t; wall_ns : unit -> int64 }

let create ?(wall_ns = wall_ns) clock = { clock; wall_ns }
let the_default = try Ok (create (Clock.default ())) with Sys_error _ as e -> Error e
let default () = match the_default with Ok t -> t | Error e -> raise e

let unbounded t =
  let wall_ns = t.wall_ns () in
  if is_set wall_ns then (Host, wall_ns)
  else
    match Clock.reckoned_ns t.clock with
    | Some ns when is_set ns -> (Reckoned, ns)
    | _ -> (Release, Int64.add release_ns (Clock.elapsed_ns t.clock))

let source t = if Result.is_ok (Clock.read t.clock) then Ntp else fst (unbounded t)
let unbounded_d_ps t = Output.d_ps_of_ns (snd (unbounded t))
let now_d_ps t = try Clock.now_d_ps t.clock with Sys_error _ -> unbounded_d_ps t

(* --- suspensions --- *)

let interval_ns = 100_000_000L
let step_ns = 100_000_000L

(* An RTC that was seen 0.4 to 1.7 s behind. *)
let whole_seconds_ns = 2_000_000_000L

(* The wall clock minus the elapsed time lies between [least] and [most]. *)
type comparison = { at_ns : int64; wall_ns : int64; least : int64; most : int64; has_time : bool }

let compare_clocks t =
  let at_ns = Clock.elapsed_ns t.clock in
  let wall_ns = t.wall_ns () in
  let least = Int64.sub wall_ns (Clock.elapsed_ns t.clock) and most = Int64.sub wall_ns at_ns in
  { at_ns; wall_ns; least; most; has_time = Result.is_ok (Clock.read t.clock) }

let apart a b = Int64.max (Int64.sub a.least b.most) (Int64.sub b.least a.most)

(* A tenth, because a host may slew its clock by 8 %. *)
let tolerance t former latest =
  let rate_error = 0.1 +. (Clock.source t.clock).period_error in
  let drift_ns = rate_error *. Int64.to_float (Int64.sub latest.at_ns former.at_ns) in
  let reading_ns = if has_whole_seconds latest.wall_ns then whole_seconds_ns else 0L in
  Int64.add (Int64.add step_ns reading_ns) (Int64.of_float drift_ns)

let is_disrupted t former latest =
  former.has_time && latest.has_time && is_set former.wall_ns && is_set latest.wall_ns
  && apart former latest > tolerance t former latest

let watch ?wall_ns ~at_enter_iter ~disrupted clock =
  let t = create ?wall_ns clock and is_watched = ref true in
  let former = ref (compare_clocks t) in
  let check () =
    let latest = compare_clocks t in
    let is_disrupted = is_disrupted t !former latest in
    former := latest;
    if is_disrupted then disrupted ()
  in
  at_enter_iter (fun () ->
      if !is_watched && Int64.sub (Clock.elapsed_ns clock) !former.at_ns >= interval_ns then check ());
  fun () -> is_watched := false
