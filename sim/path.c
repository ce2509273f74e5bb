#include "path.h"

#include <math.h>

/* After the oscillator's. */
#define FIRST_STREAM 1
#define SPELL_STREAM 3

void sim_path_init(struct sim_path *path, uint64_t seed)
{
	struct sim_random random = sim_random_begin(seed, SPELL_STREAM);

	for (size_t way = 0; way < SIM_WAYS; way++)
		path->random[way] = sim_random_begin(seed, FIRST_STREAM + way);
	for (size_t i = 0; i < SIM_SPELLS; i++) {
		if (path->spells[i].is_anywhere)
			path->spells[i].from_s -= path->spells[i].every_s * sim_random_unit(&random);
	}
}

static bool is_on(const struct sim_spell *spell, double t_s)
{
	double since_s = t_s - spell->from_s;

	if (since_s < 0)
		return false;
	if (spell->every_s > 0)
		since_s = fmod(since_s, spell->every_s);
	return since_s < spell->length_s;
}

static void add(struct sim_conditions *sum, const struct sim_conditions *more)
{
	for (size_t way = 0; way < SIM_WAYS; way++) {
		sum->way[way].minimum_s += more->way[way].minimum_s;
		sum->way[way].queue_s += more->way[way].queue_s;
		sum->way[way].heavy_s += more->way[way].heavy_s;
		sum->way[way].burst_s += more->way[way].burst_s;
		sum->way[way].loss += more->way[way].loss;
	}
	sum->server_error_s += more->server_error_s;
	sum->server_tick_s += more->server_tick_s;
}

struct sim_conditions sim_path_conditions(const struct sim_path *path, double t_s)
{
	struct sim_conditions sum = path->steady;

	for (size_t i = 0; i < SIM_SPELLS; i++) {
		if (is_on(&path->spells[i], t_s))
			add(&sum, &path->spells[i].more);
	}
	return sum;
}

/* Every packet takes as many numbers, whatever becomes of it: a change of one does not change those after it. */
bool sim_path_delay(struct sim_path *path, size_t way, const struct sim_way *conditions, int64_t *delay_ns)
{
	struct sim_random *random = &path->random[way];
	double luck = sim_random_unit(random), delay_s = conditions->minimum_s;
	double heavy = conditions->heavy_s;

	delay_s += conditions->queue_s * sim_random_exponential(random);
	for (int i = 0; i < 3; i++)
		heavy *= sim_random_exponential(random);
	delay_s += heavy + conditions->burst_s * sim_random_exponential(random);
	if (luck < conditions->loss)
		return false;
	*delay_ns = (int64_t)round(delay_s * 1e9);
	return true;
}
