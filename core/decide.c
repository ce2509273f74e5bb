/* decide: see decide.h. */
#include "decide.h"

#include "clock.h"
#include "maths.h"
#include "params.h"

static void set(struct ffntp_clock_plan *plan, enum ffntp_decision_kind kind, enum ffntp_decision_reason reason)
{
	plan->decision.kind = kind;
	plan->decision.reason = reason;
}

static void reject(struct ffntp_clock_plan *plan, enum ffntp_decision_reason reason, enum ffntp_verdict verdict)
{
	set(plan, FFNTP_DECISION_REJECT, reason);
	plan->decision.verdict = verdict;
}

static bool is_plausible(const struct ffntp_clock_state *clock)
{
	return ffntp_estimate_is_plausible(&clock->estimate, clock->config.period_hint_s);
}

bool ffntp_clock_can_begin(const struct ffntp_clock_state *clock, enum ffntp_verdict verdict)
{
	return verdict == FFNTP_ACCEPTED && is_plausible(clock);
}

/* --- evidence for and against the clock --- */

/* Return the rate range's rate if it begins again with the configured rates. */
static struct ffntp_rate_bound first_rate(const struct ffntp_clock_state *clock)
{
	return ffntp_rate_range_first(ffntp_clock_candidate_rate(clock), clock->max_drift);
}

/* Count an exchange, which agrees with the clock or contradicts it, for and against the candidates. */
static enum ffntp_dissent_outcome weigh(const struct ffntp_clock_state *clock, const struct ffntp_stamp *stamp,
					bool agrees, struct ffntp_clock_plan *plan)
{
	const struct ffntp_dissent_case fact = {
		.stamp = stamp,
		.agrees = agrees,
		.is_outside = plan->decision.gap_s != 0,
		.hint = ffntp_clock_candidate_rate(clock),
		.max_drift = clock->max_drift,
		.rate = plan->range == FFNTP_PLAN_RANGE_CONTINUES ? ffntp_rate_range_now(&clock->range)
								  : first_rate(clock),
		.clock_exchanges = clock->agreed + (agrees && clock->agreed < UINT32_MAX),
		.may_jump = clock->counter_may_jump && !(FFNTP_CAN_REFINE && plan->is_servers),
	};

	plan->has_dissent = true;
	plan->dissent = clock->dissent;
	if (FFNTP_CAN_REFINE)
		plan->dissent.is_servers = plan->is_servers;
	return ffntp_dissent_add(&plan->dissent, &fact, &plan->candidate);
}

/* Set the evidence about a candidate, whose rate is plan->rate. */
static void describe_candidate(const struct ffntp_clock_state *clock, struct ffntp_clock_plan *plan)
{
	const struct ffntp_candidate *candidate = &plan->candidate;

	plan->decision.exchanges = candidate->agreed;
	plan->decision.rivals = candidate->all - candidate->agreed;
	plan->decision.span_s = ffntp_counter_diff(candidate->until, candidate->first.tf) * plan->rate.period_s;
	plan->decision.rate = plan->rate.period_s / clock->rate.period_s - 1;
}

/* --- contradictions --- */

static bool is_in(struct ffntp_rate_bound rate, double period_s)
{
	return ffntp_fabs(period_s - rate.period_s) <= rate.max_error * rate.period_s;
}

/*
 * Return the round trip's excess over the least one (s): twice the largest error of the exchange's middle from queues.
 */
static double excess_s(const struct ffntp_association *association, const struct ffntp_stamp *stamp, double period_s)
{
	return ffntp_association_excess_ticks(association, stamp) * period_s;
}

/*
 * Return whether the estimator's rate leads from the candidate's first exchange to this one, as far as queues and the
 * server's precision admit. If so the server has stepped; if the counter's rate had changed, it would not.
 */
static bool has_kept_its_rate(const struct ffntp_clock_state *clock, const struct ffntp_association *association,
			      const struct ffntp_stamp *stamp, const struct ffntp_clock_plan *plan)
{
	const struct ffntp_stamp *first = &plan->candidate.first;
	double period_s = clock->estimate.period_s;
	double counter_s =
		(ffntp_counter_diff(stamp->ta, first->ta) + ffntp_counter_diff(stamp->tf, first->tf)) / 2 * period_s;
	double server_s = (ffntp_ntp_diff_s(stamp->tb, first->tb) + ffntp_ntp_diff_s(stamp->te, first->te)) / 2;
	double queues_s =
		excess_s(association, first, plan->rate.period_s) + excess_s(association, stamp, plan->rate.period_s);
	double allowed_s = queues_s / 2 + first->precision_s + stamp->precision_s + FFNTP_STAMPING_ERROR_S;

	return is_in(plan->rate, period_s) && ffntp_fabs(counter_s - server_s) <= allowed_s;
}

