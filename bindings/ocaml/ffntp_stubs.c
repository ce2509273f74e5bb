/*
 * ffntp_stubs: what the OCaml modules call. Reading allocates its result and nothing else. Constructors without
 * arguments have the values of the core's enumerations, in the core's order; the tests compare their names.
 */
#define CAML_NAME_SPACE
#include <caml/alloc.h>
#include <caml/bigarray.h>
#include <caml/custom.h>
#include <caml/fail.h>
#include <caml/memory.h>
#include <caml/mlvalues.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <ffntp/client.h>
#include <ffntp/clock.h>
#include <ffntp/page.h>
#include <ffntp/timescale.h>

#include "mapping.h"

#define S_PER_DAY 86400
#define PS_PER_S INT64_C(1000000000000)

/* --- counters --- */

/* False where this machine or this build cannot read it. */
static bool read_counter(enum ffntp_counter_kind kind, ffntp_counter *now)
{
#if defined(__x86_64__) || defined(__i386__)
	if (kind == FFNTP_COUNTER_TSC) {
		*now = __builtin_ia32_rdtsc();
		return true;
	}
#elif defined(__aarch64__)
	if (kind == FFNTP_COUNTER_ARM_VIRTUAL) {
		__asm__ volatile("mrs %0, cntvct_el0" : "=r"(*now));
		return true;
	}
#endif
#if defined(CLOCK_MONOTONIC_RAW)
	if (kind == FFNTP_COUNTER_MONOTONIC_RAW) {
		struct timespec t;

		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		*now = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
		return true;
	}
#endif
	return false;
}

/* 0 for one that cannot be read. */
int64_t ffntp_ml_counter_read(value kind)
{
	ffntp_counter now = 0;

	(void)read_counter((enum ffntp_counter_kind)Int_val(kind), &now);
	return (int64_t)now;
}

value ffntp_ml_counter_read_byte(value kind)
{
	return caml_copy_int64(ffntp_ml_counter_read(kind));
}

value ffntp_ml_counter_is_readable(value kind)
{
	ffntp_counter now;

	return Val_bool(read_counter((enum ffntp_counter_kind)Int_val(kind), &now));
}

/* --- from C to OCaml --- */

static value long_of_ns(uint64_t ns)
{
	return Val_long(ns > (uint64_t)Max_long ? Max_long : (intnat)ns);
}

/* (d, ps), rounded down. */
static value copy_d_ps(struct ffntp_time time)
{
	CAMLparam0();
	CAMLlocal1(ps);
	struct ffntp_day day = ffntp_day_from_time(time);

	ps = caml_copy_int64((int64_t)day.ps);
	value pair = caml_alloc_small(2, 0);

	Field(pair, 0) = Val_long((intnat)day.day);
	Field(pair, 1) = ps;
	CAMLreturn(pair);
}

/* Rounded up. */
static value copy_d_ps_up(struct ffntp_time time)
{
	const uint64_t ps_frac = UINT64_C(18446744); /* 2^-64 s; a picosecond, less the rounding of a part in 10^7 */
	struct ffntp_time up = { time.s + (time.frac > UINT64_MAX - ps_frac), time.frac + ps_frac };

	return copy_d_ps(up);
}

static struct ffntp_time time_of_d_ps(value pair)
{
	int64_t ps = Int64_val(Field(pair, 1));
	struct ffntp_time time = {
		.s = (int64_t)Long_val(Field(pair, 0)) * S_PER_DAY + ps / PS_PER_S,
		/* 2^64 / 10^12 = 18446744.07: the remainder in picoseconds is less than 2^40 */
		.frac = (uint64_t)(ps % PS_PER_S) * UINT64_C(18446744),
	};

	time.frac += (uint64_t)(((uint64_t)(ps % PS_PER_S) * UINT64_C(73709)) / 1000000);
	return time;
}

