/*
 * stamping: kernel timestamps converted to counter readings: a counter of 2.5 GHz, with steps, slews and impossible
 * stamps.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "assertions.h"
#include "../ports/linux/resolve.h"
#include "../ports/linux/stamping.h"
#include "../ports/linux/udp.h"
#include "prng.h"

#define TICKS_PER_NS 2.5
#define PERIOD_S (1e-9 / TICKS_PER_NS)

static ffntp_counter counter_at(int64_t ns)
{
	return UINT64_C(0xfffffffffff00000) + (uint64_t)(int64_t)((double)ns * TICKS_PER_NS); /* it wraps */
}

/* Sent at 0, received at 10 ms; the clock was 1.7e18 at 0. Our own readings are 700 ns early and 900 ns late. */
#define REALTIME_NS INT64_C(1700000000000000000)
#define RTT_NS INT64_C(10000000)

/* The time between the exchange before this one and its beginning. */
#define BASELINE_NS INT64_C(1000000000)

static struct ffntp_stamping good(void)
{
	return (struct ffntp_stamping){
		.earlier = { counter_at(-BASELINE_NS), REALTIME_NS - BASELINE_NS, 60 },
		.before = { counter_at(-1000), REALTIME_NS - 1000, 60 },
		.after = { counter_at(RTT_NS + 3000), REALTIME_NS + RTT_NS + 3000, 60 },
		.own_ta = counter_at(-700),
		.own_tf = counter_at(RTT_NS + 900),
		.has_tx = true,
		.has_rx = true,
		.tx_ns = REALTIME_NS,
		.rx_ns = REALTIME_NS + RTT_NS,
	};
}

static int64_t ns_apart(ffntp_counter a, ffntp_counter b)
{
	return (int64_t)((double)(int64_t)(a - b) / TICKS_PER_NS);
}

static void assert_stamps(const struct ffntp_stamping *stamping, int64_t ta_ns, int64_t tf_ns)
{
	ffntp_counter ta, tf;

	ffntp_stamping_resolve(stamping, PERIOD_S, &ta, &tf);
	assert_in_range(ns_apart(ta, counter_at(ta_ns)) + 2, 0, 4);
	assert_in_range(ns_apart(tf, counter_at(tf_ns)) + 2, 0, 4);
}

static void maps_both_stamps(void **state)
{
	struct ffntp_stamping stamping = good();

	(void)state;
	assert_stamps(&stamping, 0, RTT_NS);
}

static void a_wrong_period_hardly_matters(void **state)
{
	struct ffntp_stamping stamping = good();
	ffntp_counter ta, tf;

	(void)state;
	ffntp_stamping_resolve(&stamping, PERIOD_S * (1 + 400e-6), &ta, &tf);
	assert_in_range(ns_apart(ta, counter_at(0)) + 2, 0, 4);
	assert_in_range(ns_apart(tf, counter_at(RTT_NS)) + 2, 0, 4);
}

/* The clock is slewed, and another process had the CPU before we could send and before we woke up. */
static void a_slew_is_followed_however_far_the_brackets_are(void **state)
{
	static const double slews[] = { 400e-6, -400e-6 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ffntp_stamping stamping = good();

		stamping.own_ta = counter_at(-4900000);
		stamping.own_tf = counter_at(RTT_NS + 6900000);
		stamping.earlier.realtime_ns = REALTIME_NS + (int64_t)((double)-BASELINE_NS * (1 + slews[i]));
		stamping.before.counter = counter_at(-5000000);
		stamping.before.realtime_ns = REALTIME_NS + (int64_t)(-5000000 * (1 + slews[i]));
		stamping.after.counter = counter_at(RTT_NS + 7000000);
		stamping.after.realtime_ns = REALTIME_NS + (int64_t)((double)(RTT_NS + 7000000) * (1 + slews[i]));
		stamping.rx_ns = REALTIME_NS + (int64_t)((double)RTT_NS * (1 + slews[i]));
		assert_stamps(&stamping, 0, RTT_NS);
	}
}

/*
 * The part that the cross-timestamp leaves open is added to the round trip: neither stamp lies inside it by more than
 * 50 ns.
 */
