/* bound: an interval that contains the true time whatever the delays are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/bound.h"
#include "../core/params.h"
#include "prng.h"

static const struct ffntp_rate_bound exact = { 1e-9, 0 };

static struct ffntp_ntp ntp(double s)
{
	return (struct ffntp_ntp){ (UINT64_C(1) << 63) + (uint64_t)(int64_t)(s * 0x1p32) };
}

/* Return the stamp of a request at 'at' s, with a counter that shows true time and an exact server. */
static struct ffntp_stamp stamp(double at_s, double forward_s, double backward_s)
{
	return (struct ffntp_stamp){
		.ta = (uint64_t)(at_s * 1e9),
		.tb = ntp(at_s + forward_s),
		.te = ntp(at_s + forward_s),
		.tf = (uint64_t)((at_s + forward_s + backward_s) * 1e9),
	};
}

#define assert_near(a, b, tolerance) assert_true((a) - (b) < (tolerance) && (b) - (a) < (tolerance))

static double add_stamp(struct ffntp_bound *bound, const struct ffntp_stamp *s, struct ffntp_rate_bound rate)
{
	const struct ffntp_bound interval = ffntp_bound_from_stamp(s, rate);

	return ffntp_bound_add(bound, &interval, rate);
}

static void test_first_exchange_gives_both_ends(void **state)
{
	struct ffntp_bound bound = { 0 };
	struct ffntp_stamp s = stamp(100, 0.003, 0.001);

	(void)state;
	s.root_delay_s = 0.010;
	s.root_dispersion_s = 0.002;
	assert_true(add_stamp(&bound, &s, exact) == 0);
	assert_true(bound.is_known);
	assert_true(bound.at == s.tf);
	/* Truth at tf is te + 1 ms: within the round trip, and 7 ms of root distance on each side. */
	assert_near(bound.earliest_s, -0.007, 1e-7);
	assert_near(bound.latest_s, 0.004 + 0.007, 1e-7);
}

/* The kernel's departure stamp may be that of a later copy than the one that arrived. */
static void test_a_late_departure_stamp_does_not_narrow_the_bound(void **state)
{
	struct ffntp_stamp s = stamp(100, 0.003, 0.001);
	struct ffntp_bound bound, with_stamp;

	(void)state;
	bound = ffntp_bound_from_stamp(&s, exact);
	s.ta += 3500000;
	s.ta_late_ticks = 3500000;
	with_stamp = ffntp_bound_from_stamp(&s, exact);
	assert_true(with_stamp.earliest_s == bound.earliest_s && with_stamp.latest_s == bound.latest_s);
	assert_true(bound.earliest_s < 0.001 && bound.latest_s > 0.001);
}

static void test_residence_is_no_delay(void **state)
{
	struct ffntp_stamp s = stamp(100, 0.003, 0.001);
	struct ffntp_bound bound;

	(void)state;
	s.te = ffntp_ntp_add_s(s.te, 1);
	s.tf += 1000000000;
	bound = ffntp_bound_from_stamp(&s, exact);
	assert_near(bound.latest_s - bound.earliest_s, 0.004, 2e-7);
}

static void test_ageing_widens_both_ends(void **state)
{
	struct ffntp_rate_bound rate = { 1e-9, 1e-6 };
	struct ffntp_stamp s = stamp(100, 0.003, 0.001);
	struct ffntp_bound bound = ffntp_bound_from_stamp(&s, rate);
	struct ffntp_bound aged = bound;

	(void)state;
	ffntp_bound_age(&aged, bound.at + 1000000000000, ffntp_ntp_add_s(bound.reference, 1000), rate);
	assert_near(aged.earliest_s, bound.earliest_s - 1e-3, 1e-9);
	assert_near(aged.latest_s, bound.latest_s + 1e-3, 1e-9);
	ffntp_bound_age(&aged, bound.at, bound.reference, rate); /* the bound also grows backwards */
	assert_near(aged.earliest_s, bound.earliest_s - 2e-3, 1e-9);
}

