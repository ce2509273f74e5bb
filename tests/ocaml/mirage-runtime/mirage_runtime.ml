open Cmdliner

let all = ref (Term.const ())

let register_arg term =
  let found = ref None in
  let keep former x = former; found := Some x in
  all := Term.(const keep $ !all $ term);
  fun () -> Option.get !found

let with_argv argv = match Cmd.eval ~argv (Cmd.v (Cmd.info "unikernel") !all) with 0 -> () | code -> exit code
let exit_hooks = ref []
let enter_iter_hooks = ref []
let add hooks hook = hooks := hook :: !hooks
let at_exit hook = add exit_hooks hook
let at_enter_iter hook = add enter_iter_hooks hook
let run_exit_hooks () = Lwt_list.iter_s (fun hook -> hook ()) !exit_hooks
let run_enter_iter_hooks () = List.iter (fun hook -> hook ()) !enter_iter_hooks
