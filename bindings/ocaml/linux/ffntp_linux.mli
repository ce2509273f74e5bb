(** For Linux: the choice of the counter, and the page of a daemon. *)

val counter : unit -> Ffntp.Counter.source
(** The best counter of this machine, measured for 20 ms if necessary: the TSC or Arm's if the kernel itself keeps
    time by it, else [CLOCK_MONOTONIC_RAW].
    @raise Sys_error if there is none. *)

val open_page : ?path:string -> unit -> (Ffntp.Page.t, Ffntp.Page.error) result
(** Open a daemon's page, and check that it is of this boot and that this process can read its counter safely.
    [path]: by default that of the machine's daemon, or else this user's. The page stays mapped as long as the
    program runs. *)
