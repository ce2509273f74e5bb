(* Against a real NTP server on the loopback, which serves this machine's clock; NTP_PORT says where it listens. *)
open Ffntp
open Lwt.Infix

let is_true what condition = Alcotest.check Alcotest.bool what true condition

module Sleep = struct
  let ns ns = Lwt_unix.sleep (Int64.to_float ns *. 1e-9)
end

module Loop = Ffntp_lwt.Make (Loopback) (Sleep)

(* A reading between two of the host's clock: its interval holds if it meets theirs. *)
let holds clock =
  let before = Ptime_clock.now_d_ps () in
  match Clock.read clock with
  | Error e -> Alcotest.fail (Output.refusal_text e)
  | Ok r ->
      let after = Ptime_clock.now_d_ps () in
      compare r.earliest after <= 0 && compare before r.latest <= 0

let rec watch clock n = if n = 0 then Lwt.return_unit else (
    is_true "the bound holds" (holds clock);
    Lwt_unix.sleep 0.02 >>= fun () -> watch clock (n - 1))

let rec wait_for_time clock tries =
  if Result.is_ok (Clock.read clock) then Lwt.return_unit
  else if tries = 0 then Alcotest.fail "not synchronised within 20 s"
  else Lwt_unix.sleep 0.05 >>= fun () -> wait_for_time clock (tries - 1)

let keep_time port () =
  Mirage_crypto_rng_unix.initialize ();
  let source = Ffntp_linux.counter () in
  let clock = Clock.create source in
  let accepted = ref 0 in
  let config = { (Client.config source) with poll_min_s = 1; counter_may_jump = false } in
  let loop =
    Loop.start clock config (Hashtbl.create 3) ~nonce:Ffntp_rng.nonce
      ~server:(fun () -> Lwt.return_ok (Unix.inet_addr_loopback, port))
      ~on_event:(function Reply Accepted -> incr accepted | _ -> ())
  in
  Lwt_main.run
    ( wait_for_time clock 400 >>= fun () ->
      watch clock 400 >>= fun () ->
      Loop.stop loop >|= fun () -> is_true "one a second" (!accepted >= 6) )

let () =
  match Sys.getenv_opt "NTP_PORT" with
  | None -> print_endline "no NTP server is named in NTP_PORT: not tested against one"
  | Some port ->
      Alcotest.run "ffntp-server"
        [ ("server", [ Alcotest.test_case "keeps time by a real server" `Quick (keep_time (int_of_string port)) ]) ]
