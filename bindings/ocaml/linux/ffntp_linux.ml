open Ffntp

external counter : unit -> Counter.source = "ffntp_ml_linux_counter"
external map_page : string option -> (Page.buffer, Page.error) result = "ffntp_ml_linux_map_page"

let open_page ?path () = Result.bind (map_page path) Page.of_bigarray
