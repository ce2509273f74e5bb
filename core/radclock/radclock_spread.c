/* radclock_spread: see radclock_spread.h. */
#include "radclock_spread.h"

#include "../maths.h"
#include "../params.h"

static void average(const struct ffntp_spread *spread, double *mean, double value)
{
	*mean += (value - *mean) / spread->estimates;
}

/*
 * A slope's square is that of the rate's error plus noise / leverage, where leverage is the number of stamps times the
 * variance of their ages. So slopes are weighted by their leverage, and the noise can be subtracted from the sum.
 */
void ffntp_spread_add(struct ffntp_spread *spread, const struct ffntp_offset_scatter *scatter, double change_s)
{
	double leverage_s2 = scatter->stamps * scatter->age_variance_s2;

	if (spread->estimates < FFNTP_RADCLOCK_SPREAD_ESTIMATES)
		spread->estimates++;
	average(spread, &spread->squares_s2, scatter->stamps * scatter->variance_s2);
	average(spread, &spread->freedoms, scatter->stamps - 1);
	average(spread, &spread->slopes, leverage_s2 * scatter->slope * scatter->slope);
	average(spread, &spread->leverage_s2, leverage_s2);
	average(spread, &spread->change_s2, change_s * change_s);
}

static double stamp_variance_s2(const struct ffntp_spread *spread)
{
	return spread->freedoms > 0 ? spread->squares_s2 / spread->freedoms : 0;
}

/*
 * Return the variance of one stamp, from those in the window and a few of the past, so that two stamps that agree by
 * chance do not decide.
 */
static double variance_s2(const struct ffntp_spread *spread, const struct ffntp_offset_scatter *scatter)
{
	double past = FFNTP_RADCLOCK_SPREAD_PRIOR;

	return (scatter->stamps * scatter->variance_s2 + past * stamp_variance_s2(spread)) /
	       (scatter->stamps - 1 + past);
}

static double rate_variance(const struct ffntp_spread *spread)
{
	double leverage_s2 = spread->leverage_s2 + FFNTP_RADCLOCK_SPREAD_LEVERAGE_S2;
	double slopes = spread->slopes - stamp_variance_s2(spread);

	return slopes > 0 ? slopes / leverage_s2 : 0;
}

/* The local rate's error comes from its age: it has wandered from the middle of its span to now. */
struct ffntp_spread_figures ffntp_spread_figures(const struct ffntp_spread *spread,
						 const struct ffntp_offset_scatter *scatter, double mean_age_s)
{
	double rate2 = rate_variance(spread);
	double noise_s2 = variance_s2(spread, scatter) / scatter->stamps;

	return (struct ffntp_spread_figures){
		.time_s = ffntp_sqrt(noise_s2 + mean_age_s * mean_age_s * rate2 + spread->change_s2),
		.rate = ffntp_sqrt(rate2),
		.wander_per_s = rate2 / (FFNTP_RADCLOCK_FAR_OLDEST_S / 2),
		.stamp_s = ffntp_sqrt(stamp_variance_s2(spread)),
	};
}
