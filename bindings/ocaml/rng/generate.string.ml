let bits () = String.get_int64_ne (Mirage_crypto_rng.generate 8) 0
let bytes n = Mirage_crypto_rng.generate n
