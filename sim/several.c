#include "several.h"

/*
 * Unless stated otherwise as in scenario.c: 24 hours, an oscillator 12 ppm fast whose skew wanders by 1e-9 a second, an
 * event after 14 hours, and all paths like metro there. Servers that are wrong come first, because a client begins with
 * the first one.
 */

#define USUAL .hours = 24, .oscillator = { .skew = 12e-6, .wander = 1e-9 }
#define BOTH(...) .steady = { { { __VA_ARGS__ }, { __VA_ARGS__ } }, 0 }
#define METRO BOTH(.minimum_s = 2e-3, .queue_s = 100e-6)

/*
 * Half of the asymmetries of measured Internet paths are above 1.4 % of the least round trip, a tenth above 4 %. A
 * normal number exceeds 1.2816 in a tenth of all cases, and exp(0.819 * 1.2816) = 4 / 1.4.
 */
#define MEASURED_ASYMMETRY .asymmetry = { .median = 0.014, .spread = 0.819 }

/* So that a server that drifts away all day stays within what all servers state. */
#define WIDE_ROOT_S 10e-3

static const struct sim_server_kind two_liars[] = { { .count = 2, .more.server_error_s = 20e-3 }, { 0 } };

static const struct sim_server_kind one_liar[] = { { .count = 1, .more.server_error_s = 20e-3 }, { 0 } };

static const struct sim_server_kind drifts_away[] = {
	{ .count = 1, .spell = { .from_s = 6 * SIM_HOUR, .length_s = SIM_FOREVER, .server_rate = 0.1e-6 } },
	{ 0 },
};

static const struct sim_server_kind liar_within[] = { { .count = 1, .more.server_error_s = 1e-3 }, { 0 } };

static const struct sim_server_kind wrong_for_20_minutes[] = {
	{ .count = 1, .spell = { .from_s = SIM_EVENT, .length_s = 1200, .more.server_error_s = 3e-3 } },
	{ 0 },
};

static const struct sim_server_kind wrong_for_an_hour[] = {
	{ .count = 1, .spell = { .from_s = SIM_EVENT, .length_s = SIM_HOUR, .more.server_error_s = 3e-3 } },
	{ 0 },
};

static const struct sim_server_kind four_silent[] = {
	{ .count = 4, .spell = { .from_s = SIM_EVENT, .length_s = 24 * SIM_HOUR, .more.way[SIM_FORTH].loss = 1 } },
	{ 0 },
};

static const struct sim_server_kind six_wrong[] = {
	{ .count = 1, .more.server_error_s = 20e-3 },
	{ .count = 1, .more.server_error_s = -1 },
	{ .count = 1, .more.server_error_s = 1e-3 },
	{ .count = 1, .spell = { .from_s = 0, .length_s = SIM_FOREVER, .server_rate = 0.1e-6 } },
	{ .count = 1,
	  .spell = { .from_s = 0,
		     .length_s = SIM_HOUR,
		     .every_s = 4 * SIM_HOUR,
		     .is_anywhere = true,
		     .more.server_error_s = -3e-3 } },
	{ .count = 1, .drift = { SIM_DRIFT_WALK, .period_s = SIM_HOUR, .server_s = 2e-3 } },
	{ 0 },
};

/* The next two are those of the same names under clknetsim. */
static const struct sim_server_kind nearest_fails[] = {
	{ .count = 1, .minimum_s = 5e-3, .queue_s = 200e-6 },
	{ .count = 1, .minimum_s = 10e-3, .queue_s = 300e-6 },
	{ .count = 1, .spell = { .from_s = SIM_EVENT, .length_s = 1200, .more.server_error_s = 0.15 } },
	{ 0 },
};

static const struct sim_server_kind nearest_lies[] = {
	{ .count = 1, .minimum_s = 5e-3, .queue_s = 200e-6 },
	{ .count = 1, .minimum_s = 10e-3, .queue_s = 300e-6 },
	{ .count = 1, .minimum_s = 15e-3, .queue_s = 500e-6 },
	{ .count = 1, .minimum_s = 1e-3, .queue_s = 50e-6, .more.server_error_s = 20e-3 },
	{ 0 },
};

static const struct sim_scenario scenarios[] = {
	{ "three-equal", "3 servers, each as in metro", USUAL, METRO, .servers = 3 },
	{ "ten-equal", "10 servers, each as in metro", USUAL, METRO, .servers = 10 },
	{ "asymmetric-one", "metro; the asymmetry is as on measured paths", USUAL, METRO, MEASURED_ASYMMETRY },
	{ "asymmetric-five", "5 servers, each as in asymmetric-one", USUAL, METRO, MEASURED_ASYMMETRY, .servers = 5 },
	{ "churn", "asymmetric-five; every minute one leaves, dies or comes back", USUAL, METRO, MEASURED_ASYMMETRY,
	  .servers = 5, .churn_s = 60 },
	{ "two-of-five-lie", "5 servers; 2 are 20 ms ahead", USUAL, METRO, .servers = 5, .kinds = two_liars },
	{ "one-of-two-lies", "2 servers; one is 20 ms ahead", USUAL, METRO, .servers = 2, .kinds = one_liar },
	{ "two-of-three-lie", "3 servers; 2 are 20 ms ahead", USUAL, METRO, .servers = 3, .kinds = two_liars },
	{ "drifting-liar", "3 servers that state 10 ms; one drifts by 0.1 ppm from 6 h on", USUAL,
	  .steady = { { { .minimum_s = 2e-3, .queue_s = 100e-6 }, { .minimum_s = 2e-3, .queue_s = 100e-6 } },
		      .root_distance_s = WIDE_ROOT_S },
	  .servers = 3, .kinds = drifts_away },
	{ "liar-within-bound", "3 servers; one is 1 ms ahead, which no interval shows", USUAL, METRO, .servers = 3,
	  .kinds = liar_within },
	{ "small-fault-of-three", "3 servers; one is 3 ms wrong for 20 minutes", USUAL, METRO, .servers = 3,
	  .kinds = wrong_for_20_minutes },
	{ "long-fault-of-three", "3 servers; one is 3 ms wrong for an hour", USUAL, METRO, .servers = 3,
	  .kinds = wrong_for_an_hour },
	{ "all-but-one-silent", "5 servers; 4 are silent for a day", .hours = 40,
	  .oscillator = { .skew = 12e-6, .wander = 1e-9 }, METRO, .servers = 5, .kinds = four_silent },
	{ "pool-of-twenty", "20 servers; 6 are wrong in different ways", USUAL, METRO, .servers = 20,
	  .kinds = six_wrong },
	{ "nearest-fails", "5, 10 and 2 ms away; the nearest is 150 ms wrong for 20 minutes", USUAL, METRO,
	  .servers = 3, .kinds = nearest_fails },
	{ "falseticker", "5, 10, 15 and 1 ms away; the nearest is 20 ms ahead", USUAL, METRO, .servers = 4,
	  .kinds = nearest_lies },
};

#define SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

const struct sim_scenario *sim_several_at(size_t index)
{
	return index < SCENARIOS ? &scenarios[index] : NULL;
}
