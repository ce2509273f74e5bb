type t

type leap_table = nativeint

type config = {
  counter : Counter.source;
  poll_min_s : int;
  poll_max_s : int;
  poll_is_adaptive : bool;
  burst : int;
  max_drift : float;
  counter_may_jump : bool;
  max_root_distance_s : float;
  pivot_s : int option;
  leap_table : leap_table option;
  leap_expiry_is_strict : bool;
  estimator : string;
}

let config counter =
  {
    counter;
    poll_min_s = 16;
    poll_max_s = 1024;
    poll_is_adaptive = false;
    burst = 8;
    max_drift = 1e-6;
    counter_may_jump = true;
    max_root_distance_s = 3.;
    pivot_s = None;
    leap_table = None;
    leap_expiry_is_strict = false;
    estimator = "default";
  }

type action = Wait_until of Counter.t | Send | Change_server

type verdict =
  | Accepted
  | Refused_length
  | Refused_version
  | Refused_mode
  | Refused_origin
  | Refused_duplicate
  | Refused_late
  | Refused_kiss_rate
  | Refused_kiss_deny
  | Refused_kiss_other
  | Refused_unsynchronised
  | Refused_timestamps
  | Refused_root_distance
  | Refused_residence
  | Refused_counter
  | Refused_contradiction
  | Refused_leap
  | Refused_smear
  | Refused_authentication

type source = {
  stratum : int;
  refid : int32;
  leap : int;
  reach : int;
  offset_ns : int;
  rtt_ns : int;
  rtt_min_ns : int;
  root_delay_ns : int;
  root_dispersion_ns : int;
}

external estimators : unit -> (string * string) list = "ffntp_ml_client_estimators"
external create_of : config -> Counter.t -> t = "ffntp_ml_client_create"
external continue : Output.t -> t -> t = "ffntp_ml_client_continue"
external builtin_leap_table : unit -> leap_table = "ffntp_ml_leap_table_builtin"
external make_leap_table : int -> (int * int) array -> leap_table = "ffntp_ml_leap_table_make"
external set_leap_table : leap_table option -> t -> t = "ffntp_ml_client_leap_table"
external next_at : Counter.t -> t -> action * t = "ffntp_ml_client_next"
external query : Counter.t -> int64 -> t -> string * t = "ffntp_ml_client_query"
external sent_at : Counter.t -> t -> t = "ffntp_ml_client_sent"
external verdict_name : verdict -> string = "ffntp_ml_verdict_name"
external reply : Counter.t -> Cstruct.buffer -> int -> int -> t -> verdict * t = "ffntp_ml_client_reply"
external disrupted_at : Counter.t -> t -> t = "ffntp_ml_client_disrupted"
external changed_at : Counter.t -> t -> t = "ffntp_ml_client_server_changed"
external output_at : Counter.t -> t -> Output.t = "ffntp_ml_client_output"
external counted : t -> verdict -> int = "ffntp_ml_client_counted" [@@noalloc]
external source : t -> source = "ffntp_ml_client_source"

let leap_table ~expires_s entries = make_leap_table expires_s entries
let create config ~now = create_of config now
let next ~now state = next_at now state

let new_query ~now ~nonce state =
  let bytes, state = query now nonce state in
  (Cstruct.of_string bytes, state)

let sent ~at state = sent_at at state

let add_reply ~received (datagram : Cstruct.t) state =
  reply received datagram.buffer datagram.off datagram.len state

let disrupted ~now state = disrupted_at now state
let server_changed ~now state = changed_at now state
let output ~now state = output_at now state
