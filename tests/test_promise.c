/* promise: compared with a list of all bounds ever published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

#include "assertions.h"
#include "../core/promise.h"
#include "prng.h"

static double uniform(struct prng *prng, double low, double high)
{
	return low + (high - low) * (double)(prng_next(prng) >> 11) * 0x1p-53;
}

static void test_nothing_promised_allows_everything(void **state)
{
	struct ffntp_promise promise = { 0 };
	double value_s = 5, period_s = 1e-9;

	(void)state;
	assert_true(ffntp_promise_fit(&promise, 1e9, &value_s, &period_s));
	assert_true(value_s == 5 && period_s == 1e-9);
}

static void test_value_is_held_inside(void **state)
{
	struct ffntp_promise promise = { 0 };
	struct ffntp_claim claim = { 1.0, 0.25, 0.5, 1e-9, 1e-15 };
	double value_s = 2, period_s = 1e-9;

	(void)state;
	ffntp_promise_add(&promise, &claim);
	assert_true(ffntp_promise_fit(&promise, 1e9, &value_s, &period_s));
	assert_exactly(value_s, 1.5, "s");
	value_s = 0;
	assert_true(ffntp_promise_fit(&promise, 1e9, &value_s, &period_s));
	assert_exactly(value_s, 0.75, "s");
}

/* At the edge, a period that would leave the envelope is limited; away from it there is room. */
static void test_period_is_held_inside(void **state)
{
	struct ffntp_promise promise = { 0 };
	struct ffntp_claim claim = { 0, 1e-3, 1e-3, 1e-9, 1e-15 };
	double value_s = 1e-3, period_s = 2e-9;

	(void)state;
	ffntp_promise_add(&promise, &claim);
	assert_true(ffntp_promise_fit(&promise, 1e9, &value_s, &period_s));
	assert_at_most(period_s, 1e-9 + 1e-15 + 1e-24, "s");
	value_s = 0;
	period_s = 1e-9 + 5e-13;
	assert_true(ffntp_promise_fit(&promise, 1e9, &value_s, &period_s));
	assert_exactly(period_s, 1e-9 + 5e-13, "s");
}

/* No line satisfies both claims, so that one of them was false. */
static void test_contradictory_promises_are_told(void **state)
{
	struct ffntp_claim low = { 0, 1e-3, 1e-3, 1e-9, 1e-15 }, high = { 1, 1e-3, 1e-3, 1e-9, 1e-15 };
	struct ffntp_claim fast = { 0, 1e-3, 1e-3, 1.1e-9, 1e-15 };
	struct ffntp_promise apart = { 0 }, parting = { 0 };
	double value_s = 0, period_s = 1e-9;

	(void)state;
	ffntp_promise_add(&apart, &low);
	ffntp_promise_add(&apart, &high);
	assert_false(ffntp_promise_fit(&apart, 1e9, &value_s, &period_s));
	ffntp_promise_add(&parting, &low);
	ffntp_promise_add(&parting, &fast);
	value_s = 0;
	period_s = 1e-9;
	assert_true(ffntp_promise_fit(&parting, 1e6, &value_s, &period_s));
	assert_false(ffntp_promise_fit(&parting, 1e9, &value_s, &period_s));
}

static double above_zero(double value)
{
	return value > 0 ? value : 0;
}

enum { CLAIMS = 400 };

struct said {
	double at_ticks;
	struct ffntp_claim claim;
};

static double lower_end(const struct said *said, double ticks)
{
	double elapsed = ticks - said->at_ticks;

	return said->claim.value_s - said->claim.before_s +
	       elapsed * (said->claim.period_s - said->claim.period_error_s);
}

static double upper_end(const struct said *said, double ticks)
{
	double elapsed = ticks - said->at_ticks;

	return said->claim.value_s + said->claim.after_s +
	       elapsed * (said->claim.period_s + said->claim.period_error_s);
}

/*
 * Random claims around a true line: the fitted line lies within every one of them, now and as far ahead as requested.
 */
static void test_fits_everything_ever_said(void **state)
{
	static struct said said[CLAIMS];

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct prng prng = { seed };
		struct ffntp_promise promise = { 0 };
		double ticks = 0;

		for (int i = 0; i < CLAIMS; i++) {
			double ahead = uniform(&prng, 1e9, 2e10), step = uniform(&prng, 0.1, 1) * ahead;
			double value_s, period_s;

			ticks += step;
			ffntp_promise_move(&promise, (ffntp_counter)ticks, (struct ffntp_ntp){ 0 });
			ticks = (double)(ffntp_counter)ticks;
			value_s = ticks * 1e-9 + uniform(&prng, -2e-3, 2e-3);
			period_s = 1e-9 + uniform(&prng, -1e-14, 1e-14);
			assert_true(ffntp_promise_fit(&promise, ahead, &value_s, &period_s));
			for (int j = 0; j < i; j++) {
				double end_s = value_s + ahead * period_s;

				assert_at_least(value_s, lower_end(&said[j], ticks) - 1e-11, "s");
				assert_at_most(value_s, upper_end(&said[j], ticks) + 1e-11, "s");
				assert_at_least(end_s, lower_end(&said[j], ticks + ahead) - 1e-11, "s");
				assert_at_most(end_s, upper_end(&said[j], ticks + ahead) + 1e-11, "s");
			}
			/* Each side is wide enough to contain the truth, so that the claims are compatible. */
			said[i] =
				(struct said){ ticks,
					       { value_s, uniform(&prng, 0, 5e-3) + above_zero(value_s - ticks * 1e-9),
						 uniform(&prng, 0, 5e-3) + above_zero(ticks * 1e-9 - value_s), period_s,
						 3e-14 + fabs(period_s - 1e-9) } };
			ffntp_promise_add(&promise, &said[i].claim);
			assert_at_most(promise.lower.count, FFNTP_PROMISE_LINES, "");
		}
	}
}

static void test_reference_may_move(void **state)
{
	struct ffntp_promise promise = { .reference = { UINT64_C(1) << 32 } };
	struct ffntp_claim claim = { 0.5, 0.25, 0.25, 1e-9, 0 };
	double value_s = 10, period_s = 1e-9;

	(void)state;
	ffntp_promise_add(&promise, &claim);
	ffntp_promise_move(&promise, 1000000000, (struct ffntp_ntp){ UINT64_C(2) << 32 });
	assert_true(ffntp_promise_fit(&promise, 1, &value_s, &period_s));
	assert_exactly(value_s, 0.75, "s"); /* a second later on both scales */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_promised_allows_everything),
		cmocka_unit_test(test_value_is_held_inside),
		cmocka_unit_test(test_period_is_held_inside),
		cmocka_unit_test(test_contradictory_promises_are_told),
		cmocka_unit_test(test_fits_everything_ever_said),
		cmocka_unit_test(test_reference_may_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