static void wide_brackets_make_the_round_trip_longer(void **state)
{
	struct ffntp_stamping stamping = good();

	(void)state;
	stamping.own_ta = counter_at(-5000);
	stamping.own_tf = counter_at(RTT_NS + 5000);
	stamping.before.width_ticks = (uint64_t)(2000 * TICKS_PER_NS);
	assert_stamps(&stamping, -950, RTT_NS + 950);
	stamping.after.width_ticks = (uint64_t)(4000 * TICKS_PER_NS);
	assert_stamps(&stamping, -1950, RTT_NS + 1950);
	stamping.after.width_ticks = (uint64_t)(40000 * TICKS_PER_NS);
	assert_stamps(&stamping, -5000, RTT_NS + 5000);
}

/* The clock begins to be slewed, and the cross-timestamps do not show when. */
static void a_slew_that_begins_leaves_our_own_readings(void **state)
{
	struct ffntp_stamping stamping = good();

	(void)state;
	stamping.after.realtime_ns += 5000; /* 500 ppm of 10 ms */
	stamping.rx_ns += 4998;
	assert_stamps(&stamping, -700, RTT_NS + 900);
}

/* In the first exchange the rate of CLOCK_REALTIME is unknown: the stamps allow for 1000 ppm of 10 ms. */
static void without_a_known_rate_all_that_it_may_be_is_allowed_for(void **state)
{
	struct ffntp_stamping stamping = good();

	(void)state;
	stamping.own_ta = counter_at(-50000);
	stamping.before.counter = counter_at(-51000);
	stamping.before.realtime_ns = REALTIME_NS - 51000;
	stamping.own_tf = counter_at(RTT_NS + 50000);
	stamping.after.counter = counter_at(RTT_NS + 51000);
	stamping.after.realtime_ns = REALTIME_NS + RTT_NS + 51000;
	assert_stamps(&stamping, 0, RTT_NS);
	stamping.earlier.realtime_ns = 0;
	assert_stamps(&stamping, -10051, RTT_NS + 10051);
	stamping.earlier = (struct ffntp_bracket){ counter_at(-5000000), REALTIME_NS - 5000000, 60 }; /* too close */
	assert_stamps(&stamping, -10051, RTT_NS + 10051);
}

/*
 * CLOCK_REALTIME as a daemon may treat it: a rate, and one event, at which it steps or changes its rate. The counter is
 * the truth.
 */
struct realtime {
	double rate, rate_after;
	int64_t event_ns, step_ns;
};

static int64_t realtime_at(const struct realtime *clock, int64_t ns)
{
	if (ns < clock->event_ns)
		return REALTIME_NS + ns + (int64_t)((double)ns * clock->rate);
	return REALTIME_NS + ns + (int64_t)((double)clock->event_ns * clock->rate) +
	       (int64_t)((double)(ns - clock->event_ns) * clock->rate_after) + clock->step_ns;
}

static struct ffntp_bracket bracket_at(const struct realtime *clock, int64_t ns)
{
	return (struct ffntp_bracket){ counter_at(ns), realtime_at(clock, ns), 60 };
}

/* Return an exchange that was sent at 0; it arrived, and woke the process, at the given times. */
static struct ffntp_stamping exchange_under(const struct realtime *clock, int64_t arrived_ns, int64_t woke_ns,
					    bool has_earlier)
{
	struct ffntp_stamping stamping = {
		.before = bracket_at(clock, -2000),
		.after = bracket_at(clock, woke_ns + 1000),
		.own_ta = counter_at(-1500),
		.own_tf = counter_at(woke_ns),
		.has_tx = true,
		.has_rx = true,
		.tx_ns = realtime_at(clock, 0),
		.rx_ns = realtime_at(clock, arrived_ns),
	};

	if (has_earlier)
		stamping.earlier = bracket_at(clock, -INT64_C(16000000000));
	return stamping;
}

/* Another daemon steps the clock while this process is stopped: 2 ms in 2.1 s might be a slew. */
static void a_step_while_stopped_never_makes_the_arrival_early(void **state)
{
	static const struct {
		int64_t step_ns, woke_ns;
	} cases[] = { { -2000000, 2100000000 }, { 2000000, 2100000000 }, { -3500000, 4000000000 },
		      { -500000, 1000000000 },  { -900000, 1000000000 }, { -5000000, 2100000000 },
		      { -11000, 10500000 },     { 11000, 10500000 } };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const struct realtime clock = { .event_ns = i % 2 ? RTT_NS / 2 : RTT_NS + 200000,
						.step_ns = cases[i / 2].step_ns };

		for (int has_earlier = 0; has_earlier < 2; has_earlier++) {
			struct ffntp_stamping stamping =
				exchange_under(&clock, RTT_NS, cases[i / 2].woke_ns, has_earlier);
			ffntp_counter ta, tf;

			ffntp_stamping_resolve(&stamping, PERIOD_S, &ta, &tf);
			assert_at_least(ns_apart(tf, counter_at(RTT_NS)), -50, "");
			assert_at_most(ns_apart(ta, counter_at(0)), 50, "");
		}
	}
}

