module type V4V6 = sig
  type t

  module UDP : Udp.S with type ipaddr = Ipaddr.t

  val udp : t -> UDP.t
  val listen : t -> unit Lwt.t
end
