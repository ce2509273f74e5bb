(** Nonces from mirage-crypto's default generator, which the application has seeded: see [Mirage_crypto_rng]. *)

val nonce : unit -> int64
(** 64 bits, never 0.
    @raise Mirage_crypto_rng.Unseeded_generator and what else that library raises if there is no randomness. *)
