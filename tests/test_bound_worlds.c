/*
 * bound_worlds: an independent check of the bound, in random worlds that keep the assumptions of docs/algorithm.md.
 * Each reading is compared with the true time; nothing here depends on how the bound is made.
 * Usage: test_bound_worlds [WORLDS]     WORLDS: of each class; 60
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../core/wire.h"
#include "../include/ffntp/client.h"
#include "../include/ffntp/clock.h"
#include "count.h"
#include "prng.h"

#define START_NS INT64_C(1767225600000000000) /* 2026-01-01 */
#define EXCHANGES 400

static unsigned worlds = 60;

/* Properties of a world besides queues, losses and a rate that moves within a band of 0.95 ppm. */
enum trait {
	PLAIN = 0,
	WANDERS = 1, /* the server's error varies within its root distance */
	SLEWS = 2,   /* the same, at rates up to 500 ppm */
	TICKS = 4,   /* the server's clock moves in steps, of its stated precision */
	ROUTE = 8,   /* one direction becomes longer by up to 0.3 s, for good */
	GAP = 16,    /* the server is silent for up to a week */
	STILL = 32,  /* the rate does not move */
	NOISY = 64,  /* the queues are longer than the least delays */
};

struct server {
	double error_s, period_s, phase; /* a triangle's amplitude, period and phase */
	double tick_s;
	int8_t precision;
	double root_distance_s;
};

struct reality {
	struct prng prng;
	int64_t now_ns; /* true time since the start */
	double ticks;   /* ticks that the counter has made; exact, because they stay below 2^53 */
	double hz, rate, middle_rate, band, turn_s;
	int64_t turn_ns;
	struct server server;
	double least_s[2], queue_s[2];
	double loss;
	int64_t route_ns, gap_from_ns, gap_to_ns;
	double route_s[2];
	uint64_t counter_base;
};

static double uniform(struct reality *r, double low, double high)
{
	return low + (high - low) * ((double)(prng_next(&r->prng) >> 11) + 0.5) * 0x1p-53;
}

static double log_uniform(struct reality *r, double low, double high)
{
	return exp(uniform(r, log(low), log(high)));
}

static bool chance(struct reality *r, double probability)
{
	return uniform(r, 0, 1) < probability;
}

/* --- time --- */

static void run_to(struct reality *r, int64_t to_ns)
{
	while (r->now_ns < to_ns) {
		int64_t until_ns = r->turn_ns < to_ns ? r->turn_ns : to_ns;

		r->ticks += (double)(until_ns - r->now_ns) * 1e-9 * r->hz * (1 + r->rate);
		r->now_ns = until_ns;
		if (r->now_ns == r->turn_ns) {
			r->rate = r->middle_rate + uniform(r, -0.5, 0.5) * r->band;
			r->turn_ns += (int64_t)(r->turn_s * 1e9) + 1;
		}
	}
}

static ffntp_counter counter(const struct reality *r)
{
	return r->counter_base + (uint64_t)floor(r->ticks);
}

static struct ffntp_ntp server_time(const struct reality *r, int64_t at_ns)
{
	const struct server *server = &r->server;
	double turn = fmod((double)at_ns * 1e-9 / server->period_s + server->phase, 1);
	double error_s = server->error_s * (turn < 0.5 ? 4 * turn - 1 : 3 - 4 * turn);
	int64_t shown_ns = START_NS + at_ns + (int64_t)(error_s * 1e9), tick_ns = (int64_t)(server->tick_s * 1e9);

	if (tick_ns > 0)
		shown_ns -= shown_ns % tick_ns;
	return ffntp_ntp_from_time(ffntp_time_from_ns(shown_ns));
}

static double delay_s(struct reality *r, int way)
{
	double longer_s = r->now_ns >= r->route_ns ? r->route_s[way] : 0;

	return r->least_s[way] + longer_s - r->queue_s[way] * log(uniform(r, 0, 1));
}

/* --- worlds --- */

static struct reality make_reality(uint64_t seed, unsigned traits, double length_s)
{
	struct reality r = { .prng = { seed }, .route_ns = INT64_MAX };

