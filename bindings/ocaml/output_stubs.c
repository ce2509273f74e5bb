/* output_stubs: the functions of output.ml. Outputs are maps in OCaml strings. */
#include "stubs.h"

#include <string.h>

#include "mapping.h"
#include "page_words.h"

#define S_PER_DAY 86400
#define PS_PER_S INT64_C(1000000000000)

value ffntp_ml_status_name(value status)
{
	return caml_copy_string(ffntp_status_name((enum ffntp_status)Int_val(status)));
}

value ffntp_ml_refusal_text(value refusal)
{
	return caml_copy_string(ffntp_clock_result_text((enum ffntp_clock_result)(Int_val(refusal) + 1)));
}

/* Rounded up. */
static value copy_d_ps_up(struct ffntp_time time)
{
	const uint64_t ps_frac = UINT64_C(18446744); /* 2^-64 s: a picosecond, less the rounding of a part in 10^7 */
	struct ffntp_time up = { time.s + (time.frac > UINT64_MAX - ps_frac), time.frac + ps_frac };

	return ffntp_ml_copy_d_ps(up);
}

/* Return None for 0, which means unknown, or Some ns. */
static value copy_asymmetry(uint64_t ns)
{
	value some;

	if (ns == 0)
		return Val_int(0);
	some = caml_alloc_small(1, 0);
	Field(some, 0) = ffntp_ml_long_of_ns(ns);
	return some;
}

static value copy_reading(const struct ffntp_reading *reading)
{
	CAMLparam0();
	CAMLlocal5(earliest, estimate, latest, asymmetry, record);

	earliest = ffntp_ml_copy_d_ps(reading->earliest);
	estimate = ffntp_ml_copy_d_ps(reading->estimate);
	latest = copy_d_ps_up(reading->latest);
	asymmetry = copy_asymmetry(reading->asymmetry_esterror_ns);
	record = caml_alloc_small(9, 0);
	Field(record, 0) = earliest;
	Field(record, 1) = estimate;
	Field(record, 2) = latest;
	Field(record, 3) = ffntp_ml_long_of_ns(reading->bound_ns);
	Field(record, 4) = ffntp_ml_long_of_ns(reading->esterror_ns);
	Field(record, 5) = asymmetry;
	Field(record, 6) = ffntp_ml_constructor(reading->status, FFNTP_STATUS_DISRUPTED);
	Field(record, 7) = ffntp_ml_constructor(reading->leap, FFNTP_LEAP_POST_NEGATIVE);
	Field(record, 8) = Val_int(reading->offset_s);
	CAMLreturn(record);
}

static value copy_duration(const struct ffntp_duration *duration)
{
	CAMLparam0();
	CAMLlocal2(ns, record);

	ns = caml_copy_int64(duration->ns);
	record = caml_alloc_small(3, 0);
	Field(record, 0) = ns;
	Field(record, 1) = ffntp_ml_long_of_ns(duration->bound_ns);
	Field(record, 2) = ffntp_ml_long_of_ns(duration->esterror_ns);
	CAMLreturn(record);
}

/* OCaml's largest integer means no cap. A negative cap is 0, because no bound is below it. */
static uint64_t cap_of(value max_bound_ns)
{
	intnat cap_ns = Long_val(max_bound_ns);

	if (cap_ns < 0)
		return 0;
	return cap_ns == Max_long ? UINT64_MAX : (uint64_t)cap_ns;
}

value ffntp_ml_copy_map(const struct ffntp_map *map)
{
	return caml_alloc_initialized_string(sizeof *map, (const char *)map);
}

struct ffntp_map ffntp_ml_map_of(value output)
{
	struct ffntp_map map;

	memcpy(&map, String_val(output), sizeof map);
	return map;
}

value ffntp_ml_output_status(value output)
{
	return ffntp_ml_constructor(ffntp_ml_map_of(output).status, FFNTP_STATUS_DISRUPTED);
}

