/* grain: see grain.h. Times are in NTP's unit, 2^-32 s, as double, which is exact up to 24 days. */
#include "grain.h"

#include "maths.h"

/* Steps per second of known clocks: powers of two, decimal fractions, ticks of kernels and of the mains. */
static const uint16_t steps_per_s[] = {
	1,   2,   4,   5,   8,   10,  16,  20,  25,  30,  32,  40,   50,   60,   64,   100,
	120, 125, 128, 200, 250, 256, 300, 400, 500, 512, 600, 1000, 1024, 2000, 5000, 10000,
};

_Static_assert(sizeof(steps_per_s) / sizeof(steps_per_s[0]) == FFNTP_GRAIN_KNOWN, "one likelihood for each");

/* Both timestamps of a difference are rounded (2^-32 s). */
#define ROUNDING_UNITS 2.0

#define PROOF ((float)FFNTP_GRAIN_PROOF)

/* Twice the logarithm of half a second in roundings, which normalises the density of exact times. */
#define EXACT_RANGE 44.0

/*
 * A difference that deviates from the counter's by more than this (2^-32 s; 256 s) is a jump of the server or the
 * counter.
 */
#define JUMP_UNITS 0x1p40

/* Largest deviation from a known step (2^-32 s), because servers read and convert their clock between steps. */
static const double exact_units = 0x1p32 * 4 * FFNTP_GRAIN_SLACK_S;

/* Accuracy of the times for each fit (2^-32 s): 1.5 ns and 1.5 us. */
static const double fit_noise_units[FFNTP_GRAIN_FITS] = { 0x1p32 * 1.5e-9, 0x1p32 * 1.5e-6 };

/* The difference between this reply and the one before. */
struct difference {
	double units;           /* server time */
	double unseen_units;    /* its excess over the counter's: a difference of delays, or of roundings */
	double surprise_units;  /* the part of the excess that the rate of the difference before does not explain */
	double delay_units;     /* largest possible difference of two delays */
	double fill_units;      /* the server may add random bits up to this */
	double residence_units; /* te - tb */
	double stated_units;
	double base_units; /* the step that explains the times so far: the proven one, or else the stated precision */
};

/* Return the integer whose multiple of step is nearest to x. */
static double nearest_multiple(double x, double step)
{
	double multiple = x / step;

	return (double)(int64_t)(multiple < 0 ? multiple - 0.5 : multiple + 0.5);
}

/* Return the distance of x from the nearest multiple of step, at most half a step. */
static double off_multiple(double x, double step)
{
	return ffntp_fabs(x - nearest_multiple(x, step) * step);
}

/* --- likelihoods --- */

static void multiply(float *likelihood, double ratio)
{
	*likelihood = (float)ffntp_fmin(ffntp_fmax((double)*likelihood * ratio, 1), FFNTP_GRAIN_MOST);
}

/*
 * Return a lower limit of the inverse of a fine clock's density. The difference of two delays of one law is symmetric
 * and unimodal, so its density at x is at most 1/(2 |x|); wrapped into a step, 1/|x|. The centre depends on the
 * counter's rate: it is 0 or the difference before, and the nearer one is taken. Whole steps do not count.
 */
static double fine_width(const struct difference *difference, double step)
{
	double surprise = ffntp_fmin(off_multiple(difference->unseen_units, step),
				     off_multiple(difference->surprise_units, step));

	return ffntp_fmax(surprise, ROUNDING_UNITS);
}

/*
 * Limit the density of a fine clock where the round trips cannot explain the difference. Such differences are faults of
 * the server at random times; one in FFNTP_GRAIN_FAULTS is allowed for.
 */
static double fill_fine_width(const struct difference *difference, double step, double width)
{
	bool is_explained = ffntp_fabs(difference->unseen_units) <= difference->delay_units + difference->fill_units;

	return is_explained ? width : FFNTP_GRAIN_FAULTS * step;
}

/* Return the inverse of the density of times on the steps with a deviation of unknown size. */
static double exact_width(double off)
{
	return EXACT_RANGE * (off + ROUNDING_UNITS);
}

/* Return the density of the deviation if both times were filled at random. */
static double filled_density(double off, double fill)
{
	return off < fill ? (1 - off / fill) / fill : 0;
}