static double between(struct prng *prng, double least, double most)
{
	return least + (most - least) * (double)(prng_next(prng) >> 11) * 0x1p-53;
}

/* Return a time from 100 ns to 10 s; all magnitudes are equally likely. */
static int64_t any_ns(struct prng *prng)
{
	return (int64_t)exp(between(prng, log(1e2), log(1e10)));
}

static void neither_stamp_lies_inside_the_round_trip_whatever_the_clock_does(void **state)
{
	struct prng prng = { 5 };
	unsigned used = 0;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		struct realtime clock = { .rate = between(&prng, -500e-6, 500e-6) };
		int64_t arrived_ns = any_ns(&prng), woke_ns = arrived_ns + any_ns(&prng);
		double period_error = between(&prng, -450e-6, 450e-6);
		struct ffntp_stamping stamping;
		ffntp_counter ta, tf;

		clock.rate_after = prng_below(&prng, 2) ? clock.rate : between(&prng, -500e-6, 500e-6);
		clock.step_ns = clock.rate_after == clock.rate ? any_ns(&prng) / 10 : 0;
		clock.step_ns = prng_below(&prng, 2) ? clock.step_ns : -clock.step_ns;
		clock.event_ns = (int64_t)between(&prng, -2000, (double)woke_ns + 1000);
		stamping = exchange_under(&clock, arrived_ns, woke_ns, prng_below(&prng, 2));
		ffntp_stamping_resolve(&stamping, PERIOD_S * (1 + period_error), &ta, &tf);
		assert_in_range(ns_apart(tf, counter_at(arrived_ns)) + 50, 0, woke_ns - arrived_ns + 50);
		assert_in_range(ns_apart(counter_at(0), ta) + 50, 0, 1550);
		used += tf != stamping.own_tf;
	}
	assert_above(used, 50000, "");
}

static void a_step_between_leaves_our_own_readings(void **state)
{
	static const int64_t steps_ns[] = { 20000, -20000, 1000000000, -3600000000000 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct ffntp_stamping stamping = good();

		stamping.after.realtime_ns += steps_ns[i];
		stamping.rx_ns += steps_ns[i];
		assert_stamps(&stamping, -700, RTT_NS + 900);
	}
}

static void a_missing_stamp_leaves_that_reading(void **state)
{
	struct ffntp_stamping stamping = good();

	(void)state;
	stamping.has_tx = false;
	assert_stamps(&stamping, -700, RTT_NS);
	stamping.has_rx = false;
	assert_stamps(&stamping, -700, RTT_NS + 900);
	stamping.has_tx = true;
	assert_stamps(&stamping, 0, RTT_NS + 900);
}

static void a_stamp_outside_our_own_readings_is_not_believed(void **state)
{
	struct ffntp_stamping stamping = good();

	(void)state;
	stamping.tx_ns -= 100000;
	stamping.rx_ns += 100000;
	assert_stamps(&stamping, -700, RTT_NS + 900);
	stamping = good();
	stamping.tx_ns = REALTIME_NS + RTT_NS + 100000;
	assert_stamps(&stamping, -700, RTT_NS);
	stamping = good();
	stamping.rx_ns = REALTIME_NS - 100000;
	assert_stamps(&stamping, 0, RTT_NS + 900);
}

static void a_bracket_is_narrow_and_true(void **state)
{
	struct ffntp_counter_source source;
	struct ffntp_bracket first, second;
	double counter_ns;

	(void)state;
	if (ffntp_counter_open(&source, FFNTP_COUNTER_MONOTONIC_RAW) != NULL)
		skip();
	first = ffntp_bracket_take(&source);
	second = ffntp_bracket_take(&source);
	counter_ns = (double)(second.counter - first.counter);
	assert_at_least(counter_ns, 0, "ns");
	assert_below((double)(second.realtime_ns - first.realtime_ns), counter_ns * 1.1 + 1e6, "ns");
}

