/* path: what packets meet on their way, each way by itself, and the server at its end; steady but for spells. */
#ifndef FFNTP_SIM_PATH_H
#define FFNTP_SIM_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "random.h"

/* From the client to the server, and back. */
enum { SIM_FORTH, SIM_BACK, SIM_WAYS };

/*
 * One way. delay = minimum + queue E1 + heavy E2 E3 E4 + burst E5, each E exponential with mean 1 and by itself.
 * heavy: its mean is 1, its variance 7, and one in a thousand is above 16.
 */
struct sim_way {
	double minimum_s, queue_s, heavy_s, burst_s;
	double loss; /* probability */
};

struct sim_conditions {
	struct sim_way way[SIM_WAYS];
	double server_error_s; /* the server's clock minus the truth */
	double server_tick_s;  /* its clock stands still between multiples of this; 0: of 1 ns */
};

/* A time at which something is added to the conditions. */
struct sim_spell {
	double from_s;    /* since the simulation began */
	double length_s;  /* 0: there is no such spell */
	double every_s;   /* it comes again and again; 0: once */
	bool is_anywhere; /* with every_s: the seed chooses when the first of them comes */
	struct sim_conditions more;
};

#define SIM_SPELLS 4

struct sim_path {
	struct sim_conditions steady;
	struct sim_spell spells[SIM_SPELLS];
	struct sim_random random[SIM_WAYS];
};

/* steady and spells are to be set; the rest comes from the seed. */
void sim_path_init(struct sim_path *path, uint64_t seed);

/* t_s: since the simulation began. */
struct sim_conditions sim_path_conditions(const struct sim_path *path, double t_s);

/* What the next packet meets. Returns false, and *delay_ns is untouched, if it is lost. */
bool sim_path_delay(struct sim_path *path, size_t way, const struct sim_way *conditions, int64_t *delay_ns);

#endif
