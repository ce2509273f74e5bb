module type V4V6 = sig
  type t

  module UDP : Udp.S with type ipaddr = Ipaddr.t
  module TCP : Tcp.S

  val udp : t -> UDP.t
  val tcp : t -> TCP.t
  val listen : t -> unit Lwt.t
end
