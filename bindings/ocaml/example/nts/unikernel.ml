(* Authenticated time, with keys that a key exchange elsewhere has agreed on: --ntp-server=HOST names the server, and
   --nts-keys=C2S,S2C,COOKIE,... are the keys and cookies, in hexadecimal. They are secrets: give them where no other
   user of the host reads the arguments. Each cookie is for one start only. *)
open Lwt.Infix
open Ffntp

let argument name docv doc =
  let open Cmdliner in
  Mirage_runtime.register_arg Arg.(value & opt (some string) None (info [ name ] ~doc ~docv))

let server = argument "ntp-server" "HOST" "The NTP server: a name or an address."
let keys = argument "nts-keys" "C2S,S2C,COOKIE,..." "Its keys and cookies, in hexadecimal."

let read_keys text =
  match List.map (fun word -> Cstruct.to_string (Cstruct.of_hex word)) (String.split_on_char ',' text) with
  | c2s_key :: s2c_key :: cookies -> Ok (Nts.create ~aead:Ffntp_nts.aes_siv_cmac_256 ~c2s_key ~s2c_key cookies)
  | _ -> Error "--nts-keys has fewer than two keys"
  | exception Invalid_argument why -> Error ("--nts-keys: " ^ why)

module Main (S : Tcpip.Stack.V4V6) (Dns : Dns_client_mirage.S) = struct
  module Calibrate = Ffntp_lwt.Calibrate (Mirage_sleep)
  module Job = Ffntp_job.Make (Mirage_sleep) (S) (Dns)

  (* Called at the start, and whenever the server seems lost, or its cookies are. A unikernel that can get new keys, from
     a neighbour or by TLS, gets them here. *)
  let exchange server keys =
    let { Nts.seal; unseal; latest } = Nts.channel ~random:Ffntp_rng.bytes keys in
    fun () ->
      if Nts.cookies (latest ()) = 0 then Lwt.return_error "no cookie is left; start the unikernel with new ones"
      else Lwt.return_ok { Job.server; protection = { seal; unseal } }

  let rec speak clock =
    (match Clock.read clock with
    | Ok { estimate; bound_ns; _ } ->
        Logs.app (fun m -> m "%a, +- %d ns" (Ptime.pp_human ~frac_s:9 ()) (Ptime.v estimate) bound_ns)
    | Error why -> Logs.app (fun m -> m "%s" (Output.refusal_text why)));
    Mirage_sleep.ns 1_000_000_000L >>= fun () -> speak clock

  let keep clock stack dns name keys =
    let job =
      Job.start ~nonce:Ffntp_rng.nonce
        ~clock:(fun () -> clock)
        ~calibrate:
          (Calibrate.clock ~error:(Ffntp_mirage_host.elapsed_error ()) ?seconds:(Ffntp_mirage_host.seconds ())
             ~elapsed_ns:Ffntp_mirage_host.elapsed_ns)
        ~watch:(Ffntp_mirage_host.watch ?wall_ns:None ~at_enter_iter:Mirage_runtime.at_enter_iter)
        ~servers:[ Job.server ~exchange:(exchange name keys) dns name ]
        stack
    in
    Mirage_runtime.at_exit (fun () -> Job.stop job)

  let start stack dns =
    let clock = Clock.default () in
    match (Option.map Ffntp_job.Name.of_string (server ()), Option.map read_keys (keys ())) with
    | Some (Ok name), Some (Ok keys) ->
        keep clock stack dns name keys;
        speak clock
    | Some (Error why), _ | _, Some (Error why) ->
        Logs.err (fun m -> m "%s" why);
        Lwt.return_unit
    | None, _ | _, None ->
        Logs.err (fun m -> m "name --ntp-server and --nts-keys");
        Lwt.return_unit
end