/*
 * If the disagreement is exactly one second at a month's end, the leap-second rule is wrong, or the server missed a
 * leap second. Returns false if the disagreement is about something else.
 */
static bool is_about_leap(const struct ffntp_clock_state *clock, const struct ffntp_association *association,
			  ffntp_counter since, ffntp_counter now, struct ffntp_clock_plan *plan)
{
	struct ffntp_leap_dispute dispute;
	enum ffntp_leap_ruling ruling;

	if (!clock->publisher.has_map)
		return false;
	dispute = (struct ffntp_leap_dispute){
		.agreed = ffntp_map_time(&clock->publisher.map, association->accepted_at),
		.since = ffntp_map_time(&clock->publisher.map, since),
		.lasted_s = ffntp_counter_diff(now, since) * clock->rate.period_s,
		.ahead_s = -association->offset_s,
	};
	plan->leap = clock->wire.leap;
	ruling = ffntp_leap_rule(&plan->leap, &dispute);
	if (ruling == FFNTP_LEAP_REVISED)
		set(plan, FFNTP_DECISION_LEAP_CORRECTION, FFNTP_REASON_LEAP_SECOND);
	else if (ruling == FFNTP_LEAP_MISSED)
		set(plan, FFNTP_DECISION_REJECT, FFNTP_REASON_LEAP_MISSED);
	return ruling != FFNTP_LEAP_NO_CAUSE;
}

/* The candidate's exchanges have prevailed over the clock's. */
static void decide_step(const struct ffntp_clock_state *clock, const struct ffntp_association *association,
			const struct ffntp_stamp *stamp, struct ffntp_clock_plan *plan)
{
	plan->rate = ffntp_rate_range_now(&plan->candidate.range);
	describe_candidate(clock, plan);
	if (is_about_leap(clock, association, plan->candidate.first.tf, stamp->tf, plan))
		return;
	set(plan, FFNTP_DECISION_STEP, FFNTP_REASON_CANDIDATE);
	plan->keeps_estimator = has_kept_its_rate(clock, association, stamp, plan);
}

/*
 * The candidate's exchanges prove a changed rate. A change that a crystal may make is followed; a larger one means that
 * the counter is a different one.
 */
static void decide_rate(const struct ffntp_clock_state *clock, struct ffntp_clock_plan *plan)
{
	set(plan, FFNTP_DECISION_RATE_CHANGE, FFNTP_REASON_CANDIDATE);
	plan->rate = ffntp_rate_range_now(&plan->candidate.range);
	plan->keeps_estimator = ffntp_fabs(plan->rate.period_s / clock->rate.period_s - 1) <= FFNTP_WANDER_LIMIT;
	describe_candidate(clock, plan);
}

/* The exchanges lie on a line, of a rate that the hint excludes. */
static void decide_line(const struct ffntp_clock_state *clock, struct ffntp_clock_plan *plan)
{
	double least_s = plan->dissent.least_s, most_s = plan->dissent.most_s;
	double period_s = (least_s + most_s) / 2;

	set(plan, FFNTP_DECISION_RATE_CHANGE, FFNTP_REASON_LINE);
	plan->rate = (struct ffntp_rate_bound){ period_s, (most_s - least_s) / 2 / period_s };
	plan->keeps_estimator = false;
	plan->decision.exchanges = plan->dissent.aligned + 1;
	plan->decision.rate = period_s / clock->rate.period_s - 1;
}

/* Return whether the server reports a correction of its own clock that explains the contradictions, or has done so. */
static bool has_server_moved(const struct ffntp_clock_state *clock, const struct ffntp_association *association,
			     const struct ffntp_clock_plan *plan)
{
	return clock->dissent.is_servers || ffntp_association_server_has_moved(association, plan->decision.gap_s);
}

