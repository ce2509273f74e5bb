/* ensemble_stubs: the functions of ensemble.ml. */
#include "stubs.h"

#include <ffntp/ensemble.h>

static struct ffntp_ensemble *ensemble_of(value v)
{
	return ffntp_ml_state_of(v)->memory;
}

static void *copy_into(const void *state, void *memory, size_t size)
{
	return ffntp_ensemble_copy(state, memory, size);
}

/* --- making one --- */

/* A size that does not fit is one that no configuration accepts. */
static unsigned size_of(value v)
{
	return Long_val(v) < 0 || Long_val(v) > FFNTP_ENSEMBLE_MEMBERS ? FFNTP_ENSEMBLE_MEMBERS + 1
								       : (unsigned)Long_val(v);
}

/* With several servers the majority's announcements of leap seconds count; with one server its own. */
static struct ffntp_client_config member_config(value config_record, unsigned room)
{
	struct ffntp_client_config config = ffntp_ml_config_of(config_record);

	config.leap_trust = room > 1 ? FFNTP_LEAP_TRUST_CALLER : FFNTP_LEAP_TRUST_SERVER;
	return config;
}

value ffntp_ml_ensemble_create(value config_record, value room, value least_sources, value now)
{
	CAMLparam4(config_record, room, least_sources, now);
	CAMLlocal1(v);
	const struct ffntp_ensemble_config config = {
		.client = member_config(config_record, size_of(room)),
		.members = size_of(room),
		.least_sources = size_of(least_sources),
	};
	size_t size = ffntp_ensemble_memory(&config);

	if (size == 0)
		caml_invalid_argument("Ffntp.Ensemble.create: the configuration is out of range");
	v = ffntp_ml_new_state(size, config.client.counter_kind);
	ffntp_ml_state_of(v)->memory =
		ffntp_ensemble_init(ensemble_of(v), size, &config, (ffntp_counter)Int64_val(now));
	CAMLreturn(v);
}

/* options: in the order of Ensemble.options. Returns None if there is no room, or Some (number, state). */
value ffntp_ml_ensemble_add(value config_record, value room, value options, value now, value ensemble)
{
	CAMLparam5(config_record, room, options, now, ensemble);
	CAMLlocal1(v);
	const struct ffntp_member_config config = {
		.client = member_config(config_record, size_of(room)),
		.is_preferred = Bool_val(Field(options, 0)),
		.is_trusted = Bool_val(Field(options, 1)),
		.is_required = Bool_val(Field(options, 2)),
		.is_unused = Bool_val(Field(options, 3)),
	};
	int member;

	if (ffntp_client_memory(&config.client) == 0 ||
	    config.client.counter_kind != ffntp_ml_state_of(ensemble)->counter_kind)
		caml_invalid_argument("Ffntp.Ensemble.add: the configuration is out of range");
	v = ffntp_ml_copy_state(ensemble, copy_into);
	member = ffntp_ensemble_add(ensemble_of(v), &config, (ffntp_counter)Int64_val(now));
	CAMLreturn(member < 0 ? Val_int(0) : ffntp_ml_block_of(ffntp_ml_pair(Val_int(member), v)));
}

/* --- members --- */

static const struct ffntp_session *find_session(value ensemble, value member)
{
	return Long_val(member) < 0 || Long_val(member) >= FFNTP_ENSEMBLE_MEMBERS
		       ? NULL
		       : ffntp_ensemble_session(ensemble_of(ensemble), (unsigned)Long_val(member));
}

static const struct ffntp_session *session_of(value ensemble, value member)
{
	const struct ffntp_session *session = find_session(ensemble, member);

	if (session == NULL)
		caml_invalid_argument("Ffntp.Ensemble: there is no such member");
	return session;
}

value ffntp_ml_ensemble_is_member(value member, value ensemble)
{
	return Val_bool(find_session(ensemble, member) != NULL);
}

value ffntp_ml_ensemble_remove(value now, value member, value ensemble)
{
	CAMLparam3(now, member, ensemble);
	CAMLlocal1(v);

	(void)session_of(ensemble, member);
	v = ffntp_ml_copy_state(ensemble, copy_into);
	ffntp_ensemble_remove(ensemble_of(v), (unsigned)Long_val(member), (ffntp_counter)Int64_val(now));
	CAMLreturn(v);
}

