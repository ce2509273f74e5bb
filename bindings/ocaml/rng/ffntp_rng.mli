(** Nonces from mirage-crypto's default generator, which the application must have seeded: see [Mirage_crypto_rng]. *)

val nonce : unit -> int64
(** 64 bits, never 0.
    @raise Mirage_crypto_rng.Unseeded_generator or another exception of that library if there is no randomness. *)

val bytes : int -> string
(** Random bytes, such as {!Ffntp.Nts.request} needs. Raises as {!nonce}. *)
