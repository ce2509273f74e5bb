#include "oscillator.h"

#include <math.h>

/* The counter's value at the start: an hour and a fraction, in ns, because real counters do not begin at 0 either. */
#define FIRST_LEAST UINT64_C(3600000000000)

/* Its number follows those of oscillator, path and nonces, so that the turns' random numbers do not affect theirs. */
#define SEED_STREAM 5

/* How far the time of a reading may go back, in s; a turn is kept for this time after its end. */
#define BACK_MOST_S 1.0

static double between(struct sim_random *random, double least, double most)
{
	return least + (most - least) * sim_random_unit(random);
}

/* Draw the turn that follows a turn with this end. */
static struct sim_turn next_turn(struct sim_random *random, const struct sim_turns *turns, double end_s)
{
	double wait_s = turns->every_s * sim_random_exponential(random);
	double length_s = between(random, turns->least_s, turns->most_s);
	double change = between(random, turns->least, turns->most);
	bool is_down = sim_random_unit(random) < 0.5;

	return (struct sim_turn){ end_s + wait_s, length_s, is_down ? -change : change };
}

/* Return the gain of the counter in a turn, since_s after its beginning. */
static double turn_s(const struct sim_turn *turn, double since_s)
{
	if (since_s <= 0)
		return 0;
	if (since_s >= turn->length_s)
		return turn->change * (since_s - turn->length_s / 2);
	return turn->change * since_s * since_s / (2 * turn->length_s);
}

void sim_oscillator_init(struct sim_oscillator *oscillator, const struct sim_oscillator_kind *kind, uint64_t seed,
			 int64_t start_ns)
{
	struct sim_random random = sim_random_begin(seed, 0);
	struct sim_random of_seed = sim_random_begin(seed, SEED_STREAM);
	double skew = kind->skew_spread * between(&of_seed, -1, 1), phase = 2 * SIM_PI * sim_random_unit(&of_seed);

	*oscillator = (struct sim_oscillator){
		.kind = *kind,
		.first = FIRST_LEAST + (sim_random_next(&random) >> 24),
		.start_ns = start_ns,
		.skew = kind->skew + skew,
		.swing_phase = kind->swing_is_anywhere ? phase : 0,
	};
	oscillator->random = random;
	if (kind->turns.every_s > 0)
		oscillator->turn = next_turn(&of_seed, &kind->turns, 0);
	oscillator->turn_random = of_seed;
}

static void pass_seconds(struct sim_oscillator *oscillator, int64_t second)
{
	for (; oscillator->second < second; oscillator->second++) {
		oscillator->ahead_s += oscillator->skew;
		oscillator->skew += oscillator->kind.wander * sim_random_normal(&oscillator->random);
	}
}

/* Advance to the next turn once the newest has ended for certain. */
static void pass_turns(struct sim_oscillator *oscillator, double t_s)
{
	struct sim_turn former = oscillator->turn;

	while (oscillator->kind.turns.every_s > 0 && t_s > former.begin_s + former.length_s + BACK_MOST_S) {
		double end_s = former.begin_s + former.length_s, passed_s;

		oscillator->turn = next_turn(&oscillator->turn_random, &oscillator->kind.turns, end_s);
		passed_s = oscillator->turn.begin_s - former.begin_s;
		oscillator->turned_s += oscillator->turned * passed_s + turn_s(&former, passed_s);
		oscillator->turned += former.change;
		former = oscillator->turn;
	}
}

/* Return the gain of the counter in all turns so far. At the beginning of the first it is 0. */
static double turned_s(const struct sim_oscillator *oscillator, double t_s)
{
	double since_s = t_s - oscillator->turn.begin_s;

	return oscillator->turned_s + oscillator->turned * since_s + turn_s(&oscillator->turn, since_s);
}

static double swing_s(const struct sim_oscillator_kind *kind, double phase, double t_s)
{
	double angle;

	if (!(kind->swing_period_s > 0))
		return 0;
	angle = 2 * SIM_PI * t_s / kind->swing_period_s;
	return kind->swing * kind->swing_period_s / (2 * SIM_PI) * (cos(phase) - cos(angle + phase));
}

static double event_s(const struct sim_oscillator_kind *kind, double t_s)
{
	double ahead_s = 0;

	if (kind->step_at_s > 0 && t_s > kind->step_at_s) {
		double since_s = t_s - kind->step_at_s;
		bool is_over = kind->step_length_s > 0 && since_s > kind->step_length_s;

		ahead_s += kind->step * (is_over ? kind->step_length_s : since_s);
	}
	if (kind->jump_at_s > 0 && t_s > kind->jump_at_s)
		ahead_s += kind->jump_s;
	return ahead_s;
}

double sim_oscillator_ahead_s(struct sim_oscillator *oscillator, int64_t at_ns)
{
	int64_t since_ns = at_ns - oscillator->start_ns;
	double t_s = (double)since_ns * 1e-9, within_s;

	pass_seconds(oscillator, since_ns / FFNTP_NS_PER_S);
	pass_turns(oscillator, t_s);
	within_s = (double)(since_ns - oscillator->second * FFNTP_NS_PER_S) * 1e-9;
	return oscillator->ahead_s + oscillator->skew * within_s +
	       swing_s(&oscillator->kind, oscillator->swing_phase, t_s) + event_s(&oscillator->kind, t_s) +
	       turned_s(oscillator, t_s);
}

ffntp_counter sim_oscillator_read(struct sim_oscillator *oscillator, int64_t at_ns)
{
	int64_t ahead_ns = (int64_t)floor(sim_oscillator_ahead_s(oscillator, at_ns) * 1e9);

	return oscillator->first + (uint64_t)(at_ns - oscillator->start_ns + ahead_ns);
}
