let bits () = Cstruct.HE.get_uint64 (Mirage_crypto_rng.generate 8) 0