/* Count the exchanges in which the step has shown itself. */
static void show(struct ffntp_grain_step *step, double units, const struct difference *difference)
{
	double unseen = ffntp_fabs(difference->unseen_units);

	if (ffntp_fmin(unseen, ffntp_fabs(difference->surprise_units)) >= FFNTP_GRAIN_WIDE * units)
		step->wide++;
	if (unseen > difference->delay_units + difference->base_units)
		step->beyond++;
	if (off_multiple(difference->units, difference->stated_units) > 2 * ROUNDING_UNITS)
		step->other++;
}

/* Return the deviation that filled times may have from a step without being evidence for a finer one. */
static double fill_tolerance(double units, const struct difference *difference)
{
	return ffntp_fmin(difference->fill_units, FFNTP_GRAIN_WIDE * units);
}

/* Update a step's evidence with a difference. exact: largest deviation of a time from an exact step. */
static void weigh(struct ffntp_grain_step *step, double units, double exact, const struct difference *difference)
{
	double off = off_multiple(difference->units, units), width = fine_width(difference, units);
	bool is_exact = off <= exact, is_filled = off <= difference->fill_units;

	multiply(&step->exact, is_exact ? width / exact_width(off) : 0);
	multiply(&step->filled,
		 filled_density(off, difference->fill_units) * fill_fine_width(difference, units, width));
	step->is_proven_exact &= is_exact;
	step->is_proven_filled &= off <= fill_tolerance(units, difference);
	if (is_exact || (is_filled && step->filled > 1))
		show(step, units, difference);
	else
		step->wide = step->beyond = step->other = 0;
}

/*
 * Return whether the residence disproves the step, because it is no multiple of it. The steps of a clock do not drift
 * within one exchange.
 */
static bool is_disproved(double units, const struct difference *difference)
{
	double slack = difference->fill_units + FFNTP_GRAIN_SLACK_S * 0x1p32;

	return off_multiple(difference->residence_units, units) > slack;
}

static void judge(struct ffntp_grain_step *step, double units, double exact, const struct difference *difference)
{
	if (is_disproved(units, difference))
		*step = (struct ffntp_grain_step){ .exact = 1, .filled = 1 };
	else
		weigh(step, units, exact, difference);
}

/*
 * Return whether the difference may lie on a multiple of 1/per_s seconds, within the limit. A product instead of a
 * quotient may be wrong by some roundings, which the margin exceeds: if the result is false, the step is certainly out
 * of the question.
 */
static bool may_be_on(double units, double per_s, double limit)
{
	double multiple = units * 0x1p-32 * per_s;
	double rest = multiple - (double)(int64_t)(multiple + 0.5);
	double most = (limit * (1 + 0x1p-40) + units * 0x1p-48) * 0x1p-32 * per_s;

	return ffntp_square(rest) <= ffntp_square(most);
}

/*
 * Return whether the difference lies on no known step, which is the usual case. Each known step is a multiple of a step
 * of 1/600, 1/1024 or 1/10000 s.
 */
static bool is_off_all(double units, double limit)
{
	return !may_be_on(units, 600, limit) && !may_be_on(units, 1024, limit) && !may_be_on(units, 10000, limit);
}

/* --- fits --- */

/*
 * Return the greatest common step of two differences whose times are exact to noise, or 0 if it is too small to matter.
 * This is Euclid's algorithm; a remainder's error grows with the multiples it is made of, which are longest / smaller.
 */
static double common_step(double a, double b, double noise)
{
	double larger = ffntp_fmax(a, b), smaller = ffntp_fmin(a, b), longest = larger;

	while (smaller >= FFNTP_GRAIN_LEAST_S * 0x1p32) {
		double rest = off_multiple(larger, smaller);

		if (rest * smaller <= 4 * noise * longest)
			return smaller;
		larger = smaller;
		smaller = rest;
	}
	return 0;
}

/*
 * Improve the fit with a longer difference, which measures the step better. Older ones lose weight, because the
 * server's rate changes.
 */
static void improve_fit(struct ffntp_grain_fit *fit, double units)
{
	double steps = nearest_multiple(units, fit->units);

	if (steps < fit->steps || steps < 1) {
		fit->steps *= 1 - FFNTP_GRAIN_FADE;
		return;
	}
	fit->steps = steps;
	fit->units = units / steps;
}

static void begin_fit(struct ffntp_grain_fit *fit, double units, double before_units, double noise)
{
	bool has_two = units > 0 && before_units > 0;

	*fit = (struct ffntp_grain_fit){ .units = has_two ? common_step(units, before_units, noise) : 0,
					 .step = { .exact = 1, .filled = 1 } };
	if (fit->units > 0)
		improve_fit(fit, ffntp_fmax(units, before_units));
}

