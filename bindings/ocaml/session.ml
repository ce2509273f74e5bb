type t

type input =
  | Timeout
  | Send_failed
  | Network_failed
  | Disruption
  | Burst
  | Publish
  | Begin_request of int64
  | Sent_at of Counter.t
  | Pause_until of Counter.t
  | Datagram of Cstruct.t
  | Server of int
  | Leap_table of Client.leap_table option
  | Former of Output.t
  | Counter_replaced of Counter.source

type event =
  | Sent
  | Not_sent
  | No_nonce
  | Network_error
  | Unanswered
  | Change_server
  | Disrupted
  | Server_changed
  | Map
  | Selection
  | Reply of Client.verdict

external create_of : Client.config -> Counter.t -> t = "ffntp_ml_session_create"
external input_at : Counter.t -> input -> t -> event list * t = "ffntp_ml_session_input"
external request_of : t -> string option = "ffntp_ml_session_request"
external wants_request : t -> bool = "ffntp_ml_session_wants_request" [@@noalloc]
external is_awaiting : t -> bool = "ffntp_ml_session_is_awaiting" [@@noalloc]
external deadline : t -> Counter.t = "ffntp_ml_session_deadline"
external output : t -> Output.t = "ffntp_ml_session_output"
external source : t -> Client.source = "ffntp_ml_session_source"
external counted : t -> Client.verdict -> int = "ffntp_ml_session_counted" [@@noalloc]
external event_name : event -> string = "ffntp_ml_session_event_name"

let create config ~now = create_of config now
let input ~at input state = input_at at input state
let request state = Option.map Cstruct.of_string (request_of state)
