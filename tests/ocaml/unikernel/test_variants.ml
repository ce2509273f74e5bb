(* Mirage's virtual libraries, implemented by ours. *)
open Ffntp

let is_true what condition = Alcotest.check Alcotest.bool what true condition

(* The words that a call allocates. *)
let words f =
  let before = Gc.minor_words () in
  for _ = 1 to 1000 do
    ignore (Sys.opaque_identity (f ()))
  done;
  (Gc.minor_words () -. before) /. 1000.

let test_dropped_in () =
  let clock = Clock.default () in
  let host = Ffntp_mirage_host.default () in
  let near = Ptime.to_float_s (Ptime_clock.now ()) -. Ptime.to_float_s (Consumer.now ()) in
  is_true "the host's until there is a time" (Ffntp_mirage_host.source host = Host && Float.abs near < 1.);
  let before = Consumer.elapsed_ns () in
  let { Counter.kind; _ } = Clock.source clock in
  let at = Clock.counter clock and time = Ptime_clock.now_d_ps () in
  Clock.publish clock (Output.make kind Synchronised ~at ~time ~period_s:1e-9 ~bound_ns:1000);
  let apart = Ptime.Span.to_float_s (Ptime.diff (Consumer.now ()) (Ptime_clock.now ())) in
  is_true "the time" (Ffntp_mirage_host.source host = Ntp && Float.abs apart < 1.);
  is_true "allocates its result" (words Consumer.now_d_ps < 6.1 && words Consumer.elapsed_ns < 3.1);
  is_true "elapses" (Consumer.elapsed_ns () > before);
  is_true "periods" (Consumer.period () <> None && Consumer.period_ns () = Some 1L);
  is_true "no time zone" (Consumer.current_tz_offset_s () = None)

let () = Alcotest.run "mirage" [ ("variants", [ Alcotest.test_case "dropped in" `Quick test_dropped_in ]) ]