/*
 * Return the largest deviation from a fitted step: the noise, and the effect of a change of the server's rate on the
 * difference.
 */
static double fit_tolerance(const struct ffntp_grain_fit *fit, double units, double noise)
{
	return ffntp_fmin(FFNTP_GRAIN_FIT * fit->units, 16 * noise + FFNTP_GRAIN_RATE * units);
}

static void judge_fit(struct ffntp_grain_fit *fit, const struct difference *difference, double before_units,
		      double noise)
{
	double off = fit->units > 0 ? off_multiple(difference->units, fit->units) : 0;
	double exact = fit_tolerance(fit, difference->units, noise);

	if (fit->units == 0 || off > exact) {
		begin_fit(fit, difference->units, before_units, noise);
		return;
	}
	judge(&fit->step, fit->units, exact, difference);
	improve_fit(fit, difference->units);
}

/* --- the verdict --- */

static bool is_multiple(double larger, double smaller)
{
	return smaller > 0 && larger > 1.5 * smaller && off_multiple(larger, smaller) <= FFNTP_GRAIN_SAME * smaller;
}

/* Multiply the odds by a factor a number of times, up to the largest value that matters. */
static double raise_odds(double odds, double factor, unsigned times)
{
	for (; times > 0 && odds < FFNTP_GRAIN_MULTIPLE; times--)
		odds *= factor;
	return odds;
}

/*
 * Return whether the times would lie on the step by chance at most once in FFNTP_GRAIN_MULTIPLE, if the true step
 * divides it k times. Then one of k exchanges lies on it.
 */
static bool has_odds(const struct ffntp_grain_step *step, double k)
{
	return raise_odds(raise_odds(1, k, step->wide), FFNTP_GRAIN_BEYOND, step->beyond) >= FFNTP_GRAIN_MULTIPLE;
}

/*
 * Return whether the step has been shown to be the clock's own, rather than a multiple of a finer step. While requests
 * come at regular intervals, a clock of a finer step also seems to move in multiples of it. Therefore a multiple of the
 * proven step needs evidence that chance does not explain. The same holds while all times are multiples of the stated
 * precision. Otherwise the clock must have jumped by many steps, or the step must be as short as a kernel's tick.
 */
static bool is_shown(const struct ffntp_grain_step *step, double units, const struct difference *difference)
{
	double k = units / difference->base_units;
	bool is_small = units <= FFNTP_GRAIN_TICK_S * 0x1p32;

	if (difference->base_units > difference->stated_units && is_multiple(units, difference->base_units))
		return has_odds(step, k);
	if (step->filled < PROOF && step->other < 1)
		return has_odds(step, k);
	return step->wide >= 1 || is_small;
}

/*
 * Return the step if it is proven. It stays proven until a time does not lie on it, because a clock seldom shows its
 * steps.
 */
static double proven_units(struct ffntp_grain_step *step, double units, const struct difference *difference)
{
	bool has_evidence = step->exact >= PROOF || step->filled >= PROOF;

	if (has_evidence && is_shown(step, units, difference)) {
		step->is_proven_exact |= step->exact >= PROOF;
		step->is_proven_filled |= step->filled >= PROOF;
	}
	return step->is_proven_exact || step->is_proven_filled ? units : 0;
}

static double known_units(unsigned i)
{
	return 0x1p32 / steps_per_s[i];
}

/*
 * Return the largest proven step (s) that is coarser than the stated precision by the required factor; 0 if there is
 * none.
 */
static double proven_s(struct ffntp_grain *grain, const struct difference *difference)
{
	uint32_t with_evidence = ~grain->without_evidence;
	double units = 0;

	for (unsigned i = 0; with_evidence != 0; i++, with_evidence >>= 1)
		if (with_evidence & 1)
			units = ffntp_fmax(units, proven_units(&grain->known[i], known_units(i), difference));
	for (unsigned i = 0; i < FFNTP_GRAIN_FITS; i++)
		units = ffntp_fmax(units, proven_units(&grain->fits[i].step, grain->fits[i].units, difference));
	return units >= FFNTP_GRAIN_COARSER * difference->stated_units ? units * 0x1p-32 : 0;
}

/*
 * Return the evidence of this reply for a clock finer than the proven step. A clock that appears to stand still between
 * requests at regular intervals is no evidence.
 */
static unsigned doubt(const struct ffntp_grain *grain, const struct difference *difference)
{
	double step = grain->seen_s * 0x1p32;
	double off = off_multiple(difference->units, step);

	if (is_disproved(step, difference))
		return FFNTP_GRAIN_DISPROOF;
	return off > ffntp_fmax(exact_units, fill_tolerance(step, difference)) ? 1 : 0;
}

