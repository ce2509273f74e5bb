/* grain: servers with large steps are detected, and fine servers are not mistaken for them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "../core/grain.h"
#include "count.h"
#include "prng.h"

/* A server, the path to it, and a client's counter of 1 GHz. Requests are sent as a client sends them. */
struct scene {
	struct prng prng;
	double step_s, drift, phase_s; /* of the server's clock; step_s 0: fine */
	double unit_s;                 /* timestamps are whole multiples of this */
	double fill_s;                 /* and the bits below this are random */
	int stated_log2_s;
	bool is_sent_once; /* te is a copy of tb */
	double residence_s, delay_s, queue_s;
	double skew, wake_s, poll_s;
	double now_s; /* true time of the next request */
	unsigned exchanges;
};

static struct scene scene_new(uint64_t seed)
{
	return (struct scene){ .prng = { seed },
			       .unit_s = 1e-9,
			       .stated_log2_s = -20,
			       .residence_s = 30e-6,
			       .delay_s = 150e-6,
			       .queue_s = 20e-6,
			       .wake_s = 1e-3,
			       .poll_s = 16 };
}

static double uniform(struct scene *scene)
{
	return ((double)(prng_next(&scene->prng) >> 11) + 0.5) * 0x1p-53;
}

static double queue(struct scene *scene)
{
	return -scene->queue_s * log(uniform(scene));
}

static struct ffntp_ntp server_time(struct scene *scene, double at_s)
{
	double step_s = scene->step_s * (1 + scene->drift), time_s = at_s;
	uint64_t units;

	if (step_s > 0)
		time_s = floor((at_s - scene->phase_s) / step_s) * step_s + scene->phase_s;
	/* Adding 1e-3 meets a multiple that double arithmetic just misses. */
	units = (uint64_t)(floor(time_s / scene->unit_s + 1e-3) * scene->unit_s * 0x1p32);
	return (struct ffntp_ntp){ (UINT64_C(3976214400) << 32) + units +
				   (uint64_t)(uniform(scene) * scene->fill_s * 0x1p32) };
}

/*
 * Return the time to the next request: a burst of eight, growing intervals, then the poll interval, by the client's
 * counter.
 */
static double interval_s(const struct scene *scene)
{
	return scene->exchanges < 8 ? 2 : fmin(2 * pow(1.35, scene->exchanges - 7), scene->poll_s);
}

static ffntp_counter counter_at(const struct scene *scene, double at_s)
{
	return (ffntp_counter)(at_s * 1e9 * (1 + scene->skew));
}

static void ask(struct scene *scene, struct ffntp_grain *grain)
{
	double ta_s = scene->now_s, tb_s = ta_s + scene->delay_s + queue(scene);
	double te_s = tb_s + scene->residence_s * (1 + 0.3 * uniform(scene));
	double tf_s = te_s + scene->delay_s + queue(scene);
	struct ffntp_grain_sample sample = {
		.ta = counter_at(scene, ta_s),
		.tf = counter_at(scene, tf_s),
		.tb = server_time(scene, tb_s),
		.stated_s = exp2(scene->stated_log2_s),
		.period_s = 1e-9,
		.period_error = 500e-6,
	};

	/* The client knows its counter's rate by then. */
	if (scene->exchanges >= 16) {
		sample.period_s = 1e-9 / (1 + scene->skew) * (1 + 1e-6);
		sample.period_error = 20e-6;
	}
	sample.te = scene->is_sent_once ? sample.tb : server_time(scene, te_s);
	ffntp_grain_add(grain, &sample);
	scene->exchanges++;
	scene->now_s = fmax(ta_s + interval_s(scene) / (1 + scene->skew) + scene->wake_s * uniform(scene), tf_s);
}

/* Ask until the step is detected, at most this often; return the number of requests. */
static unsigned ask_until_seen(struct scene *scene, struct ffntp_grain *grain, unsigned most)
{
	unsigned asked = 0;

	while (asked < most && grain->seen_s < scene->step_s * 0.997) {
		ask(scene, grain);
		asked++;
	}
	return asked;
}