/* Count an exchange that contradicts the clock, for this reason, and decide between the clock and the candidates. */
static void contradict(const struct ffntp_clock_state *clock, const struct ffntp_association *association,
		       const struct ffntp_stamp *stamp, enum ffntp_decision_reason reason,
		       struct ffntp_clock_plan *plan)
{
	reject(plan, reason, FFNTP_REFUSED_CONTRADICTION);
	if (FFNTP_CAN_REFINE)
		plan->is_servers = has_server_moved(clock, association, plan);
	switch (weigh(clock, stamp, false, plan)) {
	case FFNTP_DISSENT_BELIEVED:
		decide_step(clock, association, stamp, plan);
		break;
	case FFNTP_DISSENT_RATE:
		decide_rate(clock, plan);
		break;
	case FFNTP_DISSENT_ALIGNED:
		decide_line(clock, plan);
		break;
	case FFNTP_DISSENT_NONE:
	case FFNTP_DISSENT_OPEN:
	case FFNTP_DISSENT_MERGED:
		break;
	}
}

/* --- exchanges that agree --- */

/*
 * Begin the bound again from the stamp's and the hint's rates, because the counter's rate has left the proven range and
 * made the bound false, although no exchange contradicted it.
 */
static void reset_bound(const struct ffntp_clock_state *clock, const struct ffntp_stamp *stamp,
			enum ffntp_decision_reason reason, enum ffntp_plan_range range, struct ffntp_clock_plan *plan)
{
	set(plan, FFNTP_DECISION_BOUND_RESET, reason);
	plan->decision.bound_is_reset = true;
	plan->range = range;
	plan->bound = ffntp_bound_from_stamp(stamp, first_rate(clock));
}

/* Decide whether exchanges in a row, up to this one, leave the bound to one side. */
static void watch_bound(const struct ffntp_clock_state *clock, const struct ffntp_stamp *stamp,
			struct ffntp_clock_plan *plan)
{
	plan->strain = clock->strain;
	if (!clock->bound.is_known ||
	    !ffntp_strain_add(&plan->strain, &plan->aged, &plan->interval, ffntp_stamp_root_distance_s(stamp)))
		return;
	reset_bound(clock, stamp, FFNTP_REASON_STRAIN, FFNTP_PLAN_RANGE_BEGINS, plan);
	plan->decision.strain_s = plan->strain.allowed_s;
	plan->decision.exchanges = plan->strain.bound.count;
}

/*
 * Count an exchange that agrees with the clock for and against the candidates. If it ends a candidate that excluded the
 * clock but is now equally consistent, the true time lies in the clock's bound or the candidate's, and the proven rate
 * range is discarded.
 */
static void weigh_agreement(const struct ffntp_clock_state *clock, const struct ffntp_stamp *stamp,
			    struct ffntp_clock_plan *plan)
{
	if (FFNTP_CAN_REFINE)
		plan->is_servers = clock->dissent.is_servers;
	if (clock->dissent.count == 0 || weigh(clock, stamp, true, plan) != FFNTP_DISSENT_MERGED)
		return;
	plan->bound.earliest_s = ffntp_fmin(plan->bound.earliest_s, plan->candidate.bound.earliest_s);
	plan->bound.latest_s = ffntp_fmax(plan->bound.latest_s, plan->candidate.bound.latest_s);
	plan->range = FFNTP_PLAN_RANGE_BEGINS;
	if (plan->decision.kind == FFNTP_DECISION_ACCEPT)
		plan->decision.reason = FFNTP_REASON_MERGED;
}

/* Measure the rates up to the new bound, and decide whether the counter has left the band that max_drift admits. */
static void measure_rates(const struct ffntp_clock_state *clock, const struct ffntp_stamp *stamp,
			  struct ffntp_clock_plan *plan)
{
	if (plan->range == FFNTP_PLAN_RANGE_CONTINUES &&
	    !ffntp_rate_range_measure(&clock->range, &plan->bound, &plan->measure))
		reset_bound(clock, stamp, FFNTP_REASON_RATES, FFNTP_PLAN_RANGE_BEGINS_EMPTY, plan);
}

/*
 * Return the distance of the estimate outside the hard bound (s); nonzero means the estimator has fitted a wrong time,
 * as happens when its first exchanges were congested. If the distance is within the estimate's own error the result is
 * 0, because the publisher limits the map to the bound.
 */
static double disproved_by_s(const struct ffntp_clock_state *clock, struct ffntp_bound bound)
{
	const struct ffntp_estimate *estimate = &clock->estimate;
	double outside_s, allowed_s;

	ffntp_bound_age(&bound, estimate->at, estimate->reference, clock->rate);
	outside_s = ffntp_fmax(bound.earliest_s - estimate->correction_s, estimate->correction_s - bound.latest_s);
	allowed_s = estimate->esterror_s < bound.latest_s - bound.earliest_s
			    ? FFNTP_DISPROOF_SIGMAS * estimate->esterror_s
			    : 0;
	return outside_s > allowed_s ? outside_s : 0;
}

