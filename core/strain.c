/* strain: see strain.h. */
#include "strain.h"

#include "maths.h"
#include "params.h"

/* Update the least width of an exchange's interval and the mean excess. Return the excess of this one (s). */
static double learn_excess(struct ffntp_strain *strain, double width_s)
{
	double excess_s;

	if (strain->exchanges == 0 || width_s < strain->least_s)
		strain->least_s = width_s;
	if (strain->exchanges < FFNTP_STRAIN_MEMORY)
		strain->exchanges++;
	excess_s = width_s - strain->least_s;
	strain->excess_s += (excess_s - strain->excess_s) / strain->exchanges;
	return excess_s;
}

/*
 * Count an exchange on one side, or on neither (0). Return whether the count has reached the number needed, and begin a
 * new count then.
 */
static bool count(struct ffntp_strain_run *run, int side, uint32_t needed)
{
	run->count = side == run->side ? run->count + 1 : 1;
	run->side = side;
	if (side == 0 || run->count < needed)
		return false;
	run->side = 0;
	return true;
}

static int side_of(double skew_s, double allowed_s)
{
	return skew_s > allowed_s ? 1 : skew_s < -allowed_s ? -1 : 0;
}

bool ffntp_strain_add(struct ffntp_strain *strain, const struct ffntp_bound *aged, const struct ffntp_bound *interval,
		      double root_distance_s)
{
	double allowed_s, early_s, late_s;

	strain->allowed_s = learn_excess(strain, interval->latest_s - interval->earliest_s) + 2 * root_distance_s;
	strain->allowed_s += strain->excess_s;
	allowed_s = strain->allowed_s + FFNTP_STRAIN_BOUND_SHARE * strain->least_s;
	/* Nothing follows on a side where the bound reaches further, because the rate is hardly known. */
	early_s = ffntp_fmax(aged->earliest_s - interval->earliest_s, 0);
	late_s = ffntp_fmax(interval->latest_s - aged->latest_s, 0);
	return count(&strain->bound, ffntp_fmin(early_s, late_s) > allowed_s ? 0 : side_of(late_s - early_s, allowed_s),
		     FFNTP_STRAIN_BOUND_EXCHANGES);
}

bool ffntp_strain_add_clock(struct ffntp_strain *strain, double ahead_s)
{
	double allowed_s = strain->allowed_s + FFNTP_STRAIN_CLOCK_SHARE * strain->least_s;

	return count(&strain->clock, side_of(2 * ahead_s, allowed_s), FFNTP_STRAIN_CLOCK_EXCHANGES);
}
