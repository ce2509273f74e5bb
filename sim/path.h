/*
 * path: the delays of packets, independent for each way, and the server at its end. The path is constant except for
 * spells and drifts.
 */
#ifndef FFNTP_SIM_PATH_H
#define FFNTP_SIM_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "law.h"
#include "random.h"

/* From the client to the server, and back. */
enum { SIM_FORTH, SIM_BACK, SIM_WAYS };

/*
 * One way. delay = minimum + queue E1 + heavy E2 E3 E4 + burst E5, each E exponential with mean 1 and independent. The
 * product in 'heavy' has mean 1 and variance 7, and one in a thousand is above 16. With a law, a draw from it is added.
 */
struct sim_way {
	double minimum_s, queue_s, heavy_s, burst_s;
	double loss;               /* probability of a loss */
	const struct sim_law *law; /* or NULL */
	/* Correlation of the normal scores of successive draws from the law, -1 < level < 1. */
	double level;
};

struct sim_conditions {
	struct sim_way way[SIM_WAYS];
	double server_error_s; /* the server's clock minus true time */
	/*
	 * A reply leaves later than the server's transmit timestamp by an exponential number with this mean; the server
	 * learns of it for interleaved mode.
	 */
	double server_transmit_s;
	double server_tick_s;   /* the server's clock moves in steps of this; 0: of 1 ns */
	double root_distance_s; /* the largest server_error_s that the server states in its replies */
};

/* A period with additional conditions. A law of a spell replaces the steady path's law. */
struct sim_spell {
	double from_s;    /* since the simulation began */
	double length_s;  /* 0: the spell is unused */
	double every_s;   /* period of its repetition; 0: once */
	bool is_anywhere; /* with every_s: the seed chooses the beginning of the first one */
	/*
	 * With every_s >= 1.5 length_s: each one lasts 0.5 to 1.5 times length_s, and begins anywhere in its own
	 * period.
	 */
	bool is_irregular;
	struct sim_conditions more;
	double server_rate; /* the server's clock moves away from true time at this rate (ratio) from from_s on */
};

#define SIM_SPELLS 4

/*
 * A slow movement of the minimum delays and of the server's clock. Its course varies between 0 and 1: as a sine with
 * that period and any phase, or linearly between uniform random numbers, one for each period. It adds course *
 * minimum_s to the minimum delays, and (2 course - 1) * server_s to the server's clock.
 */
enum sim_drift_form { SIM_DRIFT_NONE, SIM_DRIFT_SINE, SIM_DRIFT_WALK };

struct sim_drift {
	enum sim_drift_form form;
	double period_s;
	double minimum_s[SIM_WAYS];
	double server_s;
};

#define SIM_DRIFTS 2

struct sim_path {
	struct sim_conditions steady;
	struct sim_spell spells[SIM_SPELLS];
	struct sim_drift drifts[SIM_DRIFTS];
	struct sim_random random[SIM_WAYS];
	struct sim_random law_random[SIM_WAYS];
	double score[SIM_WAYS]; /* of the newest packet with a level */
	uint64_t spell_key[SIM_SPELLS], drift_key[SIM_DRIFTS];
};

/* Add conditions to others. A law takes the place of the former one. */
void sim_conditions_add(struct sim_conditions *sum, const struct sim_conditions *more);

/* Set steady, spells and drifts before; the rest is initialised from the seed. */
void sim_path_init(struct sim_path *path, uint64_t seed);

/* t_s: since the simulation began. */
struct sim_conditions sim_path_conditions(const struct sim_path *path, double t_s);

/*
 * Return the gauge: the error, in s, of a clock that assumes equal minimum delays. It is half the difference of the
 * minimum delays, forth less back, each with its drift but without spells, because an oscillator shows a change of the
 * route. A server that rounds its stamps down shortens the apparent way forth by up to its tick.
 */
double sim_path_gauge_s(const struct sim_path *path, double t_s);

/* Draw the delay of the next packet. Returns false, and *delay_ns is untouched, if it is lost. */
bool sim_path_delay(struct sim_path *path, size_t way, const struct sim_way *conditions, int64_t *delay_ns);

#endif