static value copy_reading(const struct ffntp_reading *reading)
{
	CAMLparam0();
	CAMLlocal4(earliest, estimate, latest, record);

	earliest = copy_d_ps(reading->earliest);
	estimate = copy_d_ps(reading->estimate);
	latest = copy_d_ps_up(reading->latest);
	record = caml_alloc_small(8, 0);
	Field(record, 0) = earliest;
	Field(record, 1) = estimate;
	Field(record, 2) = latest;
	Field(record, 3) = long_of_ns(reading->bound_ns);
	Field(record, 4) = long_of_ns(reading->esterror_ns);
	Field(record, 5) = Val_int(reading->status);
	Field(record, 6) = Val_int(reading->leap);
	Field(record, 7) = Val_int(reading->offset_s);
	CAMLreturn(record);
}

static value copy_duration(const struct ffntp_duration *duration)
{
	CAMLparam0();
	CAMLlocal2(ns, record);

	ns = caml_copy_int64(duration->ns);
	record = caml_alloc_small(3, 0);
	Field(record, 0) = ns;
	Field(record, 1) = long_of_ns(duration->bound_ns);
	Field(record, 2) = long_of_ns(duration->esterror_ns);
	CAMLreturn(record);
}

/* The first constructor with an argument: Ok, Some, Wait_until. */
static value block_of(value v)
{
	CAMLparam1(v);
	value block = caml_alloc_small(1, 0);

	Field(block, 0) = v;
	CAMLreturn(block);
}

static value error(int number)
{
	value block = caml_alloc_small(1, 1);

	Field(block, 0) = Val_int(number);
	return block;
}

/* FFNTP_CLOCK_OK is not among the refusals. */
static value refuse(enum ffntp_clock_result result)
{
	return error((int)result - 1);
}

static uint64_t cap_of(value max_bound_ns)
{
	return Long_val(max_bound_ns) == Max_long ? UINT64_MAX : (uint64_t)Long_val(max_bound_ns);
}

/* --- names: of constructors, by their numbers --- */

value ffntp_ml_status_name(value status)
{
	return caml_copy_string(ffntp_status_name((enum ffntp_status)Int_val(status)));
}

value ffntp_ml_verdict_name(value verdict)
{
	return caml_copy_string(ffntp_verdict_name((enum ffntp_verdict)Int_val(verdict)));
}

value ffntp_ml_refusal_text(value refusal)
{
	return caml_copy_string(ffntp_clock_result_text((enum ffntp_clock_result)(Int_val(refusal) + 1)));
}

value ffntp_ml_page_error_text(value reason)
{
	return caml_copy_string(ffntp_page_result_text((enum ffntp_page_result)(Int_val(reason) + 1)));
}

/* --- outputs: a map in an OCaml string, which nobody changes --- */

static value copy_map(const struct ffntp_map *map)
{
	return caml_alloc_initialized_string(sizeof *map, (const char *)map);
}

static struct ffntp_map map_of(value output)
{
	struct ffntp_map map;

	memcpy(&map, String_val(output), sizeof map);
	return map;
}

value ffntp_ml_output_status(value output)
{
	return Val_int(map_of(output).status);
}

static value read_at(const struct ffntp_map *map, ffntp_counter now, value scale, value max_bound_ns)
{
	struct ffntp_reading reading;
	enum ffntp_clock_result result =
		ffntp_clock_at(map, now, (enum ffntp_timescale)Int_val(scale), cap_of(max_bound_ns), &reading);

	return result == FFNTP_CLOCK_OK ? block_of(copy_reading(&reading)) : refuse(result);
}

value ffntp_ml_output_at(value output, int64_t now, value scale, value max_bound_ns)
{
	struct ffntp_map map = map_of(output);

	return read_at(&map, (ffntp_counter)now, scale, max_bound_ns);
}

value ffntp_ml_output_at_byte(value output, value now, value scale, value max_bound_ns)
{
	return ffntp_ml_output_at(output, Int64_val(now), scale, max_bound_ns);
}

value ffntp_ml_output_duration(value output, value rate, int64_t from, int64_t to)
{
	struct ffntp_map map = map_of(output);
	struct ffntp_duration duration;
	enum ffntp_clock_result result = ffntp_clock_duration(&map, (ffntp_counter)from, (ffntp_counter)to,
							      (enum ffntp_rate)Int_val(rate), &duration);

	return result == FFNTP_CLOCK_OK ? block_of(copy_duration(&duration)) : refuse(result);
}

