/* unikernel: unikernels on fakes of Solo5 and of Mini-OS, whose clocks lie; linked with one of them at a time. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "../ports/processorport.h"
#include "unikernel/fake.h"

#define START_NS (INT64_C(1790000000) * FFNTP_NS_PER_S)
#define S FFNTP_NS_PER_S

static char usual[] = "server=time.example poll=16";

static void start(double minutes)
{
	memset(&fake, 0, sizeof fake);
	fake.world = world_new(11, START_NS);
	fake.world.ticks_per_ns = 2.4 * (1 + 40e-6);
	fake.end_ns = START_NS + (int64_t)(minutes * 60e9);
	fake.event_ns = INT64_MAX;
	fake.address_ns = START_NS;
	fake.watched_from_ns = START_NS;
}

static unsigned said(const char *words)
{
	unsigned count = 0;

	for (unsigned i = 0; i < fake.lines; i++)
		count += strstr(fake.line[i], words) != NULL;
	return count;
}

static enum ffntp_status page_status(void)
{
	struct ffntp_map map;

	assert_int_equal(ffntp_page_read(system_page(), &map), FFNTP_CLOCK_OK);
	return map.status;
}

static void test_it_keeps_time_beside_a_clock_that_lies(void **state)
{
	(void)state;
	start(60);
	assert_true(system_boot(usual));
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
	assert_int_equal(fake.outside, 0);
	assert_above(fake.readings, 10000, "");
	assert_in_range(fake.sent, 225, 260);
	assert_int_equal(said("address 192.0.2.7"), 1);
	assert_int_equal(said("asking 192.0.2.1"), 1);
	assert_in_range(said("Z +- "), 225, 260);
	assert_int_equal(fake.deaf, 0);
	assert_int_equal(fake.startled, 0);
}

static void test_it_polls_as_it_is_told_to(void **state)
{
	char seldom[] = "server=time.example poll=64", very_seldom[] = "server=time.example poll=4096";

	(void)state;
	start(60);
	assert_true(system_boot(seldom));
	assert_in_range(fake.sent, 60, 80);
	start(60);
	assert_true(system_boot(very_seldom));
	assert_in_range(fake.sent, 8, 40);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
}

/*
 * Stamps must have the time of the wire, however late the loop wakes up; otherwise half of the delay would show, 3 ms.
 * The limit is the estimator's measured figure, 0.64 ms, plus a quarter. It occurs because the estimator takes one
 * exchange for a change of the rate, for one poll; all other errors are below 0.12 ms.
 */
static void test_it_is_as_good_as_the_network(void **state)
{
	(void)state;
	start(60);
	fake.watched_from_ns = START_NS + 600 * S;
	assert_true(system_boot(usual));
	assert_below(fake.largest_ns, 800000, "ns"); /* delays of 2 ms that vary by 0.1 ms */
}

/* The stall is longer than the way back: a stamp from before it would put the truth outside. */
static void test_a_frame_that_comes_while_one_looks_is_not_stamped_before_it_came(void **state)
{
	(void)state;
	start(60);
	fake.stall_ns = 3000000;
	assert_true(system_boot(usual));
	assert_int_equal(fake.outside, 0);
	assert_above(fake.readings, 200, "");
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
}

/* The frame comes before any request, and while the counter's rate is measured. */
static void test_a_frame_that_nobody_asked_for_is_none_of_the_clocks_business(void **state)
{
	(void)state;
	start(10);
	fake.has_reply = true;
	assert_true(system_boot(usual));
	assert_int_equal(said("refused"), 0);
	assert_int_equal(fake.outside, 0);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
}

static void test_more_frames_than_there_is_room_for_cost_no_reply(void **state)
{
	(void)state;
	start(30);
	fake.flood = 20;
	assert_true(system_boot(usual));
	assert_int_equal(said("no usable reply"), 0);
	assert_int_equal(fake.outside, 0);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
}

static void test_a_flood_of_frames_leaves_time_for_the_rest(void **state)
{
	(void)state;
	start(5);
	fake.flood = 200;
	assert_true(system_boot(usual));
	assert_in_range(fake.most_frames, 1, 64);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
}

static void test_an_address_that_comes_soon_is_not_missed(void **state)
{
	(void)state;
	start(10);
	fake.address_ns = START_NS + 5 * S;
	assert_true(system_boot(usual));
	assert_int_equal(said("no address yet"), 0);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
}

static void test_an_address_that_comes_late_is_waited_for(void **state)
{
	(void)state;
	start(10);
	fake.address_ns = START_NS + 60 * S;
	assert_true(system_boot(usual));
	assert_int_equal(said("no address yet"), 1);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
}

static void learn_the_name(void)
{
	fake.is_unknown = false;
}

