let initialize () = Mirage_crypto_rng_unix.initialize ()
