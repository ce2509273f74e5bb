/*
 * blend: the mean of the times of several servers, whose errors have long tails: path asymmetries are of this kind
 * (docs/algorithm.md). Pure functions.
 */
#ifndef FFNTP_CORE_BLEND_H
#define FFNTP_CORE_BLEND_H

/* The value of one server, and its standard deviation (> 0). */
struct ffntp_blend_value {
	double value, sd;
};

/*
 * Set the share of each value in the mean of all, which sum to 1: the centre of Student's t distributions with these
 * standard deviations that is near the median of the values. count: at least 1.
 */
void ffntp_blend_shares(const struct ffntp_blend_value *values, unsigned count, double *shares);

#endif
