type 'a typ = unit
type package = string list
type 'a impl = package list
type job
type ptime
type network
type stackv4v6
type happy_eyeballs
type dns_client
type lease
type dhcp_requests = int list ref

let ( @-> ) () () = ()
let ( $ ) f x = f @ x

let package ?(sublibs = [ "" ]) ?min:_ ?max:_ name =
  List.map (fun sublib -> if sublib = "" then name else name ^ "." ^ sublib) sublibs

let impl ?(packages = []) _ () = packages
let main = impl
let job = ()
let ptime = ()
let stackv4v6 = ()
let dns_client = ()
let lease = ()
let make_dhcp_requests () = ref []
let add_dhcp_request requests code = requests := code :: !requests
let default_network = []
let generic_stackv4v6 ?group:_ network = network
let generic_stackv4v6_with_lease ?group:_ ?dhcp_requests:_ network = (network, [])
let generic_happy_eyeballs ?group:_ stack = stack
let generic_dns_client ?dhcp:_ ?group:_ stack happy_eyeballs = stack @ happy_eyeballs

let register ?(ptime = []) _ jobs =
  List.iter print_endline (List.sort_uniq compare (List.concat (List.concat (ptime :: jobs))))
