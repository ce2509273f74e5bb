let rec nonce () = match Generate.bits () with 0L -> nonce () | bits -> bits
let bytes = Generate.bytes
