(* The difference clock: how long something took, with a bound. Steps of the time do not concern it, and it is exact to
   the counter's rate, which a few exchanges determine to a millionth. *)
open Lwt.Infix
open Ffntp

(* The work that is measured. *)
let work () = Mirage_sleep.ns 1_000_000_000L

(* Take the readings of the counter at both ends, and convert them later, when the rate is known better. *)
let timed clock f =
  let from = Clock.counter clock in
  f () >|= fun result ->
  let until = Clock.counter clock in
  (result, fun () -> Result.bind (Clock.output clock) (fun output -> Output.duration output ~from ~until))

let say took =
  match took () with
  | Ok { Output.ns; duration_bound_ns; _ } -> Logs.app (fun m -> m "it took %Ld ns, +- %d ns" ns duration_bound_ns)
  | Error why -> Logs.app (fun m -> m "it is not known how long it took: %s" (Output.refusal_text why))

let rec start () =
  let clock = Clock.default () in
  timed clock work >>= fun ((), took) ->
  say took;
  start ()
