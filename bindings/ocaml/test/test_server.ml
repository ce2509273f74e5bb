(* Against a real NTP server on the loopback that serves this machine's clock, on port NTP_PORT; and with the page of
   a daemon, NTP_PAGE; and with a server on port NTS_PORT that has NTS, by the keys in the file NTS_KEYS. *)
open Ffntp
open Lwt.Infix

let is_true what condition = Alcotest.check Alcotest.bool what true condition

module Sleep = struct
  let ns ns = Lwt_unix.sleep (Int64.to_float ns *. 1e-9)
end

module Loop = Ffntp_lwt.Make (Loopback) (Sleep)

(* A reading between two readings of the host's clock: its interval holds if it meets theirs. *)
let holds read =
  let before = Ptime_clock.now_d_ps () in
  match read () with
  | Error e -> Alcotest.fail (Output.refusal_text e)
  | Ok (r : Output.reading) ->
      let after = Ptime_clock.now_d_ps () in
      compare r.earliest after <= 0 && compare before r.latest <= 0

let rec watch clock n = if n = 0 then Lwt.return_unit else (
    is_true "the bound holds" (holds (fun () -> Clock.read clock));
    Lwt_unix.sleep 0.02 >>= fun () -> watch clock (n - 1))

let rec wait_for_time clock tries =
  if Result.is_ok (Clock.read clock) then Lwt.return_unit
  else if tries = 0 then Alcotest.fail "not synchronised within a minute"
  else Lwt_unix.sleep 0.05 >>= fun () -> wait_for_time clock (tries - 1)

let keep_time port () =
  Seeded.initialize ();
  let source = Ffntp_linux.counter () in
  let clock = Clock.create source in
  let accepted = ref 0 in
  let config = { (Client.config source) with poll_min_s = 1; counter_may_jump = false } in
  let start () =
    Loop.start clock config (Hashtbl.create 3) ~nonce:Ffntp_rng.nonce
      ~servers:
        [
          Ffntp_lwt.server ~name:"chronyd" (fun () ->
              Lwt.return_ok [ Ffntp_lwt.candidate ~port Unix.inet_addr_loopback ]);
        ]
      ~on_event:(function Server (_, Reply Accepted) -> incr accepted | _ -> ())
  in
  let loop = start () in
  Lwt_main.run
    ( wait_for_time clock 1200 >>= fun () ->
      watch clock 400 >>= fun () ->
      Loop.stop loop >>= fun () ->
      is_true "one a second" (!accepted >= 6);
      let loop = start () in
      watch clock 100 >>= fun () -> Loop.stop loop )

(* --- NTS, with keys from elsewhere --- *)

(* The line that tests/system/ntskeys.c writes. *)
let read_keys path =
  let channel = open_in path in
  let words = String.split_on_char ' ' (input_line channel) in
  close_in channel;
  match List.map (fun word -> Cstruct.to_string (Cstruct.of_hex word)) words with
  | c2s_key :: s2c_key :: cookies -> Nts.create ~aead:Ffntp_nts.aes_siv_cmac_256 ~c2s_key ~s2c_key cookies
  | _ -> Alcotest.fail "no keys"

let exchanges = 20

let rec wait_for_replies accepted tries =
  if !accepted >= exchanges then Lwt.return_unit
  else if tries = 0 then Alcotest.fail (Printf.sprintf "%d replies were accepted" !accepted)
  else Lwt_unix.sleep 0.1 >>= fun () -> wait_for_replies accepted (tries - 1)

(* Before each genuine reply come forged ones. Something else has to see that no cookie comes twice. *)
let keep_authenticated_time port keys () =
  Seeded.initialize ();
  let source = Ffntp_linux.counter () in
  let clock = Clock.create source in
  let accepted = ref 0 and refused = ref 0 and resolved = ref 0 in
  let { Nts.seal; unseal; latest } = Nts.channel ~random:Ffntp_rng.bytes (read_keys keys) in
  let config = { (Client.config source) with poll_min_s = 1; counter_may_jump = false } in
  let resolve () =
    incr resolved;
    Lwt.return_ok [ Ffntp_lwt.candidate ~protection:{ seal; unseal } ~port Unix.inet_addr_loopback ]
  in
  let on_event = function
    | Ffntp_lwt.Server (_, Reply Accepted) -> incr accepted
    | Server (_, Reply Refused_authentication) -> incr refused
    | _ -> ()
  in
  let loop =
    Loop.start clock config (Hashtbl.create 3) ~nonce:Ffntp_rng.nonce ~on_event
      ~servers:[ Ffntp_lwt.server ~name:"chronyd" resolve ]
  in
  Lwt_main.run
    ( wait_for_replies accepted 3000 >>= fun () ->
      watch clock 50 >>= fun () -> Loop.stop loop );
  is_true "forged replies were refused" (!refused >= 2 * exchanges);
  is_true "the keys were enough" (!resolved = 1 && Nts.cookies (latest ()) >= 7)

let read_page path () =
  match Ffntp_linux.open_page ~path () with
  | Error e -> Alcotest.fail (Page.error_text e)
  | Ok page ->
      is_true "the bound holds" (holds (fun () -> Page.now page));
      is_true "the same from its output" (Result.is_ok (Page.read page));
      is_true "no such page" (Ffntp_linux.open_page ~path:(path ^ "-missing") () = Error Missing)

let case name f = Alcotest.test_case name `Quick f

let () =
  let named variable make = Option.to_list (Option.map make (Sys.getenv_opt variable)) in
  let cases =
    named "NTP_PORT" (fun port -> case "keeps time by a real server" (keep_time (int_of_string port)))
    @ named "NTS_KEYS" (fun path ->
          case "keeps time by NTS" (keep_authenticated_time (int_of_string (Sys.getenv "NTS_PORT")) path))
    @ named "NTP_PAGE" (fun path -> case "reads a daemon's page" (read_page path))
  in
  if cases = [] then
    print_endline "none of NTP_PORT, NTP_PAGE and NTS_KEYS is named: not tested against a server or a daemon"
  else Alcotest.run "ffntp-server" [ ("server", cases) ]
