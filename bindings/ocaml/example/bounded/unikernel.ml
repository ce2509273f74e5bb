(* Prints the time each second, with its bound once it has one, and before with its source. *)
open Lwt.Infix

let pp = Ptime.pp_human ~frac_s:9 ()

let rec start () =
  (match Ffntp.Clock.(read (default ())) with
  | Ok { estimate; bound_ns; _ } -> Logs.app (fun m -> m "%a, +- %d ns" pp (Ptime.v estimate) bound_ns)
  | Error why ->
      let source = Ffntp_mirage_host.(source_name (source (default ()))) in
      Logs.app (fun m -> m "%a, source: %s: %s" pp (Mirage_ptime.now ()) source (Ffntp.Output.refusal_text why)));
  Mirage_sleep.ns 1_000_000_000L >>= start