/* --- inputs --- */

/* Return an Ensemble.target. */
static value copy_target(unsigned member)
{
	return member == FFNTP_ENSEMBLE_ALL ? Val_int(0) : ffntp_ml_block_of(Val_int((int)member));
}

/* Return the list of all events from here on, each with its target. */
static value take_events(struct ffntp_ensemble *ensemble)
{
	CAMLparam0();
	CAMLlocal4(head, event_value, tail, cell);
	struct ffntp_event event;
	unsigned member;

	if (!ffntp_ensemble_event(ensemble, &member, &event))
		CAMLreturn(Val_emptylist);
	event_value = ffntp_ml_copy_event(event);
	head = copy_target(member);
	head = ffntp_ml_pair(head, event_value);
	tail = take_events(ensemble);
	cell = caml_alloc_small(2, Tag_cons);
	Field(cell, 0) = head;
	Field(cell, 1) = tail;
	CAMLreturn(cell);
}

static bool has_effect(value ensemble, value target, const struct ffntp_input *input)
{
	return Is_long(target) || ffntp_session_has_effect(session_of(ensemble, Field(target, 0)), input);
}

/* As in session_stubs.c, nothing is copied for an input without effect. */
value ffntp_ml_ensemble_input(value at, value target, value input_variant, value ensemble)
{
	CAMLparam4(at, target, input_variant, ensemble);
	CAMLlocal2(v, events);
	struct ffntp_map former;
	struct ffntp_input input = ffntp_ml_input_of(input_variant, &former);

	input.at = (ffntp_counter)Int64_val(at);
	ffntp_ml_check_input(&input, ffntp_ml_state_of(ensemble)->counter_kind);
	if (!has_effect(ensemble, target, &input))
		CAMLreturn(ffntp_ml_pair(Val_emptylist, ensemble));
	v = ffntp_ml_copy_state(ensemble, copy_into);
	ffntp_ensemble_input(ensemble_of(v),
			     Is_long(target) ? FFNTP_ENSEMBLE_ALL : (unsigned)Long_val(Field(target, 0)), &input);
	events = take_events(ensemble_of(v));
	CAMLreturn(ffntp_ml_pair(events, v));
}

/* --- results --- */

value ffntp_ml_ensemble_request(value member, value ensemble)
{
	return ffntp_ml_copy_request(ffntp_session_request(session_of(ensemble, member)));
}

value ffntp_ml_ensemble_wants_request(value member, value ensemble)
{
	return Val_bool(ffntp_session_wants_request(session_of(ensemble, member)));
}

value ffntp_ml_ensemble_is_awaiting(value member, value ensemble)
{
	return Val_bool(ffntp_session_is_awaiting(session_of(ensemble, member)));
}

value ffntp_ml_ensemble_deadline(value member, value ensemble)
{
	return caml_copy_int64((int64_t)ffntp_session_deadline(session_of(ensemble, member)));
}

value ffntp_ml_ensemble_output(value ensemble)
{
	const struct ffntp_map map = *ffntp_ensemble_map(ensemble_of(ensemble)); /* because allocation may free it */

	return ffntp_ml_copy_map(&map);
}

/* Return (Client.source, selection, share in percent). */
value ffntp_ml_ensemble_source(value member, value ensemble)
{
	CAMLparam2(member, ensemble);
	CAMLlocal2(record, triple);
	struct ffntp_source source;

	(void)session_of(ensemble, member);
	if (!ffntp_ensemble_source(ensemble_of(ensemble), (unsigned)Long_val(member), &source))
		CAMLreturn(Val_unit);
	record = ffntp_ml_copy_source(&source);
	triple = caml_alloc_small(3, 0);
	Field(triple, 0) = record;
	Field(triple, 1) = Val_int(source.selection);
	Field(triple, 2) = Val_int(source.share_percent);
	CAMLreturn(triple);
}

value ffntp_ml_ensemble_counted(value member, value ensemble, value verdict)
{
	return ffntp_ml_long_of_ns(ffntp_session_source(session_of(ensemble, member))->verdicts[Int_val(verdict)]);
}

value ffntp_ml_ensemble_selection_name(value selection)
{
	return caml_copy_string(ffntp_selection_name((enum ffntp_selection)Int_val(selection)));
}
