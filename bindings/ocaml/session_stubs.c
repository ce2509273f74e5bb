/* session_stubs: the functions of session.ml. Each state is a copy in memory of its own, as a client's is. */
#include "stubs.h"

#include <ffntp/session.h>
#include <string.h>

struct kept {
	void *block;
	struct ffntp_session *session;
	size_t size;
};

static struct kept *kept_of(value v)
{
	return (struct kept *)Data_custom_val(v);
}

static struct ffntp_session *session_of(value v)
{
	return kept_of(v)->session;
}

static void finalize_session(value v)
{
	caml_stat_free(kept_of(v)->block);
}

static struct custom_operations session_operations = {
	.identifier = "ffntp.session",
	.finalize = finalize_session,
	.compare = custom_compare_default,
	.compare_ext = custom_compare_ext_default,
	.hash = custom_hash_default,
	.serialize = custom_serialize_default,
	.deserialize = custom_deserialize_default,
	.fixed_length = custom_fixed_length_default,
};

/* Allocate 'size' bytes, aligned, without a session in them yet. */
static value allocate_session(size_t size, void **memory)
{
	value v = caml_alloc_custom_mem(&session_operations, sizeof(struct kept), size + FFNTP_ML_ALIGNMENT);
	struct kept *kept = kept_of(v);

	*kept = (struct kept){ .size = size };
	kept->block = caml_stat_alloc_noexc(size + FFNTP_ML_ALIGNMENT);
	if (kept->block == NULL)
		caml_raise_out_of_memory();
	*memory = ffntp_ml_aligned(kept->block);
	return v;
}

static value copy_session(value former)
{
	CAMLparam1(former);
	CAMLlocal1(v);
	void *memory;

	v = allocate_session(kept_of(former)->size, &memory);
	kept_of(v)->session = ffntp_session_copy(session_of(former), memory, kept_of(v)->size);
	CAMLreturn(v);
}

value ffntp_ml_session_create(value config_record, value now)
{
	CAMLparam2(config_record, now);
	CAMLlocal1(v);
	struct ffntp_client_config config = ffntp_ml_config_of(config_record);
	size_t size = ffntp_session_memory(&config);
	void *memory;

	if (size == 0)
		caml_invalid_argument("Ffntp.Session.create: the configuration is out of range");
	v = allocate_session(size, &memory);
	kept_of(v)->session = ffntp_session_init(memory, size, &config, (ffntp_counter)Int64_val(now));
	CAMLreturn(v);
}

/* --- inputs --- */

/* Set the fields of an input that has an argument. The constructors are numbered in the order of session.ml. */
static void read_argument(value v, struct ffntp_input *input, struct ffntp_map *former)
{
	static const enum ffntp_input_kind kinds[] = {
		FFNTP_INPUT_REQUEST, FFNTP_INPUT_SENT,       FFNTP_INPUT_PAUSE,  FFNTP_INPUT_DATAGRAM,
		FFNTP_INPUT_SERVER,  FFNTP_INPUT_LEAP_TABLE, FFNTP_INPUT_FORMER,
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
	} else {
		*former = ffntp_ml_map_of(argument);
		input->map = former;
	}
}

static struct ffntp_input read_input(value v, struct ffntp_map *former)
{
	static const enum ffntp_input_kind kinds[] = {
		FFNTP_INPUT_TIMEOUT,
		FFNTP_INPUT_NOT_SENT,
		FFNTP_INPUT_DISRUPTED,
		FFNTP_INPUT_PUBLISH,
	};
	struct ffntp_input input = { .kind = FFNTP_INPUT_TIMEOUT };

	if (Is_long(v))
		input.kind = kinds[Long_val(v)];
	else
		read_argument(v, &input, former);
	return input;
}

/* A map without a period is rejected: no session produces one, but a page may contain one. */
static void check_former(const struct ffntp_session *session, const struct ffntp_input *input)
{
	if (input->kind != FFNTP_INPUT_FORMER)
		return;
	if (input->map->counter_kind != ffntp_session_map(session)->counter_kind || input->map->period == 0)
		caml_invalid_argument("Ffntp.Session.input: the output is of a different counter");
}

/* The kinds in the order of Session.event's constructors without arguments. A session alone has no selection. */
static const enum ffntp_event_kind event_kinds[] = {
	FFNTP_EVENT_SENT,      FFNTP_EVENT_NOT_SENT,   FFNTP_EVENT_NO_NONCE,
	FFNTP_EVENT_ERROR,     FFNTP_EVENT_UNANSWERED, FFNTP_EVENT_CHANGE_SERVER,
	FFNTP_EVENT_DISRUPTED, FFNTP_EVENT_SERVER,     FFNTP_EVENT_MAP,
};

_Static_assert(sizeof event_kinds / sizeof *event_kinds + 3 == FFNTP_EVENTS,
	       "each kind but NONE, SELECTION, and REPLY, which has an argument");

static value copy_event(struct ffntp_event event)
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
	head = copy_event(event);
	tail = take_events(session);
	cell = caml_alloc_small(2, Tag_cons);
	Field(cell, 0) = head;
	Field(cell, 1) = tail;
	CAMLreturn(cell);
}

value ffntp_ml_session_input(value at, value input_variant, value session)
{
	CAMLparam3(at, input_variant, session);
	CAMLlocal2(v, events);
	struct ffntp_input input;
	struct ffntp_map former;

	v = copy_session(session);
	input = read_input(input_variant, &former);
	input.at = (ffntp_counter)Int64_val(at);
	check_former(session_of(v), &input);
	ffntp_session_input(session_of(v), &input);
	events = take_events(session_of(v));
	CAMLreturn(ffntp_ml_pair(events, v));
}

/* --- results --- */

value ffntp_ml_session_request(value session)
{
	const uint8_t *packet = ffntp_session_request(session_of(session));

	if (packet == NULL)
		return Val_int(0);
	return ffntp_ml_block_of(caml_alloc_initialized_string(FFNTP_REQUEST_SIZE, (const char *)packet));
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
