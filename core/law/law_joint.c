/* law_joint: see law_joint.h. */
#include "law_joint.h"

#include "../maths.h"
#include "../params.h"

bool ffntp_law_joint_can_use(const void *estimator)
{
	const struct ffntp_law_filter *path = estimator;

	return path->is_learning && path->has_time && path->lead == FFNTP_LAW_CAUSE_NONE && path->filled > 0;
}

/* Return theta of a path's clock, from the joint clock's reference. Both are at the same counter reading. */
static double theta_of(const struct ffntp_law_joint *joint, const struct ffntp_law_filter *path,
		       const struct ffntp_law_belief *belief)
{
	return belief->theta - ffntp_ntp_diff_s(path->reference, joint->reference);
}

/* Return gamma of a path's clock for the joint clock's nominal period. */
static double gamma_of(const struct ffntp_law_joint *joint, const struct ffntp_law_filter *path,
		       const struct ffntp_law_belief *belief)
{
	return 1 - path->config.period_hint_s * (1 - belief->gamma) / joint->period_s;
}

static void refresh(struct ffntp_law_joint *joint)
{
	joint->now = ffntp_law_clock_mixture(&joint->clock);
	joint->wander2 = ffntp_law_clock_wander2(&joint->clock);
}

void ffntp_law_joint_begin(struct ffntp_law_joint *joint, struct ffntp_law_frame *frame, const void *estimator)
{
	const struct ffntp_law_filter *path = estimator;
	const struct ffntp_law_belief belief = ffntp_law_belief_now(path);

	if (!ffntp_law_joint_knows(frame, path))
		*frame = (struct ffntp_law_frame){ .exchanges = FFNTP_ENSEMBLE_FRAME_EXCHANGES, .seen = path->seen };
	*joint = (struct ffntp_law_joint){
		.is_begun = true,
		.period_s = path->config.period_hint_s,
		.at = path->at,
		.reference = path->reference,
		.clock = path->clock,
		.params = path->params,
	};
	if (path->lead != FFNTP_LAW_CAUSE_NONE)
		ffntp_law_clock_set(&joint->clock, &belief);
	ffntp_law_clock_shift(&joint->clock, frame->shift_s);
	refresh(joint);
}

/* As move_anchor in law.c. */
void ffntp_law_joint_pass(struct ffntp_law_joint *joint, ffntp_counter at)
{
	double elapsed_s = ffntp_counter_diff(at, joint->at) * joint->period_s, shift_s;
	int64_t units;

	if (elapsed_s <= 0)
		return;
	ffntp_law_clock_predict(&joint->clock, elapsed_s);
	refresh(joint);
	units = (int64_t)((elapsed_s - joint->now.theta) * 0x1p32);
	shift_s = (double)units * 0x1p-32 - elapsed_s;
	ffntp_law_clock_shift(&joint->clock, shift_s);
	joint->now.theta += shift_s;
	joint->reference.units += (uint64_t)units;
	joint->at = at;
}

/* Return whether the covariance of each belief is positive definite, by a margin. */
static bool are_beliefs(const struct ffntp_law_clock *clock)
{
	for (int i = 0; i < FFNTP_LAW_BANK; i++) {
		const struct ffntp_law_belief *b = &clock->belief[i];

		if (!(b->p00 > 0 && b->p11 > 0 &&
		      b->p01 * b->p01 < b->p00 * b->p11 * (1 - FFNTP_ENSEMBLE_LATE_SINGULAR)))
			return false;
	}
	return true;
}

/*
 * An exchange may have ended before the joint clock's anchor: by a poll interval, if interleaved mode has completed it.
 * The clock is predicted back to its end, which subtracts the wander since then, is updated, and is predicted forward
 * again. That is exact if there was no update since. After an update the exchange counts for less than it could; and
 * for nothing, if the later exchanges determine the clock better than its wander allows this one to.
 */
static void update(struct ffntp_law_joint *joint, const struct ffntp_law laws[2], const struct ffntp_law_sight *sight,
		   double late_s)
{
	struct ffntp_law_clock clock = joint->clock;

	if (late_s > 0) {
		ffntp_law_clock_predict(&clock, -late_s);
		if (!are_beliefs(&clock))
			return;
	}
	(void)ffntp_law_clock_update(&clock, laws, sight);
	if (late_s > 0)
		ffntp_law_clock_predict(&clock, late_s);
	joint->clock = clock;
	refresh(joint);
}