value ffntp_ml_read_at(const struct ffntp_map *map, ffntp_counter now, value scale, value max_bound_ns)
{
	struct ffntp_reading reading;
	enum ffntp_clock_result result =
		ffntp_clock_at(map, now, (enum ffntp_timescale)Int_val(scale), cap_of(max_bound_ns), &reading);

	return result == FFNTP_CLOCK_OK ? ffntp_ml_block_of(copy_reading(&reading)) : ffntp_ml_refuse(result);
}

value ffntp_ml_output_at(value output, int64_t now, value scale, value max_bound_ns)
{
	struct ffntp_map map = ffntp_ml_map_of(output);

	return ffntp_ml_read_at(&map, (ffntp_counter)now, scale, max_bound_ns);
}

value ffntp_ml_output_at_byte(value output, value now, value scale, value max_bound_ns)
{
	return ffntp_ml_output_at(output, Int64_val(now), scale, max_bound_ns);
}

value ffntp_ml_output_duration(value output, value rate, int64_t from, int64_t to)
{
	struct ffntp_map map = ffntp_ml_map_of(output);
	struct ffntp_duration duration;
	enum ffntp_clock_result result = ffntp_clock_duration(&map, (ffntp_counter)from, (ffntp_counter)to,
							      (enum ffntp_rate)Int_val(rate), &duration);

	return result == FFNTP_CLOCK_OK ? ffntp_ml_block_of(copy_duration(&duration)) : ffntp_ml_refuse(result);
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

/* The fields are in the order of Output.details. */
value ffntp_ml_output_details(value output)
{
	CAMLparam1(output);
	CAMLlocal2(record, field);
	const struct ffntp_map map = ffntp_ml_map_of(output);
	double unit_s = ffntp_mapping_period_s(1, map.period_shift);

	record = caml_alloc(13, 0);
	Store_field(record, 0, ffntp_ml_constructor(map.status, FFNTP_STATUS_DISRUPTED));
	Store_field(record, 1, ffntp_ml_constructor(map.counter_kind, FFNTP_COUNTER_OTHER));
	Store_field(record, 2, ffntp_ml_constructor(map.leap, FFNTP_LEAP_POST_NEGATIVE));
	field = copy_tai_offset(&map);
	Store_field(record, 3, field);
	field = caml_copy_int64((int64_t)map.disruption_marker);
	Store_field(record, 4, field);
	field = caml_copy_int64((int64_t)map.at);
	Store_field(record, 5, field);
	field = ffntp_ml_copy_d_ps(map.time);
	Store_field(record, 6, field);
	Store_field(record, 7, ffntp_ml_long_of_ns(map.maxerror_before_ns));
	Store_field(record, 8, ffntp_ml_long_of_ns(map.maxerror_after_ns));
	Store_field(record, 9, ffntp_ml_long_of_ns(map.esterror_ns));
	field = copy_asymmetry(map.asymmetry_esterror_ns);
	Store_field(record, 10, field);
	field = caml_copy_double((double)map.period * unit_s);
	Store_field(record, 11, field);
	field = caml_copy_double(map.period == 0 ? 0 : (double)map.period_esterror / (double)map.period);
	Store_field(record, 12, field);
	CAMLreturn(record);
}

/* A number of the map by its name on the page; words that several members share are not numbers. */
struct numbered {
	const char *name;
	bool is_number;
	int64_t number;
};

static value copy_numbered(const struct numbered *numbered)
{
	CAMLparam0();
	CAMLlocal3(name, number, pair);

	name = caml_copy_string(numbered->name);
	number = caml_copy_int64(numbered->number);
	pair = caml_alloc_small(2, 0);
	Field(pair, 0) = name;
	Field(pair, 1) = number;
	CAMLreturn(pair);
}

static value cons(value head, value tail)
{
	CAMLparam2(head, tail);
	value list = caml_alloc_small(2, 0);

	Field(list, 0) = head;
	Field(list, 1) = tail;
	CAMLreturn(list);
}

#define NUMBER_PLAIN(member) true, (int64_t)map.member
#define NUMBER_NEGATED(member) true, -(int64_t)map.member
#define NUMBER_LEAP(at_s, sign) false, 0
#define NUMBER_PACKED(what) false, 0
#define NUMBER_DERIVED(what) false, 0

value ffntp_ml_output_fields(value output)
{
	CAMLparam1(output);
	CAMLlocal2(list, pair);
	const struct ffntp_map map = ffntp_ml_map_of(output);
	const struct numbered numbers[] = {
#define STATUS_FIELD(offset, type, name, unit, since, codec) { #name, NUMBER_##codec },
#define MAP_WORD(offset, type, NAME, name, unit, since, codec) { #name, NUMBER_##codec },
#include "page_fields.def"
	};

	list = Val_int(0);
	for (size_t i = sizeof numbers / sizeof numbers[0]; i-- > 0;) {
		if (!numbers[i].is_number)
			continue;
		pair = copy_numbered(&numbers[i]);
		list = cons(pair, list);
	}
	CAMLreturn(list);
}

void ffntp_ml_set_period(struct ffntp_map *map, double period_s, double drift)
{
	map->period_shift = ffntp_mapping_shift(period_s);
	map->period = map->stable_period = ffntp_mapping_period(period_s, map->period_shift);
	map->period_maxerror = ffntp_mapping_period(period_s * drift, map->period_shift);
}

/* Convert None, or Some (midnight_s, sign): the POSIX second just after the insertion or omission. */
static void set_leap_second(struct ffntp_map *map, value leap_second)
{
	struct ffntp_numbering numbering = { .offset_s = map->tai_offset_s };
	int64_t midnight_s;

	if (!Is_block(leap_second))
		return;
	midnight_s = Long_val(Field(Field(leap_second, 0), 0));
	numbering.sign = (int8_t)Int_val(Field(Field(leap_second, 0), 1));
	if (map->time.s - map->tai_offset_s >= midnight_s)
		numbering.offset_s = (int16_t)(numbering.offset_s - numbering.sign);
	numbering.at_s = midnight_s + numbering.offset_s - (numbering.sign < 0);
	map->leap_sign = numbering.sign;
	map->leap_at_s = numbering.at_s;
	map->leap = ffntp_numbering_leap(&numbering, map->time);
}

static struct ffntp_time time_of_d_ps(value pair)
{
	int64_t ps = Int64_val(Field(pair, 1));
	uint64_t rest_ps = (uint64_t)(ps % PS_PER_S);

	return (struct ffntp_time){
		.s = (int64_t)Long_val(Field(pair, 0)) * S_PER_DAY + ps / PS_PER_S,
		/* 2^64 / 10^12 = 18446744.073709..; rest_ps is less than 2^40 */
		.frac = rest_ps * UINT64_C(18446744) + rest_ps * UINT64_C(73709) / 1000000,
	};
}

/* The fields are in the order of Output.parameters, which Output has checked. */
value ffntp_ml_output_make(value parameters)
{
	value bound_ns = Field(parameters, 6), tai = Field(parameters, 7);
	ffntp_counter at = (ffntp_counter)Int64_val(Field(parameters, 2));
	struct ffntp_map map = {
		.counter_kind = (enum ffntp_counter_kind)Int_val(Field(parameters, 0)),
		.status = (enum ffntp_status)Int_val(Field(parameters, 1)),
		.at = at,
		.time = time_of_d_ps(Field(parameters, 3)),
		.maxerror_before_ns = (uint64_t)Long_val(bound_ns),
		.maxerror_after_ns = (uint64_t)Long_val(bound_ns),
		.esterror_ns = (uint64_t)Long_val(bound_ns),
		.disruption_marker = (uint64_t)Int64_val(Field(parameters, 9)),
		.void_after = at + INT64_MAX,
	};

	ffntp_ml_set_period(&map, Double_val(Field(parameters, 4)), Double_val(Field(parameters, 5)));
	if (Is_block(tai)) {
		map.tai_is_known = true;
		map.tai_offset_s = (int16_t)Int_val(Field(tai, 0));
		map.time.s += map.tai_offset_s;
	}
	set_leap_second(&map, Field(parameters, 8));
	return ffntp_ml_copy_map(&map);
}
