/*
 * radclock_offset: the time, from all stamps of the last quarter of an hour, weighted by quality and age. Each stamp by
 * itself predicts the server's time at the newest stamp's tf. No older estimate contributes, so a change of the period
 * leaves no trace.
 */
#ifndef FFNTP_CORE_RADCLOCK_OFFSET_H
#define FFNTP_CORE_RADCLOCK_OFFSET_H

#include <stdbool.h>

#include "../history.h"
#include "radclock_sums.h"

/*
 * The window's trusted stamps, oldest first, as differences from the anchor's middle. The window moves along its
 * arrays; when it reaches their end, its newer half moves back to the beginning.
 */
struct ffntp_offset {
	struct ffntp_points window;
	double *arrays;                /* 'room' elements and a spare one for each field of a point */
	uint32_t room;                 /* points */
	uint32_t first;                /* index of the window's first point */
	bool is_stale;                 /* floors of records have changed since the points were stored */
	struct ffntp_points_view view; /* view of the last combination */
	struct ffntp_points_sums sums;
	struct ffntp_stamp anchor;
};

/* The window's estimate at the newest stamp's tf. */
struct ffntp_offset_estimate {
	double ahead_s; /* the time then, minus the newest stamp's middle by the server's clock */
	double error_s; /* error of the best stamp: its excess and its age */
	double mean_age_s;
};

/* The scatter of the window's stamps. */
struct ffntp_offset_scatter {
	double stamps;      /* effective number of stamps by their weights, at least 1 */
	double variance_s2; /* variance, between stamps, of the time that each predicts */
	double age_variance_s2;
	double slope; /* slope of the predicted times over age: the local rate's error as the window shows it */
};

/* Return the number of doubles that ffntp_offset_init needs for a window of this number of stamps. */
size_t ffntp_offset_room(uint32_t stamps);

void ffntp_offset_init(struct ffntp_offset *offset, double *room, uint32_t stamps);

/* Relocate the arrays after their contents were copied to 'room'. */
void ffntp_offset_moved(struct ffntp_offset *offset, double *room);

void ffntp_offset_clear(struct ffntp_offset *offset);

/* Report that floors of records in the history have changed. */
void ffntp_offset_refloor(struct ffntp_offset *offset);

/* Add the history's newest record, if it is trusted, and drop those that are too old. period_s: the average period. */
void ffntp_offset_add(struct ffntp_offset *offset, const struct ffntp_history *history, double period_s);

/*
 * Combine the window's stamps.
 * newest: the history's newest stamp.
 * period_s: the average period.
 * local_period_s: the period that carries each stamp to the newest.
 * Returns false, with *estimate untouched, if the window is empty.
 */
FFNTP_MUST_USE bool ffntp_offset_combine(struct ffntp_offset *offset, const struct ffntp_stamp *newest, double period_s,
					 double local_period_s, struct ffntp_offset_estimate *estimate);

/* Return the scatter of the same stamps. Call it right after ffntp_offset_combine returned true. */
struct ffntp_offset_scatter ffntp_offset_scatter(const struct ffntp_offset *offset);

#endif
