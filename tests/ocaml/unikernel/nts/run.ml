module Main = Unikernel.Main (Machine.Stack) (Machine.Dns)

let () = Machine.run [ (fun () -> Main.start (Machine.stack ()) ()) ]
