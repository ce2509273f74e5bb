#include "path.h"

#include <math.h>

/* Stream numbers after the oscillator's. */
#define FIRST_STREAM 1
#define SPELL_STREAM 3

/* Stream numbers after those of the nonces and of the oscillator's turns. */
#define FIRST_LAW_STREAM 6
#define DRIFT_STREAM 8
#define IRREGULAR_STREAM 9

void sim_path_init(struct sim_path *path, uint64_t seed)
{
	struct sim_random random = sim_random_begin(seed, SPELL_STREAM);
	struct sim_random drift = sim_random_begin(seed, DRIFT_STREAM);
	struct sim_random irregular = sim_random_begin(seed, IRREGULAR_STREAM);

	for (size_t way = 0; way < SIM_WAYS; way++) {
		path->random[way] = sim_random_begin(seed, FIRST_STREAM + way);
		path->law_random[way] = sim_random_begin(seed, FIRST_LAW_STREAM + way);
		path->score[way] = sim_random_normal(&path->law_random[way]);
	}
	for (size_t i = 0; i < SIM_DRIFTS; i++)
		path->drift_key[i] = sim_random_next(&drift);
	for (size_t i = 0; i < SIM_SPELLS; i++)
		path->spell_key[i] = sim_random_next(&irregular);
	for (size_t i = 0; i < SIM_SPELLS; i++) {
		if (path->spells[i].is_anywhere)
			path->spells[i].from_s -= path->spells[i].every_s * sim_random_unit(&random);
	}
}

static bool is_irregularly_on(const struct sim_spell *spell, uint64_t key, double since_s)
{
	double period = floor(since_s / spell->every_s), begins_s, length_s;
	struct sim_random random = sim_random_begin(key, (uint64_t)period);

	length_s = spell->length_s * (0.5 + sim_random_unit(&random));
	begins_s = period * spell->every_s + (spell->every_s - length_s) * sim_random_unit(&random);
	return since_s >= begins_s && since_s < begins_s + length_s;
}

static bool is_on(const struct sim_spell *spell, uint64_t key, double t_s)
{
	double since_s = t_s - spell->from_s;

	if (since_s < 0)
		return false;
	if (spell->is_irregular)
		return is_irregularly_on(spell, key, since_s);
	if (spell->every_s > 0)
		since_s = fmod(since_s, spell->every_s);
	return since_s < spell->length_s;
}

void sim_conditions_add(struct sim_conditions *sum, const struct sim_conditions *more)
{
	for (size_t way = 0; way < SIM_WAYS; way++) {
		sum->way[way].minimum_s += more->way[way].minimum_s;
		sum->way[way].queue_s += more->way[way].queue_s;
		sum->way[way].heavy_s += more->way[way].heavy_s;
		sum->way[way].burst_s += more->way[way].burst_s;
		sum->way[way].loss += more->way[way].loss;
		sum->way[way].level += more->way[way].level;
		if (more->way[way].law)
			sum->way[way].law = more->way[way].law;
	}
	sum->server_error_s += more->server_error_s;
	sum->server_transmit_s += more->server_transmit_s;
	sum->server_tick_s += more->server_tick_s;
	sum->root_distance_s += more->root_distance_s;
}

/* Return the walk's value at the end of a period. */
static double corner_of(uint64_t key, double period)
{
	struct sim_random random = sim_random_begin(key, (uint64_t)period);

	return sim_random_unit(&random);
}

/* Return the drift's course, 0 to 1. */
static double course_of(const struct sim_drift *drift, uint64_t key, double t_s)
{
	struct sim_random random = { key };
	double periods = t_s / drift->period_s + sim_random_unit(&random), whole = floor(periods),
	       part = periods - whole;

	if (drift->form == SIM_DRIFT_SINE)
		return (1 + sin(2 * SIM_PI * part)) / 2;
	return corner_of(key, whole) * (1 - part) + corner_of(key, whole + 1) * part;
}

static void add_drift(struct sim_conditions *sum, const struct sim_drift *drift, uint64_t key, double t_s)
{
	double course = course_of(drift, key, t_s);

	for (size_t way = 0; way < SIM_WAYS; way++)
		sum->way[way].minimum_s += drift->minimum_s[way] * course;
	sum->server_error_s += drift->server_s * (2 * course - 1);
}

static struct sim_conditions without_spells(const struct sim_path *path, double t_s)
{
	struct sim_conditions sum = path->steady;

	for (size_t i = 0; i < SIM_DRIFTS; i++) {
		if (path->drifts[i].form != SIM_DRIFT_NONE)
			add_drift(&sum, &path->drifts[i], path->drift_key[i], t_s);
	}
	return sum;
}

struct sim_conditions sim_path_conditions(const struct sim_path *path, double t_s)
{
	struct sim_conditions sum = without_spells(path, t_s);

	for (size_t i = 0; i < SIM_SPELLS; i++) {
		const struct sim_spell *spell = &path->spells[i];

		if (!is_on(spell, path->spell_key[i], t_s))
			continue;
		sim_conditions_add(&sum, &spell->more);
		sum.server_error_s += spell->server_rate * (t_s - spell->from_s);
	}
	return sum;
}

double sim_path_gauge_s(const struct sim_path *path, double t_s)
{
	struct sim_conditions now = without_spells(path, t_s);

	return (now.way[SIM_FORTH].minimum_s - now.server_tick_s - now.way[SIM_BACK].minimum_s) / 2;
}

/* A single number of the stream seeds all random numbers of the draw, because their count varies. */
static double law_delay_s(struct sim_path *path, size_t way, const struct sim_way *conditions)
{
	struct sim_random random = { sim_random_next(&path->law_random[way]) };
	double level = conditions->level, *score = &path->score[way];

	if (!conditions->law)
		return 0;
	if (level == 0)
		return sim_law_draw(conditions->law, &random);
	*score = level * *score + sqrt(1 - level * level) * sim_random_normal(&random);
	return sim_law_quantile(conditions->law, sim_law_below_score(*score));
}

/* Every packet takes the same count of random numbers, so that a change to one packet does not affect later ones. */
bool sim_path_delay(struct sim_path *path, size_t way, const struct sim_way *conditions, int64_t *delay_ns)
{
	struct sim_random *random = &path->random[way];
	double luck = sim_random_unit(random), delay_s = conditions->minimum_s;
	double heavy = conditions->heavy_s;

	delay_s += conditions->queue_s * sim_random_exponential(random);
	for (int i = 0; i < 3; i++)
		heavy *= sim_random_exponential(random);
	delay_s += heavy + conditions->burst_s * sim_random_exponential(random);
	delay_s += law_delay_s(path, way, conditions);
	if (luck < conditions->loss)
		return false;
	*delay_ns = (int64_t)round(delay_s * 1e9);
	return true;
}
