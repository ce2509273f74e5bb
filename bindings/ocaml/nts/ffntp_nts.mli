(** The AEAD algorithm that each NTS server has (RFC 8915, section 5.1). *)

val aes_siv_cmac_256 : Ffntp.Nts.aead
(** AEAD_AES_SIV_CMAC_256, number 15: two keys of AES-128, of 32 bytes together. A nonce that is used twice reveals no
    more than whether the same text was sealed twice. *)

(** AES-SIV (RFC 5297) with any number of associated strings; the nonce, if there is one, is the last of them. Keys have
    32, 48 or 64 bytes. *)
module Siv : sig
  val encrypt : key:string -> string list -> string -> string
  (** Return the synthetic initialisation vector, of 16 bytes, and the encrypted text.
      @raise Invalid_argument if the key does not have a valid size. *)

  val decrypt : key:string -> string list -> string -> string option
  (** Return the text, or [None] if it is not authentic.
      @raise Invalid_argument if the key does not have a valid size. *)

  (**/**)

  val next : string -> string
  (** The counter of the next block; for tests. *)
end