static void test_a_name_that_nobody_knows_is_asked_for_again(void **state)
{
	(void)state;
	start(10);
	fake.is_unknown = true;
	fake.event_ns = START_NS + 120 * S;
	fake.event = learn_the_name;
	assert_true(system_boot(usual));
	assert_in_range(said("no address is known for the server, trying again: time.example"), 20, 25);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
}

static void answer(void)
{
	fake.is_unanswered = false;
}

static void test_a_search_that_takes_long_is_told_of_once(void **state)
{
	(void)state;
	start(10);
	fake.is_unanswered = true;
	fake.event_ns = START_NS + 120 * S;
	fake.event = answer;
	assert_true(system_boot(usual));
	assert_int_equal(said("no server yet"), 1);
	assert_int_equal(fake.resolved, 1);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
}

static void come_within_reach(void)
{
	fake.is_unreachable = false;
}

/* A router may advertise an address later, or the name may get a different one. */
static void test_a_server_that_is_out_of_reach_is_looked_for_again(void **state)
{
	(void)state;
	start(10);
	fake.is_unreachable = true;
	fake.event_ns = START_NS + 120 * S;
	fake.event = come_within_reach;
	assert_true(system_boot(usual));
	assert_int_equal(said("no server yet"), 1);
	assert_in_range(fake.resolved, 20, 25);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
}

static void run_backwards(void)
{
	world_set_counter(&fake.world, 12345, fake.world.ticks_per_ns);
}

static void test_a_counter_that_runs_backwards_stops_no_search(void **state)
{
	(void)state;
	start(10);
	fake.is_unknown = true;
	fake.event_ns = START_NS + 300 * S;
	fake.event = run_backwards;
	assert_true(system_boot(usual));
	assert_in_range(fake.resolved, 110, 125);
}

static void run_out_of_entropy(void)
{
	fake.has_no_entropy = true;
}

/* The network continues with what it has; only the clock needs unpredictable bytes. */
static void test_random_bytes_that_run_out_stop_no_search(void **state)
{
	(void)state;
	start(10);
	fake.is_unknown = true;
	fake.event_ns = START_NS + 60 * S;
	fake.event = run_out_of_entropy;
	assert_true(system_boot(usual));
	assert_above(fake.resolved, 100, "");
	assert_int_not_equal(fake.transaction, 0);
}

static void stand_still(void)
{
	uint64_t stopped_at = world_counter(&fake.world, fake.world.now_ns);

	fake.world.now_ns += 30 * S;
	world_set_counter(&fake.world, stopped_at, fake.world.ticks_per_ns);
	fake.watched_from_ns = fake.world.now_ns + 20000000;
	fake.has_reply = false;
}

/* The calendar clock reveals it at once; the server would with the next exchange, up to a minute later. */
static void test_a_counter_that_stood_still_is_noticed_at_once(void **state)
{
	(void)state;
	start(60);
	fake.event_ns = START_NS + 1800 * S;
	fake.event = stand_still;
	assert_true(system_boot(usual));
	assert_int_equal(said("disrupted"), 1);
	assert_int_equal(fake.renewed, 1); /* because its address may now belong to another machine */
	assert_int_equal(fake.outside, 0);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
}

/* Restore the guest a minute later on a processor whose counter is a third faster. */
static void restore_elsewhere(void)
{
	uint64_t saved_at = world_counter(&fake.world, fake.world.now_ns);

	fake.world.now_ns += 60 * S;
	world_set_counter(&fake.world, saved_at, fake.world.ticks_per_ns * 4 / 3);
	fake.watched_from_ns = fake.world.now_ns + 20000000;
	fake.has_reply = false;
	ffntp_processor_disrupted((uint64_t)(fake.world.ticks_per_ns * 1e9 * 0.995));
}

static void test_a_machine_that_is_restored_elsewhere_knows_nothing_of_its_counter(void **state)
{
	(void)state;
	start(60);
	fake.event_ns = START_NS + 1800 * S;
	fake.event = restore_elsewhere;
	assert_true(system_boot(usual));
	assert_int_equal(said("disrupted"), 1);
	assert_int_equal(fake.outside, 0);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
	assert_int_equal(said("contradict"), 0);
}

static void fall_silent(void)
{
	fake.world.is_silent = true;
}

static void test_a_server_that_falls_silent_is_told_of(void **state)
{
	(void)state;
	start(60);
	fake.event_ns = START_NS + 1800 * S;
	fake.event = fall_silent;
	assert_true(system_boot(usual));
	assert_true(said("no usable reply; free-running") >= 50);
	assert_int_equal(page_status(), FFNTP_STATUS_FREE_RUNNING);
	assert_int_equal(fake.outside, 0);
	assert_at_least(fake.resolved, 2, "");
	assert_int_equal(fake.deaf, 0);
	assert_int_equal(fake.startled, 0);
}

static void fall_silent_with_the_names(void)
{
	fake.world.is_silent = true;
	fake.is_unanswered = true;
}

