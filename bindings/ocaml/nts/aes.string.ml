open Mirage_crypto.AES.ECB

type nonrec key = key

let of_secret = of_secret
let encrypt key blocks = encrypt ~key blocks
