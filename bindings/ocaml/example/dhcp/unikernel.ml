(* Prints the time, and knows nothing of NTP. *)
open Lwt.Infix

let rec start () =
  Logs.app (fun m -> m "%a" (Ptime.pp_human ~frac_s:9 ()) (Mirage_ptime.now ()));
  Mirage_sleep.ns 1_000_000_000L >>= start
