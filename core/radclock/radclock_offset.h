/*
 * radclock_offset: the time, from all stamps of the last quarter of an hour, each weighted by how good it was and how
 * old it is. Each predicts by itself what the server's clock says at the newest stamp's tf; nothing of older estimates
 * is in it, so that a change of the period leaves no trace.
 */
#ifndef FFNTP_CORE_RADCLOCK_OFFSET_H
#define FFNTP_CORE_RADCLOCK_OFFSET_H

#include <stdbool.h>

#include "../history.h"
#include "radclock_sums.h"

/*
 * The window's believed stamps, oldest first, as differences from the anchor's middle. The window moves along its room;
 * when it comes to the end, its newer half room goes back to the beginning.
 */
struct ffntp_offset {
	struct ffntp_points window;
	double *arrays;                /* 'room' and a spare for each of a point's fields */
	uint32_t room;                 /* points */
	uint32_t first;                /* where the window is */
	bool is_stale;                 /* floors have changed */
	struct ffntp_points_view view; /* of the last combination */
	struct ffntp_points_sums sums;
	struct ffntp_stamp anchor;
};

/* What the window says at the newest stamp's tf. */
struct ffntp_offset_estimate {
	double ahead_s; /* the time then, less the newest stamp's middle by the server's clock */
	double error_s; /* of the best stamp: excess, and age */
	double mean_age_s;
};

/* How much its stamps agree. */
struct ffntp_offset_scatter {
	double stamps;      /* how many the weights make of them, at least 1 */
	double variance_s2; /* of what they say */
	double age_variance_s2;
	double slope; /* of what they say over their age: the local rate's error, as far as the window shows it */
};

/* doubles that ffntp_offset_init needs for a window of so many stamps. */
size_t ffntp_offset_room(uint32_t stamps);

void ffntp_offset_init(struct ffntp_offset *offset, double *room, uint32_t stamps);

/* The room is elsewhere now, with all that was in it. */
void ffntp_offset_moved(struct ffntp_offset *offset, double *room);

void ffntp_offset_clear(struct ffntp_offset *offset);

/* Floors of records in the history have changed. */
void ffntp_offset_refloor(struct ffntp_offset *offset);

/* Takes in the history's newest record, if it is believed, and forgets what is too old. period_s: the average. */
void ffntp_offset_add(struct ffntp_offset *offset, const struct ffntp_history *history, double period_s);

/*
 * newest: the history's newest stamp. period_s: the average; local_period_s: carries each stamp to the newest.
 * Returns false, *estimate untouched, if the window is empty.
 */
FFNTP_MUST_USE bool ffntp_offset_combine(struct ffntp_offset *offset, const struct ffntp_stamp *newest, double period_s,
					 double local_period_s, struct ffntp_offset_estimate *estimate);

/* Of the same stamps; right after ffntp_offset_combine returned true. */
struct ffntp_offset_scatter ffntp_offset_scatter(const struct ffntp_offset *offset);

#endif
