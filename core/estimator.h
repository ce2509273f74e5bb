/*
 * estimator: what turns stamps into a line through counter and time. One interface, chosen once, when a client is made.
 * An estimator works on differences in double, knows neither eras nor UTC, and sees only stamps that exchange and bound
 * let pass. All its memory is the caller's.
 */
#ifndef FFNTP_CORE_ESTIMATOR_H
#define FFNTP_CORE_ESTIMATOR_H

#include <stdbool.h>
#include <stddef.h>

#include "../include/ffntp/estimator.h"
#include "../include/ffntp/verdict.h"
#include "stamp.h"

struct ffntp_estimator_config {
	double period_hint_s;     /* seconds per tick; > 0 */
	double period_hint_error; /* its maximum error, as a ratio */
	double poll_s;            /* the shortest interval to expect between stamps */
	uint32_t history;         /* stamps it may remember, where it remembers stamps; 0: as many as poll_s asks for */
};

/*
 * True time at counter reading N, in the servers' time scale:
 *   reference + correction_s + (N - at) * period_s
 *   with standard deviation esterror_s + |N - at| * period_s * period_esterror
 */
struct ffntp_estimate {
	ffntp_counter at;           /* tf of the newest stamp, also of one that was refused */
	struct ffntp_ntp reference; /* near the true time at 'at': the correction is small */
	double correction_s;
	double period_s;        /* local: best about now */
	double stable_period_s; /* best for long intervals */
	double esterror_s;
	/* The standard deviation of the error from the path's asymmetry, independent of esterror_s, which does not
	 * contain it: ffntp_asymmetry_esterror_s of the present path's floor. 0: unknown. */
	double asymmetry_esterror_s;
	double period_esterror; /* ratios */
	double stable_esterror;
	/* For who plans ahead: how the standard deviation grows if nothing comes, and what one more exchange would
	 * bring. */
	double covariance_s;        /* of the errors of time (s) and rate (ratio); positive: they grow together */
	double wander_per_s;        /* what the variance of the rate gains per second, 1/s */
	double exchange_esterror_s; /* standard deviation of the time that one exchange tells by itself */
};

/*
 * Return the standard deviation of the time's error from the asymmetry of a path (s): the difference between the least
 * delays of its two directions, which no exchange reveals.
 * floor_s: the least round trip of the present path, less the server's residence; a negative one counts as 0. An
 * estimator that holds its time when the path changes still has the error of the path that set it, so where that path
 * was longer its floor is the one to pass.
 */
double ffntp_asymmetry_esterror_s(double floor_s);

/* Whether it can be one at all: numbers, and a period within a factor of two of the hint, s per tick. */
FFNTP_MUST_USE bool ffntp_estimate_is_plausible(const struct ffntp_estimate *estimate, double period_hint_s);

struct ffntp_estimator_ops {
	const char *name;
	/* Bytes of state, aligned to 16. */
	size_t (*memory)(const struct ffntp_estimator_config *config);
	void (*init)(void *state, const struct ffntp_estimator_config *config);
	/*
	 * Takes a stamp, newer than every one before it. Returns FFNTP_ACCEPTED; FFNTP_REFUSED_CONTRADICTION if it
	 * cannot believe it; or, where by what it knows of the counter it is no stamp at all, one of the verdicts of an
	 * exchange: _DUPLICATE, _COUNTER, _LATE, _TIMESTAMPS, _RESIDENCE. Refused, the estimate goes on without it.
	 * *estimate is set in any case, and means nothing before the first stamp that was accepted.
	 */
	enum ffntp_verdict (*add)(void *state, const struct ffntp_stamp *stamp, struct ffntp_estimate *estimate);
	/* The server changed: forget time and path, keep the periods. */
	void (*restart)(void *state);
	/*
	 * The server's time, or the counter, has stepped: forget the time, keep the periods, and what is known of the
	 * path where the estimator can. The next stamp may be one that was refused before.
	 */
	void (*step)(void *state);
	/* The oscillator is known already: a saved period, and its standard deviation as a ratio. Before the first
	 * stamp. */
	void (*warm)(void *state, double period_s, double period_esterror);
	/* The bytes of 'former' were copied to 'state': where it points into itself, it points into itself again. NULL:
	 * it does not. */
	void (*moved)(void *state, const void *former);
};

extern const struct ffntp_estimator_ops ffntp_radclock_ops;
extern const struct ffntp_estimator_ops ffntp_law_ops;

/* NULL: there is no such estimator. */
const struct ffntp_estimator_ops *ffntp_estimator_choose(enum ffntp_estimator_kind kind);

#endif
