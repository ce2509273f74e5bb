/* blend: see blend.h. Student's t has the quantiles of measured asymmetries (FFNTP_ASYMMETRY_SHARE in params.h). */
#include "blend.h"

#include "maths.h"
#include "params.h"

/* A centre is found to a per cent of its error by then. */
#define PASSES 4

static double centre_of(const struct ffntp_blend_value *values, unsigned count, const double *shares)
{
	double sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += shares[i] * values[i].value;
	return sum;
}

/* One step of the iteration that maximises the likelihood: weights by the distance from the centre so far. */
static void weigh(const struct ffntp_blend_value *values, unsigned count, double centre, double *shares)
{
	double sum = 0;

	for (unsigned i = 0; i < count; i++) {
		double apart2 = ffntp_square((values[i].value - centre) / values[i].sd);

		shares[i] = 1 / (ffntp_square(values[i].sd) * (FFNTP_BLEND_FREEDOM - 2 + apart2));
		sum += shares[i];
	}
	for (unsigned i = 0; i < count; i++)
		shares[i] /= sum;
}

/* Return the value with this many smaller ones. */
static double ranked(const struct ffntp_blend_value *values, unsigned count, unsigned rank)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned below = 0, equal = 0;

		for (unsigned k = 0; k < count; k++) {
			below += values[k].value < values[i].value;
			equal += values[k].value == values[i].value;
		}
		if (below <= rank && rank < below + equal)
			return values[i].value;
	}
	return values[0].value;
}

static double median(const struct ffntp_blend_value *values, unsigned count)
{
	return (ranked(values, count, (count - 1) / 2) + ranked(values, count, count / 2)) / 2;
}

/* The likelihood of long-tailed distributions has several maxima; the median is near that of the majority. */
void ffntp_blend_shares(const struct ffntp_blend_value *values, unsigned count, double *shares)
{
	double centre = median(values, count);

	for (int pass = 0; pass < PASSES; pass++) {
		weigh(values, count, centre, shares);
		centre = centre_of(values, count, shares);
	}
}
