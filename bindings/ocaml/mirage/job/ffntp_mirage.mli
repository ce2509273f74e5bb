(** A job for config.ml that keeps [Ffntp.Clock.default], which [ffntp-mirage.ptime] and [ffntp-mirage.mtime] read. The
    unikernel's own code needs no change:

    {[
      let ptime = impl ~packages:[ package ~sublibs:[ "ptime" ] "ffntp-mirage" ] "Mirage_ptime" ptime
      let ntp = main ~packages:[ package "ffntp-mirage" ] "Ffntp_mirage.Make" (stackv4v6 @-> dns_client @-> job)
      let () = register ~ptime "unikernel" [ ntp $ stack $ dns; main ]
    ]}

    The unikernel then has the argument [--ntp-server=HOST], which may be given several times. *)

module Make (Stack : Ffntp_job.STACK) (Dns : Ffntp_job.DNS) : sig
  val start : Stack.t -> Dns.t -> unit Lwt.t
  (** Start the job with the servers of [--ntp-server]. The promise is resolved at once, and the job goes on until the
      unikernel ends, or {!stop}. Suspensions are watched for. *)

  val start_with : ?dhcp:Ipaddr.t list -> Stack.t -> Dns.t -> unit Lwt.t
  (** As [start]; [dhcp]: the servers that DHCP offers, asked if no [--ntp-server] is given. {!Ffntp_mirage_dhcp} passes
      them. *)
end

val state : unit -> Ffntp_job.state
(** The state of the job. *)

val stop : unit -> unit Lwt.t
(** Stop the job; called when the unikernel ends. A job that is started later runs. *)
