(* As in mirage 4.11.1, less the optional arguments that are not used. *)
type 'a typ
type 'a impl
type package
type job
type ptime
type network
type stackv4v6
type happy_eyeballs
type dns_client
type lease
type dhcp_requests

val ( @-> ) : 'a typ -> 'b typ -> ('a -> 'b) typ
val ( $ ) : ('a -> 'b) impl -> 'a impl -> 'b impl
val package : ?sublibs:string list -> ?min:string -> ?max:string -> string -> package
val impl : ?packages:package list -> string -> 'a typ -> 'a impl
val main : ?packages:package list -> string -> 'a typ -> 'a impl
val job : job typ
val ptime : ptime typ
val stackv4v6 : stackv4v6 typ
val dns_client : dns_client typ
val lease : lease typ
val make_dhcp_requests : unit -> dhcp_requests
val add_dhcp_request : dhcp_requests -> int -> unit
val default_network : network impl
val generic_stackv4v6 : ?group:string -> network impl -> stackv4v6 impl

val generic_stackv4v6_with_lease :
  ?group:string -> ?dhcp_requests:dhcp_requests -> network impl -> stackv4v6 impl * lease impl

val generic_happy_eyeballs : ?group:string -> stackv4v6 impl -> happy_eyeballs impl

val generic_dns_client :
  ?dhcp:dhcp_requests * lease impl -> ?group:string -> stackv4v6 impl -> happy_eyeballs impl -> dns_client impl

val register : ?ptime:ptime impl -> string -> job impl list -> unit
(** Writes the libraries that the configuration names, one a line. *)