value ffntp_ml_output_duration_byte(value output, value rate, value from, value to)
{
	return ffntp_ml_output_duration(output, rate, Int64_val(from), Int64_val(to));
}

/* None or Some tai_offset. */
static value copy_tai_offset(const struct ffntp_map *map)
{
	value some;

	if (!map->tai_is_known)
		return Val_int(0);
	some = caml_alloc_small(1, 0);
	Field(some, 0) = Val_int(map->tai_offset_s);
	return some;
}

/* The order is that of Output.details. */
value ffntp_ml_output_details(value output)
{
	CAMLparam1(output);
	CAMLlocal2(record, field);
	const struct ffntp_map map = map_of(output);
	double unit_s = ffntp_mapping_period_s(1, map.period_shift);

	record = caml_alloc(12, 0);
	Store_field(record, 0, Val_int(map.status));
	Store_field(record, 1, Val_int(map.counter_kind));
	Store_field(record, 2, Val_int(map.leap));
	field = copy_tai_offset(&map);
	Store_field(record, 3, field);
	field = caml_copy_int64((int64_t)map.disruption_marker);
	Store_field(record, 4, field);
	field = caml_copy_int64((int64_t)map.at);
	Store_field(record, 5, field);
	field = copy_d_ps(map.time);
	Store_field(record, 6, field);
	Store_field(record, 7, long_of_ns(map.maxerror_before_ns));
	Store_field(record, 8, long_of_ns(map.maxerror_after_ns));
	Store_field(record, 9, long_of_ns(map.esterror_ns));
	field = caml_copy_double((double)map.period * unit_s);
	Store_field(record, 10, field);
	field = caml_copy_double(map.period == 0 ? 0 : (double)map.period_esterror / (double)map.period);
	Store_field(record, 11, field);
	CAMLreturn(record);
}

static void set_period(struct ffntp_map *map, double period_s, double drift)
{
	map->period_shift = ffntp_mapping_shift(period_s);
	map->period = map->stable_period = ffntp_mapping_period(period_s, map->period_shift);
	map->period_maxerror = ffntp_mapping_period(period_s * drift, map->period_shift);
}

/* (counter kind, status, at, time, (period_s, drift), bound_ns, tai_offset_s): for clocks that are made by hand. */
value ffntp_ml_output_make(value parameters)
{
	value rate = Field(parameters, 4), tai = Field(parameters, 6);
	ffntp_counter at = (ffntp_counter)Int64_val(Field(parameters, 2));
	struct ffntp_map map = {
		.counter_kind = (enum ffntp_counter_kind)Int_val(Field(parameters, 0)),
		.status = (enum ffntp_status)Int_val(Field(parameters, 1)),
		.at = at,
		.time = time_of_d_ps(Field(parameters, 3)),
		.maxerror_before_ns = (uint64_t)Long_val(Field(parameters, 5)),
		.maxerror_after_ns = (uint64_t)Long_val(Field(parameters, 5)),
		.esterror_ns = (uint64_t)Long_val(Field(parameters, 5)),
		.void_after = at + INT64_MAX,
	};

	set_period(&map, Double_val(Field(rate, 0)), Double_val(Field(rate, 1)));
	if (Is_block(tai)) {
		map.tai_is_known = true;
		map.tai_offset_s = (int16_t)Int_val(Field(tai, 0));
		map.time.s += map.tai_offset_s;
	}
	return copy_map(&map);
}

/* --- clients: each state in memory of its own, so that no state ever changes --- */

struct held {
	void *block;
	struct ffntp_client *client;
	size_t size;
};

static struct held *held_of(value v)
{
	return (struct held *)Data_custom_val(v);
}

static void finalize_client(value v)
{
	caml_stat_free(held_of(v)->block);
}

static struct custom_operations client_operations = {
	.identifier = "ffntp.client",
	.finalize = finalize_client,
	.compare = custom_compare_default,
	.compare_ext = custom_compare_ext_default,
	.hash = custom_hash_default,
	.serialize = custom_serialize_default,
	.deserialize = custom_deserialize_default,
	.fixed_length = custom_fixed_length_default,
};

