(* Mirage's virtual libraries, implemented by ours. *)
open Ffntp

let is_true what condition = Alcotest.check Alcotest.bool what true condition

let test_dropped_in () =
  let clock = Clock.default () in
  is_true "1970 until there is a time" (fst (Consumer.now_d_ps ()) = 0);
  let before = Consumer.elapsed_ns () in
  let { Counter.kind; _ } = Clock.source clock in
  let at = Clock.counter clock and time = Ptime_clock.now_d_ps () in
  Clock.publish clock (Output.make kind Synchronised ~at ~time ~period_s:1e-9 ~bound_ns:1000);
  let apart = Ptime.Span.to_float_s (Ptime.diff (Consumer.now ()) (Ptime_clock.now ())) in
  is_true "the time" (Float.abs apart < 1.);
  is_true "elapses" (Consumer.elapsed_ns () > before);
  is_true "periods" (Consumer.period () <> None && Consumer.period_ns () = Some 1L);
  is_true "no time zone" (Consumer.current_tz_offset_s () = None)

let () = Alcotest.run "mirage" [ ("variants", [ Alcotest.test_case "dropped in" `Quick test_dropped_in ]) ]
