(* Runs the example for three seconds. Requests to any server go to port NTP_PORT of this machine. *)
module Stack = struct
  type t = Loopback.t

  module UDP = struct
    include Loopback

    type ipaddr = Ipaddr.t
    type callback = src:ipaddr -> dst:ipaddr -> src_port:int -> Cstruct.t -> unit Lwt.t

    let port = int_of_string (Sys.getenv "NTP_PORT")
    let disconnect _ = Lwt.return_unit
    let input _ ~src:_ ~dst:_ _ = Lwt.return_unit

    let listen t ~port f =
      let address = Ipaddr_unix.of_inet_addr in
      listen t ~port (fun ~src ~dst ~src_port:_ packet -> f ~src:(address src) ~dst:(address dst) ~src_port:123 packet)

    let write ?src:_ ?src_port ?ttl ~dst:_ ~dst_port:_ t packet =
      write ?src_port ?ttl ~dst:Unix.inet_addr_loopback ~dst_port:port t packet
  end

  let udp t = t
  let listen _ = fst (Lwt.wait ())
end

(* Every name resolves to this machine. *)
module Dns = struct
  type t = unit

  let gethostbyname () _ = Lwt.return_ok Ipaddr.V4.localhost
end

module Main = Unikernel.Main (Stack) (Dns)

let () =
  Mirage_runtime.with_argv Sys.argv;
  Logs.set_reporter (Logs_fmt.reporter ~dst:Format.std_formatter ());
  Seeded.initialize ();
  Lwt_main.run (Lwt.pick [ Main.start (Hashtbl.create 3) (); Lwt_unix.sleep 3.5 ])
