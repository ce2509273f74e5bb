(* NTS with keys that were handed in: the algorithm by the vectors of RFC 5297 and of another implementation, packets by
   a server that is written from RFC 8915, and cookies in states that are copied. *)
open Ffntp

let is_true what condition = Alcotest.check Alcotest.bool what true condition
let of_hex text = Cstruct.to_string (Cstruct.of_hex text)

(* --- the algorithm --- *)

(* RFC 5297, appendix A: key, strings, text, result. *)
let vectors =
  [
    ( "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
      [ "101112131415161718191a1b1c1d1e1f2021222324252627" ],
      "112233445566778899aabbccddee",
      "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c" );
    ( "7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f",
      [
        "00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100";
        "102030405060708090a0";
        "09f911029d74e35bd84156c5635688c0";
      ],
      "7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d414553",
      "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d"
    );
  ]

let test_vectors () =
  let check (key, strings, text, sealed) =
    let key = of_hex key and strings = List.map of_hex strings and text = of_hex text and sealed = of_hex sealed in
    is_true "sealed" (Ffntp_nts.Siv.encrypt ~key strings text = sealed);
    is_true "opened" (Ffntp_nts.Siv.decrypt ~key strings sealed = Some text);
    for i = 0 to String.length sealed - 1 do
      let flipped = String.mapi (fun j c -> if i = j then Char.chr (Char.code c lxor 1) else c) sealed in
      is_true "a changed text" (Ffntp_nts.Siv.decrypt ~key strings flipped = None)
    done;
    is_true "other strings" (Ffntp_nts.Siv.decrypt ~key ("" :: strings) sealed = None);
    is_true "a short text" (Ffntp_nts.Siv.decrypt ~key strings (String.sub sealed 0 15) = None)
  in
  List.iter check vectors;
  List.iter
    (fun size ->
      match Ffntp_nts.Siv.encrypt ~key:(String.make size 'k') [] "" with
      | _ -> Alcotest.fail "a key of a wrong size"
      | exception Invalid_argument _ -> ())
    [ 0; 16; 31; 33; 65 ]

(* The counter of 128 bits wraps where its lower half is full. *)
let test_counter () =
  let ones n = String.make n '\xff' in
  let next = Ffntp_nts.Siv.next in
  is_true "carried" (next (of_hex "0000000000000001" ^ ones 8) = of_hex "00000000000000020000000000000000");
  is_true "from the end" (next (ones 16) = String.make 16 '\000')

(* Lines of hexadecimal numbers: key, nonce, associated data, text, sealed text; "-" is the empty one. *)
let test_other_implementation path () =
  let ({ seal; unseal; _ } : Nts.aead) = Ffntp_nts.aes_siv_cmac_256 in
  let channel = open_in path in
  let rec check count =
    match input_line channel with
    | exception End_of_file -> count
    | line -> (
        match List.map (fun word -> if word = "-" then "" else of_hex word) (String.split_on_char ' ' line) with
        | [ key; nonce; associated; text; sealed ] ->
            is_true "sealed" (seal ~key ~nonce ~associated text = sealed);
            is_true "opened" (unseal ~key ~nonce ~associated sealed = Some text);
            check (count + 1)
        | _ -> Alcotest.fail line)
  in
  is_true "many" (check 0 >= 1000);
  close_in channel

(* --- packets --- *)

let header = String.init 48 (fun i -> Char.chr (i * 5))
let drawn = ref 0

let random () =
  incr drawn;
  let bytes = Bytes.make Nts.random_size 'r' in
  Bytes.set_int64_be bytes 0 (Int64.of_int !drawn);
  Bytes.set_int64_be bytes 32 (Int64.of_int !drawn);
  Bytes.to_string bytes

let ask keys =
  Option.map
    (fun (datagram, keys) -> (Cstruct.to_string datagram, keys))
    (Nts.request ~random:(random ()) (Cstruct.of_string header) keys)

let asked keys = match ask keys with Some asked -> asked | None -> Alcotest.fail "no cookie is left"

(* The datagram is in the middle of a buffer. *)
let give datagram keys =
  let buffer = Cstruct.of_string ("before" ^ datagram ^ "behind") in
  Nts.reply (Cstruct.sub buffer 6 (String.length datagram)) keys

let is_authentic = function Nts.Authentic packet, _ -> Cstruct.to_string packet = header | _ -> false

let accepted datagram keys =
  let answer = give datagram keys in
  is_true "authentic" (is_authentic answer);
  snd answer

(* It is not authentic, and the state is the same one. *)
let refuses ?(as_ = Nts.Not_authentic) what datagram keys =
  let answer, after = give datagram keys in
  is_true what (answer = as_ && after == keys)

