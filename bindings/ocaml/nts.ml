type aead = {
  number : int;
  key_size : int;
  nonce_size : int;
  seal : key:string -> nonce:string -> associated:string -> string -> string;
  unseal : key:string -> nonce:string -> associated:string -> string -> string option;
}

(* It can be taken once, whatever copies of the value refer to it. *)
type token

external token : unit -> token = "ffntp_ml_nts_token"
external take : token -> bool = "ffntp_ml_nts_take" [@@noalloc]
external is_taken : token -> bool = "ffntp_ml_nts_is_taken" [@@noalloc]
external is_cookie_size : int -> bool = "ffntp_ml_nts_is_cookie_size" [@@noalloc]

type cookie = { bytes : string; unused : token }

(* A request whose reply is awaited. *)
type flight = { identifier : string; harvest : token (* of the reply's cookies *) }

type t = {
  aead : aead;
  c2s_key : string;
  s2c_key : string;
  cookies : cookie list;  (* newest first *)
  flight : flight option;
}

(* The cookie to send is the last one of the array. *)
external seal_request : aead -> string -> string array -> string -> string -> string = "ffntp_ml_nts_request"

(* key, identifier, number of cookies, datagram; the reply's cookies, or whether the server refused the cookie *)
external open_reply : aead -> string -> string -> int -> Cstruct.t -> (string list, bool) result
  = "ffntp_ml_nts_reply"

let most_cookies = 8
let random_size = 48
let identifier_size = 32
let packet_size = 48
let is_unused { unused; _ } = not (is_taken unused)

let add cookies bytes =
  let is_known = List.exists (fun cookie -> cookie.bytes = bytes) cookies in
  if is_known || List.length cookies >= most_cookies then cookies else { bytes; unused = token () } :: cookies

let check_aead { key_size; nonce_size; _ } =
  if key_size < 1 || key_size > 32 || nonce_size < 1 || nonce_size > 16 then
    invalid_arg "Ffntp.Nts.create: the sizes of the algorithm are out of range"

let create ~aead ~c2s_key ~s2c_key cookies =
  check_aead aead;
  if String.length c2s_key <> aead.key_size || String.length s2c_key <> aead.key_size then
    invalid_arg "Ffntp.Nts.create: a key does not have the size of the algorithm's keys";
  if not (List.for_all (fun cookie -> is_cookie_size (String.length cookie)) cookies) then
    invalid_arg "Ffntp.Nts.create: a cookie's size is not a multiple of 4 from 12 to 256";
  { aead; c2s_key; s2c_key; cookies = List.fold_left add [] cookies; flight = None }

let cookies t = List.length (List.filter is_unused t.cookies)

(* --- requests --- *)

(* The cookie is this state's alone from here on, even if making the packet fails. *)
let rec claim = function
  | [] -> None
  | cookie :: others -> if take cookie.unused then Some (cookie, List.filter is_unused others) else claim others

let request ~random packet t =
  if String.length random <> random_size then invalid_arg "Ffntp.Nts.request: the random bytes are not 48";
  if Cstruct.length packet <> packet_size then invalid_arg "Ffntp.Nts.request: the query does not have 48 bytes";
  let packet = Cstruct.to_string packet in
  let seal (cookie, cookies) =
    let held = Array.of_list (List.rev_map (fun { bytes; _ } -> bytes) (cookie :: cookies)) in
    let datagram = seal_request t.aead t.c2s_key held random packet in
    let flight = Some { identifier = String.sub random 0 identifier_size; harvest = token () } in
    (Cstruct.of_string datagram, { t with cookies; flight })
  in
  Option.map seal (claim t.cookies)

(* --- replies --- *)

type answer = Authentic of Cstruct.t | Cookie_refused | Not_authentic

(* Two states that accept the same reply must not both have its cookies. *)
let accept t { harvest; _ } fresh =
  let cookies = List.filter is_unused t.cookies in
  { t with cookies = (if take harvest then List.fold_left add cookies fresh else cookies); flight = None }

let reply datagram t =
  match t.flight with
  | None -> (Not_authentic, t)
  | Some flight -> (
      match open_reply t.aead t.s2c_key flight.identifier (cookies t) datagram with
      | Error is_refused -> ((if is_refused then Cookie_refused else Not_authentic), t)
      | Ok fresh -> (Authentic (Cstruct.sub datagram 0 packet_size), accept t flight fresh))

(* --- a channel --- *)

type channel = {
  seal : Cstruct.t -> (Cstruct.t, string) result;
  unseal : Cstruct.t -> Cstruct.t option;
  latest : unit -> t;
}

let channel ~random keys =
  let keys = ref keys in
  let seal packet =
    match request ~random:(random random_size) packet !keys with
    | None -> Error "no NTS cookie is left"
    | Some (datagram, next) ->
        keys := next;
        Ok datagram
  in
  let unseal datagram =
    match reply datagram !keys with
    | Authentic packet, next ->
        keys := next;
        Some packet
    | (Cookie_refused | Not_authentic), _ -> None
  in
  { seal; unseal; latest = (fun () -> !keys) }
