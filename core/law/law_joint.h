/*
 * law_joint: the joint clock: one oscillator whose time the paths to several servers show. Each path has a delay-law
 * estimator of its own, which learns the path's laws; the joint clock uses these laws, and so each exchange counts by
 * its information about the oscillator. A path's laws are learnt relative to the path's own clock, which differs from
 * the joint clock by a constant, its frame: half the difference of the floors, the asymmetry, the error of the server.
 */
#ifndef FFNTP_CORE_LAW_JOINT_H
#define FFNTP_CORE_LAW_JOINT_H

#include "../estimator.h"
#include "law_filter.h"

struct ffntp_law_joint {
	bool is_begun;
	double period_s; /* nominal, s per tick */
	/* The anchor, as in struct ffntp_law_filter. */
	ffntp_counter at;
	struct ffntp_ntp reference;
	struct ffntp_law_clock clock;
	struct ffntp_law_belief now; /* the moments of the clock, and its mean wander */
	double wander2;
	const struct ffntp_law_params *params;
};

/* The distance of a path's clock behind the joint clock. Zeroed: unknown. */
struct ffntp_law_frame {
	double shift_s;   /* theta of the joint clock minus that of the path's, in the mean */
	double exchanges; /* exchanges that it is the mean of, older ones fading */
	double seen;      /* the path's estimator's, when the frame was learnt last */
};

/*
 * Return whether the estimator's newest exchange can be used: its laws are learnt, it has the time, and no explanation
 * of a trial leads.
 */
bool ffntp_law_joint_can_use(const void *estimator);

/* Begin from the clock of one path. A known frame of it stays; an unknown one becomes 0. */
void ffntp_law_joint_begin(struct ffntp_law_joint *joint, struct ffntp_law_frame *frame, const void *estimator);

/* Let time pass until a counter reading. An earlier one than 'at' changes nothing. */
void ffntp_law_joint_pass(struct ffntp_law_joint *joint, ffntp_counter at);

/* Update the joint clock by the newest exchange of a path, whose frame is known. */
void ffntp_law_joint_add(struct ffntp_law_joint *joint, const struct ffntp_law_frame *frame, const void *estimator,
			 const struct ffntp_stamp *stamp);

/*
 * Return the distance of a path's clock from the joint clock, its frame subtracted, in standard deviations of both: the
 * larger one of those of time and rate.
 */
double ffntp_law_joint_distance(const struct ffntp_law_joint *joint, const struct ffntp_law_frame *frame,
				const void *estimator);

/* Return theta of the joint clock minus that of the path's at present (s), which the frame is the mean of. */
double ffntp_law_joint_shift_s(const struct ffntp_law_joint *joint, const void *estimator);

/* Learn the frame from the present state. */
void ffntp_law_joint_learn(const struct ffntp_law_joint *joint, struct ffntp_law_frame *frame, const void *estimator);

/* Return whether the frame was learnt from this course of the estimator, which has not begun again since. */
bool ffntp_law_joint_knows(const struct ffntp_law_frame *frame, const void *estimator);

/*
 * Return by how much the path's published time is behind the joint clock's (s): the frame less the path's gauge; and
 * the variance of the gauge (s^2).
 */
double ffntp_law_joint_behind_s(const struct ffntp_law_frame *frame, const void *estimator, double *variance_s2);

/*
 * Set the estimate by the joint clock, behind_s moved. The members about the average rate and the asymmetry stay as
 * they are. variance_s2: of behind_s.
 */
void ffntp_law_joint_estimate(const struct ffntp_law_joint *joint, double behind_s, double variance_s2,
			      struct ffntp_estimate *estimate);

#endif
