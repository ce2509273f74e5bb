/*
 * Compares core's integer arithmetic with a table that Python made. It needs no framework, because it is also built for
 * 32-bit machines, and once without the compiler's 128-bit type.
 */
#include <stdio.h>

#include "../core/bits.h"
#include "../include/ffntp/clock.h"
#include "count.h"
#include "vectors.h"

static int tests, failures;

/* Print one line of TAP for a whole table: it passes, or the first wrong row is named. */
static void report(const char *name, size_t rows, size_t right)
{
	bool ok = rows == right && rows > 0;

	tests++;
	failures += !ok;
	printf("%s %d %s\n", ok ? "ok" : "not ok", tests, name);
	if (!ok)
		printf("# row %zu of %zu\n", right, rows);
}

/* Count the rows of the table that are right, up to the first that is not. */
#define CHECK(table, row_is_right)                              \
	do {                                                    \
		size_t row = 0;                                 \
		while (row < COUNT(table) && row_is_right(row)) \
			row++;                                  \
		report(#row_is_right, COUNT(table), row);       \
	} while (0)

static bool is_u128(struct ffntp_u128 value, uint64_t high, uint64_t low)
{
	return value.high == high && value.low == low;
}

static bool is_time(struct ffntp_time t, int64_t s, uint64_t frac)
{
	return t.s == s && t.frac == frac;
}

static bool product_is_right(size_t i)
{
	return is_u128(ffntp_mul64(products[i].a, products[i].b), products[i].high, products[i].low);
}

static bool sum_is_right(size_t i)
{
	struct ffntp_u128 first = { sums[i].high, sums[i].low };

	return is_u128(ffntp_add128(first, sums[i].more), sums[i].sum_high, sums[i].sum_low);
}

static bool shift_is_right(size_t i)
{
	struct ffntp_u128 value = { shifts[i].high, shifts[i].low };

	return is_u128(ffntp_shift_right128(value, shifts[i].shift), shifts[i].shifted_high, shifts[i].shifted_low);
}

static bool unfolding_is_right(size_t i)
{
	struct ffntp_ntp ntp = { unfoldings[i].units };
	struct ffntp_time t = ffntp_time_from_ntp(ntp, unfoldings[i].pivot_s);

	return is_time(t, unfoldings[i].s, unfoldings[i].frac) && ffntp_ntp_from_time(t).units == ntp.units;
}

static struct ffntp_time make_time(int64_t s, uint64_t frac)
{
	return (struct ffntp_time){ s, frac };
}

static bool time_is_right(size_t i)
{
	return ffntp_time_to_ns(make_time(times[i].s, times[i].frac)) == times[i].ns;
}

static bool nanosecond_is_right(size_t i)
{
	struct ffntp_time t = ffntp_time_from_ns(nanoseconds[i].ns);

	return is_time(t, nanoseconds[i].s, nanoseconds[i].frac) && ffntp_time_to_ns(t) == nanoseconds[i].ns;
}

static bool difference_is_right(size_t i)
{
	struct ffntp_time a = make_time(differences[i].a, differences[i].a_frac);
	struct ffntp_time b = make_time(differences[i].b, differences[i].b_frac);

	return ffntp_time_diff_ns(a, b) == differences[i].ns;
}

static bool addition_is_right(size_t i)
{
	struct ffntp_time t = ffntp_time_add_ns(make_time(additions[i].s, additions[i].frac), additions[i].ns);

	return is_time(t, additions[i].sum_s, additions[i].sum_frac);
}

static struct ffntp_map map_of(size_t i)
{
	return (struct ffntp_map){
		.status = FFNTP_STATUS_SYNCHRONISED,
		.period_shift = readings[i].shift,
		.at = readings[i].at,
		.time = make_time(readings[i].s, readings[i].frac),
		.period = readings[i].period,
		.period_maxerror = readings[i].drift,
		.maxerror_before_ns = readings[i].error_ns,
		.maxerror_after_ns = readings[i].error_ns / 3,
		.void_after = readings[i].at + INT64_MAX,
	};
}

/* Compare the estimate to the last bit. The bound may be a nanosecond more, because it may be rounded up twice. */
static bool reading_is_right(size_t i)
{
	struct ffntp_map map = map_of(i);
	struct ffntp_reading reading;

	return ffntp_clock_at(&map, readings[i].now, FFNTP_UTC, UINT64_MAX, &reading) == FFNTP_CLOCK_OK &&
	       is_time(reading.estimate, readings[i].then_s, readings[i].then_frac) &&
	       reading.bound_ns - readings[i].bound_ns <= 1;
}

/* Compare to within the nanosecond that rounding may take. */
static bool duration_is_right(size_t i)
{
	struct ffntp_map map = map_of(i);
	struct ffntp_duration duration;

	return ffntp_clock_duration(&map, map.at, readings[i].now, FFNTP_RATE_LOCAL, &duration) == FFNTP_CLOCK_OK &&
	       (uint64_t)(duration.ns - readings[i].duration_ns) <= 1;
}

int main(void)
{
	CHECK(products, product_is_right);
	CHECK(sums, sum_is_right);
	CHECK(shifts, shift_is_right);
	CHECK(unfoldings, unfolding_is_right);
	CHECK(times, time_is_right);
	CHECK(nanoseconds, nanosecond_is_right);
	CHECK(differences, difference_is_right);
	CHECK(additions, addition_is_right);
	CHECK(readings, reading_is_right);
	CHECK(readings, duration_is_right);
	printf("1..%d\n", tests);
	return failures != 0;
}