void ffntp_law_joint_add(struct ffntp_law_joint *joint, const struct ffntp_law_frame *frame, const void *estimator,
			 const struct ffntp_stamp *stamp)
{
	const struct ffntp_law_filter *path = estimator;
	double since_ta_s = ffntp_counter_diff(joint->at, stamp->ta) * joint->period_s;
	double late_s = ffntp_counter_diff(joint->at, stamp->tf) * joint->period_s;
	double known = frame->exchanges / (frame->exchanges + FFNTP_ENSEMBLE_FRAME_YOUNG);
	const struct ffntp_law_sight sight = {
		.forward_s = frame->shift_s - since_ta_s - ffntp_ntp_diff_s(stamp->tb, joint->reference),
		.backward_s = frame->shift_s - ffntp_ntp_diff_s(stamp->te, joint->reference) - late_s,
		.span_s = since_ta_s - late_s,
		.weight = { known * ffntp_law_weight(path, 0), known * ffntp_law_weight(path, 1) },
	};

	update(joint, path->law, &sight, late_s);
}

double ffntp_law_joint_shift_s(const struct ffntp_law_joint *joint, const void *estimator)
{
	const struct ffntp_law_filter *path = estimator;
	const struct ffntp_law_belief belief = ffntp_law_belief_now(path);
	double late_s = ffntp_counter_diff(joint->at, path->at) * joint->period_s;

	return joint->now.theta - joint->now.gamma * late_s - theta_of(joint, path, &belief) + late_s;
}

double ffntp_law_joint_distance(const struct ffntp_law_joint *joint, const struct ffntp_law_frame *frame,
				const void *estimator)
{
	const struct ffntp_law_filter *path = estimator;
	const struct ffntp_law_belief belief = ffntp_law_belief_now(path);
	double theta = ffntp_law_joint_shift_s(joint, estimator) - frame->shift_s;
	double gamma = joint->now.gamma - gamma_of(joint, path, &belief);
	double known = frame->exchanges / (frame->exchanges + 1);

	return ffntp_fmax(ffntp_fabs(theta) * known / ffntp_sqrt(joint->now.p00 + belief.p00),
			  ffntp_fabs(gamma) / ffntp_sqrt(joint->now.p11 + belief.p11));
}

bool ffntp_law_joint_knows(const struct ffntp_law_frame *frame, const void *estimator)
{
	const struct ffntp_law_filter *path = estimator;

	return frame->exchanges > 0 && path->seen >= frame->seen;
}

void ffntp_law_joint_learn(const struct ffntp_law_joint *joint, struct ffntp_law_frame *frame, const void *estimator)
{
	const struct ffntp_law_filter *path = estimator;

	if (!ffntp_law_joint_knows(frame, estimator))
		*frame = (struct ffntp_law_frame){ 0 };
	frame->exchanges = ffntp_fmin(frame->exchanges + 1, FFNTP_ENSEMBLE_FRAME_EXCHANGES);
	frame->shift_s += (ffntp_law_joint_shift_s(joint, estimator) - frame->shift_s) / frame->exchanges;
	frame->seen = path->seen;
}

double ffntp_law_joint_behind_s(const struct ffntp_law_frame *frame, const void *estimator, double *variance_s2)
{
	const struct ffntp_law_filter *path = estimator;

	*variance_s2 = path->gauge_variance + path->longer_variance;
	return frame->shift_s - path->gauge;
}

void ffntp_law_joint_estimate(const struct ffntp_law_joint *joint, double behind_s, double variance_s2,
			      struct ffntp_estimate *estimate)
{
	double modesty2 = ffntp_square(joint->params->modesty);

	estimate->at = joint->at;
	estimate->reference = joint->reference;
	estimate->correction_s = behind_s - joint->now.theta;
	estimate->period_s = joint->period_s * (1 - joint->now.gamma);
	estimate->esterror_s = ffntp_sqrt(joint->now.p00 * modesty2 + variance_s2);
	estimate->period_esterror = ffntp_sqrt(joint->now.p11 * modesty2);
	estimate->covariance_s = joint->now.p01 * modesty2;
	estimate->wander_per_s = joint->wander2;
}
