/*
 * law_filter: the state of the delay-law estimator, and its parts, each of which uses the ones before: the start, when
 * laws are assumed (law_start.c); learning the laws and their floors (law_learn.c); exchanges that do not fit
 * (law_change.c); stamps and estimates (law.c). One thread at a time.
 */
#ifndef FFNTP_CORE_LAW_FILTER_H
#define FFNTP_CORE_LAW_FILTER_H

#include "../estimator.h"
#include "law_clock.h"
#include "law_density.h"
#include "law_trial.h"

/*
 * A delay is learnt this number of exchanges late, eight at a time, because later exchanges show better where the clock
 * was.
 */
enum { FFNTP_LAW_LAG = 24, FFNTP_LAW_STRIDE = 8, FFNTP_LAW_RING = FFNTP_LAW_LAG + FFNTP_LAW_STRIDE };

/* An exchange, and the clock after it. */
struct ffntp_law_past {
	double forward_s, backward_s, span_s; /* see struct ffntp_law_sight */
	double elapsed_s;                     /* since the one before it in the ring */
	struct ffntp_law_belief after;
};

/* The ranks of the latest delays of one way in its law. Ranks are less 1/2: -0.5 to 0.5. */
struct ffntp_law_watch {
	double fast,
		slow;  /* mean rank of some 4 and some 16 delays; ranks that the clock's error explains count as 0 */
	int muted_for; /* exchanges since the way became congested; 0: it is not */
	double correlation, last_rank; /* of successive ranks; the newest of those learnt */
	double independence;           /* share of the information that correlation leaves */
};

struct ffntp_law_filter {
	struct ffntp_estimator_config config;
	const struct ffntp_law_params *params;
	struct ffntp_law_belief start; /* the belief of gamma before the first exchange */
	bool has_anchor;
	bool has_time; /* false: laws and rate are known, and the time is not */
	/* The anchor: theta is counted from here, where counter time and server time are both 0. */
	ffntp_counter at;
	struct ffntp_ntp reference;
	double precision_s; /* the server's */

	struct ffntp_law_clock clock;
	struct ffntp_law_belief now; /* the moments of the clock, and its mean wander, kept up to date */
	double wander2;

	bool is_learning; /* true: the laws are learnt from exchanges; false, as at the start: they are assumed */
	struct ffntp_law law[2]; /* there, back */
	struct ffntp_law_past past[FFNTP_LAW_RING];
	int filled;
	double seen;               /* exchanges */
	double fit_at, gauge_at;   /* numbers of exchanges at which densities and floors are fitted next */
	double look_back_variance; /* of the clock that placed the delay that was learnt last, s^2 */
	double cross_correlation;  /* of the ranks of both ways: the clock's */
	double common_correlation; /* of the ranks of both ways in one exchange */
	double independence;       /* share of the information that noise which both ways have in common leaves */

	double round_trip_s; /* the least round trip (s), without residence, of the path that the gauge was measured on
			      */
	double longer_s[2];  /* lengthening of each way since then, by steps (s) */
	double longer_variance; /* of half the difference of both */
	/* The gauge makes both floors equal, steps of the path aside: published theta is theta + gauge. */
	double gauge, gauge_variance;

	struct ffntp_law_watch watch[2];
	double drift[2];       /* drift of each way's delays (s) */
	double drift_score[2]; /* log-likelihood ratio of that, nepers */
	struct ffntp_law_trial trial;
	enum ffntp_law_cause lead; /* of the open trial: its story is the clock for now */
	double quiet, patience;    /* exchanges since a trial ended; how long to wait for the next */
	double skipped_s;          /* time of exchanges that were refused since the newest in the ring */

	double average_theta_s, average_counter_s; /* growth of theta over counter time, older times fading */
};

/* Bring 'now' and wander2 up to date after a change of the clock. */
void ffntp_law_refresh(struct ffntp_law_filter *filter);

/* Return an exchange of the ring as a sight of the clock, at full weight. */
struct ffntp_law_sight ffntp_law_sight_of(const struct ffntp_law_past *past);

/* Return the delays of an exchange at this belief. */
static inline double ffntp_law_delay(const struct ffntp_law_past *past, const struct ffntp_law_belief *at, int way)
{
	return way ? past->backward_s - at->theta : at->theta - at->gamma * past->span_s - past->forward_s;
}

/* law_start: go through all exchanges in the ring again, under laws that fit them as well as exponentials can. */
void ffntp_law_start(struct ffntp_law_filter *filter);

/* law_learn: the ring is full: learn the delays of its oldest exchanges, and forget these. */
void ffntp_law_learn(struct ffntp_law_filter *filter);

/* law_change: take the newest exchange of the ring. Returns false if it is refused: then it is out of the ring. */
bool ffntp_law_take(struct ffntp_law_filter *filter, double elapsed_s);

/* law_change: return the score of a cause in the open trial (nepers), as the filter's own decisions count it. */
double ffntp_law_cause_score(const struct ffntp_law_filter *filter, enum ffntp_law_cause cause);

/*
 * law_change: return the weight of a delay of this way, 0 to 1: less if the way is congested or successive delays
 * correlate.
 */
double ffntp_law_weight(const struct ffntp_law_filter *filter, int way);

/* law_describe: the operation describe of ../estimator.h. */
void ffntp_law_describe(const void *of, struct ffntp_estimator_state *state);

/* law_change: return the present belief: the leading explanation's, or else the clock's. */
struct ffntp_law_belief ffntp_law_belief_now(const struct ffntp_law_filter *filter);

#endif