#define ALIGNMENT 16u

/* 'size' bytes, aligned; no client in them yet. */
static value allocate_client(size_t size, void **memory)
{
	value v = caml_alloc_custom_mem(&client_operations, sizeof(struct held), size + ALIGNMENT);
	struct held *held = held_of(v);

	*held = (struct held){ .size = size };
	held->block = caml_stat_alloc_noexc(size + ALIGNMENT);
	if (held->block == NULL)
		caml_raise_out_of_memory();
	*memory = (void *)(((uintptr_t)held->block + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
	return v;
}

static value copy_client(value former)
{
	CAMLparam1(former);
	CAMLlocal1(v);
	void *memory;

	v = allocate_client(held_of(former)->size, &memory);
	held_of(v)->client = ffntp_client_copy(held_of(former)->client, memory, held_of(v)->size);
	CAMLreturn(v);
}

static value pair(value first, value second)
{
	CAMLparam2(first, second);
	value block = caml_alloc_small(2, 0);

	Field(block, 0) = first;
	Field(block, 1) = second;
	CAMLreturn(block);
}

/* --- tables of leap seconds: made once, kept for ever, as clients refer to them --- */

value ffntp_ml_leap_table_builtin(value unit)
{
	(void)unit;
	return caml_copy_nativeint((intnat)ffntp_leap_table_builtin());
}

/* entries: an array of (from_s, tai_offset_s). */
value ffntp_ml_leap_table_make(value expires_s, value entries)
{
	struct ffntp_leap_table table = { .expires_s = Long_val(expires_s), .count = (uint32_t)Wosize_val(entries) };
	struct ffntp_leap_table *kept;

	if (Wosize_val(entries) > FFNTP_LEAP_TABLE_SIZE)
		caml_invalid_argument(ffntp_timescale_result_text(FFNTP_TIMESCALE_TABLE_SIZE));
	for (uint32_t i = 0; i < table.count; i++) {
		value entry = Field(entries, i);

		table.entry[i].from_s = Long_val(Field(entry, 0));
		table.entry[i].tai_offset_s = (int16_t)Long_val(Field(entry, 1));
	}
	if (ffntp_leap_table_check(&table) != FFNTP_TIMESCALE_OK)
		caml_invalid_argument(ffntp_timescale_result_text(ffntp_leap_table_check(&table)));
	kept = caml_stat_alloc(sizeof table);
	*kept = table;
	return caml_copy_nativeint((intnat)kept);
}

/* None, or Some table. */
static const struct ffntp_leap_table *table_of(value option)
{
	return Is_block(option) ? (const struct ffntp_leap_table *)Nativeint_val(Field(option, 0)) : NULL;
}

value ffntp_ml_client_leap_table(value table, value client)
{
	CAMLparam2(table, client);
	CAMLlocal1(v);

	v = copy_client(client);
	ffntp_client_leap_table(held_of(v)->client, table_of(table));
	CAMLreturn(v);
}

/* 0, which no configuration may have, for what does not fit. */
static uint32_t count_of(value v)
{
	return Long_val(v) < 0 || Long_val(v) > 131072 ? 0 : (uint32_t)Long_val(v);
}

/* In the order of Client.config. */
static struct ffntp_client_config config_of(value v)
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
	config.leap_table = table_of(Field(v, 9));
	config.estimator = (enum ffntp_estimator_kind)(Int_val(Field(v, 10)) == 0 ? FFNTP_ESTIMATOR_INTERVAL
										  : FFNTP_ESTIMATOR_RADCLOCK);
	return config;
}

value ffntp_ml_client_create(value config_record, value now)
{
	CAMLparam2(config_record, now);
	CAMLlocal1(v);
	struct ffntp_client_config config = config_of(config_record);
	size_t size = ffntp_client_memory(&config);
	void *memory;

	if (size == 0)
		caml_invalid_argument("Ffntp.Client.create: the configuration is out of range");
	v = allocate_client(size, &memory);
	held_of(v)->client = ffntp_client_init(memory, size, &config, (ffntp_counter)Int64_val(now));
	CAMLreturn(v);
}

value ffntp_ml_client_continue(value former_output, value client)
{
	CAMLparam2(former_output, client);
	CAMLlocal1(v);
	struct ffntp_map former = map_of(former_output);

	v = copy_client(client);
	ffntp_client_continue(held_of(v)->client, &former);
	CAMLreturn(v);
}

/* Client.action: constructors without arguments are numbered by themselves. */
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
	return block_of(caml_copy_int64((int64_t)action.until));
}

