/* standstill: a counter that stands still while a calendar clock goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../ports/standstill.h"

#define HZ UINT64_C(1000000)
#define MS (HZ / 1000)

static struct {
	int64_t true_ms;
	uint64_t counter;
	bool is_unknown;
	int64_t set_s; /* the amount by which the calendar was set */
	unsigned asked;
} world;

static int64_t calendar_s(void)
{
	world.asked++;
	return world.is_unknown ? -1 : world.true_ms / 1000 + world.set_s;
}

static void begin(struct ffntp_standstill *standstill, uint64_t hint_hz)
{
	world.true_ms = 1700000000300;
	world.counter = UINT64_MAX - 10 * HZ; /* wraps during the test */
	world.asked = 0;
	world.set_s = 0;
	ffntp_standstill_begin(standstill, calendar_s, hint_hz, world.counter);
}

/* Let time pass, with a look each ms, between which the counter advances by 'ticks'. */
static uint64_t pass(struct ffntp_standstill *standstill, int64_t ms, uint64_t ticks)
{
	uint64_t epoch = 0;

	for (int64_t i = 0; i < ms; i++) {
		world.true_ms++;
		world.counter += ticks;
		epoch = ffntp_standstill_epoch(standstill, world.counter);
	}
	return epoch;
}

static int setup(void **state)
{
	(void)state;
	world.is_unknown = false;
	return 0;
}

static void test_an_hour_with_a_hint_that_is_wrong_is_quiet(void **state)
{
	struct ffntp_standstill standstill;

	(void)state;
	for (uint64_t hint = HZ / 100 * 96; hint <= HZ / 100 * 104; hint += HZ / 100) {
		begin(&standstill, hint);
		assert_int_equal(pass(&standstill, 3600000, MS), 0);
	}
}

static void test_the_calendar_is_looked_at_every_5_ms_at_most(void **state)
{
	struct ffntp_standstill standstill;

	(void)state;
	begin(&standstill, HZ);
	pass(&standstill, 10000, MS);
	assert_in_range(world.asked, 1990, 2001);
}

static void test_a_standstill_is_told_of_once(void **state)
{
	struct ffntp_standstill standstill;

	(void)state;
	begin(&standstill, HZ);
	assert_int_equal(pass(&standstill, 100000, MS), 0);
	world.true_ms += 4000;
	assert_int_equal(pass(&standstill, 5, MS), 1);
	assert_int_equal(pass(&standstill, 100000, MS), 1);
}

static void test_a_standstill_that_is_known_is_told_of_once(void **state)
{
	struct ffntp_standstill standstill;

	(void)state;
	begin(&standstill, HZ);
	pass(&standstill, 100000, MS);
	world.true_ms += 4000;
	ffntp_standstill_disrupted(&standstill, HZ, world.counter);
	assert_int_equal(pass(&standstill, 100000, MS), 1);
}

/* The guest was restored where the counter is a third faster: this is no standstill, once the rate is known. */
static void test_a_counter_of_another_rate_is_quiet_once_it_is_known(void **state)
{
	struct ffntp_standstill standstill;

	(void)state;
	begin(&standstill, HZ);
	pass(&standstill, 100000, MS);
	ffntp_standstill_disrupted(&standstill, HZ + HZ / 3, world.counter);
	assert_int_equal(pass(&standstill, 100000, MS + MS / 3), 1);
}

static void test_a_counter_that_jumps_is_told_of(void **state)
{
	struct ffntp_standstill standstill;

	(void)state;
	begin(&standstill, HZ);
	pass(&standstill, 100000, MS);
	world.counter += 4 * HZ;
	assert_int_equal(pass(&standstill, 1, MS), 1);
	world.counter -= 1000 * HZ;
	assert_int_equal(pass(&standstill, 1, MS), 2);
	assert_int_equal(pass(&standstill, 100000, MS), 2);
}

static void test_a_calendar_that_is_set_is_a_disruption(void **state)
{
	struct ffntp_standstill standstill;

	(void)state;
	begin(&standstill, HZ);
	pass(&standstill, 100000, MS);
	world.set_s = -3600;
	assert_int_equal(pass(&standstill, 100000, MS), 1);
}

static void test_a_calendar_that_cannot_be_read_is_waited_for(void **state)
{
	struct ffntp_standstill standstill;

	(void)state;
	world.is_unknown = true;
	begin(&standstill, HZ);
	pass(&standstill, 60000, MS);
	world.is_unknown = false;
	assert_int_equal(pass(&standstill, 60000, MS), 0);
	world.is_unknown = true;
	pass(&standstill, 60000, MS);
	world.is_unknown = false;
	assert_int_equal(pass(&standstill, 60000, MS), 0);
	world.true_ms += 4000;
	assert_int_equal(pass(&standstill, 5, MS), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_an_hour_with_a_hint_that_is_wrong_is_quiet, setup),
		cmocka_unit_test_setup(test_the_calendar_is_looked_at_every_5_ms_at_most, setup),
		cmocka_unit_test_setup(test_a_standstill_is_told_of_once, setup),
		cmocka_unit_test_setup(test_a_standstill_that_is_known_is_told_of_once, setup),
		cmocka_unit_test_setup(test_a_counter_of_another_rate_is_quiet_once_it_is_known, setup),
		cmocka_unit_test_setup(test_a_counter_that_jumps_is_told_of, setup),
		cmocka_unit_test_setup(test_a_calendar_that_is_set_is_a_disruption, setup),
		cmocka_unit_test_setup(test_a_calendar_that_cannot_be_read_is_waited_for, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
