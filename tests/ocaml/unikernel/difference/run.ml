module Ntp = Ffntp_mirage.Make (Machine.Stack) (Machine.Dns)

let () = Machine.run [ (fun () -> Ntp.start (Machine.stack ()) ()); Unikernel.start ]