value ffntp_ml_client_next(value now, value client)
{
	CAMLparam2(now, client);
	CAMLlocal2(v, action);

	v = copy_client(client);
	action = copy_action(ffntp_client_timer(held_of(v)->client, (ffntp_counter)Int64_val(now)));
	CAMLreturn(pair(action, v));
}

value ffntp_ml_client_query(value now, value nonce, value client)
{
	CAMLparam3(now, nonce, client);
	CAMLlocal2(v, bytes);
	uint8_t packet[FFNTP_REQUEST_SIZE];

	v = copy_client(client);
	if (!ffntp_client_request(held_of(v)->client, (ffntp_counter)Int64_val(now), (uint64_t)Int64_val(nonce),
				  packet))
		caml_invalid_argument("Ffntp.Client.new_query: a nonce of 0");
	bytes = caml_alloc_initialized_string(sizeof packet, (const char *)packet);
	CAMLreturn(pair(bytes, v));
}

value ffntp_ml_client_sent(value now, value client)
{
	CAMLparam2(now, client);
	CAMLlocal1(v);

	v = copy_client(client);
	ffntp_client_sent(held_of(v)->client, (ffntp_counter)Int64_val(now));
	CAMLreturn(v);
}

/* The bytes lie in a Cstruct's buffer, which does not move; the OCaml side has checked offset and length. */
value ffntp_ml_client_reply(value received, value buffer, value offset, value length, value client)
{
	CAMLparam5(received, buffer, offset, length, client);
	CAMLlocal1(v);
	const uint8_t *bytes = (const uint8_t *)Caml_ba_data_val(buffer) + Long_val(offset);
	enum ffntp_verdict verdict;

	v = copy_client(client);
	verdict = ffntp_client_reply(held_of(v)->client, bytes, (size_t)Long_val(length),
				     (ffntp_counter)Int64_val(received));
	CAMLreturn(pair(Val_int(verdict), v));
}

value ffntp_ml_client_disrupted(value now, value client)
{
	CAMLparam2(now, client);
	CAMLlocal1(v);

	v = copy_client(client);
	ffntp_client_disrupted(held_of(v)->client, (ffntp_counter)Int64_val(now));
	CAMLreturn(v);
}

value ffntp_ml_client_server_changed(value now, value client)
{
	CAMLparam2(now, client);
	CAMLlocal1(v);

	v = copy_client(client);
	ffntp_client_server_changed(held_of(v)->client, (ffntp_counter)Int64_val(now));
	CAMLreturn(v);
}

value ffntp_ml_client_output(value now, value client)
{
	struct ffntp_map map;

	ffntp_client_output(held_of(client)->client, (ffntp_counter)Int64_val(now), &map);
	return copy_map(&map);
}

value ffntp_ml_client_counted(value client, value verdict)
{
	struct ffntp_source source;

	ffntp_client_source(held_of(client)->client, &source);
	return long_of_ns(source.verdicts[Int_val(verdict)]);
}

/* The order is that of Client.source. */
value ffntp_ml_client_source(value client)
{
	CAMLparam1(client);
	CAMLlocal2(record, field);
	struct ffntp_source source;

	ffntp_client_source(held_of(client)->client, &source);
	record = caml_alloc(9, 0);
	Store_field(record, 0, Val_int(source.stratum));
	field = caml_copy_int32((int32_t)source.refid);
	Store_field(record, 1, field);
	Store_field(record, 2, Val_int(source.leap));
	Store_field(record, 3, Val_int(source.reach));
	Store_field(record, 4, Val_long((intnat)source.offset_ns));
	Store_field(record, 5, long_of_ns(source.rtt_ns));
	Store_field(record, 6, long_of_ns(source.rtt_min_ns));
	Store_field(record, 7, long_of_ns(source.root_delay_ns));
	Store_field(record, 8, long_of_ns(source.root_dispersion_ns));
	CAMLreturn(record);
}