static void conclude(struct ffntp_grain *grain, const struct difference *difference)
{
	double proven = proven_s(grain, difference);
	unsigned more;

	if (proven > 0 && proven >= grain->seen_s * (1 - FFNTP_GRAIN_SAME)) {
		grain->doubt = 0;
		grain->seen_s = proven;
		return;
	}
	if (grain->seen_s == 0)
		return;
	more = doubt(grain, difference);
	grain->doubt += more;
	/* One time that is not on the step suffices if a finer step is proven of which the step is a multiple. */
	if (grain->doubt < FFNTP_GRAIN_DOUBT && !(more > 0 && is_multiple(grain->seen_s, proven)))
		return;
	grain->doubt = 0;
	grain->seen_s = proven;
}

static double elapsed_units(const struct ffntp_grain_sample *sample, ffntp_counter newer, ffntp_counter older)
{
	return ffntp_counter_diff(newer, older) * sample->period_s * 0x1p32;
}

static struct difference difference_of(const struct ffntp_grain *grain, const struct ffntp_grain_sample *sample,
				       double rtt_units, double counted)
{
	double stated_units = sample->stated_s * 0x1p32, fill_units = stated_units + ROUNDING_UNITS;
	double units = (double)ffntp_ntp_diff(sample->tb, grain->last_tb);

	return (struct difference){
		.units = units,
		.unseen_units = units - counted,
		.surprise_units = units - counted - grain->last_rate * counted,
		.delay_units =
			ffntp_fmax(rtt_units, grain->last_rtt_units) + ffntp_fabs(counted) * sample->period_error,
		.fill_units = fill_units,
		.residence_units = (double)ffntp_ntp_diff(sample->te, sample->tb),
		.stated_units = stated_units,
		.base_units = ffntp_fmax(grain->seen_s * 0x1p32, stated_units),
	};
}

/*
 * Update the evidence for the known steps. A difference that is off a step by more than the server may add leaves no
 * evidence for it. While differences are off all steps, there is nothing to update.
 */
static void compare_known(struct ffntp_grain *grain, const struct difference *difference)
{
	double least = FFNTP_GRAIN_COARSER * difference->stated_units;
	double limit = ffntp_fmax(exact_units, difference->fill_units);
	uint32_t left = is_off_all(difference->units, limit) ? ~grain->without_evidence : UINT32_MAX;

	for (unsigned i = 0; left != 0 && steps_per_s[i] * least <= 0x1p32; i++, left >>= 1) {
		uint32_t bit = UINT32_C(1) << i;

		if ((left & 1) == 0)
			continue;
		if (may_be_on(difference->units, steps_per_s[i], limit)) {
			judge(&grain->known[i], known_units(i), exact_units, difference);
			grain->without_evidence &= ~bit;
		} else {
			grain->known[i] = (struct ffntp_grain_step){ .exact = 1, .filled = 1 };
			grain->without_evidence |= bit;
		}
	}
}

static void compare(struct ffntp_grain *grain, const struct difference *difference)
{
	compare_known(grain, difference);
	for (unsigned i = 0; i < FFNTP_GRAIN_FITS; i++)
		judge_fit(&grain->fits[i], difference, grain->last_difference, fit_noise_units[i]);
	conclude(grain, difference);
}

static void remember(struct ffntp_grain *grain, const struct ffntp_grain_sample *sample, double rtt_units)
{
	grain->has_last = true;
	grain->last_tb = sample->tb;
	grain->last_ta = sample->ta;
	grain->last_rtt_units = rtt_units;
}

void ffntp_grain_add(struct ffntp_grain *grain, const struct ffntp_grain_sample *sample)
{
	double rtt_units = elapsed_units(sample, sample->tf, sample->ta);
	double counted = elapsed_units(sample, sample->ta, grain->last_ta);
	struct difference difference = difference_of(grain, sample, rtt_units, counted);
	bool is_whole = grain->has_last && difference.units > 0 && counted > 0 &&
			ffntp_fabs(difference.unseen_units) < JUMP_UNITS;

	if (is_whole && grain->last_difference > 0)
		compare(grain, &difference);
	grain->last_difference = is_whole ? difference.units : 0;
	grain->last_rate = is_whole ? difference.unseen_units / counted : 0;
	remember(grain, sample, rtt_units);
}

void ffntp_grain_break(struct ffntp_grain *grain)
{
	grain->has_last = false;
}
