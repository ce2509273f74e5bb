val register_arg : 'a Cmdliner.Term.t -> unit -> 'a
val at_exit : (unit -> unit Lwt.t) -> unit
val at_enter_iter : (unit -> unit) -> unit

(* By the program that stands for the scheduler. *)
val run_exit_hooks : unit -> unit Lwt.t
val run_enter_iter_hooks : unit -> unit

(* Before main, as what mirage generates does it. *)
val with_argv : string array -> unit
