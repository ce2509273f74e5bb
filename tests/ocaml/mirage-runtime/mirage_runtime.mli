val register_arg : 'a Cmdliner.Term.t -> unit -> 'a

(* Before main, as what mirage generates does it. *)
val with_argv : string array -> unit
