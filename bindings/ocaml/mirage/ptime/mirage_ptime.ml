include Ffntp.Mirage.Ptime_of (struct
  let clock = Ffntp.Clock.default
  let otherwise = Some (fun () -> Ffntp_mirage_host.(unbounded_d_ps (default ())))
end)
