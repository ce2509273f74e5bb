(* Loggers ask for the time before the clock has one. *)
include Ffntp.Mirage.Ptime_of (struct
  let clock = Ffntp.Clock.default
  let otherwise = Some (Ffntp.Mirage.since_1970 clock)
end)
