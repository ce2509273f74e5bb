type t = { state : state; room : int; config : Client.config }
and state

type member = int
type target = All | Member of member

type options = { is_preferred : bool; is_trusted : bool; is_required : bool; is_unused : bool }

type selection = Unselected | Followed | Combined | Spare | Falseticker | Astray | No_majority
type source = { server : Client.source; selection : selection; share_percent : int }

external create_of : Client.config -> int -> int -> Counter.t -> state = "ffntp_ml_ensemble_create"

external add_to : Client.config -> int -> options -> Counter.t -> state -> (member * state) option
  = "ffntp_ml_ensemble_add"

external is_member_of : member -> state -> bool = "ffntp_ml_ensemble_is_member" [@@noalloc]
external remove_from : Counter.t -> member -> state -> state = "ffntp_ml_ensemble_remove"

external input_to : Counter.t -> target -> Session.input -> state -> (target * Session.event) list * state
  = "ffntp_ml_ensemble_input"

external request_of : member -> state -> string option = "ffntp_ml_ensemble_request"
external wants_request_of : member -> state -> bool = "ffntp_ml_ensemble_wants_request"
external is_awaiting_of : member -> state -> bool = "ffntp_ml_ensemble_is_awaiting"
external deadline_of : member -> state -> Counter.t = "ffntp_ml_ensemble_deadline"
external output_of : state -> Output.t = "ffntp_ml_ensemble_output"
external source_of : member -> state -> Client.source * selection * int = "ffntp_ml_ensemble_source"
external counted_of : member -> state -> Client.verdict -> int = "ffntp_ml_ensemble_counted"
external selection_name : selection -> string = "ffntp_ml_ensemble_selection_name"

let options = { is_preferred = false; is_trusted = false; is_required = false; is_unused = false }
let create ?(least_sources = 1) ~room config ~now = { state = create_of config room least_sources now; room; config }

let add ?config ?(options = options) ~now t =
  let config = Option.value ~default:t.config config in
  Option.map (fun (member, state) -> (member, { t with state })) (add_to config t.room options now t.state)

let remove ~now member t = { t with state = remove_from now member t.state }
let members t = List.filter (fun member -> is_member_of member t.state) (List.init t.room Fun.id)

let input ~at target input t =
  let events, state = input_to at target input t.state in
  (events, if state == t.state then t else { t with state })

let request member t = Option.map Cstruct.of_string (request_of member t.state)
let wants_request member t = wants_request_of member t.state
let is_awaiting member t = is_awaiting_of member t.state
let deadline member t = deadline_of member t.state
let output t = output_of t.state

let source member t =
  let server, selection, share_percent = source_of member t.state in
  { server; selection; share_percent }

let counted member t verdict = counted_of member t.state verdict