static void test_a_search_under_way_is_not_begun_anew(void **state)
{
	(void)state;
	start(240);
	fake.event_ns = START_NS + 1800 * S;
	fake.event = fall_silent_with_the_names;
	assert_true(system_boot(usual));
	assert_true(said("no usable reply from the server for long") >= 2);
	assert_int_equal(fake.resolved, 2);
}

static void lose_the_link(void)
{
	fake.is_link_down = true;
}

static void test_a_card_that_vanishes_is_no_end(void **state)
{
	(void)state;
	start(60);
	fake.event_ns = START_NS + 1800 * S;
	fake.event = lose_the_link;
	assert_true(system_boot(usual));
	assert_int_equal(said("the network did not take the request") > 0, system_knows_what_left);
	assert_int_equal(page_status(), FFNTP_STATUS_FREE_RUNNING);
	assert_int_equal(fake.outside, 0);
}

/* --- invalid command lines: one line each --- */

static void refuses(const char *line, const char *why)
{
	char copy[1024];

	assert_below(strlen(line), sizeof copy, "");
	strcpy(copy, line);
	assert_false(system_boot(copy));
	assert_int_equal(fake.lines, 1);
	assert_non_null(strstr(fake.line[0], why));
	assert_int_equal(fake.sent, 0);
}

#define LONG "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void test_command_lines_that_make_no_sense(void **state)
{
	static const char *const lines[][2] = {
		{ "", "server=NAME is missing" },
		{ "nonsense", "invalid: nonsense" },
		{ "server=", "invalid: server=" },
		{ "server=" LONG LONG LONG LONG LONG, "invalid: server=xxx" },
		{ "server=time.example:0", "invalid: server=time.example:0" },
		{ "server=time.example:65536", "invalid: server=time.example:65536" },
		{ "server=[2001:db8::1", "invalid: server=[2001:db8::1" },
		{ "server=time.example poll=0", "invalid: poll=0" },
		{ "server=time.example poll=131073", "invalid: poll=131073" },
		{ "server=time.example poll=1x", "invalid: poll=1x" },
		{ "server=time.example page=0x1000", "are not supported here" },
		{ "server=time.example page=0x1234", "invalid: page=0x1234" },
		{ "server=time.example page=0x10000000000001000", "invalid: page=0x1" },
		{ "server=time.example probe=0x1000", "are not supported here" },
		{ "server=time.example follow=ivshmem", "are not supported here" },
		{ "server=time.example ip=x", "ip= is no IPv4 address" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		start(1);
		refuses(lines[i][0], lines[i][1]);
	}
}

static void test_without_a_card_there_is_no_start(void **state)
{
	(void)state;
	start(1);
	fake.has_no_card = true;
	refuses(usual, "no network device");
}

static void test_without_random_bytes_there_is_no_start(void **state)
{
	(void)state;
	start(1);
	fake.has_no_entropy = true;
	refuses(usual, "no random bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_keeps_time_beside_a_clock_that_lies),
		cmocka_unit_test(test_it_polls_as_it_is_told_to),
		cmocka_unit_test(test_it_is_as_good_as_the_network),
		cmocka_unit_test(test_a_frame_that_comes_while_one_looks_is_not_stamped_before_it_came),
		cmocka_unit_test(test_a_frame_that_nobody_asked_for_is_none_of_the_clocks_business),
		cmocka_unit_test(test_more_frames_than_there_is_room_for_cost_no_reply),
		cmocka_unit_test(test_a_flood_of_frames_leaves_time_for_the_rest),
		cmocka_unit_test(test_an_address_that_comes_soon_is_not_missed),
		cmocka_unit_test(test_an_address_that_comes_late_is_waited_for),
		cmocka_unit_test(test_a_name_that_nobody_knows_is_asked_for_again),
		cmocka_unit_test(test_a_search_that_takes_long_is_told_of_once),
		cmocka_unit_test(test_a_server_that_is_out_of_reach_is_looked_for_again),
		cmocka_unit_test(test_a_counter_that_runs_backwards_stops_no_search),
		cmocka_unit_test(test_random_bytes_that_run_out_stop_no_search),
		cmocka_unit_test(test_a_counter_that_stood_still_is_noticed_at_once),
		cmocka_unit_test(test_a_machine_that_is_restored_elsewhere_knows_nothing_of_its_counter),
		cmocka_unit_test(test_a_server_that_falls_silent_is_told_of),
		cmocka_unit_test(test_a_search_under_way_is_not_begun_anew),
		cmocka_unit_test(test_a_card_that_vanishes_is_no_end),
		cmocka_unit_test(test_command_lines_that_make_no_sense),
		cmocka_unit_test(test_without_a_card_there_is_no_start),
		cmocka_unit_test(test_without_random_bytes_there_is_no_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
