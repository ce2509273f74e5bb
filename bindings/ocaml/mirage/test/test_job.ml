(* The job over a simulated network, with a name service whose answers the tests choose. *)
open Ffntp
open Network

let is_true what condition = Alcotest.check Alcotest.bool what true condition

module Udp = Udp_of (Ipaddr)

module Stack = struct
  type t = unit

  module UDP = Udp

  let udp () = ()
end

(* Answers to look-ups of IPv6 and IPv4 addresses; they come after [delay_s], or never. *)
type answer = Addresses of string | No of string | Never | Raises

let answer_v6 = ref (fun _ -> No "no AAAA")
let answer_v4 = ref (fun _ -> No "no A")
let delay_s = ref (0, 0)

let after s answer =
  if s = 0 then answer ()
  else Lwt.bind (Sleep.ns (Int64.of_int (s * World.s_ns))) answer

module Dns = struct
  type t = unit

  let give of_string s answer =
    after s (fun () ->
        match answer with
        | Addresses text -> Lwt.return_ok (of_string text)
        | No why -> Lwt.return_error (`Msg why)
        | Never -> fst (Lwt.wait ())
        | Raises -> failwith "no resolver")

  let gethostbyname6 () host =
    give Ipaddr.V6.of_string_exn (fst !delay_s) (!answer_v6 (Domain_name.to_string host))

  let gethostbyname () host = give Ipaddr.V4.of_string_exn (snd !delay_s) (!answer_v4 (Domain_name.to_string host))
end

module Job = Ffntp_job.Make (Sleep) (Stack) (Dns)

(* --- the log --- *)

let lines : (Logs.level * string) list ref = ref []

let reporter =
  let report src level ~over k msgf =
    msgf (fun ?header:_ ?tags:_ format ->
        Format.kasprintf
          (fun line ->
            if Logs.Src.name src = "ffntp" && level <> Logs.Debug then lines := (level, line) :: !lines;
            over ();
            k ())
          format)
  in
  { Logs.report }

let is_part part text =
  let length = String.length part in
  let rec from i = i + length <= String.length text && (String.sub text i length = part || from (i + 1)) in
  from 0

let complaints () = List.filter (fun (level, _) -> level = Logs.Error || level = Logs.Warning) !lines
let said part = List.length (List.filter (fun (_, line) -> is_part part line) !lines)

let says ?(times = 1) part =
  if said part <> times then
    Alcotest.failf "%d lines, not %d, have %S:\n%s" (said part) times part
      (String.concat "\n" (List.map snd (List.rev !lines)))

(* --- the beginning --- *)

let events : Ffntp_lwt.event list ref = ref []

let begin_test () =
  Logs.set_level ~all:true (Some Logs.Debug);
  Logs.set_reporter reporter;
  reset ();
  Udp.reset ();
  lines := [];
  events := [];
  (answer_v6 := fun _ -> No "no AAAA");
  (answer_v4 := fun _ -> No "no A");
  delay_s := (0, 0)

let named ?config ?calibrate ?watch ?dhcp ?(nonce = World.nonce) ?(clock = fun () -> !clock) names =
  Job.start_named ?config ?calibrate ?watch ?dhcp ~nonce ~clock ~names
    ~on_event:(fun event -> events := event :: !events)
    () ()

let is_idle job = match Job.state job with Ffntp_job.Idle _ -> true | _ -> false

let stop job =
  is_true "stopped" (Lwt.state (Job.stop job) = Return ());
  is_true "its state" (Job.state job = Stopped);
  is_true "twice" (Lwt.state (Job.stop job) = Return ());
  is_true "nobody sleeps" (!Sleep.sleeping = 0);
  is_true "nothing is listened to" (Hashtbl.length Udp.listeners = 0)

let rec synchronised_in s =
  if status () = Synchronised then s
  else if s > 300 then Alcotest.fail "not synchronised"
  else (
    pass_s 1;
    synchronised_in (s + 1))

(* --- names --- *)

let test_names () =
  let back text =
    match Ffntp_job.Name.of_string text with Ok name -> Ffntp_job.Name.to_string name | Error why -> "!" ^ why
  in
  let same text = Alcotest.(check string) text text (back text) in
  List.iter same
    [
      "ntp.example.org"; "localhost"; "192.0.2.1"; "2001:db8::1"; "ntp.example.org:1123"; "192.0.2.1:1123";
      "[2001:db8::1]:1123";
    ];
  List.iter
    (fun (text, expected) -> Alcotest.(check string) text expected (back text))
    [ ("192.0.2.1:123", "192.0.2.1"); ("[2001:db8::1]", "2001:db8::1"); ("[2001:db8::1]:123", "2001:db8::1") ];
  List.iter
    (fun text -> is_true text ((back text).[0] = '!'))
    [
      ""; " "; ":"; ":123"; "a b"; "192.0.2.1:"; "192.0.2.1:0"; "192.0.2.1:65536"; "192.0.2.1:-1"; "192.0.2.1:0x7b";
      "192.0.2.1:12a"; "192.0.2"; "192.0.2.256"; "1"; "0.0.0.0"; "255.255.255.255"; "224.0.1.1"; "::"; "ff02::101";
      "[2001:db8::1"; "[2001:db8::1]123"; "[2001:db8::1]:"; "[]"; "["; "]"; "[ntp.example.org]:123"; "2001:db8::g";
      "-.example.org"; "fe80::1%eth0"; String.make 300 'a'; "\000"; "ntp..example.org";
    ]

(* --- addresses --- *)

let test_address () =
  begin_test ();
  let job = named [ "192.0.2.1" ] in
  is_true "starts at once" (Job.state job = Running);
  Alcotest.(check int) "two exchanges" 3 (synchronised_in 0);
  is_right ();
  says "asking 192.0.2.1";
  pass_s 120;
  says "synchronised, +-";
  is_true "no complaint" (complaints () = []);
  stop job

let test_both_versions () =
  let run v6 v4 delays answers =
    begin_test ();
    (answer_v6 := fun _ -> v6);
    (answer_v4 := fun _ -> v4);
    delay_s := delays;
    Udp.answers := answers;
    let job = named [ "ntp.example.org" ] in
    let s = synchronised_in 0 in
    pass_s 30;
    is_right ();
    stop job;
    s
  in
  let v6 = Addresses "2001:db8::1" and v4 = Addresses "192.0.2.1" in
  let all _ = true and is_v6 dst = String.contains dst ':' in
  Alcotest.(check int) "IPv6 alone has a name" 3 (run v6 (No "no A") (0, 0) all);
  Alcotest.(check int) "IPv4 alone has a name" 3 (run (No "no AAAA") v4 (0, 0) all);
  Alcotest.(check int) "only IPv6 is answered" 3 (run v6 v4 (0, 0) is_v6);
  is_true "only IPv4 is answered" (run v6 v4 (0, 0) (fun dst -> not (is_v6 dst)) <= 5);
  is_true "the other look-up is silent" (run Never v4 (0, 0) all <= 4);
  is_true "the other look-up is slow" (run v6 v4 (0, 20) all <= 4);
  is_true "one look-up raises" (run Raises v4 (0, 0) all <= 3)

(* An address that is preferred and cannot be sent to. *)
let test_no_route () =
  begin_test ();
  (answer_v6 := fun _ -> Addresses "2001:db8::1");
  (answer_v4 := fun _ -> Addresses "192.0.2.1");
  (Udp.fails := fun dst -> String.contains dst ':');
  let job = named [ "ntp.example.org" ] in
  is_true "IPv4" (synchronised_in 0 <= 4);
  stop job

(* --- bad input --- *)

let test_no_server () =
  begin_test ();
  let job = named [] in
  is_true "idle" (is_idle job);
  Alcotest.(check int) "one line" 1 (List.length !lines);
  says "there is no server; name one: --ntp-server=HOST";
  pass_s 600;
  is_true "nothing is sent" (!Udp.sent = 0);
  stop job

let test_rubbish () =
  begin_test ();
  let job = named [ "??"; "192.0.2.1:99999"; ""; "192.0.2.1"; "192.0.2.1:123" ] in
  says ~times:3 "is left out";
  says {|--ntp-server="192.0.2.1:99999" is left out: its port is not a number from 1 to 65535; write|};
  is_true "the right one is asked" (synchronised_in 0 = 3);
  says "asking 192.0.2.1";
  stop job;
  begin_test ();
  let job = named [ "??" ] in
  is_true "idle" (is_idle job && List.length !lines = 2);
  stop job

let test_never_resolved () =
  let run v6 v4 part =
    begin_test ();
    (answer_v6 := fun _ -> v6);
    (answer_v4 := fun _ -> v4);
    let job = named [ "ntp.example.org" ] in
    pass_s 600;
    is_true "it runs" (Job.state job = Running);
    Alcotest.(check int) "one complaint" 1 (List.length (complaints ()));
    says part;
    is_true "nothing is sent" (!Udp.sent = 0);
    (* the name service comes back *)
    (answer_v4 := fun _ -> Addresses "192.0.2.1");
    is_true "synchronised" (synchronised_in 0 <= 50);
    says "ntp.example.org: answers now";
    stop job
  in
  run (No "no such name") (No "no such name") "ntp.example.org: has no address: no such name; it is looked up again";
  run (No "a") (No "b") "ntp.example.org: has no address: b; for IPv6: a; ";
  run Never Never "ntp.example.org: has no address: no answer; ";
  run Raises Raises "ntp.example.org: has no address: Failure(\"no resolver\"); "

let test_silence () =
  begin_test ();
  (Udp.answers := fun _ -> false);
  let job = named [ "192.0.2.1" ] in
  pass_s 600;
  Alcotest.(check int) "one complaint" 1 (List.length (complaints ()));
  says "192.0.2.1: does not answer with a usable time; it is asked on; check that it is an NTP server";
  (Udp.answers := fun _ -> true);
  is_true "synchronised after two polls" (synchronised_in 0 <= 40);
  says "192.0.2.1: answers now";
  stop job

let test_dhcp () =
  let address = Ipaddr.of_string_exn in
  begin_test ();
  let job = named ~dhcp:[ address "192.0.2.1"; address "192.0.2.2"; address "192.0.2.1" ] [] in
  says "asking 192.0.2.1, 192.0.2.2";
  says ~times:0 "192.0.2.2, ";
  is_true "synchronised" (synchronised_in 0 <= 5);
  stop job;
  begin_test ();
  let job = named ~dhcp:[ address "192.0.2.1" ] [ "192.0.2.9" ] in
  says "asking 192.0.2.9";
  stop job;
  begin_test ();
  let job = named ~dhcp:[ address "0.0.0.0" ] [] in
  is_true "idle" (is_idle job);
  says "the NTP server 0.0.0.0 of DHCP is left out";
  stop job;
  begin_test ();
  let job = named ~dhcp:[] [] in
  is_true "no option 42" (is_idle job && List.length !lines = 1);
  says "there is no server: DHCP offers none (option 42); name one: --ntp-server=HOST";
  stop job

let test_impossible () =
  let run part start =
    begin_test ();
    let job = start () in
    pass_s 10;
    is_true "idle" (is_idle job && !Udp.sent = 0);
    Alcotest.(check int) "one line" 1 (List.length !lines);
    says part;
    stop job
  in
  let servers = [ "192.0.2.1" ] in
  run "the configuration is out of range" (fun () ->
      named ~config:(fun source -> { (Client.config source) with poll_min_s = 0 }) servers);
  run "of a different counter" (fun () ->
      named ~config:(fun source -> Client.config { source with kind = Tsc }) servers);
  run "no counter that ffntp knows" (fun () ->
      named ~clock:(fun () -> raise (Sys_error "this machine has no counter that ffntp knows")) servers);
  begin_test ();
  let many = List.init 100 (fun i -> Printf.sprintf "192.0.2.%d" (i + 1)) in
  let job = named many in
  says "of 100 NTP servers the first 64 are asked";
  pass_s 5;
  is_right ();
  stop job

let test_no_randomness () =
  begin_test ();
  let job = named ~nonce:(fun () -> failwith "not seeded") [ "192.0.2.1" ] in
  pass_s 100;
  Alcotest.(check int) "one complaint" 1 (List.length (complaints ()));
  says "192.0.2.1: cannot be sent to: Failure(\"not seeded\")";
  stop job

(* --- the job's life --- *)

let test_calibration () =
  begin_test ();
  let measured, is_measured = Lwt.wait () in
  let job = named ~calibrate:(fun _ -> measured) [ "192.0.2.1" ] in
  pass_s 5;
  is_true "waits" (Job.state job = Starting && !Udp.sent = 0);
  Lwt.wakeup is_measured ();
  is_true "runs" (Job.state job = Running);
  is_true "synchronised" (synchronised_in 0 = 3);
  stop job;
  begin_test ();
  let job = named ~calibrate:(fun _ -> failwith "no time has passed") [ "192.0.2.1" ] in
  says "the counter's rate could not be measured: no time has passed";
  is_true "runs all the same" (synchronised_in 0 = 3);
  stop job;
  begin_test ();
  let measured, is_measured = Lwt.wait () in
  let job = named ~calibrate:(fun _ -> measured) [ "192.0.2.1" ] in
  stop job;
  Lwt.wakeup is_measured ();
  pass_s 10;
  is_true "stopped while it was starting" (Job.state job = Stopped && !Udp.sent = 0)

let test_watch () =
  begin_test ();
  let suspended = ref ignore and ended = ref 0 in
  let watch ~disrupted _ =
    suspended := disrupted;
    fun () -> incr ended
  in
  let job = named ~watch [ "192.0.2.1" ] in
  pass_s 100;
  !suspended ();
  is_true "disrupted" (Clock.read !clock = Error Disrupted);
  says "the counter jumped, as in a suspension";
  pass_s 10;
  is_right ();
  stop job;
  Alcotest.(check int) "ended once" 1 !ended;
  !suspended ();
  begin_test ();
  let job = named ~watch:(fun ~disrupted:_ _ -> failwith "no host") [ "192.0.2.1" ] in
  says "suspensions are not watched for: no host";
  is_true "runs all the same" (synchronised_in 0 = 3);
  stop job

let test_free_running () =
  begin_test ();
  let job = named [ "192.0.2.1" ] in
  pass_s 100;
  is_true "no complaint" (complaints () = []);
  (Udp.answers := fun _ -> false);
  pass_s 600;
  says "no longer synchronised: the servers are silent or disagree";
  is_right ();
  stop job

let test_falseticker () =
  begin_test ();
  (Udp.error_ns := fun dst -> if dst = "192.0.2.2" then World.s_ns else 0);
  let job = named [ "192.0.2.1"; "192.0.2.2"; "192.0.2.3" ] in
  pass_s 300;
  is_right ();
  says "192.0.2.2: its time contradicts the majority's";
  stop job

(* --- keys --- *)

let test_keys () =
  begin_test ();
  let server = Result.get_ok (Ffntp_job.Name.of_string "192.0.2.7:1123") in
  let protection =
    {
      Ffntp_lwt.seal = (fun packet -> Ok (Cstruct.append packet (Cstruct.create 4)));
      unseal = (fun datagram -> if !Udp.forged then None else Some datagram);
    }
  in
  let exchanges = ref 0 in
  let exchange () =
    incr exchanges;
    if !exchanges = 1 then Lwt.return_error "no route" else Lwt.return_ok { Job.server; protection }
  in
  let name = Result.get_ok (Ffntp_job.Name.of_string "ke.example.org") in
  let servers = [ Job.server ~exchange () name ] in
  let job = Job.start ~nonce:World.nonce ~clock:(fun () -> !clock) ~servers () in
  says "ke.example.org: has no address: key exchange: no route";
  pass_s 10;
  is_right ();
  is_true "the port of the exchange" (Udp.last_port () = 1123 && !Udp.longest = 52);
  Udp.forged := true;
  let replies = !Udp.sent in
  pass_s 1000;
  is_true "forged replies are refused" (!Udp.sent > replies && status () <> Synchronised);
  is_true "keys are agreed on again" (!exchanges > 2);
  stop job

let () =
  let case name f = Alcotest.test_case name `Quick f in
  Alcotest.run "ffntp-job"
    [
      ("names", [ case "names of servers" test_names ]);
      ( "addresses",
        [
          case "an address" test_address; case "both versions of IP" test_both_versions; case "no route" test_no_route;
        ] );
      ( "input",
        [
          case "no server" test_no_server;
          case "rubbish in an argument" test_rubbish;
          case "never resolved" test_never_resolved;
          case "a silent server" test_silence;
          case "dhcp" test_dhcp;
          case "impossible arguments" test_impossible;
          case "no randomness" test_no_randomness;
        ] );
      ( "life",
        [
          case "calibration" test_calibration;
          case "the watch" test_watch;
          case "free-running" test_free_running;
          case "a falseticker" test_falseticker;
          case "keys" test_keys;
        ] );
    ]
