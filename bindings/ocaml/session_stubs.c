/* session_stubs: the functions of session.ml. */
#include "stubs.h"

#include <ffntp/session.h>
#include <string.h>

static struct ffntp_session *session_of(value v)
{
	return ffntp_ml_state_of(v)->memory;
}

static void *copy_into(const void *state, void *memory, size_t size)
{
	return ffntp_session_copy(state, memory, size);
}

value ffntp_ml_session_create(value config_record, value now)
{
	CAMLparam2(config_record, now);
	CAMLlocal1(v);
	struct ffntp_client_config config = ffntp_ml_config_of(config_record);
	size_t size = ffntp_session_memory(&config);

	if (size == 0)
		caml_invalid_argument("Ffntp.Session.create: the configuration is out of range");
	v = ffntp_ml_new_state(size, config.counter_kind);
	ffntp_ml_state_of(v)->memory = ffntp_session_init(session_of(v), size, &config, (ffntp_counter)Int64_val(now));
	CAMLreturn(v);
}

/* --- inputs --- */

/* Set the fields of an input that has an argument. The constructors are numbered in the order of session.ml. */
static void read_argument(value v, struct ffntp_input *input, struct ffntp_map *former)
{
	static const enum ffntp_input_kind kinds[] = {
		FFNTP_INPUT_REQUEST, FFNTP_INPUT_SENT,       FFNTP_INPUT_PAUSE,  FFNTP_INPUT_DATAGRAM,
		FFNTP_INPUT_SERVER,  FFNTP_INPUT_LEAP_TABLE, FFNTP_INPUT_FORMER, FFNTP_INPUT_COUNTER_REPLACED,
	};
	value argument = Field(v, 0);

	input->kind = kinds[Tag_val(v)];
	if (input->kind == FFNTP_INPUT_REQUEST) {
		input->nonce = (uint64_t)Int64_val(argument);
	} else if (input->kind == FFNTP_INPUT_SENT || input->kind == FFNTP_INPUT_PAUSE) {
		input->stamp = input->until = (ffntp_counter)Int64_val(argument);
	} else if (input->kind == FFNTP_INPUT_DATAGRAM) {
		/* A Cstruct: its buffer does not move, and its offset and length are always within it. */
		input->bytes = (const uint8_t *)Caml_ba_data_val(Field(argument, 0)) + Long_val(Field(argument, 1));
		input->length = (size_t)Long_val(Field(argument, 2));
	} else if (input->kind == FFNTP_INPUT_SERVER) {
		memcpy(input->address, &(int64_t){ Long_val(argument) }, sizeof(int64_t));
	} else if (input->kind == FFNTP_INPUT_LEAP_TABLE) {
		input->leap_table = ffntp_ml_table_of(argument);
	} else if (input->kind == FFNTP_INPUT_COUNTER_REPLACED) {
		input->period_hint_s = Double_val(Field(argument, 1));
		input->period_hint_error = Double_val(Field(argument, 2));
	} else {
		*former = ffntp_ml_map_of(argument);
		input->map = former;
	}
}

struct ffntp_input ffntp_ml_input_of(value v, struct ffntp_map *former)
{
	static const enum ffntp_input_kind kinds[] = {
		FFNTP_INPUT_TIMEOUT,   FFNTP_INPUT_NOT_SENT, FFNTP_INPUT_ERROR,
		FFNTP_INPUT_DISRUPTED, FFNTP_INPUT_BURST,    FFNTP_INPUT_PUBLISH,
	};
	struct ffntp_input input = { .kind = FFNTP_INPUT_TIMEOUT };

	if (Is_long(v))
		input.kind = kinds[Long_val(v)];
	else
		read_argument(v, &input, former);
	return input;
}

/* A map without a period is rejected: no session produces one, but a page may contain one. */
void ffntp_ml_check_input(const struct ffntp_input *input, enum ffntp_counter_kind kind)
{
	if (input->kind != FFNTP_INPUT_FORMER)
		return;
	if (input->map->counter_kind != kind || input->map->period == 0)
		caml_invalid_argument("Ffntp.Session.input: the output is of a different counter");
}

