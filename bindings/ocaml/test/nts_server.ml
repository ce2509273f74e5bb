(* An NTS server as RFC 8915, section 5 describes it, written from the RFC and not with nts/packet.c. *)

let c2s_key = String.init 32 (fun i -> Char.chr (17 + i))
let s2c_key = String.init 32 (fun i -> Char.chr (201 - i))
let issued = ref 0

(* Cookies differ in each of their bytes' sums; real ones look like random bits. *)
let new_cookie () =
  incr issued;
  let number = Bytes.make 100 '\xc0' in
  Bytes.set_int64_be number 0 (Int64.of_int !issued);
  Bytes.to_string number

let cookies n = List.init n (fun _ -> new_cookie ())
let keys n = Ffntp.Nts.create ~aead:Ffntp_nts.aes_siv_cmac_256 ~c2s_key ~s2c_key (cookies n)

type field = { kind : int; value : string; at : int }

let identifier_kind, cookie_kind, placeholder_kind, authenticator_kind = (0x104, 0x204, 0x304, 0x404)

let rec fields datagram at =
  if at = String.length datagram then []
  else
    let length = String.get_uint16_be datagram (at + 2) in
    let value = String.sub datagram (at + 4) (length - 4) in
    { kind = String.get_uint16_be datagram at; value; at } :: fields datagram (at + length)

let find kind fields = List.find (fun field -> field.kind = kind) fields
let values kind fields = List.filter_map (fun field -> if field.kind = kind then Some field.value else None) fields

let field kind value =
  let head = Bytes.create 4 in
  Bytes.set_uint16_be head 0 kind;
  Bytes.set_uint16_be head 2 (4 + String.length value);
  Bytes.to_string head ^ value

(* Of an authenticator: nonce and sealed text, each padded. *)
let split value =
  let nonce = String.get_uint16_be value 0 and sealed = String.get_uint16_be value 2 in
  (String.sub value 4 nonce, String.sub value (4 + ((nonce + 3) / 4 * 4)) sealed)

type request = { identifier : string; cookie : string; placeholders : string list; is_authentic : bool }

let read datagram =
  let fields = fields datagram 48 in
  let authenticator = find authenticator_kind fields in
  let nonce, sealed = split authenticator.value in
  let associated = String.sub datagram 0 authenticator.at in
  {
    identifier = (find identifier_kind fields).value;
    cookie = (find cookie_kind fields).value;
    placeholders = values placeholder_kind fields;
    is_authentic = Ffntp_nts.Siv.decrypt ~key:c2s_key [ associated; nonce ] sealed = Some "";
  }

let authenticator ?(key = s2c_key) ?(nonce = "sixteen bytes...") associated text =
  let sealed = Ffntp_nts.Siv.encrypt ~key [ associated; nonce ] text in
  let lengths = Bytes.create 4 in
  Bytes.set_uint16_be lengths 0 (String.length nonce);
  Bytes.set_uint16_be lengths 2 (String.length sealed);
  let pad text = text ^ String.make (-String.length text land 3) '\000' in
  field authenticator_kind (Bytes.to_string lengths ^ pad nonce ^ pad sealed)

(* The reply of this header, with these cookies. *)
let reply ?key ?nonce header { identifier; _ } cookies =
  let associated = header ^ field identifier_kind identifier in
  associated ^ authenticator ?key ?nonce associated (String.concat "" (List.map (field cookie_kind) cookies))

(* As many cookies as were asked for. *)
let wanted { placeholders; _ } = cookies (1 + List.length placeholders)

(* The reply of a server that does not know the key of the cookie. *)
let refusal header { identifier; _ } =
  String.sub header 0 12 ^ "NTSN" ^ String.sub header 16 32 ^ field identifier_kind identifier
