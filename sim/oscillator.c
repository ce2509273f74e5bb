#include "oscillator.h"

#include <math.h>
#include <stdbool.h>

#define PI 3.14159265358979323846

/* Counters do not begin at 0. An hour and something, in ns. */
#define FIRST_LEAST UINT64_C(3600000000000)

void sim_oscillator_init(struct sim_oscillator *oscillator, const struct sim_oscillator_kind *kind, uint64_t seed,
			 int64_t start_ns)
{
	struct sim_random random = sim_random_begin(seed, 0);

	*oscillator = (struct sim_oscillator){
		.kind = *kind,
		.first = FIRST_LEAST + (sim_random_next(&random) >> 24),
		.start_ns = start_ns,
		.skew = kind->skew,
	};
	oscillator->random = random;
}

static void pass_seconds(struct sim_oscillator *oscillator, int64_t second)
{
	for (; oscillator->second < second; oscillator->second++) {
		oscillator->ahead_s += oscillator->skew;
		oscillator->skew += oscillator->kind.wander * sim_random_normal(&oscillator->random);
	}
}

static double swing_s(const struct sim_oscillator_kind *kind, double t_s)
{
	double angle;

	if (!(kind->swing_period_s > 0))
		return 0;
	angle = 2 * PI * t_s / kind->swing_period_s;
	return kind->swing * kind->swing_period_s / (2 * PI) * (1 - cos(angle));
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
	within_s = (double)(since_ns - oscillator->second * FFNTP_NS_PER_S) * 1e-9;
	return oscillator->ahead_s + oscillator->skew * within_s + swing_s(&oscillator->kind, t_s) +
	       event_s(&oscillator->kind, t_s);
}

ffntp_counter sim_oscillator_read(struct sim_oscillator *oscillator, int64_t at_ns)
{
	int64_t ahead_ns = (int64_t)floor(sim_oscillator_ahead_s(oscillator, at_ns) * 1e9);

	return oscillator->first + (uint64_t)(at_ns - oscillator->start_ns + ahead_ns);
}