static void test_intersection_takes_the_better_of_each_end(void **state)
{
	struct ffntp_bound bound = { 0 };
	struct ffntp_stamp slow_out = stamp(100, 0.050, 0.001), slow_back = stamp(101, 0.001, 0.050);

	(void)state;
	assert_true(add_stamp(&bound, &slow_out, exact) == 0);
	assert_true(add_stamp(&bound, &slow_back, exact) == 0);
	assert_near(bound.latest_s - bound.earliest_s, 0.002, 3e-7);
}

static void test_disjoint_exchanges_leave_the_bound_alone(void **state)
{
	struct ffntp_bound bound = { 0 };
	struct ffntp_stamp good = stamp(100, 0.001, 0.001), ahead = stamp(101, 0.001, 0.001), behind = ahead;
	double width_s;

	(void)state;
	assert_true(add_stamp(&bound, &good, exact) == 0);
	width_s = bound.latest_s - bound.earliest_s;
	ahead.tb = ffntp_ntp_add_s(ahead.tb, 1);
	ahead.te = ffntp_ntp_add_s(ahead.te, 1);
	behind.tb = ffntp_ntp_add_s(behind.tb, -1);
	behind.te = ffntp_ntp_add_s(behind.te, -1);
	assert_near(add_stamp(&bound, &ahead, exact), 1 - 0.002, 1e-6);
	assert_near(add_stamp(&bound, &behind, exact), -1 + 0.002, 1e-6);
	assert_near(bound.latest_s - bound.earliest_s, width_s, 1e-9);
}

/* The truth stays inside whatever the delays are, and however wrong the rate is within its limit. */
static void test_truth_stays_inside(void **state)
{
	struct ffntp_rate_bound rate = { 1e-9, 2e-6 };
	struct prng prng = { 7 };

	(void)state;
	for (int run = 0; run < 200; run++) {
		struct ffntp_bound bound = { 0 };
		double skew = ((double)prng_below(&prng, 2001) - 1000) * 2e-9;

		for (int i = 1; i < 200; i++) {
			double at_s = i * 16.0;
			struct ffntp_stamp s = stamp(at_s, (double)prng_below(&prng, 30000) * 1e-6,
						     (double)prng_below(&prng, 30000) * 1e-6);
			double truth_s = (double)s.tf * 1e-9;

			s.ta = (uint64_t)((double)s.ta * (1 + skew));
			s.tf = (uint64_t)((double)s.tf * (1 + skew));
			assert_true(add_stamp(&bound, &s, rate) == 0);
			truth_s -= ffntp_ntp_diff_s(bound.reference, ntp(0));
			assert_true(bound.earliest_s <= truth_s && truth_s <= bound.latest_s);
		}
	}
}

/*
 * A reading has the time of its tick's beginning. Of two readings that are a tick apart, almost two ticks may have
 * passed, or almost none.
 */
static void test_a_tick_is_as_long_as_it_is(void **state)
{
	struct ffntp_rate_bound coarse = { 1e-6, 0 };
	struct ffntp_stamp late = { .ta = 100000000, .tb = ntp(100), .te = ntp(100), .tf = 100000002 }, early = late;
	struct ffntp_bound of_late = ffntp_bound_from_stamp(&late, coarse), of_early;

	(void)state;
	/* All of the time, 2.999 us, is on the way back: the reading of tf was made at the end of its tick. */
	assert_true(of_late.latest_s >= 2.999e-6);
	/*
	 * None of the time is on the way back: a reader at the beginning of tf's tick, or of any other, is a tick
	 * before the server.
	 */
	early.ta = 99999998;
	early.te = ntp(100.000002999);
	of_early = ffntp_bound_from_stamp(&early, coarse);
	assert_true(of_early.earliest_s <= -0.999e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_exchange_gives_both_ends),
		cmocka_unit_test(test_a_late_departure_stamp_does_not_narrow_the_bound),
		cmocka_unit_test(test_residence_is_no_delay),
		cmocka_unit_test(test_ageing_widens_both_ends),
		cmocka_unit_test(test_intersection_takes_the_better_of_each_end),
		cmocka_unit_test(test_disjoint_exchanges_leave_the_bound_alone),
		cmocka_unit_test(test_truth_stays_inside),
		cmocka_unit_test(test_a_tick_is_as_long_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
