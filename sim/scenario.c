#include "scenario.h"

#include <string.h>

#include "observed.h"
#include "several.h"

/*
 * Unless stated otherwise: 24 hours, an oscillator 12 ppm fast whose skew wanders by 1e-9 a second, like that of a
 * computer in a heated room, and one event after 14 hours. "exp" is exponential queueing with that mean.
 */

#define USUAL .hours = 24, .oscillator = { .skew = 12e-6, .wander = 1e-9 }
#define QUIET .hours = 24, .oscillator = { .skew = 12e-6, .wander = 1e-10 }
#define BOTH(...) .steady = { { { __VA_ARGS__ }, { __VA_ARGS__ } }, 0 }
#define TICKS(s) .steady = { { METRO_WAY, METRO_WAY }, .server_tick_s = (s) }
#define METRO BOTH(.minimum_s = 2e-3, .queue_s = 100e-6)
/* Versions of clang-format differ on a macro that is a pair of braces. */
/* clang-format off */
#define METRO_WAY { .minimum_s = 2e-3, .queue_s = 100e-6 }
/* clang-format on */

static const struct sim_scenario scenarios[] = {
	{ "perfect-network", "1 ms each way, and nothing else", USUAL, BOTH(.minimum_s = 1e-3) },
	{ "lan", "100 us + exp 20 us each way", USUAL, BOTH(.minimum_s = 100e-6, .queue_s = 20e-6), .has_limit = true },
	{ "metro", "2 ms + exp 100 us each way", USUAL, METRO, .has_limit = true },
	{ "metro-quiet", "metro; the skew wanders by 1e-10 a second", QUIET, METRO, .has_limit = true },
	{ "continental", "20 ms + exp 500 us each way", USUAL, BOTH(.minimum_s = 20e-3, .queue_s = 500e-6),
	  .has_limit = true },
	{ "intercontinental", "75 ms + exp 0.5 ms + a heavy tail of 0.5 ms each way", USUAL,
	  BOTH(.minimum_s = 75e-3, .queue_s = 500e-6, .heavy_s = 500e-6), .has_limit = true },
	{ "wifi", "3 ms + exp 0.3 ms + tail of 1.5 ms, 2 % lost, each way", USUAL,
	  BOTH(.minimum_s = 3e-3, .queue_s = 300e-6, .heavy_s = 1.5e-3, .loss = 0.02), .has_limit = true },
	{ "unequal-noise", "2 ms + exp 100 us forth, 2 ms + exp 500 us back", USUAL,
	  .steady = { { { .minimum_s = 2e-3, .queue_s = 100e-6 }, { .minimum_s = 2e-3, .queue_s = 500e-6 } }, 0 },
	  .has_limit = true },
	{ "uplink", "3 ms + exp 1 ms forth, 3 ms + exp 100 us back", USUAL,
	  .steady = { { { .minimum_s = 3e-3, .queue_s = 1e-3 }, { .minimum_s = 3e-3, .queue_s = 100e-6 } }, 0 },
	  .has_limit = true },
	{ "wandering-oscillator", "metro; the skew wanders by 1e-8 a second", .hours = 24,
	  .oscillator = { .skew = -35e-6, .wander = 1e-8 }, METRO, .has_limit = true },
	{ "congestion", "150 us + exp 30 us; 3 ms + exp 7 ms more now and then", USUAL,
	  BOTH(.minimum_s = 150e-6, .queue_s = 30e-6),
	  .spells = { { .length_s = 240,
			.every_s = 5000,
			.is_anywhere = true,
			.more = { { { .minimum_s = 3e-3, .burst_s = 7e-3 }, { 0 } }, 0 } },
		      { .length_s = 420,
			.every_s = 8100,
			.is_anywhere = true,
			.more = { { { 0 }, { .minimum_s = 3e-3, .burst_s = 7e-3 } }, 0 } } } },
	{ "temperature", "metro; the skew swings by 0.5 ppm every 2 hours", .hours = 24,
	  .oscillator = { .skew = 12e-6, .wander = 1e-9, .swing = 0.5e-6, .swing_period_s = 2 * SIM_HOUR }, METRO },
	{ "frequency-step", "metro; the skew steps by 5 ppm", .hours = 24,
	  .oscillator = { .skew = 12e-6, .wander = 1e-9, .step = 5e-6, .step_at_s = SIM_EVENT }, METRO },
	{ "route-change-one-way", "metro; requests take 1 ms longer from the event on", USUAL, METRO,
	  .spells = { { .from_s = SIM_EVENT,
			.length_s = SIM_FOREVER,
			.more = { { { .minimum_s = 1e-3 }, { 0 } }, 0 } } } },
	{ "route-change-both-ways", "metro; 2 ms longer each way for 4 hours", USUAL, METRO,
	  .spells = { { .from_s = SIM_EVENT,
			.length_s = 4 * SIM_HOUR,
			.more = { { { .minimum_s = 2e-3 }, { .minimum_s = 2e-3 } }, 0 } } } },
	{ "route-change-in-noise", "wifi; requests take 1 ms longer for 4 hours", USUAL,
	  BOTH(.minimum_s = 3e-3, .queue_s = 300e-6, .heavy_s = 1.5e-3, .loss = 0.02),
	  .spells = { { .from_s = SIM_EVENT,
			.length_s = 4 * SIM_HOUR,
			.more = { { { .minimum_s = 1e-3 }, { 0 } }, 0 } } } },
	{ "flapping-routes", "metro; from 6 h on now 1 ms longer forth, now 0.6 back", USUAL, METRO,
	  .spells = { { .from_s = 6 * SIM_HOUR,
			.length_s = 2400,
			.every_s = 6000,
			.more = { { { .minimum_s = 1e-3 }, { 0 } }, 0 } },
		      { .from_s = 6 * SIM_HOUR,
			.length_s = 3000,
			.every_s = 10200,
			.is_anywhere = true,
			.more = { { { 0 }, { .minimum_s = 0.6e-3 } }, 0 } } } },
	{ "server-fault", "metro; the server is 150 ms wrong for 20 minutes", USUAL, METRO,
	  .spells = { { .from_s = SIM_EVENT, .length_s = 1200, .more = { .server_error_s = 0.15 } } } },
	{ "small-server-fault", "metro; the server is 3 ms wrong for 20 minutes", USUAL, METRO,
	  .spells = { { .from_s = SIM_EVENT, .length_s = 1200, .more = { .server_error_s = 3e-3 } } } },
	{ "outage-4-hours", "metro; no connectivity for 4 hours", USUAL, METRO,
	  .spells = { { .from_s = SIM_EVENT, .length_s = 4 * SIM_HOUR, .more = { { { .loss = 1 }, { 0 } }, 0 } } },
	  .has_limit = true },
	{ "loss-90-percent", "metro; 90 % of requests lost", USUAL,
	  .steady = { { { .minimum_s = 2e-3, .queue_s = 100e-6, .loss = 0.9 },
			{ .minimum_s = 2e-3, .queue_s = 100e-6 } },
		      0 },
	  .has_limit = true },
	{ "cold-start", "metro; 30 ppm fast, 4 hours", .hours = 4, .oscillator = { .skew = 30e-6, .wander = 1e-9 },
	  METRO, .has_limit = true },
	{ "asymmetric-path", "metro; 2 ms forth, 6 ms back, which no exchange reveals", USUAL,
	  .steady = { { METRO_WAY, { .minimum_s = 6e-3, .queue_s = 100e-6 } }, 0 } },
	{ "server-ticks-1-ms", "metro; the server's clock moves once a millisecond", USUAL, TICKS(1e-3) },
	{ "server-ticks-16-ms", "metro; the server's clock moves 64 times a second", USUAL, TICKS(1.0 / 64) },
	{ "server-transmit-noise", "lan; replies leave exp 30 us after their transmit timestamp", USUAL,
	  .steady = { { { .minimum_s = 100e-6, .queue_s = 20e-6 }, { .minimum_s = 100e-6, .queue_s = 20e-6 } },
		      .server_transmit_s = 30e-6 } },
	{ "leap-smear", "metro; the server smears a leap second; it is the truth", .hours = 48,
	  .oscillator = { .skew = 12e-6,
			  .wander = 1e-9,
			  .step = 1 / 86400.0,
			  .step_at_s = SIM_EVENT,
			  .step_length_s = 86400 },
	  METRO },
	{ "counter-jump", "metro; the counter jumps by 2 s; the client knows it may", .hours = 24,
	  .oscillator = { .skew = 12e-6, .wander = 1e-9, .jump_s = 2, .jump_at_s = SIM_EVENT }, METRO,
	  .counter_may_jump = true },
};

#define SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

const struct sim_scenario *sim_scenario_at(size_t index)
{
	if (index < SCENARIOS)
		return &scenarios[index];
	index -= SCENARIOS;
	return index < sim_observed_count() ? sim_observed_at(index) : sim_several_at(index - sim_observed_count());
}

const struct sim_scenario *sim_scenario_find(const char *name)
{
	const struct sim_scenario *scenario;

	for (size_t i = 0; (scenario = sim_scenario_at(i)) != NULL; i++) {
		if (strcmp(scenario->name, name) == 0)
			return scenario;
	}
	return NULL;
}