/* --- pages --- */

static struct ffntp_page *page_of(value v)
{
	return (struct ffntp_page *)Caml_ba_data_val(v);
}

/* Ok counter kind, or Error. The page's words are read in one piece, and so must be aligned. */
value ffntp_ml_page_check(value v)
{
	struct ffntp_page_identity identity;
	enum ffntp_page_result result;

	if ((uintptr_t)Caml_ba_data_val(v) % _Alignof(struct ffntp_page) != 0)
		caml_invalid_argument("Ffntp.Page.of_bigarray: not aligned to 8");
	result = ffntp_page_check(page_of(v), (size_t)Caml_ba_array_val(v)->dim[0], &identity);
	return result == FFNTP_PAGE_OK ? block_of(Val_int(identity.counter_kind)) : error((int)result - 1);
}

value ffntp_ml_page_read(value v)
{
	struct ffntp_map map;
	enum ffntp_clock_result result = ffntp_page_read(page_of(v), &map);

	return result == FFNTP_CLOCK_OK ? block_of(copy_map(&map)) : refuse(result);
}

value ffntp_ml_page_past(value v, value then)
{
	struct ffntp_map map;
	enum ffntp_clock_result result = ffntp_page_read_past(page_of(v), (ffntp_counter)Int64_val(then), &map);

	return result == FFNTP_CLOCK_OK ? block_of(copy_map(&map)) : refuse(result);
}

/* A counter that is behind a map which was made before it was read has jumped. */
static enum ffntp_clock_result judge(const struct ffntp_map *map, ffntp_counter now)
{
	return (int64_t)(now - map->at) < 0 ? FFNTP_CLOCK_DISRUPTED : FFNTP_CLOCK_OK;
}

static enum ffntp_clock_result read_page(const struct ffntp_page *page, enum ffntp_counter_kind kind,
					 struct ffntp_map *map, ffntp_counter *now)
{
	enum ffntp_clock_result result = ffntp_page_read(page, map);

	if (result != FFNTP_CLOCK_OK)
		return result;
	if (map->counter_kind != kind || !read_counter(kind, now))
		return FFNTP_CLOCK_COUNTER;
	return judge(map, *now);
}

value ffntp_ml_page_now(value v, value kind, value scale, value max_bound_ns)
{
	struct ffntp_map map;
	ffntp_counter now = 0;
	enum ffntp_clock_result result = read_page(page_of(v), (enum ffntp_counter_kind)Int_val(kind), &map, &now);

	return result == FFNTP_CLOCK_OK ? read_at(&map, now, scale, max_bound_ns) : refuse(result);
}

/* --- clocks: a page, and which counter it is of --- */

struct clock {
	struct ffntp_page page;
	_Atomic uint64_t manual; /* the counter, where it is set by hand */
	enum ffntp_counter_kind kind;
};

static struct clock *clock_of(value v)
{
	return (struct clock *)Caml_ba_data_val(v);
}

value ffntp_ml_clock_size(value unit)
{
	(void)unit;
	return Val_long(sizeof(struct clock));
}

static ffntp_counter clock_counter(const struct clock *clock)
{
	ffntp_counter now;

	return read_counter(clock->kind, &now) ? now : atomic_load_explicit(&clock->manual, memory_order_relaxed);
}

int64_t ffntp_ml_clock_counter(value v)
{
	return (int64_t)clock_counter(clock_of(v));
}

value ffntp_ml_clock_counter_byte(value v)
{
	return caml_copy_int64(ffntp_ml_clock_counter(v));
}

value ffntp_ml_clock_set_manual(value v, value now)
{
	atomic_store_explicit(&clock_of(v)->manual, (uint64_t)Int64_val(now), memory_order_relaxed);
	return Val_unit;
}

static void publish(struct clock *clock, const struct ffntp_map *map)
{
	ffntp_page_hold(&clock->page);
	ffntp_page_publish_steadily(&clock->page, map, NULL, 0, clock_counter(clock));
}