let test_exchanges () =
  let rec exchange n keys =
    let datagram, keys = asked keys in
    let request = Nts_server.read datagram in
    is_true "authentic" request.is_authentic;
    is_true "the header" (String.sub datagram 0 48 = header);
    is_true "short enough" (String.length datagram <= 1020);
    is_true "one cookie is gone" (Nts.cookies keys = 7);
    is_true "nothing more is wanted" (request.placeholders = []);
    let keys = accepted (Nts_server.reply header request (Nts_server.wanted request)) keys in
    is_true "it is replaced" (Nts.cookies keys = 8);
    if n > 1 then exchange (n - 1) keys
  in
  exchange 100 (Nts_server.keys 8)

let test_cookies_run_out () =
  let rec lose n keys =
    is_true "as many as are left" (Nts.cookies keys = n);
    match ask keys with
    | None -> is_true "when none is left" (n = 0)
    | Some (_, after) -> lose (n - 1) after
  in
  lose 8 (Nts_server.keys 8);
  let datagram, keys = asked (Nts_server.keys 2) in
  let request = Nts_server.read datagram in
  is_true "those that are missing" (List.length request.placeholders = 6);
  is_true "as long as the cookie" (List.for_all (fun value -> value = String.make 100 '\000') request.placeholders);
  let keys = accepted (Nts_server.reply header request (Nts_server.wanted request)) keys in
  is_true "all are there" (Nts.cookies keys = 8);
  let datagram, keys = asked keys in
  let request = Nts_server.read datagram in
  let keys = accepted (Nts_server.reply header request (Nts_server.cookies 5)) keys in
  is_true "no more than are kept" (Nts.cookies keys = 8)

(* --- what is not authentic --- *)

let test_forged () =
  let _, old = asked (Nts_server.keys 8) in
  let datagram, keys = asked old in
  let request = Nts_server.read datagram in
  let reply = Nts_server.reply header request (Nts_server.wanted request) in
  let former = Nts_server.read (fst (asked (Nts_server.keys 1))) in
  for i = 0 to String.length reply - 1 do
    let flip j c = if i = j then Char.chr (Char.code c lxor (1 lsl (i mod 8))) else c in
    refuses "a changed bit" (String.mapi flip reply) keys;
    refuses "a part" (String.sub reply 0 i) keys
  done;
  refuses "no authenticator" (String.sub reply 0 84) keys;
  refuses "a plain reply" header keys;
  refuses "the client's key" (Nts_server.reply ~key:Nts_server.c2s_key header request []) keys;
  refuses "another request's" (Nts_server.reply header former []) keys;
  refuses "no nonce" (Nts_server.reply ~nonce:"" header request []) keys;
  refuses "too long" (reply ^ Nts_server.field 0x1234 (String.make 2000 'x')) keys;
  refuses "the request itself" datagram keys;
  refuses ~as_:Nts.Cookie_refused "a refused cookie" (Nts_server.refusal (String.make 48 '\000') request) keys;
  refuses "before a request" reply (Nts_server.keys 8);
  let after = accepted reply keys in
  refuses "twice" reply after;
  is_true "an unusable cookie is not kept"
    (Nts.cookies (accepted (Nts_server.reply header request [ "short"; String.make 300 'c' ]) keys) = 6)

(* --- cookies in copies of a state --- *)

(* From any state that ever was, requests and replies in any order: no cookie is sent twice. *)
let test_copies () =
  let sent = Hashtbl.create 1000 and states = Array.make 64 (Nts_server.keys 8, None) in
  let seed = Random.State.make [| 15 |] in
  for _ = 1 to 4000 do
    let keys, reply = states.(Random.State.int seed 64) in
    let next =
      match reply with
      | Some reply when Random.State.bool seed -> (accepted reply keys, None)
      | _ -> (
          match ask keys with
          | None -> (Nts_server.keys 8, None)
          | Some (datagram, keys) ->
              let request = Nts_server.read datagram in
              is_true "never twice" (not (Hashtbl.mem sent request.cookie));
              Hashtbl.add sent request.cookie ();
              (keys, Some (Nts_server.reply header request (Nts_server.wanted request))))
    in
    states.(Random.State.int seed 64) <- next
  done;
  is_true "many were sent" (Hashtbl.length sent > 1000)