	r.hz = chance(&r, 0.3) ? 1e9 : log_uniform(&r, 2e6, 3e9);
	r.middle_rate = uniform(&r, -400e-6, 400e-6);
	r.band = traits & STILL ? 0 : 0.95e-6;
	r.turn_s = log_uniform(&r, 30, 1e5);
	r.rate = r.middle_rate;
	r.counter_base = prng_next(&r.prng);
	r.least_s[0] = log_uniform(&r, 20e-6, 0.1);
	r.least_s[1] = chance(&r, 0.5) ? r.least_s[0] : log_uniform(&r, 20e-6, 0.1);
	for (int way = 0; way < 2; way++)
		r.queue_s[way] = traits & NOISY ? 5 * r.least_s[way] : log_uniform(&r, 1e-6, 0.02);
	r.loss = chance(&r, 0.5) ? 0 : uniform(&r, 0, 0.5);
	r.server =
		(struct server){ .period_s = log_uniform(&r, 200, 2e5), .phase = uniform(&r, 0, 1), .precision = -25 };
	if (traits & (WANDERS | SLEWS))
		r.server.error_s = log_uniform(&r, 1e-5, 0.05);
	if (traits & SLEWS)
		r.server.period_s = 4 * r.server.error_s / log_uniform(&r, 1e-6, 500e-6);
	r.server.root_distance_s = r.server.error_s * uniform(&r, 1.001, 1.3) + 1e-6;
	if (traits & TICKS) {
		r.server.precision = (int8_t)-uniform(&r, 6, 20);
		r.server.tick_s = exp2(r.server.precision);
	}
	if (traits & ROUTE) {
		r.route_ns = (int64_t)(uniform(&r, 0.1, 0.9) * length_s * 1e9);
		r.route_s[prng_next(&r.prng) % 2] = log_uniform(&r, 1e-5, 0.3);
	}
	if (traits & GAP) {
		r.gap_from_ns = (int64_t)(uniform(&r, 0.2, 0.8) * length_s * 1e9);
		r.gap_to_ns = r.gap_from_ns + (int64_t)(log_uniform(&r, 3600, 6e5) * 1e9);
	}
	return r;
}

