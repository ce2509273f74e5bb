/* client_stubs: the functions of client.ml. */
#include "stubs.h"

#include "estimator.h"

static struct ffntp_client *client_of(value v)
{
	return ffntp_ml_state_of(v)->memory;
}

static void *copy_into(const void *state, void *memory, size_t size)
{
	return ffntp_client_copy(state, memory, size);
}

static value copy_client(value former)
{
	return ffntp_ml_copy_state(former, copy_into);
}

/* --- tables of leap seconds: created once and never freed, because clients refer to them --- */

value ffntp_ml_leap_table_builtin(value unit)
{
	(void)unit;
	return caml_copy_nativeint((intnat)ffntp_leap_table_builtin());
}

/* Convert (from_s, tai_offset_s). Returns false if the numbers do not fit. */
static bool entry_of(value v, struct ffntp_leap_entry *entry)
{
	*entry = (struct ffntp_leap_entry){ Long_val(Field(v, 0)), (int16_t)Long_val(Field(v, 1)) };
	return entry->tai_offset_s == Long_val(Field(v, 1));
}

/* entries: an array. */
static enum ffntp_timescale_result read_table(value entries, struct ffntp_leap_table *table)
{
	if (Wosize_val(entries) > FFNTP_LEAP_TABLE_SIZE)
		return FFNTP_TIMESCALE_TABLE_SIZE;
	table->count = (uint32_t)Wosize_val(entries);
	for (uint32_t i = 0; i < table->count; i++) {
		if (!entry_of(Field(entries, i), &table->entry[i]))
			return FFNTP_TIMESCALE_TABLE_STEP;
	}
	return ffntp_leap_table_check(table);
}

value ffntp_ml_leap_table_make(value expires_s, value entries)
{
	struct ffntp_leap_table table = { .expires_s = Long_val(expires_s) };
	enum ffntp_timescale_result result = read_table(entries, &table);
	struct ffntp_leap_table *kept;

	if (result != FFNTP_TIMESCALE_OK)
		caml_invalid_argument(ffntp_timescale_result_text(result));
	kept = caml_stat_alloc(sizeof table);
	*kept = table;
	return caml_copy_nativeint((intnat)kept);
}

/* None, or Some table. */
const struct ffntp_leap_table *ffntp_ml_table_of(value option)
{
	return Is_block(option) ? (const struct ffntp_leap_table *)Nativeint_val(Field(option, 0)) : NULL;
}

/* --- making one --- */

/* Return 0, which no configuration accepts, if the number does not fit. */
static uint32_t count_of(value v)
{
	return Long_val(v) < 0 || Long_val(v) > FFNTP_POLL_MOST_S ? 0 : (uint32_t)Long_val(v);
}

/* The fields are in the order of Client.config. */
struct ffntp_client_config ffntp_ml_config_of(value v)
{
	value counter = Field(v, 0), pivot = Field(v, 8);
	struct ffntp_client_config config;

	ffntp_client_config_default(&config);
	config.counter_kind = (enum ffntp_counter_kind)Int_val(Field(counter, 0));
	config.period_hint_s = Double_val(Field(counter, 1));
	config.period_hint_error = Double_val(Field(counter, 2));
	config.poll_min_s = count_of(Field(v, 1));
	config.poll_max_s = count_of(Field(v, 2));
	config.poll_is_adaptive = Bool_val(Field(v, 3));
	config.burst = count_of(Field(v, 4));
	config.max_drift = Double_val(Field(v, 5));
	config.counter_may_jump = Bool_val(Field(v, 6));
	config.max_root_distance_s = Double_val(Field(v, 7));
	if (Is_block(pivot))
		config.pivot_s = (int64_t)Long_val(Field(pivot, 0));
	config.leap_table = ffntp_ml_table_of(Field(v, 9));
	config.leap_expiry = Bool_val(Field(v, 10)) ? FFNTP_LEAP_EXPIRY_STRICT : FFNTP_LEAP_EXPIRY_KEEP;
	if (!ffntp_estimator_find(String_val(Field(v, 11)), &config.estimator))
		caml_invalid_argument("Ffntp.Client.create: no such estimator");
	return config;
}

/* Cons (name, summary) to a list. */
static value cons_estimator(const struct ffntp_estimator_ops *ops, value tail)
{
	CAMLparam1(tail);
	CAMLlocal3(name, summary, list);

	name = caml_copy_string(ops->name);
	summary = caml_copy_string(ops->summary);
	name = ffntp_ml_pair(name, summary);
	list = ffntp_ml_pair(name, tail);
	CAMLreturn(list);
}

value ffntp_ml_client_estimators(value unit)
{
	value list = Val_int(0);
	size_t count = 0;

	(void)unit;
	while (ffntp_estimator_at(count) != NULL)
		count++;
	while (count-- > 0)
		list = cons_estimator(ffntp_estimator_at(count), list);
	return list;
}

value ffntp_ml_client_create(value config_record, value now)
{
	CAMLparam2(config_record, now);
	CAMLlocal1(v);
	struct ffntp_client_config config = ffntp_ml_config_of(config_record);
	size_t size = ffntp_client_memory(&config);

	if (size == 0)
		caml_invalid_argument("Ffntp.Client.create: the configuration is out of range");
	v = ffntp_ml_new_state(size, config.counter_kind);
	ffntp_ml_state_of(v)->memory = ffntp_client_init(client_of(v), size, &config, (ffntp_counter)Int64_val(now));
	CAMLreturn(v);
}

