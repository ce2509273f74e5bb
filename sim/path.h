/* path: the delays of packets, each way by itself, and the server at its end; steady but for spells and drifts. */
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
 * One way. delay = minimum + queue E1 + heavy E2 E3 E4 + burst E5, each E exponential with mean 1 and by itself.
 * heavy: its mean is 1, its variance 7, and one in a thousand is above 16. With a law, a draw from it is added.
 */
struct sim_way {
	double minimum_s, queue_s, heavy_s, burst_s;
	double loss;               /* probability */
	const struct sim_law *law; /* or NULL */
	/* Correlation of the normal score of the law's draw with that of the packet before, -1 < level < 1. */
	double level;
};

struct sim_conditions {
	struct sim_way way[SIM_WAYS];
	double server_error_s;  /* the server's clock minus the truth */
	double server_tick_s;   /* its clock stands still between multiples of this; 0: of 1 ns */
	double root_distance_s; /* the largest server_error_s that the server admits in its replies */
};

/* A time at which something is added to the conditions. A law of a spell replaces that of the steady path. */
struct sim_spell {
	double from_s;    /* since the simulation began */
	double length_s;  /* 0: there is no such spell */
	double every_s;   /* it comes again and again; 0: once */
	bool is_anywhere; /* with every_s: the seed chooses when the first of them comes */
	/* With every_s >= 1.5 length_s: each lasts 0.5 to 1.5 times length_s and begins anywhere in its own period. */
	bool is_irregular;
	struct sim_conditions more;
};

#define SIM_SPELLS 4

/*
 * A slow movement of the minimum delays and of the server's clock. Its course goes from 0 to 1 and back: as a sine with
 * that period and any phase, or by straight lines between uniform random numbers, one each period. The minimum delays
 * are longer by the course times minimum_s, the server is ahead by server_s times twice the course minus 1.
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
	double score[SIM_WAYS]; /* of the newest packet whose conditions had a level */
	uint64_t spell_key[SIM_SPELLS], drift_key[SIM_DRIFTS];
};

/* steady, spells and drifts are to be set; the rest comes from the seed. */
void sim_path_init(struct sim_path *path, uint64_t seed);

/* t_s: since the simulation began. */
struct sim_conditions sim_path_conditions(const struct sim_path *path, double t_s);

/*
 * Return the gauge: the error of a clock that takes the two minimum delays for equal, in s. It is half the difference
 * of the minimum delays, forth less back, each with its drift but without spells, because an oscillator shows a change
 * of the route. A server that rounds its stamps down makes the way there seem shorter by up to its tick.
 */
double sim_path_gauge_s(const struct sim_path *path, double t_s);

/* What the next packet meets. Returns false, and *delay_ns is untouched, if it is lost. */
bool sim_path_delay(struct sim_path *path, size_t way, const struct sim_way *conditions, int64_t *delay_ns);

#endif
