(* The part of a flow that is used. *)
module type S = sig
  type t
  type flow
  type error = private [> `Timeout | `Refused ]
  type write_error = private [> `Closed ]

  val read : flow -> ([ `Data of Cstruct.t | `Eof ], error) result Lwt.t
  val write : flow -> Cstruct.t -> (unit, write_error) result Lwt.t
  val close : flow -> unit Lwt.t
  val listen : t -> port:int -> (flow -> unit Lwt.t) -> unit
end
