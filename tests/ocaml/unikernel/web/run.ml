module Ntp = Ffntp_mirage.Make (Machine.Stack) (Machine.Dns)
module Main = Unikernel.Main (Machine.Stack)

let () = Machine.run [ (fun () -> Ntp.start (Machine.stack ()) ()); (fun () -> Main.start (Machine.stack ())) ]
