type buffer = (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t
type t = { buffer : buffer; counter : Counter.kind }
type error = Truncated | Foreign | Version | Other_boot | Other_namespace | No_counter | Missing | Untrusted | Denied | Unknown_boot | Limit | No_time | Timescale | Guests

external error_text : error -> string = "ffntp_ml_page_error_text"
external check : buffer -> (Counter.kind, error) result = "ffntp_ml_page_check"
external read_of : buffer -> (Output.t, Output.refusal) result = "ffntp_ml_page_read"
external past_of : buffer -> Counter.t -> (Output.t, Output.refusal) result = "ffntp_ml_page_past"

external now_of : buffer -> Counter.kind -> Output.scale -> int -> (Output.reading, Output.refusal) result
  = "ffntp_ml_page_now"

let of_bigarray buffer = Result.map (fun counter -> { buffer; counter }) (check buffer)
let to_bigarray page = page.buffer
let counter page = page.counter
let now ?(scale = Output.Utc) ?(max_bound_ns = max_int) page = now_of page.buffer page.counter scale max_bound_ns
let read page = read_of page.buffer
let past page counter = past_of page.buffer counter
