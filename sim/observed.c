#include "observed.h"

/*
 * Real paths have more than a minimum delay and an exponential queue: thin lower tails, several modes, slots, memory,
 * moving floors. Each scenario has one such property. Unless stated otherwise: 24 hours, an oscillator that is up to 25
 * ppm slow or fast, by the seed, and whose skew wanders by 1e-9 a second, and one event after 14 hours.
 */

/* --- laws --- */

#define LAW(name, ...) static const struct sim_law name = { { __VA_ARGS__ } }

/* Versions of clang-format differ on a macro that is a pair of braces. */
/* clang-format off */
#define EXPONENTIAL(mean_s) { 1, 0, SIM_EXPONENTIAL, mean_s, 0 }
#define GAMMA(shape, mean_s) { 1, 0, SIM_GAMMA, mean_s, shape }
#define NORMAL(sd_s, cut) { 1, 0, SIM_NORMAL, sd_s, cut }
#define TRIANGULAR(end_s, peak) { 1, 0, SIM_TRIANGULAR, end_s, peak }
#define UNIFORM(end_s) { 1, 0, SIM_UNIFORM, end_s, 0 }
#define LOGNORMAL(median_s, sigma) { 1, 0, SIM_LOGNORMAL, median_s, sigma }
#define WEIBULL(shape, scale_s) { 1, 0, SIM_WEIBULL, scale_s, shape }
/* clang-format on */

LAW(queue_60us, EXPONENTIAL(60e-6));
LAW(queue_100us, EXPONENTIAL(100e-6));
LAW(queue_120us, EXPONENTIAL(120e-6));
LAW(queue_150us, EXPONENTIAL(150e-6));
LAW(queue_300us, EXPONENTIAL(300e-6));
LAW(normal_30us, NORMAL(30e-6, 3));
LAW(normal_60us, NORMAL(60e-6, 3));
LAW(normal_80us, NORMAL(80e-6, 3));
LAW(normal_100us, NORMAL(100e-6, 3));
LAW(normal_300us, NORMAL(300e-6, 3));
LAW(normal_90us_near, NORMAL(90e-6, 2.5));
LAW(gamma_1_5_150us, GAMMA(1.5, 150e-6));
LAW(gamma_1_5_200us, GAMMA(1.5, 200e-6));
LAW(gamma_1_5_250us, GAMMA(1.5, 250e-6));
LAW(gamma_1_5_300us, GAMMA(1.5, 300e-6));
LAW(gamma_2_80us, GAMMA(2, 80e-6));
LAW(gamma_2_150us, GAMMA(2, 150e-6));
LAW(gamma_2_200us, GAMMA(2, 200e-6));
LAW(gamma_2_250us, GAMMA(2, 250e-6));
LAW(gamma_2_300us, GAMMA(2, 300e-6));
LAW(gamma_2_400us, GAMMA(2, 400e-6));
LAW(gamma_2_2500us, GAMMA(2, 2.5e-3));
LAW(gamma_2_3400us, GAMMA(2, 3.4e-3));
LAW(gamma_2_4000us, GAMMA(2, 4e-3));
LAW(gamma_2_5_240us, GAMMA(2.5, 240e-6));
LAW(gamma_3_250us, GAMMA(3, 250e-6));
LAW(gamma_3_300us, GAMMA(3, 300e-6));
LAW(gamma_3_320us, GAMMA(3, 320e-6));
LAW(gamma_3_500us, GAMMA(3, 500e-6));
LAW(gamma_3_1500us, GAMMA(3, 1.5e-3));
LAW(gamma_5_900us, GAMMA(5, 900e-6));
LAW(hump_5400us, TRIANGULAR(6.8e-3, 5.4 / 6.8));
LAW(hump_4500us, TRIANGULAR(6.8e-3, 4.5 / 6.8));
LAW(cycle_4ms, UNIFORM(4e-3));
LAW(lognormal_250us, LOGNORMAL(250e-6, 0.6));
LAW(lognormal_400us, LOGNORMAL(400e-6, 0.5));
LAW(weibull_thin, WEIBULL(2.5, 500e-6));
LAW(weibull_thick, WEIBULL(0.9, 150e-6));

/* An access line whose requests wait for a grant unless one is available. */
LAW(grants, { 5, 0, SIM_EXPONENTIAL, 250e-6, 0 }, { 80, 3.4e-3, SIM_GAMMA, 900e-6, 2 },
    { 15, 7e-3, SIM_LOGNORMAL, 1.5e-3, 0.8 });
