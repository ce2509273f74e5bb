let bits () = Cstruct.HE.get_uint64 (Mirage_crypto_rng.generate 8) 0
let bytes n = Cstruct.to_string (Mirage_crypto_rng.generate n)
