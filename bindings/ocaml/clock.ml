type t = { memory : Page.buffer; mutable source : Counter.source }

external size : unit -> int = "ffntp_ml_clock_size" [@@noalloc]
external init : Page.buffer -> Counter.kind -> float -> unit = "ffntp_ml_clock_init"
external set_period : Page.buffer -> float -> unit = "ffntp_ml_clock_set_period"
external publish_in : Page.buffer -> Output.t -> unit = "ffntp_ml_clock_publish"
external set_manual : Page.buffer -> Counter.t -> unit = "ffntp_ml_clock_set_manual" [@@noalloc]
external reckoned_of : Page.buffer -> int64 option = "ffntp_ml_clock_reckoned"
external steady_of : Page.buffer -> (Output.d_ps, Output.refusal) result = "ffntp_ml_clock_steady"
external now_of : Page.buffer -> Output.d_ps = "ffntp_ml_clock_now_d_ps"

external read_of : Page.buffer -> Output.scale -> int -> (Output.reading, Output.refusal) result
  = "ffntp_ml_clock_read"

external counter_of : Page.buffer -> (Counter.t[@unboxed]) = "ffntp_ml_clock_counter_byte" "ffntp_ml_clock_counter"
  [@@noalloc]

external elapsed_of : Page.buffer -> (int64[@unboxed]) = "ffntp_ml_clock_elapsed_byte" "ffntp_ml_clock_elapsed"
  [@@noalloc]

let check what ({ period_s; _ } : Counter.source) =
  if not (period_s >= 1e-12 && period_s <= 1e-6) then
    invalid_arg ("Ffntp.Clock." ^ what ^ ": the period is not within 1e-12 to 1e-6 s")

let create (source : Counter.source) =
  check "create" source;
  if not (source.kind = Counter.Manual || Counter.is_readable source.kind) then
    invalid_arg "Ffntp.Clock.create: this counter cannot be read here";
  let memory = Bigarray.Array1.create Bigarray.char Bigarray.c_layout (size ()) in
  init memory source.kind source.period_s;
  { memory; source }

let publish clock output = publish_in clock.memory output
let counter clock = counter_of clock.memory

let set_counter clock counter =
  if clock.source.kind <> Counter.Manual then invalid_arg "Ffntp.Clock.set_counter: the counter is not Manual";
  set_manual clock.memory counter

let read ?(scale = Output.Utc) ?(max_bound_ns = max_int) clock = read_of clock.memory scale max_bound_ns
let now_d_ps clock = now_of clock.memory
let steady_d_ps clock = steady_of clock.memory
let reckoned_ns clock = reckoned_of clock.memory
let elapsed_ns clock = elapsed_of clock.memory
let source clock = clock.source
let period_ps clock = Int64.of_float (Float.max 1. (Float.round (clock.source.period_s *. 1e12)))

let page clock =
  match Page.of_bigarray (Bigarray.Array1.sub clock.memory 0 4096) with
  | Ok page -> page
  | Error error -> invalid_arg (Page.error_text error)

let output clock = Page.read (page clock)

let set_source clock (source : Counter.source) =
  if source.kind <> clock.source.kind then invalid_arg "Ffntp.Clock.set_source: the source is of a different counter";
  check "set_source" source;
  clock.source <- source;
  set_period clock.memory source.period_s

(* Prefer CLOCK_MONOTONIC_RAW where it exists, because the kernel then reads the CPU's counter and knows its rate. *)
let default_source () =
  if Counter.is_readable Counter.Monotonic_raw then
    { Counter.kind = Counter.Monotonic_raw; period_s = 1e-9; period_error = 500e-6 }
  else if Counter.cpu <> Counter.Unknown then { Counter.kind = Counter.cpu; period_s = 1e-9; period_error = 0.5 }
  else raise (Sys_error "this machine has no counter that ffntp knows")

(* Not lazy, because several domains may ask for it at the same time. *)
let the_default = try Ok (create (default_source ())) with Sys_error _ as e -> Error e
let default () = match the_default with Ok clock -> clock | Error e -> raise e