LAW(fast_mode, { 2, 0, SIM_EXPONENTIAL, 100e-6, 0 }, { 98, 1e-3, SIM_EXPONENTIAL, 100e-6, 0 });
LAW(slow_mode, { 97.5, 0, SIM_GAMMA, 240e-6, 2.5 }, { 2.5, 1e-3, SIM_GAMMA, 200e-6, 2 });
LAW(two_modes, { 15, 0, SIM_EXPONENTIAL, 150e-6, 0 }, { 85, 1.5e-3, SIM_GAMMA, 200e-6, 2 });
LAW(spike, { 60, 0, SIM_EXPONENTIAL, 120e-6, 0 }, { 40, 100e-6, SIM_LOGNORMAL, 1.8e-3, 1.3 });

/* Slots, and frames of 1 ms. */
LAW(slots_250us, { 90, 0, SIM_UNIFORM, 250e-6, 0 }, { 9, 1e-3, SIM_UNIFORM, 250e-6, 0 },
    { 1, 2e-3, SIM_UNIFORM, 250e-6, 0 });
LAW(slots_125us, { 93, 0, SIM_UNIFORM, 125e-6, 0 }, { 7, 1e-3, SIM_UNIFORM, 125e-6, 0 });
LAW(slots_then_queues, { 70, 0, SIM_GAMMA, 60e-6, 2 }, { 20, 250e-6, SIM_GAMMA, 60e-6, 2 },
    { 10, 500e-6, SIM_GAMMA, 60e-6, 2 });

/* Combs: slots of a cell, whose teeth are narrow. */
/* Versions of clang-format differ on a macro that is a pair of braces. */
/* clang-format off */
#define TOOTH_UP(share, place) { share, (place) * 500e-6, SIM_NORMAL, 25e-6, 3 }
#define TOOTH_DOWN(share, place_s) { share, place_s, SIM_GAMMA, 60e-6, 3 }
#define TOOTH_BEAM(share, place) { share, (place) * 125e-6, SIM_NORMAL, 12e-6, 3 }
/* clang-format on */

LAW(comb_up, TOOTH_UP(16, 0), TOOTH_UP(19, 1), TOOTH_UP(18, 2), TOOTH_UP(17, 3), TOOTH_UP(15, 4), TOOTH_UP(7, 5),
    TOOTH_UP(4, 6), TOOTH_UP(2, 7), TOOTH_UP(1, 8), TOOTH_UP(1, 9));
LAW(comb_down, TOOTH_DOWN(28.5, 0), TOOTH_DOWN(28.5, 250e-6), TOOTH_DOWN(23.75, 500e-6), TOOTH_DOWN(14.25, 750e-6),
    TOOTH_DOWN(2, 5e-3), TOOTH_DOWN(1.5, 5.25e-3), TOOTH_DOWN(1, 5.5e-3), TOOTH_DOWN(0.5, 5.75e-3));
LAW(comb_beam, TOOTH_BEAM(35, 0), TOOTH_BEAM(5, 1), TOOTH_BEAM(30, 2), TOOTH_BEAM(5, 3), TOOTH_BEAM(20, 4),
    TOOTH_BEAM(5, 5));

/* --- scenarios --- */

#define OSCILLATOR(...) .oscillator = { .skew_spread = 25e-6, __VA_ARGS__ }
#define USUAL .hours = 24, OSCILLATOR(.wander = 1e-9)
/* Versions of clang-format differ on a macro that is a pair of braces. */
/* clang-format off */
#define WAY(floor_s, l) { .minimum_s = (floor_s), .law = &(l) }
/* clang-format on */
#define PATH(forth_s, forth, back_s, back) .steady = { .way = { WAY(forth_s, forth), WAY(back_s, back) } }
#define PATH_5MS(forth, back) PATH(5e-3, forth, 5e-3, back)

/* The filter of the limit is given the effects of spells and drifts. */
#define LIMIT_OF_LAW .has_limit = true
#define LIMIT_OF_WORLD .has_limit = true, .limit_needs_world = true

