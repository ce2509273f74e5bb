(* UDP with MirageOS's signature over this machine's sockets, on the loopback only. *)
open Lwt.Infix

type t = (int, Lwt_unix.file_descr) Hashtbl.t
type ipaddr = Unix.inet_addr
type error = Unix.error

let pp_error ppf e = Format.pp_print_string ppf (Unix.error_message e)

let rec receive socket f =
  let bytes = Bytes.create 1024 in
  Lwt.catch
    (fun () -> Lwt_unix.recvfrom socket bytes 0 1024 [] >|= Option.some)
    (fun _ -> Lwt.return_none)
  >>= function
  | Some (length, Unix.ADDR_INET (src, src_port)) ->
      f ~src ~dst:Unix.inet_addr_loopback ~src_port (Cstruct.of_bytes ~len:length bytes) >>= fun () ->
      receive socket f
  | _ -> Lwt.return_unit

let unlisten t ~port =
  Option.iter (fun socket -> Lwt.async (fun () -> Lwt_unix.close socket)) (Hashtbl.find_opt t port);
  Hashtbl.remove t port

let listen t ~port f =
  unlisten t ~port;
  let socket = Lwt_unix.socket Unix.PF_INET Unix.SOCK_DGRAM 0 in
  Unix.bind (Lwt_unix.unix_file_descr socket) (ADDR_INET (Unix.inet_addr_loopback, port));
  Hashtbl.replace t port socket;
  Lwt.async (fun () -> receive socket f)

let write ?src:_ ?src_port ?ttl:_ ~dst ~dst_port t packet =
  let socket = Hashtbl.find t (Option.get src_port) in
  Lwt.catch
    (fun () ->
      Lwt_unix.sendto socket (Cstruct.to_bytes packet) 0 (Cstruct.length packet) [] (ADDR_INET (dst, dst_port))
      >|= fun _ -> Ok ())
    (function Unix.Unix_error (e, _, _) -> Lwt.return_error e | e -> Lwt.fail e)
