let block = 16
let zeros = String.make block '\000'
let xor a b = String.init block (fun i -> Char.chr (Char.code a.[i] lxor Char.code b.[i]))

(* Of two texts of one block, in a time that does not depend on them. *)
let is_equal a b = String.fold_left (fun sum c -> sum lor Char.code c) 0 (xor a b) = 0

(* Multiplication by x in the field of 2^128 elements. *)
let double text =
  let code i = if i < block then Char.code text.[i] else 0 in
  let carried = if code 0 land 0x80 = 0 then 0 else 0x87 in
  String.init block (fun i ->
      let shifted = (code i lsl 1) lor (code (i + 1) lsr 7) in
      Char.chr ((if i = block - 1 then shifted lxor carried else shifted) land 0xff))

(* A one bit, and zeros up to a whole block. *)
let pad text = text ^ "\x80" ^ String.make (block - 1 - String.length text) '\000'
let from text start = String.sub text start (String.length text - start)

(* RFC 4493 *)
module Cmac = struct
  let last_block key text =
    let once = double (Aes.encrypt key zeros) in
    if String.length text = block then xor text once else xor (pad text) (double once)

  let mac key text =
    let rec chain sum at =
      if String.length text - at > block then chain (Aes.encrypt key (xor sum (String.sub text at block))) (at + block)
      else Aes.encrypt key (xor sum (last_block key (from text at)))
    in
    chain zeros 0
end

module Siv = struct
  let keys_of key =
    let size = String.length key / 2 in
    (Aes.of_secret (String.sub key 0 size), Aes.of_secret (from key size))

  (* The sum is added to the end of a text that has at least a block, or to the padded text. *)
  let last sum text =
    let length = String.length text in
    if length < block then xor (double sum) (pad text)
    else String.sub text 0 (length - block) ^ xor sum (from text (length - block))

  (* S2V of RFC 5297, section 2.4, with the text as its last string. *)
  let vector key strings text =
    let add sum string = xor (double sum) (Cmac.mac key string) in
    Cmac.mac key (last (List.fold_left add (Cmac.mac key zeros) strings) text)

  (* Two bits of the vector are cleared, so that counters of 32 and 64 bits would do. *)
  let counter_of vector =
    String.mapi (fun i c -> if i = 8 || i = 12 then Char.chr (Char.code c land 0x7f) else c) vector

  let next counter =
    let bytes = Bytes.of_string counter in
    let low = Int64.add (Bytes.get_int64_be bytes 8) 1L in
    Bytes.set_int64_be bytes 8 low;
    if low = 0L then Bytes.set_int64_be bytes 0 (Int64.add (Bytes.get_int64_be bytes 0) 1L);
    Bytes.to_string bytes

  (* Encryption and decryption are the same. *)
  let crypt key vector text =
    let blocks = (String.length text + block - 1) / block in
    let rec counters n counter = if n = 0 then [] else counter :: counters (n - 1) (next counter) in
    let stream = Aes.encrypt key (String.concat "" (counters blocks (counter_of vector))) in
    String.mapi (fun i c -> Char.chr (Char.code c lxor Char.code stream.[i])) text

  let encrypt ~key strings text =
    let mac_key, text_key = keys_of key in
    let vector = vector mac_key strings text in
    vector ^ crypt text_key vector text

  let decrypt ~key strings sealed =
    let mac_key, text_key = keys_of key in
    if String.length sealed < block then None
    else
      let received = String.sub sealed 0 block in
      let text = crypt text_key received (from sealed block) in
      if is_equal received (vector mac_key strings text) then Some text else None
end

let aes_siv_cmac_256 =
  {
    Ffntp.Nts.number = 15;
    key_size = 32;
    nonce_size = 16;
    seal = (fun ~key ~nonce ~associated text -> Siv.encrypt ~key [ associated; nonce ] text);
    unseal = (fun ~key ~nonce ~associated sealed -> Siv.decrypt ~key [ associated; nonce ] sealed);
  }