/* Decide whether the estimate is wrong, although it admits this exchange. */
static void watch_estimate(const struct ffntp_clock_state *clock, const struct ffntp_association *association,
			   struct ffntp_clock_plan *plan)
{
	plan->decision.outside_s = disproved_by_s(clock, plan->bound);
	if (plan->decision.outside_s > 0) {
		set(plan, FFNTP_DECISION_ESTIMATOR_RESET, FFNTP_REASON_DISPROVED);
	} else if (clock->accepted > 0 && clock->bound.is_known &&
		   ffntp_strain_add_clock(&plan->strain, -association->offset_s)) {
		set(plan, FFNTP_DECISION_ESTIMATOR_RESET, FFNTP_REASON_STRAIN);
		plan->decision.strain_s = plan->strain.allowed_s;
		plan->decision.exchanges = plan->strain.clock.count;
	}
}

/* --- both steps --- */

static bool is_smeared(const struct ffntp_clock_state *clock, const struct ffntp_association *association,
		       const struct ffntp_stamp *stamp, double behind_s)
{
	const struct ffntp_smear_line *line = clock->has_smear_line ? &clock->smear_line : NULL;

	return ffntp_smear_judge(line, association->is_smeared, stamp, behind_s);
}

/* Set the exchange's interval and the bound, before and after the exchange. Returns the gap between both (s), or 0. */
static double compare_bounds(const struct ffntp_clock_state *clock, const struct ffntp_stamp *stamp,
			     struct ffntp_clock_plan *plan)
{
	plan->interval = ffntp_bound_from_stamp(stamp, clock->rate);
	if (!clock->bound.is_known) {
		plan->bound = plan->interval;
		return 0;
	}
	plan->aged = clock->bound;
	ffntp_bound_age(&plan->aged, stamp->tf, stamp->te, clock->rate);
	plan->bound = plan->aged;
	return ffntp_bound_intersect(&plan->bound, &plan->interval);
}

void ffntp_clock_decide(const struct ffntp_clock_state *clock, const struct ffntp_association *association,
			const struct ffntp_stamp *stamp, struct ffntp_clock_plan *plan)
{
	double gap_s = compare_bounds(clock, stamp, plan);

	plan->decision = (struct ffntp_decision){
		.kind = FFNTP_DECISION_ACCEPT,
		.at = stamp->tf,
		.offset_s = association->offset_s,
		.gap_s = gap_s,
	};
	plan->has_dissent = false;
	plan->range = FFNTP_PLAN_RANGE_CONTINUES;
	plan->behind_s = ffntp_wiretime_smear_s(&clock->wire, stamp);
	plan->is_smeared = is_smeared(clock, association, stamp, plan->behind_s);
	if (plan->is_smeared)
		reject(plan, association->is_smeared ? FFNTP_REASON_SMEAR : FFNTP_REASON_SMEAR_BEGINS,
		       FFNTP_REFUSED_SMEAR);
	else if (gap_s != 0)
		contradict(clock, association, stamp, FFNTP_REASON_OUTSIDE, plan);
	else if (clock->bound.is_known &&
		 !ffntp_bound_meets(&clock->bound, &plan->interval, clock->rate, FFNTP_DISSENT_OVERLAP))
		contradict(clock, association, stamp, FFNTP_REASON_MARGIN, plan);
}

void ffntp_clock_decide_estimate(const struct ffntp_clock_state *clock, const struct ffntp_association *association,
				 const struct ffntp_stamp *stamp, enum ffntp_verdict verdict,
				 struct ffntp_clock_plan *plan)
{
	if (!is_plausible(clock)) {
		set(plan, FFNTP_DECISION_RESET, FFNTP_REASON_IMPLAUSIBLE);
		plan->decision.verdict = FFNTP_REFUSED_CONTRADICTION;
		return;
	}
	if (verdict != FFNTP_ACCEPTED) {
		contradict(clock, association, stamp, FFNTP_REASON_ESTIMATE, plan);
		return;
	}
	watch_bound(clock, stamp, plan);
	weigh_agreement(clock, stamp, plan);
	measure_rates(clock, stamp, plan);
	watch_estimate(clock, association, plan);
}