static void vary(struct scene *scene, unsigned seed)
{
	scene->now_s = 100 + uniform(scene);
	scene->skew = (uniform(scene) - 0.5) * 2e-4;
	scene->is_sent_once = seed % 2;
	scene->queue_s = seed % 3 == 0 ? 20e-6 : 1e-3;
	scene->delay_s = seed % 5 == 0 ? 5e-3 : 150e-6;
}

/*
 * A step is detected soon after the first burst. It is seen as at most twice the longest tick of a kernel, because the
 * times of the requests decide which multiple of its step a clock shows.
 */
static void test_a_tick_is_seen_within_a_minute(void **state)
{
	static const double steps_s[] = { 1e-3, 4e-3, 5e-3, 10e-3, 15.6e-3, 0x1p-6, 1 / 60.0, 20e-3 };
	static const int stated[] = { -20, -25, -9 };
	unsigned late = 0, worlds = 0;

	(void)state;
	for (unsigned i = 0; i < COUNT(steps_s) * COUNT(stated) * 60; i++) {
		struct scene scene = scene_new(i + 1);
		struct ffntp_grain grain = { 0 };

		scene.step_s = steps_s[i % COUNT(steps_s)];
		scene.stated_log2_s = stated[i / COUNT(steps_s) % COUNT(stated)];
		/* A step of eight times the stated precision, with both powers of two, is the next test's subject. */
		if (scene.stated_log2_s == -9 && (scene.step_s == 0x1p-6 || scene.step_s < 2 * 0x1p-9))
			continue;
		vary(&scene, i);
		worlds++;
		late += ask_until_seen(&scene, &grain, 100) > 12;
		assert_in_range(scene.exchanges, 3, 60);
		assert_below(grain.seen_s, 0.0401, "s");
	}
	assert_in_range(late, 0, worlds / 20);
}

/* All times are multiples of the stated precision too. Only their being multiples of a larger step reveals it. */
static void test_a_step_that_the_stated_precision_divides_is_seen(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		struct scene scene = scene_new(i + 1);
		struct ffntp_grain grain = { 0 };

		scene.step_s = 0x1p-6;
		scene.stated_log2_s = -9;
		vary(&scene, i);
		assert_in_range(ask_until_seen(&scene, &grain, 1000), 3, 600);
	}
}

/* Any step is detected on any clock, with any rate and times of whole microseconds. */
static void test_any_step_is_seen(void **state)
{
	static const double steps_s[] = {
		1e-3, 2.9e-3, 4e-3, 7.3e-3, 10e-3, 13e-3, 15.6e-3, 0x1p-6, 0.0549254, 0.1, 1
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(steps_s) * 60; i++) {
		struct scene scene = scene_new(i + 1);
		struct ffntp_grain grain = { 0 };

		scene.step_s = steps_s[i % COUNT(steps_s)];
		scene.unit_s = i / COUNT(steps_s) % 2 ? 1e-6 : 1e-9;
		vary(&scene, i);
		scene.drift = (uniform(&scene) - 0.5) * 1e-4;
		scene.phase_s = uniform(&scene);
		assert_in_range(ask_until_seen(&scene, &grain, 1000), 3, 400);
		/* Later it is known as the step itself, or as a multiple that no time has contradicted. */
		for (unsigned k = 0; k < 100; k++) {
			ask(&scene, &grain);
			assert_at_least(grain.seen_s, scene.step_s * 0.997, "s");
		}
	}
}

/* NTP servers fill the bits below their precision at random. */
static void test_a_step_is_seen_through_random_bits(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		struct scene scene = scene_new(i + 1);
		struct ffntp_grain grain = { 0 };

		scene.step_s = i % 2 ? 10e-3 : 0x1p-6;
		scene.stated_log2_s = i % 4 < 2 ? -20 : -17;
		scene.fill_s = exp2(scene.stated_log2_s);
		vary(&scene, i);
		assert_in_range(ask_until_seen(&scene, &grain, 1000), 3, 100);
	}
}

/* A step as large as the stated precision is not looked for, because the bound has it already. */
static void test_an_honest_server_shows_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct scene scene = scene_new(i + 1);
		struct ffntp_grain grain = { 0 };

		scene.step_s = 0x1p-6;
		scene.stated_log2_s = -6;
		vary(&scene, i);
		for (unsigned k = 0; k < 300; k++) {
			ask(&scene, &grain);
			assert_exactly(grain.seen_s, 0, "s");
		}
	}
}

