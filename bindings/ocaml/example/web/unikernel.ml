(* A web server that waits until the time is known to a millisecond before it serves, and that does not serve the time
   whenever that holds no longer: --port=N, --ntp-server=HOST. *)
open Lwt.Infix
open Ffntp

let max_bound_ns = 1_000_000

let port =
  let open Cmdliner in
  Mirage_runtime.register_arg Arg.(value & opt int 80 (info [ "port" ] ~doc:"Serve on this TCP port." ~docv:"PORT"))

(* Wait until the clock has a bound of at most [max_bound_ns]. *)
let rec wait_for_bound clock =
  match Clock.read ~max_bound_ns clock with
  | Ok _ -> Lwt.return_unit
  | Error _ -> Mirage_sleep.ns 100_000_000L >>= fun () -> wait_for_bound clock

let answer clock =
  match Clock.read ~max_bound_ns clock with
  | Ok { estimate; bound_ns; _ } ->
      Format.asprintf "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n%a +- %d ns\r\n"
        (Ptime.pp_rfc3339 ~frac_s:9 ()) (Ptime.v estimate) bound_ns
  | Error why ->
      Printf.sprintf "HTTP/1.0 503 Service Unavailable\r\nRetry-After: 5\r\n\r\nno time: %s\r\n"
        (Output.refusal_text why)

module Main (S : Tcpip.Stack.V4V6) = struct
  let serve clock flow =
    S.TCP.read flow >>= function
    | Ok (`Data _) ->
        S.TCP.write flow (Cstruct.of_string (answer clock)) >>= fun _ -> S.TCP.close flow
    | Ok `Eof | Error _ -> S.TCP.close flow

  let start stack =
    let clock = Clock.default () in
    wait_for_bound clock >>= fun () ->
    S.TCP.listen (S.tcp stack) ~port:(port ()) (serve clock);
    Logs.app (fun m -> m "serving on port %d" (port ()));
    fst (Lwt.wait ())
end
