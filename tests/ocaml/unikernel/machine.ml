(* This machine's sockets in place of a MirageOS stack. Queries to any server go to port NTP_PORT of this machine, and
   connections to any port of the unikernel are to port WEB_PORT. *)
open Lwt.Infix

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

  module TCP = struct
    type t = unit
    type flow = Lwt_unix.file_descr
    type error = [ `Timeout | `Refused ]
    type write_error = [ `Closed ]

    let read flow =
      let bytes = Bytes.create 1024 in
      Lwt_unix.read flow bytes 0 1024 >|= function
      | 0 -> Ok `Eof
      | length -> Ok (`Data (Cstruct.of_bytes ~len:length bytes))

    let write flow packet =
      Lwt_unix.write flow (Cstruct.to_bytes packet) 0 (Cstruct.length packet) >|= fun _ -> Ok ()

    let close = Lwt_unix.close

    let listen () ~port:_ f =
      let socket = Lwt_unix.socket Unix.PF_INET Unix.SOCK_STREAM 0 in
      let port = int_of_string (Sys.getenv "WEB_PORT") in
      Unix.setsockopt (Lwt_unix.unix_file_descr socket) SO_REUSEADDR true;
      Unix.bind (Lwt_unix.unix_file_descr socket) (ADDR_INET (Unix.inet_addr_loopback, port));
      Lwt_unix.listen socket 5;
      let rec accept () = Lwt_unix.accept socket >>= fun (flow, _) -> f flow >>= accept in
      Lwt.async accept
  end

  let udp t = t
  let tcp _ = ()
  let listen _ = fst (Lwt.wait ())
end

(* Every name resolves to this machine; but v6.* has an IPv6 address alone. *)
module Dns = struct
  type t = unit

  let is_v6 host = List.hd (Domain_name.to_strings host) = "v6"
  let none = Lwt.return_error (`Msg "no such record")
  let gethostbyname () host = if is_v6 host then none else Lwt.return_ok Ipaddr.V4.localhost
  let gethostbyname6 () host = if is_v6 host then Lwt.return_ok Ipaddr.V6.localhost else none
end

let stack () : Stack.t = Hashtbl.create 3

(* Some seconds, and more on slow machines: scripts/check sets by how much. *)
let seconds = 3.5 *. Option.fold ~none:1. ~some:float_of_string (Sys.getenv_opt "PATIENCE")

(* Run jobs as the main that MirageOS generates does, one after the other, for this time. *)
let run jobs =
  Mirage_runtime.with_argv Sys.argv;
  Logs.set_level ~all:true (Some Logs.Info);
  Logs.set_reporter (Logs_fmt.reporter ~dst:Format.std_formatter ());
  Seeded.initialize ();
  ignore (Lwt_main.Enter_iter_hooks.add_first Mirage_runtime.run_enter_iter_hooks);
  Lwt_main.run
    ( Lwt.pick [ Lwt_list.iter_s (fun job -> job ()) jobs; Lwt_unix.sleep seconds ] >>= fun () ->
      Mirage_runtime.run_exit_hooks () );
  Format.printf "the unikernel has ended@."