let test_branches () =
  let before = Nts_server.keys 8 in
  let datagram, keys = asked before in
  is_true "the former state sees it" (Nts.cookies before = 7);
  let request = Nts_server.read datagram in
  let reply = Nts_server.reply header request (Nts_server.cookies 1) in
  is_true "the cookies of a reply" (Nts.cookies (accepted reply keys) = 8);
  is_true "go to one state" (Nts.cookies (accepted reply keys) = 7);
  let twice = List.hd (Nts_server.cookies 1) in
  let keys =
    Nts.create ~aead:Ffntp_nts.aes_siv_cmac_256 ~c2s_key:Nts_server.c2s_key ~s2c_key:Nts_server.s2c_key [ twice; twice ]
  in
  is_true "a cookie that was handed in twice" (Nts.cookies keys = 1);
  is_true "no copy by other means"
    (match Marshal.to_string keys [] with _ -> false | exception (Invalid_argument _ | Failure _) -> true)

(* --- bad input --- *)

let test_impossible () =
  let create ?(aead = Ffntp_nts.aes_siv_cmac_256) ?(c2s_key = Nts_server.c2s_key) ?(s2c_key = Nts_server.s2c_key)
      ?(cookies = []) () =
    match Nts.create ~aead ~c2s_key ~s2c_key cookies with
    | _ -> false
    | exception Invalid_argument _ -> true
  in
  let aead = Ffntp_nts.aes_siv_cmac_256 in
  is_true "keys" (create ~c2s_key:"short" () && create ~s2c_key:(Nts_server.s2c_key ^ "x") ());
  is_true "cookies"
    (List.for_all (fun size -> create ~cookies:[ String.make size 'c' ] ()) [ 0; 8; 13; 255; 260; 70_000 ]);
  let key = String.make 33 'k' in
  is_true "keys of an algorithm" (create ~aead:{ aead with key_size = 33 } ~c2s_key:key ~s2c_key:key ());
  is_true "no keys" (create ~aead:{ aead with key_size = 0 } ~c2s_key:"" ~s2c_key:"" ());
  is_true "nonces" (create ~aead:{ aead with nonce_size = 17 } () && create ~aead:{ aead with nonce_size = 0 } ());
  let request random packet =
    match Nts.request ~random (Cstruct.of_string packet) (Nts_server.keys 1) with
    | _ -> false
    | exception Invalid_argument _ -> true
  in
  is_true "random bytes" (List.for_all (fun size -> request (String.make size 'r') header) [ 0; 40; 49 ]);
  is_true "queries" (request (random ()) (header ^ "1234") && request (random ()) "")

(* An algorithm that raises, or returns texts of a wrong size. *)
let test_bad_algorithm () =
  let of_aead aead =
    Nts.create ~aead ~c2s_key:Nts_server.c2s_key ~s2c_key:Nts_server.s2c_key (Nts_server.cookies 8)
  in
  let aead = Ffntp_nts.aes_siv_cmac_256 in
  let keys = of_aead { aead with seal = (fun ~key:_ ~nonce:_ ~associated:_ _ -> raise Not_found) } in
  is_true "raised" (match ask keys with _ -> false | exception Not_found -> true);
  is_true "its cookie is lost" (Nts.cookies keys = 7);
  let long ~key:_ ~nonce:_ ~associated:_ _ = String.make 5000 'x' in
  let datagram, _ = asked (of_aead { aead with seal = long }) in
  is_true "no server accepts it" (not (Nts_server.read datagram).is_authentic);
  let opened unseal =
    let datagram, keys = asked (of_aead { aead with unseal }) in
    let request = Nts_server.read datagram in
    give (Nts_server.reply header request (Nts_server.wanted request)) keys
  in
  is_true "too long a text"
    (fst (opened (fun ~key:_ ~nonce:_ ~associated:_ _ -> Some (String.make 5000 'x'))) = Not_authentic);
  let raises ~key:_ ~nonce:_ ~associated:_ _ = raise Exit in
  is_true "raised" (match opened raises with _ -> false | exception Exit -> true)

let () =
  let case name f = Alcotest.test_case name `Quick f in
  let other =
    match Sys.getenv_opt "SIV_VECTORS" with
    | Some path -> [ case "another implementation's" (test_other_implementation path) ]
    | None -> []
  in
  Alcotest.run "ffntp-nts"
    [
      ("siv", [ case "the vectors of RFC 5297" test_vectors; case "the counter" test_counter ] @ other);
      ( "packets",
        [ case "exchanges" test_exchanges; case "cookies run out" test_cookies_run_out; case "forged" test_forged ] );
      ("copies", [ case "states are values" test_copies; case "branches" test_branches ]);
      ("input", [ case "impossible" test_impossible; case "a bad algorithm" test_bad_algorithm ]);
    ]