/* The newest cross-timestamp of an exchange is kept, also over a new socket, because the next exchange needs it. */
static void the_bracket_before_is_kept(void **state)
{
	struct ffntp_counter_source source;
	struct ffntp_addresses found;
	struct ffntp_udp udp;
	ffntp_counter at;

	(void)state;
	if (ffntp_counter_open(&source, FFNTP_COUNTER_MONOTONIC_RAW) != NULL)
		skip();
	ffntp_udp_init(&udp);
	(void)ffntp_udp_prepare(&udp, &source);
	assert_true(udp.stamping.earlier.realtime_ns == 0 && udp.stamping.before.realtime_ns != 0);
	at = udp.stamping.before.counter;
	assert_true(ffntp_resolve_numeric("127.0.0.1:9", 123, &found));
	assert_int_equal(ffntp_udp_open(&udp, &found.address[0]), 0);
	(void)ffntp_udp_prepare(&udp, &source);
	assert_exactly(udp.stamping.earlier.counter, at, "");
	udp.stamping.after = ffntp_bracket_take(&source);
	at = udp.stamping.after.counter;
	(void)ffntp_udp_prepare(&udp, &source);
	assert_true(udp.stamping.earlier.counter == at && udp.stamping.after.realtime_ns == 0);
	ffntp_udp_close(&udp);
}

/* A datagram arrives between poll() and recvmsg(): the counter after poll() is from before its arrival. */
static void what_poll_did_not_announce_is_read_late(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } }, client;
	socklen_t length = sizeof(address);
	struct ffntp_addresses found;
	struct ffntp_counter_source source;
	struct ffntp_udp udp;
	uint8_t bytes[FFNTP_UDP_SIZE];
	ffntp_counter woke, sent;
	size_t size;
	char name[32];
	int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;

	(void)state;
	if (server < 0 || ffntp_counter_open(&source, FFNTP_COUNTER_MONOTONIC_RAW) != NULL ||
	    bind(server, (struct sockaddr *)&address, length) != 0 ||
	    getsockname(server, (struct sockaddr *)&address, &length) != 0)
		skip();
	snprintf(name, sizeof(name), "127.0.0.1:%u", ntohs(address.sin_port));
	assert_true(ffntp_resolve_numeric(name, 123, &found));
	ffntp_udp_init(&udp);
	assert_int_equal(ffntp_udp_open(&udp, &found.address[0]), 0);
	length = sizeof(client);
	assert_int_equal(getsockname(udp.descriptor, (struct sockaddr *)&client, &length), 0);
	for (int i = 0; i < 2; i++) {
		woke = ffntp_counter_read(&source);
		assert_int_equal(sendto(server, "reply", 5, 0, (struct sockaddr *)&client, length), 5);
		sent = ffntp_counter_read(&source);
		assert_int_equal(ffntp_udp_receive(&udp, &source, i == 0 ? 0 : POLLIN, woke, bytes, &size, &error),
				 FFNTP_UDP_DATAGRAM);
		assert_int_equal((int64_t)(udp.stamping.own_tf - sent) >= 0, i == 0);
		assert_int_equal(udp.stamping.own_tf == woke, i == 1);
	}
	ffntp_udp_close(&udp);
	close(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_both_stamps),
		cmocka_unit_test(a_wrong_period_hardly_matters),
		cmocka_unit_test(a_slew_is_followed_however_far_the_brackets_are),
		cmocka_unit_test(wide_brackets_make_the_round_trip_longer),
		cmocka_unit_test(a_slew_that_begins_leaves_our_own_readings),
		cmocka_unit_test(without_a_known_rate_all_that_it_may_be_is_allowed_for),
		cmocka_unit_test(a_step_while_stopped_never_makes_the_arrival_early),
		cmocka_unit_test(neither_stamp_lies_inside_the_round_trip_whatever_the_clock_does),
		cmocka_unit_test(the_bracket_before_is_kept),
		cmocka_unit_test(what_poll_did_not_announce_is_read_late),
		cmocka_unit_test(a_step_between_leaves_our_own_readings),
		cmocka_unit_test(a_missing_stamp_leaves_that_reading),
		cmocka_unit_test(a_stamp_outside_our_own_readings_is_not_believed),
		cmocka_unit_test(a_bracket_is_narrow_and_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