/* Nothing is known but the counter's period, by which time elapses. */
static void publish_period(struct clock *clock, double period_s)
{
	ffntp_counter now = clock_counter(clock);
	struct ffntp_map map = {
		.status = FFNTP_STATUS_INITIALISING,
		.counter_kind = clock->kind,
		.at = now,
		.void_after = now + INT64_MAX,
	};

	set_period(&map, period_s, 0);
	publish(clock, &map);
}

value ffntp_ml_clock_init(value v, value kind, value period_s)
{
	struct clock *clock = clock_of(v);
	const struct ffntp_page_identity identity = { .counter_kind = (enum ffntp_counter_kind)Int_val(kind) };

	memset(clock, 0, sizeof *clock);
	clock->kind = identity.counter_kind;
	ffntp_page_format(&clock->page, &identity);
	publish_period(clock, Double_val(period_s));
	return Val_unit;
}

/* One that came with an output is better. */
value ffntp_ml_clock_set_period(value v, value period_s)
{
	struct clock *clock = clock_of(v);
	struct ffntp_map map;

	if (ffntp_page_read(&clock->page, &map) == FFNTP_CLOCK_OK && map.status == FFNTP_STATUS_INITIALISING)
		publish_period(clock, Double_val(period_s));
	return Val_unit;
}

value ffntp_ml_clock_publish(value v, value output)
{
	struct clock *clock = clock_of(v);
	struct ffntp_map map = map_of(output);

	if (map.counter_kind != clock->kind)
		caml_invalid_argument("Ffntp.Clock.publish: the output is of another counter");
	publish(clock, &map);
	return Val_unit;
}

/* Both are read until they belong together: a page is being written for less than a microsecond. */
static struct ffntp_steady steady_of(const struct clock *clock, ffntp_counter *now)
{
	struct ffntp_steady steady;

	do {
		*now = clock_counter(clock);
	} while (ffntp_page_read_steady(&clock->page, &steady) != FFNTP_CLOCK_OK);
	return steady;
}

int64_t ffntp_ml_clock_elapsed(value v)
{
	ffntp_counter now;
	struct ffntp_steady steady = steady_of(clock_of(v), &now);

	return ffntp_time_to_ns(ffntp_steady_elapsed(&steady, now));
}

value ffntp_ml_clock_elapsed_byte(value v)
{
	return caml_copy_int64(ffntp_ml_clock_elapsed(v));
}

value ffntp_ml_clock_steady(value v)
{
	ffntp_counter now;
	struct ffntp_steady steady = steady_of(clock_of(v), &now);
	struct ffntp_time utc;
	enum ffntp_clock_result result = ffntp_steady_utc(&steady, now, &utc);

	return result == FFNTP_CLOCK_OK ? block_of(copy_d_ps(utc)) : refuse(result);
}

static enum ffntp_clock_result read_clock(const struct clock *clock, struct ffntp_map *map, ffntp_counter *now)
{
	enum ffntp_clock_result result = ffntp_page_read(&clock->page, map);

	*now = clock_counter(clock);
	return result == FFNTP_CLOCK_OK ? judge(map, *now) : result;
}

value ffntp_ml_clock_read(value v, value scale, value max_bound_ns)
{
	struct ffntp_map map;
	ffntp_counter now;
	enum ffntp_clock_result result = read_clock(clock_of(v), &map, &now);

	return result == FFNTP_CLOCK_OK ? read_at(&map, now, scale, max_bound_ns) : refuse(result);
}

value ffntp_ml_clock_now_d_ps(value v)
{
	struct ffntp_map map;
	ffntp_counter now;
	struct ffntp_reading reading;
	enum ffntp_clock_result result = read_clock(clock_of(v), &map, &now);

	if (result == FFNTP_CLOCK_OK)
		result = ffntp_clock_at(&map, now, FFNTP_UTC, UINT64_MAX, &reading);
	if (result != FFNTP_CLOCK_OK)
		caml_raise_sys_error(caml_copy_string(ffntp_clock_result_text(result)));
	return copy_d_ps(reading.estimate);
}
