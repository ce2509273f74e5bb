(* A fake clock in a test: the test chooses how time passes, the bound, the status and leap seconds. *)
let noon = Option.get (Ptime.of_date_time ((2026, 6, 30), ((12, 0, 0), 0)))
let later s = Option.get (Ptime.add_span noon (Ptime.Span.of_int_s s))
let s_ns = 1_000_000_000L

let () =
  let mock = Ffntp_mock.create ~bound_ns:1_000_000 noon in
  let may_be_used () = Lease.may_be_used (Ffntp_mock.clock mock) { until = later 10 } in
  assert (may_be_used ());
  Ffntp_mock.advance mock (Int64.mul 9L s_ns);
  assert (may_be_used ());
  (* half a second before the end, and the clock may be wrong by a second *)
  Ffntp_mock.set mock ~bound_ns:1_000_000_000 (later 9);
  Ffntp_mock.advance mock (Int64.div s_ns 2L);
  assert (not (may_be_used ()));
  (* known well again, and then lost *)
  Ffntp_mock.set mock ~bound_ns:1000 (later 9);
  assert (may_be_used ());
  Ffntp_mock.set_status mock Disrupted;
  assert (not (may_be_used ()))