static const struct sim_scenario scenarios[] = {
	/* Lower tails. */
	{ "normal-tails", "5 ms + normal, sd 100 us, cut at 3 sd, each way", USUAL,
	  PATH_5MS(normal_100us, normal_100us), LIMIT_OF_LAW },
	{ "normal-tails-unlike", "normal-tails, but sd 30 us forth", USUAL, PATH_5MS(normal_30us, normal_100us),
	  LIMIT_OF_LAW },
	{ "normal-tails-far", "18 ms + normal, sd 100 us forth; 17.4 ms, sd 300 us back", USUAL,
	  PATH(18e-3, normal_100us, 17.4e-3, normal_300us), LIMIT_OF_LAW },
	{ "gamma-tails", "5 ms + gamma of shape 3, mean 300 us, each way", USUAL,
	  PATH_5MS(gamma_3_300us, gamma_3_300us), LIMIT_OF_LAW },
	{ "gamma-down", "exp 150 us forth; gamma of shape 2, mean 3.4 ms back", USUAL,
	  PATH(13e-3, queue_150us, 13.9e-3, gamma_2_3400us), LIMIT_OF_LAW },
	{ "gamma-up", "gamma of shape 5, mean 0.9 ms forth; exp 120 us back", USUAL,
	  PATH(9e-3, gamma_5_900us, 8e-3, queue_120us), LIMIT_OF_LAW },
	{ "hump-down", "replies are 1 to 6 ms above their minimum, mostly 5 ms", USUAL,
	  PATH(12.8e-3, normal_90us_near, 13.7e-3, hump_5400us), LIMIT_OF_LAW },
	{ "uniform-down", "replies wait for a cycle of 4 ms", USUAL, PATH_5MS(gamma_1_5_250us, cycle_4ms),
	  LIMIT_OF_LAW },
	{ "lognormal-tails", "5 ms + lognormal, median 250 us forth, 400 us back", USUAL,
	  PATH_5MS(lognormal_250us, lognormal_400us), LIMIT_OF_LAW },
	{ "weibull-tails", "a thin lower tail forth, a thick one back", USUAL,
	  PATH(7e-3, weibull_thin, 7e-3, weibull_thick), LIMIT_OF_LAW },
	/* Modes and slots. */
	{ "granted-uplink", "5 % of requests fast, 80 % 3.4 ms later, others 7 ms", USUAL,
	  PATH(9e-3, grants, 9.4e-3, queue_300us), LIMIT_OF_LAW },
	{ "fast-mode-rare", "2 % of requests come 1 ms sooner than others", USUAL, PATH_5MS(fast_mode, queue_100us),
	  LIMIT_OF_LAW },
	{ "slow-mode-rare", "2.5 % of replies come 1 ms later; wander 2e-9", .hours = 24, OSCILLATOR(.wander = 2e-9),
	  PATH(20e-3, gamma_2_5_240us, 18.9e-3, slow_mode), LIMIT_OF_LAW },
	{ "slotted-uplink", "slots of 250 us forth, 125 us back; frames of 1 ms", USUAL,
	  PATH_5MS(slots_250us, slots_125us), LIMIT_OF_LAW },
	{ "cellular-comb", "slots of 500 and 250 us; 5 % repeated 5 ms later", USUAL,
	  PATH(4.2e-3, comb_up, 3.8e-3, comb_down), LIMIT_OF_LAW },
	{ "beam-comb", "narrow slots of 125 us forth, exp 60 us back", USUAL,
	  PATH(2.6e-3, comb_beam, 2.4e-3, queue_60us), LIMIT_OF_LAW },
	{ "spikes-and-tails", "60 % of replies near their minimum, others to 50 ms", USUAL,
	  PATH(10e-3, gamma_2_2500us, 9.6e-3, spike), LIMIT_OF_LAW },
	/* Memory. */
	{ "lasting-queues", "successive delays correlated: 0.8 forth, 0.6 back", USUAL,
	  .steady = { .way = { { .minimum_s = 5e-3, .law = &gamma_2_300us, .level = 0.8 },
			       { .minimum_s = 5e-3, .law = &gamma_1_5_300us, .level = 0.6 } } },
	  LIMIT_OF_WORLD },
	{ "busy-spells", "gamma, 80 us each way; 1.5 and 4 ms for 10 minutes of 70", USUAL,
	  PATH_5MS(gamma_2_80us, gamma_2_80us),
	  .spells = { { .length_s = 600,
			.every_s = 4200,
			.is_irregular = true,
			.more.way = { { .law = &gamma_3_1500us }, { .law = &gamma_2_4000us } } } },
	  LIMIT_OF_WORLD },
	{ "beating-slots", "for --poll 1: replies beat with slots, some are lost", .hours = 1.5,
	  OSCILLATOR(.wander = 6e-10),
	  .steady = { .way = { { .minimum_s = 13.2e-3, .law = &gamma_3_320us, .loss = 0.03 },
			       { .minimum_s = 14.1e-3, .law = &hump_4500us, .level = -0.3 } } },
	  .spells = { { .length_s = 7.75, .every_s = 40, .is_irregular = true, .more.way[SIM_BACK].loss = 1 } },
	  LIMIT_OF_WORLD },
	/* Few exchanges, coarse stamps, a server whose clock wanders. */
	{ "sparse-polls", "for --poll 64: gamma tails, wander 2e-9, 48 hours", .hours = 48, OSCILLATOR(.wander = 2e-9),
	  PATH(12e-3, gamma_2_400us, 11.5e-3, gamma_3_500us), LIMIT_OF_LAW },
	{ "missing-bunches", "silent for 4 to 12 minutes every 38; wander 2e-9", .hours = 24,
	  OSCILLATOR(.wander = 2e-9),
	  .steady = { .way = { { .minimum_s = 5e-3, .law = &gamma_2_200us, .loss = 0.05 },
			       { .minimum_s = 5e-3, .law = &normal_80us } } },
	  .spells = { { .length_s = 480, .every_s = 2280, .is_irregular = true, .more.way[SIM_FORTH].loss = 1 } },
	  LIMIT_OF_LAW },
	{ "server-ticks-half-ms", "gamma tails; the server's clock moves every 0.5 ms", USUAL,
	  .steady = { .way = { WAY(5e-3, gamma_2_250us), WAY(5e-3, gamma_2_250us) }, .server_tick_s = 0.5e-3 },
	  LIMIT_OF_LAW },
	{ "server-wanders", "the server wanders by 2 ms; its root distance is 3 ms", USUAL,
	  .steady = { .way = { WAY(5e-3, gamma_2_150us), WAY(5e-3, gamma_2_150us) }, .root_distance_s = 3e-3 },
	  .drifts = { { SIM_DRIFT_WALK, .period_s = 1200, .server_s = 2e-3 } }, LIMIT_OF_WORLD },
	/* The oscillator. */
	{ "cheap-oscillator", "gamma tails; the skew wanders by 3e-9 a second", .hours = 24, OSCILLATOR(.wander = 3e-9),
	  PATH_5MS(gamma_2_150us, queue_150us), LIMIT_OF_LAW },
	{ "rate-turns", "the skew turns by 0.3 to 0.5 ppm, every 3 hours", .hours = 24,
	  OSCILLATOR(.wander = 2e-9, .turns = { 3 * SIM_HOUR, 0.3e-6, 0.5e-6, 180, 900 }),
	  PATH_5MS(queue_120us, gamma_1_5_150us) },
	{ "temperature-gamma", "gamma tails; the skew swings by 0.2 ppm in 80 minutes", .hours = 24,
	  OSCILLATOR(.wander = 1e-9, .swing = 0.2e-6, .swing_period_s = 4800, .swing_is_anywhere = true),
	  PATH_5MS(gamma_2_150us, gamma_2_150us) },
	{ "frequency-step-gamma", "gamma tails; the skew steps by 2 ppm", .hours = 24,
	  OSCILLATOR(.wander = 1e-9, .step = 2e-6, .step_at_s = SIM_EVENT), PATH_5MS(gamma_2_200us, gamma_2_200us) },
	/* The path moves. */
	{ "floors-together", "both minimum delays move together by 200 us in hours", USUAL,
	  PATH_5MS(gamma_1_5_200us, gamma_1_5_200us),
	  .drifts = { { SIM_DRIFT_WALK, .period_s = 2.5 * SIM_HOUR, .minimum_s = { 200e-6, 200e-6 } } },
	  LIMIT_OF_WORLD },
	{ "floors-apart", "each minimum delay moves by 60 us alone, in hours", USUAL,
	  PATH_5MS(gamma_2_200us, gamma_2_200us),
	  .drifts = { { SIM_DRIFT_WALK, .period_s = 3 * SIM_HOUR, .minimum_s = { 60e-6, 0 } },
		      { SIM_DRIFT_SINE, .period_s = 5 * SIM_HOUR, .minimum_s = { 0, 60e-6 } } },
	  LIMIT_OF_WORLD },
	{ "route-change-gamma", "gamma tails; requests take 0.6 ms longer at the event", USUAL,
	  PATH_5MS(gamma_3_250us, gamma_2_250us),
	  .spells = { { .from_s = SIM_EVENT, .length_s = SIM_FOREVER, .more.way[SIM_FORTH].minimum_s = 0.6e-3 } },
	  LIMIT_OF_WORLD },
	{ "route-change-slots", "slots; replies take 0.9 ms less for 6 hours", USUAL,
	  PATH_5MS(slots_then_queues, normal_60us),
	  .spells = { { .from_s = SIM_EVENT, .length_s = 6 * SIM_HOUR, .more.way[SIM_BACK].minimum_s = -0.9e-3 } },
	  LIMIT_OF_WORLD },
	{ "server-fault-normal", "normal tails; the server is 0.7 ms late for 20 minutes", USUAL,
	  PATH_5MS(normal_60us, normal_60us),
	  .spells = { { .from_s = SIM_EVENT, .length_s = 1200, .more.server_error_s = -0.7e-3 } }, LIMIT_OF_WORLD },
	{ "server-fault-two-modes", "two modes; the server is 40 ms ahead for 25 minutes", USUAL,
	  PATH_5MS(two_modes, queue_150us),
	  .spells = { { .from_s = SIM_EVENT, .length_s = 1500, .more.server_error_s = 40e-3 } }, LIMIT_OF_WORLD },
};

#define SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

size_t sim_observed_count(void)
{
	return SCENARIOS;
}

const struct sim_scenario *sim_observed_at(size_t index)
{
	return index < SCENARIOS ? &scenarios[index] : NULL;
}
