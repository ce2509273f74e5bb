open Mirage_crypto.Cipher_block.AES.ECB

type nonrec key = key

let of_secret secret = of_secret (Cstruct.of_string secret)
let encrypt key blocks = Cstruct.to_string (encrypt ~key (Cstruct.of_string blocks))
