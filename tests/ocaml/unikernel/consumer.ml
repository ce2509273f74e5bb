(* Knows Mirage's clocks, and nothing of who keeps them. *)
let now = Mirage_ptime.now
let now_d_ps = Mirage_ptime.now_d_ps
let period = Mirage_ptime.period
let current_tz_offset_s = Mirage_ptime.current_tz_offset_s
let elapsed_ns = Mirage_mtime.elapsed_ns
let period_ns = Mirage_mtime.period_ns
