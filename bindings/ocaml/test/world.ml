(* True time, a counter and a server, all deterministic. *)
open Ffntp

let s_ns = 1_000_000_000
let start_ns = 1_767_225_600 * s_ns (* 2026-01-01 *)

(* 30 ppm fast, in nanoseconds, from an arbitrary beginning. *)
let counter_at ns =
  let elapsed = ns - start_ns in
  Int64.of_int (77_000_000_000 + elapsed + (elapsed * 3 / 100_000))

let source = { Counter.kind = Manual; period_s = 1e-9; period_error = 500e-6 }

(* Seconds from 1900 to 1970. *)
let ntp_unix_s = ((70 * 365) + 17) * 86_400

let ntp_of_ns ns =
  let s = (ns / s_ns) + ntp_unix_s and frac = ns mod s_ns in
  Int64.logor (Int64.shift_left (Int64.of_int s) 32) (Int64.of_int ((frac lsl 32) / s_ns))

(* A stratum 1 server's reply to [query], which it held from [received] to [sent], true times. *)
let reply ?(leap = 0) ?(stratum = 1) query ~received ~sent =
  let packet = Cstruct.create 48 in
  Cstruct.set_uint8 packet 0 ((leap lsl 6) lor 0x24);
  Cstruct.set_uint8 packet 1 stratum;
  Cstruct.set_uint8 packet 2 4;
  Cstruct.set_uint8 packet 3 (256 - 20);
  Cstruct.BE.set_uint32 packet 12 0x47505300l;
  Cstruct.BE.set_uint64 packet 16 (ntp_of_ns (received - s_ns));
  Cstruct.BE.set_uint64 packet 24 (Cstruct.BE.get_uint64 query 40);
  Cstruct.BE.set_uint64 packet 32 (ntp_of_ns received);
  Cstruct.BE.set_uint64 packet 40 (ntp_of_ns sent);
  packet

(* Nonces that no server sees twice. *)
let nonces = ref 0L

let nonce () =
  nonces := Int64.add !nonces 0x9e3779b97f4a7c15L;
  !nonces

let delay_ns = 2_000_000

(* One exchange from true time [ns] on. Returns the state and the true time after it. Delays vary from one to the
   next. *)
let exchange state ns =
  let query, state = Client.new_query ~now:(counter_at ns) ~nonce:(nonce ()) state in
  let extra = abs (Int64.to_int !nonces) mod 100_000 in
  let received = ns + delay_ns + extra in
  let sent = received + 20_000 in
  let back = sent + delay_ns in
  let verdict, state = Client.add_reply ~received:(counter_at back) (reply query ~received ~sent) state in
  (verdict, state, back)

(* Run the client until the true time [until]. *)
let rec run state ns until =
  if ns >= until then state
  else
    match Client.next ~now:(counter_at ns) state with
    | Send, state ->
        let _, state, ns = exchange state ns in
        run state ns until
    | Wait_until counter, state ->
        run state (ns + 1000 + max 0 (Int64.to_int (Int64.sub counter (counter_at ns)))) until
    | Change_server, state -> run state ns until

let d_ps_of_ns ns =
  let day_ns = 86_400 * s_ns in
  (ns / day_ns, Int64.of_int (ns mod day_ns * 1000))

let ns_of_d_ps (d, ps) = (d * 86_400 * s_ns) + (Int64.to_int ps / 1000)
