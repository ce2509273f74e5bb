/*
 * interval_path: what one is to think of the way to a server and back: the
 * least delay of each direction, how much an exchange exceeds it, and how that
 * changes when packets take another way.
 */
#ifndef FFNTP_CORE_INTERVAL_PATH_H
#define FFNTP_CORE_INTERVAL_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "interval_belief.h"
#include "interval_noise.h"
#include "interval_params.h"

/* An exchange, as counter time and server time; both are counted from the
 * estimator's anchor, which is at its tf. */
struct ffntp_edges {
	double lower; /* counter time at ta less tb: theta there is at least that plus
			 the forward delay's floor, s */
	double upper; /* counter time at tf less te: theta there is at most that less
			 the backward delay's floor, s */
	double span;  /* counter time from ta to tf, s */
};

enum { FFNTP_PATH_LEVELS = 8 };

/* One way that packets took, or take. The forward floor is (floor + asymmetry)
 * / 2, the backward (floor - asymmetry) / 2. */
struct ffntp_level {
	double floor;         /* least round trip, s of counter time */
	double asymmetry;     /* s */
	double asymmetry2;    /* the asymmetry's variance since the first level, s^2 */
	double spare, spare2; /* what the floor is too high by: mean, s, and variance, s^2 */
	double share;         /* of that which is in the forward direction, 0 to 1 */
	uint64_t seen, used;  /* exchanges seen at this level; when last, in exchanges
				 of the path */
};

/* What an exchange exceeds the present floors by, as the clock sees it, s. */
struct ffntp_excess {
	double forward, backward, sum;
	double span;
};

/* The least of what some exchanges exceeded the floors by. */
struct ffntp_window {
	double forward, backward, sum; /* least of each, s */
	double total;                  /* of the sums, s */
	uint32_t count;
};

struct ffntp_path {
	struct ffntp_level level[FFNTP_PATH_LEVELS];
	uint32_t levels, present;
	struct ffntp_noise forward, backward;
	double softness2;            /* how soft the edges are beyond what is known of the floor,
					s^2 */
	double precision;            /* of the server's clock: it moves in steps of so much, s */
	struct ffntp_window run;     /* the latest exchanges, all of them far above the floor ... */
	uint32_t run_length;         /* ... and how many there were of these in a row */
	struct ffntp_window half[2]; /* the latest exchanges, whatever they are, in two parts */
	uint64_t seen;
};

void ffntp_path_init(struct ffntp_path *path, const struct ffntp_edges *edges,
		     const struct ffntp_interval_params *params);

static inline const struct ffntp_level *ffntp_path_level(const struct ffntp_path *path)
{
	return &path->level[path->present];
}

static inline double ffntp_path_noise(const struct ffntp_path *path)
{
	return path->forward.scale + path->backward.scale;
}

/* What a clock in steps tells is late by any part of one alike: a twelfth of the step's square is the variance, s^2. */
static inline double ffntp_path_rounding2(const struct ffntp_path *path)
{
	return path->precision * path->precision / 12;
}

/* Whether enough has been seen to judge what comes. */
static inline bool ffntp_path_is_settled(const struct ffntp_path *path, const struct ffntp_interval_params *params)
{
	return path->seen >= params->path_settled;
}

struct ffntp_excess ffntp_path_excess(const struct ffntp_path *path, const struct ffntp_edges *edges,
				      const struct ffntp_belief *clock);

struct ffntp_constraint ffntp_path_constraint(const struct ffntp_path *path, const struct ffntp_excess *excess,
					      const struct ffntp_belief *clock,
					      const struct ffntp_interval_params *params);

/*
 * Round trips so far below the floor that packets must take another way. But a rate that has changed makes them look
 * shorter, too: where they contradict the clock, the path must explain that, but for half of it or some noise.
 */
bool ffntp_path_has_fallen(const struct ffntp_path *path, const struct ffntp_window *window,
			   const struct ffntp_belief *clock, const struct ffntp_interval_params *params);

/*
 * Counts an exchange to the runs. If they are all above the floor, the path is
 * put at a level that it had before or at a new one, and true returned.
 */
bool ffntp_path_has_risen(struct ffntp_path *path, const struct ffntp_excess *excess, const struct ffntp_belief *clock,
			  const struct ffntp_interval_params *params);

/*
 * The same for exchanges that contradict the clock: if their round trips are those of a level that it had before, or
 * all longer, it is the path that changed, one direction up and the other down.
 */
bool ffntp_path_has_moved(struct ffntp_path *path, const struct ffntp_window *window, const struct ffntp_belief *clock,
			  const struct ffntp_interval_params *params);

/*
 * Whether the latest exchanges may be the first of a longer path: then nobody knows yet which edge has moved, and
 * neither tells the time.
 */
bool ffntp_path_is_doubtful(const struct ffntp_path *path, const struct ffntp_interval_params *params);

void ffntp_window_add(struct ffntp_window *window, const struct ffntp_excess *excess);

/* Puts the path at a level that it had before and that fits the window; false,
 * and nothing changed, if there is none. */
bool ffntp_path_recall(struct ffntp_path *path, const struct ffntp_window *window, const struct ffntp_belief *clock,
		       const struct ffntp_interval_params *params);

/* Puts the path at a new level, as the window has it; the clock tells which
 * direction changed. */
void ffntp_path_adopt(struct ffntp_path *path, const struct ffntp_window *window, const struct ffntp_belief *clock,
		      const struct ffntp_interval_params *params);

/*
 * Whether a window below the floor shows that all before it was congestion: then nothing was faster, and the path has
 * become quiet with it. A route that becomes shorter stays as noisy as it was.
 */
bool ffntp_path_was_congested(const struct ffntp_path *path, const struct ffntp_window *window,
			      const struct ffntp_interval_params *params);

/* Forgets all levels and the noise: the window is the first that was seen of the path. */
void ffntp_path_begin_anew(struct ffntp_path *path, const struct ffntp_window *window, const struct ffntp_belief *clock,
			   const struct ffntp_interval_params *params);

/* The floor is lower than it was thought to be: the exchange, whose sum is
 * negative, is at it. */
void ffntp_path_lower(struct ffntp_path *path, struct ffntp_excess *excess, const struct ffntp_belief *clock);

/* The present level's spare is again as unknown as the number of its exchanges
 * leaves it. */
void ffntp_path_forget_spare(struct ffntp_path *path);

/* The clock's counter changed its rate: floors in counter time are this many
 * times what they were. */
void ffntp_path_scale(struct ffntp_path *path, double ratio);

/* Learns from an exchange that was accepted. softness_gain: d log evidence / d
 * log softness2. clock: after it. */
void ffntp_path_learn(struct ffntp_path *path, const struct ffntp_excess *excess, double softness_gain,
		      const struct ffntp_belief *clock, const struct ffntp_interval_params *params);

#endif
