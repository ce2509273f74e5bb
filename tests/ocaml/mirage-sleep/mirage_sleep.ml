let ns ns = Lwt_unix.sleep (Int64.to_float ns *. 1e-9)
