/*
 * maths: the few transcendental functions that the estimators need, so that nobody needs a libm. Pure functions, the
 * same bits on every machine with IEEE 754 doubles. Errors are stated in units in the last place (ulp) of the result.
 */
#ifndef FFNTP_CORE_MATHS_H
#define FFNTP_CORE_MATHS_H

/* Correctly rounded. x < 0: NaN; x = 0 and infinity: x. */
double ffntp_sqrt(double x);

/* e^x, within 1 ulp while the result is a normal number; 0 below -708.4, infinity above 709.78. */
double ffntp_exp(double x);

#endif