/*
 * No likelihood even approaches the proof of a step, for any granularity of timestamps, any regularity of requests, and
 * the quietest paths.
 */
static void test_a_fine_server_is_never_coarse(void **state)
{
	static const double units_s[] = { 0x1p-32, 1e-9, 1e-7, 1e-6 }, polls_s[] = { 1, 16, 64, 100 };
	static const double queues_s[] = { 1e-7, 1e-6, 2e-5, 1e-3, 3e-2 }, wakes_s[] = { 1e-6, 6e-5, 1e-3, 1 };
	double most = 0;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		struct scene scene = scene_new(i + 1);
		struct ffntp_grain grain = { 0 };

		vary(&scene, i);
		scene.unit_s = units_s[prng_below(&scene.prng, COUNT(units_s))];
		scene.poll_s = polls_s[prng_below(&scene.prng, COUNT(polls_s))];
		scene.queue_s = queues_s[prng_below(&scene.prng, COUNT(queues_s))];
		scene.wake_s = wakes_s[prng_below(&scene.prng, COUNT(wakes_s))];
		scene.skew = prng_below(&scene.prng, 4) == 0 ? 0 : scene.skew;
		scene.stated_log2_s = (int)floor(log2(scene.unit_s)) - (int)prng_below(&scene.prng, 2) +
				      (int)prng_below(&scene.prng, 10);
		for (unsigned k = 0; k < 300; k++) {
			ask(&scene, &grain);
			assert_exactly(grain.seen_s, 0, "s");
			for (unsigned n = 0; n < FFNTP_GRAIN_KNOWN; n++)
				most = fmax(most, fmax(grain.known[n].exact, grain.known[n].filled));
		}
	}
	assert_below(most, FFNTP_GRAIN_PROOF * 1e-3, "");
}

/* A different machine takes over the address. */
static void test_a_server_that_becomes_finer_is_believed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		struct scene scene = scene_new(i + 1);
		struct ffntp_grain grain = { 0 };
		unsigned held = 0;

		vary(&scene, i);
		scene.step_s = 10e-3;
		(void)ask_until_seen(&scene, &grain, 100);
		scene.step_s = 0;
		while (grain.seen_s > 0 && held < 1000) {
			ask(&scene, &grain);
			held++;
		}
		assert_in_range(held, FFNTP_GRAIN_DOUBT / FFNTP_GRAIN_DISPROOF, FFNTP_GRAIN_DOUBT + 64);
		if (!scene.is_sent_once)
			assert_in_range(held, 1, 2 * FFNTP_GRAIN_DOUBT / FFNTP_GRAIN_DISPROOF);
	}
}

/* The server or the counter steps, or times are impossible: no step is detected, and nothing breaks. */
static void test_jumps_are_no_steps(void **state)
{
	struct prng prng = { 7 };
	struct ffntp_grain grain = { 0 };

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		struct ffntp_grain_sample sample = {
			.ta = prng_any_size(&prng),
			.tf = prng_any_size(&prng),
			.tb = { prng_any_size(&prng) },
			.te = { prng_any_size(&prng) },
			.stated_s = exp2((double)prng_below(&prng, 32) - 32),
			.period_s = 1e-9,
			.period_error = 500e-6,
		};

		ffntp_grain_add(&grain, &sample);
		if (prng_below(&prng, 4) == 0)
			ffntp_grain_break(&grain);
		assert_exactly(grain.seen_s, 0, "s");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_tick_is_seen_within_a_minute),
		cmocka_unit_test(test_a_step_that_the_stated_precision_divides_is_seen),
		cmocka_unit_test(test_any_step_is_seen),
		cmocka_unit_test(test_a_step_is_seen_through_random_bits),
		cmocka_unit_test(test_an_honest_server_shows_nothing),
		cmocka_unit_test(test_a_fine_server_is_never_coarse),
		cmocka_unit_test(test_a_server_that_becomes_finer_is_believed),
		cmocka_unit_test(test_jumps_are_no_steps),
	};

	return cmocka_run_group_tests_name("grain", tests, NULL, NULL);
}
