/*
 * estimator: the interface of the estimators, which turn stamps into a linear function from counter to time. A client
 * chooses one when it is created. An estimator works on differences in double, uses neither eras nor UTC, and receives
 * only stamps that exchange and bound accept. The caller supplies all memory.
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
	double poll_s;            /* the shortest expected interval between stamps (s) */
	uint32_t history; /* number of stamps to store, for estimators that store stamps; 0: derived from poll_s */
};

/*
 * The estimate of true time at counter reading N, in the server's time scale:
 *   reference + correction_s + (N - at) * period_s
 *   with standard deviation esterror_s + |N - at| * period_s * period_esterror
 */
struct ffntp_estimate {
	ffntp_counter at;           /* tf of the newest stamp, rejected ones included */
	struct ffntp_ntp reference; /* near the true time at 'at', so that the correction is small */
	double correction_s;
	double period_s;        /* local period, best for the present */
	double stable_period_s; /* average period, best for long intervals */
	double esterror_s;
	/*
	 * Standard deviation of the error from the path's asymmetry, independent of esterror_s and not contained in it:
	 * ffntp_asymmetry_esterror_s of the present path's floor. 0: unknown.
	 */
	double asymmetry_esterror_s;
	double period_esterror; /* ratios */
	double stable_esterror;
	/*
	 * For adaptive polling: the growth of the error variance without further stamps, and the information of one
	 * more exchange.
	 */
	double covariance_s; /* covariance of the errors of time (s) and rate (ratio); positive: they grow together */
	double wander_per_s; /* growth of the rate's variance per second, 1/s */
	double exchange_esterror_s; /* standard deviation of the time that one exchange measures by itself */
};

/*
 * Return the standard deviation of the time's error from the asymmetry of a path (s): the difference between the least
 * delays of its two directions, which no exchange reveals.
 * floor_s: the least round trip of the present path, less the server's residence; a negative one counts as 0. An
 * estimator that keeps its time when the path changes also keeps the error of the former path. It passes that path's
 * floor if that is the longer one.
 */
double ffntp_asymmetry_esterror_s(double floor_s);

/*
 * Return whether the estimate can be valid: all values are numbers in range, and the period is within a factor of two
 * of the hint (s per tick).
 */
FFNTP_MUST_USE bool ffntp_estimate_is_plausible(const struct ffntp_estimate *estimate, double period_hint_s);

struct ffntp_estimator_ops {
	enum ffntp_estimator_kind kind;
	const char *name;    /* by which people choose it; one word */
	const char *summary; /* for --help: one line of at most 60 characters, without a full stop */
	/* Bytes of state, aligned to 16. */
	size_t (*memory)(const struct ffntp_estimator_config *config);
	void (*init)(void *state, const struct ffntp_estimator_config *config);
	/*
	 * Process a stamp, newer than every one before it. Returns FFNTP_ACCEPTED; FFNTP_REFUSED_CONTRADICTION if the
	 * stamp is inconsistent with the estimate; or, if the stamp is invalid by what the estimator has measured of
	 * the counter, one of the verdicts of an exchange: _DUPLICATE, _COUNTER, _LATE, _TIMESTAMPS, _RESIDENCE. After
	 * a rejection the estimate continues without the stamp. *estimate is set in any case, and has no meaning before
	 * the first accepted stamp.
	 */
	enum ffntp_verdict (*add)(void *state, const struct ffntp_stamp *stamp, struct ffntp_estimate *estimate);
	/* The server has changed: discard time and path, keep the periods. */
	void (*restart)(void *state);
	/*
	 * The server's time, or the counter, has stepped: discard the time, keep the periods, and keep the state of the
	 * path if the estimator can. The next stamp may be one that was rejected before.
	 */
	void (*step)(void *state);
	/* Start from a saved period with its standard deviation (ratio). Called before the first stamp. */
	void (*warm)(void *state, double period_s, double period_esterror);
	/* Relocate internal pointers after the state was copied from 'former'; NULL if there are none. */
	void (*moved)(void *state, const void *former);
	/* Fill in what people may want to know of the state; may be NULL. *out has the kind, and is zeroed else. */
	void (*describe)(const void *state, struct ffntp_estimator_state *out);
};

/* Set the operation describe, which a guest's build has no use for. */
#ifdef FFNTP_DEFAULT_ESTIMATOR_ONLY
#define FFNTP_ESTIMATOR_DESCRIBE(function) (0 ? (function) : NULL)
#else
#define FFNTP_ESTIMATOR_DESCRIBE(function) function
#endif

#define ESTIMATOR(KIND, NAME) extern const struct ffntp_estimator_ops ffntp_##NAME##_ops;
#include "estimators.def"

/* Return the operations of an estimator; NULL if this build has none of this kind. */
const struct ffntp_estimator_ops *ffntp_estimator_choose(enum ffntp_estimator_kind kind);

/* Return the operations of the estimator with this number, the default one's for 0; NULL if there are not as many. */
const struct ffntp_estimator_ops *ffntp_estimator_at(size_t number);

/* Find an estimator by its name, or by "default". Returns false, with *kind untouched, if there is none. */
FFNTP_MUST_USE bool ffntp_estimator_find(const char *name, enum ffntp_estimator_kind *kind);

#endif
