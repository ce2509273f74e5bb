(* Code that takes a clock: a lease that must never be used after its end. *)
open Ffntp

type t = { until : Ptime.t }

(* The lease is used only while every time that may be now is before its end; without a time it is not used. *)
let may_be_used clock { until } =
  match Clock.read clock with
  | Ok { latest; _ } -> Ptime.is_earlier (Ptime.v latest) ~than:until
  | Error _ -> false
