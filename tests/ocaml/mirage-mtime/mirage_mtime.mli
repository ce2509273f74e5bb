val elapsed_ns : unit -> int64
val period_ns : unit -> int64 option
