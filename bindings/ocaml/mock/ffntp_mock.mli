(** A clock that is set by hand, for tests of what takes a clock. All of it is real but the counter and whoever keeps
    it: bounds grow, readings are refused, what elapses never runs backwards. *)

type t

val create : ?bound_ns:int -> ?drift:float -> Ptime.t -> t
(** Synchronised, at that time, which stands still until it is moved. Its counter ticks in nanoseconds. [bound_ns]:
    1000 if it is not said. [drift]: how fast the bound grows, s/s; 1e-6 if it is not said. *)

val clock : t -> Ffntp.Clock.t

val advance : t -> int64 -> unit
(** So many nanoseconds pass, with no news from the server: the bound grows. *)

val set : ?bound_ns:int -> t -> Ptime.t -> unit
(** The server says that it is another time; what has elapsed does not change. *)

val set_status : t -> Ffntp.Output.status -> unit

(** The same clock in Mirage's shapes. *)
module type S = sig
  include Ffntp.Mirage.PTIME
  include Ffntp.Mirage.MTIME
end

val mirage : t -> (module S)
