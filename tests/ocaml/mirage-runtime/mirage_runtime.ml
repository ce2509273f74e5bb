open Cmdliner

let all = ref (Term.const ())

let register_arg term =
  let found = ref None in
  let keep former x = former; found := Some x in
  all := Term.(const keep $ !all $ term);
  fun () -> Option.get !found

let with_argv argv = match Cmd.eval ~argv (Cmd.v (Cmd.info "unikernel") !all) with 0 -> () | code -> exit code
