/* radclock_spread: see radclock_spread.h. */
#include "radclock_spread.h"

#include "../maths.h"
#include "../params.h"

static void average(const struct ffntp_spread *spread, double *mean, double value)
{
	*mean += (value - *mean) / spread->estimates;
}

/*
 * A slope's square is the rate's, plus noise / leverage, leverage being stamps times their ages' variance. So slopes
 * count by their leverage, and the noise can be taken off the sum.
 */
void ffntp_spread_add(struct ffntp_spread *spread, const struct ffntp_offset_estimate *said, double change_s)
{
	double leverage_s2 = said->stamps * said->age_variance_s2;

	if (spread->estimates < FFNTP_RADCLOCK_SPREAD_STAMPS)
		spread->estimates++;
	average(spread, &spread->squares_s2, said->stamps * said->variance_s2);
	average(spread, &spread->freedoms, said->stamps - 1);
	average(spread, &spread->slopes, leverage_s2 * said->slope * said->slope);
	average(spread, &spread->leverage_s2, leverage_s2);
	average(spread, &spread->change_s2, change_s * change_s);
}

/* One stamp's, from those in the window and a few more of the past, so that two that agree by chance do not decide. */
static double variance_s2(const struct ffntp_spread *spread, const struct ffntp_offset_estimate *said)
{
	double past = FFNTP_RADCLOCK_SPREAD_PRIOR;
	double past_s2 = spread->freedoms > 0 ? spread->squares_s2 / spread->freedoms : 0;

	return (said->stamps * said->variance_s2 + past * past_s2) / (said->stamps - 1 + past);
}

static double rate_square(const struct ffntp_spread *spread)
{
	double noise_s2 = spread->freedoms > 0 ? spread->squares_s2 / spread->freedoms : 0;

	return spread->slopes > noise_s2
		       ? (spread->slopes - noise_s2) / (spread->leverage_s2 + FFNTP_RADCLOCK_SPREAD_LEVERAGE_S2)
		       : 0;
}

double ffntp_spread_rate(const struct ffntp_spread *spread)
{
	return ffntp_sqrt(rate_square(spread));
}

double ffntp_spread_time_s(const struct ffntp_spread *spread, const struct ffntp_offset_estimate *said)
{
	return ffntp_sqrt(variance_s2(spread, said) / said->stamps +
			  said->mean_age_s * said->mean_age_s * rate_square(spread) + spread->change_s2);
}