/* The kinds in the order of Session.event's constructors without arguments. */
static const enum ffntp_event_kind event_kinds[] = {
	FFNTP_EVENT_SENT,       FFNTP_EVENT_NOT_SENT,      FFNTP_EVENT_NO_NONCE,  FFNTP_EVENT_ERROR,
	FFNTP_EVENT_UNANSWERED, FFNTP_EVENT_CHANGE_SERVER, FFNTP_EVENT_DISRUPTED, FFNTP_EVENT_SERVER,
	FFNTP_EVENT_MAP,        FFNTP_EVENT_SELECTION,
};

_Static_assert(sizeof event_kinds / sizeof *event_kinds + 2 == FFNTP_EVENTS,
	       "each kind but NONE, and REPLY, which has an argument");

value ffntp_ml_copy_event(struct ffntp_event event)
{
	intnat number = 0;

	if (event.kind == FFNTP_EVENT_REPLY)
		return ffntp_ml_block_of(Val_int(event.verdict));
	while (event_kinds[number] != event.kind)
		number++;
	return Val_long(number);
}

/* Return the list of all events from here on. */
static value take_events(struct ffntp_session *session)
{
	CAMLparam0();
	CAMLlocal3(head, tail, cell);
	struct ffntp_event event;

	if (!ffntp_session_event(session, &event))
		CAMLreturn(Val_emptylist);
	head = ffntp_ml_copy_event(event);
	tail = take_events(session);
	cell = caml_alloc_small(2, Tag_cons);
	Field(cell, 0) = head;
	Field(cell, 1) = tail;
	CAMLreturn(cell);
}

/* An input without effect, such as a timeout before the deadline, leaves the state as it is: nothing is copied. */
value ffntp_ml_session_input(value at, value input_variant, value session)
{
	CAMLparam3(at, input_variant, session);
	CAMLlocal2(v, events);
	struct ffntp_map former;
	struct ffntp_input input = ffntp_ml_input_of(input_variant, &former);

	input.at = (ffntp_counter)Int64_val(at);
	ffntp_ml_check_input(&input, ffntp_ml_state_of(session)->counter_kind);
	if (!ffntp_session_has_effect(session_of(session), &input))
		CAMLreturn(ffntp_ml_pair(Val_emptylist, session));
	v = ffntp_ml_copy_state(session, copy_into);
	ffntp_session_input(session_of(v), &input);
	events = take_events(session_of(v));
	CAMLreturn(ffntp_ml_pair(events, v));
}

/* --- results --- */

value ffntp_ml_copy_request(const uint8_t *packet)
{
	if (packet == NULL)
		return Val_int(0);
	return ffntp_ml_block_of(caml_alloc_initialized_string(FFNTP_REQUEST_SIZE, (const char *)packet));
}

value ffntp_ml_session_request(value session)
{
	return ffntp_ml_copy_request(ffntp_session_request(session_of(session)));
}

value ffntp_ml_session_wants_request(value session)
{
	return Val_bool(ffntp_session_wants_request(session_of(session)));
}

value ffntp_ml_session_is_awaiting(value session)
{
	return Val_bool(ffntp_session_is_awaiting(session_of(session)));
}

value ffntp_ml_session_deadline(value session)
{
	return caml_copy_int64((int64_t)ffntp_session_deadline(session_of(session)));
}

value ffntp_ml_session_output(value session)
{
	const struct ffntp_map map =
		*ffntp_session_map(session_of(session)); /* because allocation may free the session */

	return ffntp_ml_copy_map(&map);
}

value ffntp_ml_session_source(value session)
{
	const struct ffntp_source source = *ffntp_session_source(session_of(session));

	return ffntp_ml_copy_source(&source);
}

value ffntp_ml_session_counted(value session, value verdict)
{
	return ffntp_ml_long_of_ns(ffntp_session_source(session_of(session))->verdicts[Int_val(verdict)]);
}

value ffntp_ml_session_event_name(value event)
{
	enum ffntp_event_kind kind = Is_block(event) ? FFNTP_EVENT_REPLY : event_kinds[Long_val(event)];

	return caml_copy_string(ffntp_event_name(kind));
}
