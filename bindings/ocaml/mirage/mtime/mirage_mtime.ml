include Ffntp.Mirage.Mtime_of (struct
  let clock = Ffntp.Clock.default
end)