/* Return the distance (s) of true time from a reader's bound; 0 if it is inside, or if there is no time to be read. */
static double outside_s(const struct reality *r, struct ffntp_client *client)
{
	const struct ffntp_time truth = ffntp_time_from_ns(START_NS + r->now_ns);
	struct ffntp_reading reading;
	struct ffntp_map map;

	ffntp_client_output(client, counter(r), &map);
	if (ffntp_clock_at(&map, counter(r), FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK)
		return 0;
	return fmax(0, 1e-9 * fmax((double)ffntp_time_diff_ns(reading.earliest, truth),
				   (double)ffntp_time_diff_ns(truth, reading.latest)));
}

static double exchange(struct reality *r, struct ffntp_client *client)
{
	uint8_t request[FFNTP_REQUEST_SIZE], reply[FFNTP_WIRE_SIZE];
	struct ffntp_packet packet;
	int64_t arrival_ns, departure_ns;
	double before_s;

	assert_true(ffntp_client_request(client, counter(r), prng_next(&r->prng) | 1, request));
	if (chance(r, r->loss) || (r->now_ns >= r->gap_from_ns && r->now_ns < r->gap_to_ns))
		return 0;
	assert_int_equal(ffntp_wire_read(request, sizeof request, &packet), FFNTP_ACCEPTED);
	arrival_ns = r->now_ns + (int64_t)(delay_s(r, 0) * 1e9);
	departure_ns = arrival_ns + (int64_t)(log_uniform(r, 1e-6, 1e-3) * 1e9);
	packet = (struct ffntp_packet){
		.version = 4,
		.mode = FFNTP_MODE_SERVER,
		.stratum = 2,
		.precision_log2_s = r->server.precision,
		.root_dispersion = (uint32_t)ceil(r->server.root_distance_s * 0x1p16),
		.refid = 1,
		.origin = packet.transmit,
		.receive = server_time(r, arrival_ns),
		.transmit = server_time(r, departure_ns),
	};
	ffntp_wire_write(&packet, reply);
	run_to(r, departure_ns + (int64_t)(delay_s(r, 1) * 1e9));
	before_s = outside_s(r, client);
	(void)ffntp_client_reply(client, reply, sizeof reply, counter(r));
	return fmax(before_s, outside_s(r, client));
}

/* Return the largest distance (s) of true time from a reader's bound in a world. */
static double live(uint64_t seed, unsigned traits, enum ffntp_estimator_kind estimator)
{
	double poll_s = floor(exp((double)(seed % 13) * log(1024) / 12)), worst_s = 0;
	struct reality r = make_reality(seed, traits, poll_s * EXCHANGES);
	struct ffntp_client_config config;
	struct ffntp_client *client;
	void *memory;

	ffntp_client_config_default(&config);
	config.estimator = estimator;
	config.counter_kind = FFNTP_COUNTER_OTHER;
	config.period_hint_s = 1 / r.hz;
	config.pivot_s = START_NS / 1000000000;
	config.poll_min_s = config.poll_max_s = (uint32_t)poll_s;
	memory = aligned_alloc(16, ffntp_client_memory(&config));
	assert_non_null(memory);
	client = ffntp_client_init(memory, ffntp_client_memory(&config), &config, counter(&r));
	for (unsigned requests = 0; requests < EXCHANGES;) {
		struct ffntp_action action = ffntp_client_timer(client, counter(&r));
		double wait_s = (double)(int64_t)(action.until - counter(&r)) / r.hz;

		if (action.kind == FFNTP_SEND) {
			worst_s = fmax(worst_s, exchange(&r, client));
			requests += r.now_ns < r.gap_from_ns || r.now_ns >= r.gap_to_ns || prng_next(&r.prng) % 16 == 0;
		} else if (action.kind == FFNTP_WAIT) {
			run_to(&r, r.now_ns + (int64_t)(fmax(wait_s, 1e-6) * uniform(&r, 0.1, 1) * 1e9) + 1);
			worst_s = fmax(worst_s, outside_s(&r, client));
		}
	}
	free(memory);
	return worst_s;
}

static void assert_held(unsigned traits)
{
	static const enum ffntp_estimator_kind estimators[] = { FFNTP_ESTIMATOR_DEFAULT, FFNTP_ESTIMATOR_RADCLOCK };
	unsigned broken = 0;

	for (unsigned seed = 1; seed <= worlds; seed++)
		for (size_t i = 0; i < COUNT(estimators); i++) {
			double worst_s = live(seed * 977 + traits, traits, estimators[i]);

			if (worst_s > 0)
				print_message("traits %u, seed %u, estimator %zu: outside by %.9f s\n", traits, seed, i,
					      worst_s);
			broken += worst_s > 0;
		}
	assert_int_equal(broken, 0);
}

static void test_noise_alone(void **state)
{
	(void)state;
	assert_held(PLAIN);
	assert_held(STILL);
	assert_held(NOISY);
}

static void test_a_server_that_moves_within_its_root_distance(void **state)
{
	(void)state;
	assert_held(WANDERS);
	assert_held(SLEWS);
}

static void test_a_coarse_server(void **state)
{
	(void)state;
	assert_held(TICKS);
	assert_held(TICKS | STILL);
}

static void test_a_route_that_changes(void **state)
{
	(void)state;
	assert_held(ROUTE);
}

static void test_a_server_that_is_silent(void **state)
{
	(void)state;
	assert_held(GAP);
	assert_held(GAP | WANDERS);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noise_alone),
		cmocka_unit_test(test_a_server_that_moves_within_its_root_distance),
		cmocka_unit_test(test_a_coarse_server),
		cmocka_unit_test(test_a_route_that_changes),
		cmocka_unit_test(test_a_server_that_is_silent),
	};

	if (argc > 1)
		worlds = (unsigned)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