/* --- from state to state --- */

static value changed(value client, value now, void (*change)(struct ffntp_client *, ffntp_counter))
{
	CAMLparam2(client, now);
	CAMLlocal1(v);

	v = copy_client(client);
	change(client_of(v), (ffntp_counter)Int64_val(now));
	CAMLreturn(v);
}

value ffntp_ml_client_sent(value now, value client)
{
	return changed(client, now, ffntp_client_sent);
}

value ffntp_ml_client_disrupted(value now, value client)
{
	return changed(client, now, ffntp_client_disrupted);
}

value ffntp_ml_client_server_changed(value now, value client)
{
	return changed(client, now, ffntp_client_server_changed);
}

value ffntp_ml_client_leap_table(value table, value client)
{
	CAMLparam2(table, client);
	CAMLlocal1(v);

	v = copy_client(client);
	ffntp_client_leap_table(client_of(v), ffntp_ml_table_of(table));
	CAMLreturn(v);
}

/* A map without a period is rejected: no client produces one, but a page may contain one. */
value ffntp_ml_client_continue(value former_output, value client)
{
	CAMLparam2(former_output, client);
	CAMLlocal1(v);
	struct ffntp_map former = ffntp_ml_map_of(former_output);

	if (former.counter_kind != ffntp_ml_state_of(client)->counter_kind || former.period == 0)
		caml_invalid_argument("Ffntp.Client.continue: the output is of a different counter");
	v = copy_client(client);
	ffntp_client_continue(client_of(v), &former);
	CAMLreturn(v);
}

/* Constructors of Client.action without arguments are numbered separately from those with. */
static value copy_action(struct ffntp_action action)
{
	switch (action.kind) {
	case FFNTP_SEND:
		return Val_int(0);
	case FFNTP_CHANGE_SERVER:
		return Val_int(1);
	case FFNTP_WAIT:
		break;
	}
	return ffntp_ml_block_of(caml_copy_int64((int64_t)action.until));
}

value ffntp_ml_client_next(value now, value client)
{
	CAMLparam2(now, client);
	CAMLlocal2(v, action);

	v = copy_client(client);
	action = copy_action(ffntp_client_timer(client_of(v), (ffntp_counter)Int64_val(now)));
	CAMLreturn(ffntp_ml_pair(action, v));
}

value ffntp_ml_client_query(value now, value nonce, value client)
{
	CAMLparam3(now, nonce, client);
	CAMLlocal2(v, bytes);
	uint8_t packet[FFNTP_REQUEST_SIZE];

	v = copy_client(client);
	if (!ffntp_client_request(client_of(v), (ffntp_counter)Int64_val(now), (uint64_t)Int64_val(nonce), packet))
		caml_invalid_argument("Ffntp.Client.new_query: the nonce is 0");
	bytes = caml_alloc_initialized_string(sizeof packet, (const char *)packet);
	CAMLreturn(ffntp_ml_pair(bytes, v));
}

/* The bytes lie in a Cstruct's buffer, which does not move; a Cstruct's offset and length are always within it. */
value ffntp_ml_client_reply(value received, value buffer, value offset, value length, value client)
{
	CAMLparam5(received, buffer, offset, length, client);
	CAMLlocal1(v);
	const uint8_t *bytes = (const uint8_t *)Caml_ba_data_val(buffer) + Long_val(offset);
	enum ffntp_verdict verdict;

	v = copy_client(client);
	verdict = ffntp_client_reply(client_of(v), bytes, (size_t)Long_val(length), (ffntp_counter)Int64_val(received));
	CAMLreturn(ffntp_ml_pair(Val_int(verdict), v));
}

/* --- what it knows --- */

/*
 * The output is taken from a copy of the client, because ffntp_client_output changes it: it gives up overdue requests,
 * and applies leap seconds.
 */
value ffntp_ml_client_output(value now, value client)
{
	size_t size = ffntp_ml_state_of(client)->size;
	void *block = caml_stat_alloc(size + FFNTP_ML_ALIGNMENT);
	struct ffntp_client *copy = ffntp_client_copy(client_of(client), ffntp_ml_aligned(block), size);
	struct ffntp_map map;

	ffntp_client_output(copy, (ffntp_counter)Int64_val(now), &map);
	caml_stat_free(block);
	return ffntp_ml_copy_map(&map);
}

value ffntp_ml_client_counted(value client, value verdict)
{
	struct ffntp_source source;

	ffntp_client_source(client_of(client), &source);
	return ffntp_ml_long_of_ns(source.verdicts[Int_val(verdict)]);
}

value ffntp_ml_client_source(value client)
{
	struct ffntp_source source;

	ffntp_client_source(client_of(client), &source);
	return ffntp_ml_copy_source(&source);
}

/* The constructors of Client.verdict are in this order. */
_Static_assert(FFNTP_VERDICTS == 19, "Client.verdict must have as many constructors");

value ffntp_ml_verdict_name(value verdict)
{
	return caml_copy_string(ffntp_verdict_name((enum ffntp_verdict)Int_val(verdict)));
}
