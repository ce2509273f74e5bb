let bits () = String.get_int64_ne (Mirage_crypto_rng.generate 8) 0
