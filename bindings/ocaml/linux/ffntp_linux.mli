(** On Linux: which counter to use, and the page of a daemon. *)

val counter : unit -> Ffntp.Counter.source
(** The best counter of this machine, measured for 20 ms where it must be: the TSC or Arm's where the kernel itself
    keeps time by it, else [CLOCK_MONOTONIC_RAW].
    @raise Sys_error if there is none. *)

val open_page : ?path:string -> unit -> (Ffntp.Page.t, Ffntp.Page.error) result
(** A daemon's page, checked: of this boot, and with a counter that can be read safely in this process. [path]: that
    of the machine's daemon, or else this user's, if it is not said. It stays mapped for as long as the program runs.
    *)
