/* clock_update: see clock_update.h. */
#include "clock_update.h"

#include <stddef.h>

#include "clock.h"
#include "decide.h"
#include "mapping.h"
#include "maths.h"
#include "params.h"

/* Restart the estimator. hint: the known rate. */
static void begin_estimator(struct ffntp_clock_state *clock, struct ffntp_association *association,
			    struct ffntp_rate_bound hint)
{
	struct ffntp_estimator_config config = clock->config;

	config.period_hint_s = hint.period_s;
	config.period_hint_error = hint.max_error;
	clock->ops->init(association->estimator, &config);
	clock->accepted = 0;
}

/* Discard all that exchanges proved. rate: the rate that is known without them. */
static void discard_proof(struct ffntp_clock_state *clock, struct ffntp_rate_bound rate)
{
	ffntp_rate_range_begin(&clock->range, rate, clock->max_drift);
	clock->rate = ffntp_rate_range_now(&clock->range);
	clock->bound.is_known = clock->publisher.has_map = false;
	clock->strain = (struct ffntp_strain){ 0 };
	clock->agreed = clock->confirmed = 0;
}

void ffntp_clock_reset(struct ffntp_clock_state *clock, struct ffntp_association *association,
		       struct ffntp_rate_bound rate)
{
	discard_proof(clock, rate);
	begin_estimator(clock, association, rate);
	clock->dissent = (struct ffntp_dissent){ 0 };
	clock->has_smear_line = association->is_smeared = false;
	ffntp_leap_jump(&clock->wire.leap);
	clock->has_estimate = association->has_stamp = false;
}

/* --- the estimate and the map --- */

static void publish_map(struct ffntp_clock_state *clock, const struct ffntp_association *association)
{
	struct ffntp_finding finding = {
		.estimate = &clock->estimate,
		.is_settled = clock->accepted >= FFNTP_TRUST_EXCHANGES,
		.pivot_s = clock->wire.pivot_s,
		.bound = clock->bound,
		.rate = clock->rate,
		.poll_s = association->polling.interval_s,
	};

	ffntp_publisher_publish(&clock->publisher, &finding);
	clock->wire.pivot_s = clock->publisher.map.time.s;
	clock->is_disrupted = false;
}

static void plan_poll(const struct ffntp_clock_state *clock, struct ffntp_association *association)
{
	const struct ffntp_estimate *estimate = &clock->estimate;
	const struct ffntp_outlook outlook = {
		.variance_s2 = estimate->esterror_s * estimate->esterror_s,
		.covariance_s = estimate->covariance_s,
		.rate_variance = estimate->period_esterror * estimate->period_esterror,
		.wander_per_s = estimate->wander_per_s,
		.exchange_esterror_s = estimate->exchange_esterror_s,
	};

	ffntp_polling_adapt(&association->polling, &outlook, clock->rate.period_s);
}

/*
 * Return the rate that ages the bound from here on: the proven range, extended to the period that the estimator has
 * found, as far as the hint admits it. Where a crystal does more than max_drift and its estimator follows, that widens
 * the bound. No estimate narrows it, and the standard deviations of an estimate have no part in it.
 */
static struct ffntp_rate_bound known_rate(const struct ffntp_clock_state *clock)
{
	const struct ffntp_rate_bound hint = ffntp_clock_candidate_rate(clock);
	double least_s = hint.period_s * (1 - hint.max_error), most_s = hint.period_s * (1 + hint.max_error);

	return ffntp_rate_bound_with(ffntp_rate_range_now(&clock->range),
				     ffntp_clamp(clock->estimate.period_s, least_s, most_s));
}

/* Commit the estimator's result for an accepted stamp: rate, new map, next poll. */
static void commit_estimate(struct ffntp_clock_state *clock, struct ffntp_association *association,
			    const struct ffntp_stamp *stamp)
{
	clock->has_estimate = true;
	if (clock->accepted == 0)
		clock->begun_at = stamp->tf;
	clock->rate = known_rate(clock);
	association->accepted_at = stamp->tf;
	if (FFNTP_CAN_REFINE)
		association->accepted_clock = association->exchange.server_clock;
	if (clock->accepted < UINT32_MAX)
		clock->accepted++;
	publish_map(clock, association);
	plan_poll(clock, association);
}

/* --- resets --- */

/* Declare the counter discontinuous: the time is unknown until the next map, and the rate is known to this error. */
static void break_counter(struct ffntp_clock_state *clock, struct ffntp_association *association,
			  struct ffntp_rate_bound rate, ffntp_counter now)
{
	ffntp_publisher_break_counter(&clock->publisher, now);
	ffntp_clock_reset(clock, association, rate);
	clock->is_disrupted = true;
	ffntp_polling_restart(&association->polling, now, clock->rate.period_s);
}

static void apply_reset(struct ffntp_clock_state *clock, struct ffntp_association *association, ffntp_counter now)
{
	break_counter(clock, association, ffntp_clock_configured_rate(clock), now);
}

/* Hand a stamp to the estimator. Returns false if it cannot begin or continue with it. */
static bool can_take(struct ffntp_clock_state *clock, struct ffntp_association *association,
		     const struct ffntp_stamp *stamp, struct ffntp_decision *decision)
{
	if (!ffntp_clock_can_begin(clock, clock->ops->add(association->estimator, stamp, &clock->estimate)))
		return false;
	decision->verdict = FFNTP_ACCEPTED;
	commit_estimate(clock, association, stamp);
	return true;
}

/* Hand the first stamp of a new time or a new rate to the estimator. If it cannot begin with it, reset. */
static void begin_from(struct ffntp_clock_state *clock, struct ffntp_association *association,
		       const struct ffntp_stamp *stamp, struct ffntp_decision *decision)
{
	if (can_take(clock, association, stamp, decision))
		return;
	decision->kind = FFNTP_DECISION_RESET;
	decision->reason = FFNTP_REASON_IMPLAUSIBLE;
	decision->verdict = FFNTP_REFUSED_CONTRADICTION;
	apply_reset(clock, association, stamp->tf);
}

void ffntp_clock_disrupted(struct ffntp_clock_state *clock, struct ffntp_association *association, ffntp_counter now)
{
	struct ffntp_rate_bound rate = ffntp_clock_configured_rate(clock);

	if (clock->has_estimate) {
		rate.period_s = clock->rate.period_s;
		rate.max_error =
			ffntp_fmin(rate.max_error, ffntp_fmax(clock->rate.max_error, FFNTP_DISRUPTED_PERIOD_ERROR));
	}
	break_counter(clock, association, rate, now);
	ffntp_association_disrupted(association);
}

/*
 * The exchanges proved bound, rates and promises by times that were off by up to the grain, so these begin again. The
 * estimator has the grain as noise of its delays and goes on, unless exchanges contradict it.
 */
void ffntp_clock_server_is_coarse(struct ffntp_clock_state *clock, struct ffntp_association *association,
				  ffntp_counter now)
{
	const struct ffntp_rate_bound hint = ffntp_clock_configured_rate(clock);
	bool is_in_doubt = clock->dissent.count > 0;

	ffntp_publisher_break(&clock->publisher, now);
	if (is_in_doubt)
		ffntp_clock_reset(clock, association, hint);
	else
		discard_proof(clock, hint);
}

void ffntp_clock_server_changed(struct ffntp_clock_state *clock, struct ffntp_association *association,
				ffntp_counter now)
{
	clock->ops->restart(association->estimator);
	clock->dissent = (struct ffntp_dissent){ 0 };
	ffntp_association_change_server(association, now);
}

/* --- exchanges that agree --- */

static void store_range(struct ffntp_clock_state *clock, const struct ffntp_clock_plan *plan)
{
	if (plan->range == FFNTP_PLAN_RANGE_CONTINUES) {
		ffntp_rate_range_store(&clock->range, &plan->bound, &plan->measure);
		return;
	}
	ffntp_rate_range_begin(&clock->range, ffntp_clock_candidate_rate(clock), clock->max_drift);
	if (plan->range == FFNTP_PLAN_RANGE_BEGINS)
		(void)ffntp_rate_range_add(&clock->range, &plan->bound);
}

/* Store what an exchange proves that agrees with the clock. */
static void store_proof(struct ffntp_clock_state *clock, const struct ffntp_stamp *stamp,
			const struct ffntp_clock_plan *plan)
{
	const struct ffntp_rate_bound nominal = { clock->rate.period_s, 0 };

	if (clock->confirmed < FFNTP_SYNCHRONISED_EXCHANGES &&
	    (!clock->bound.is_known || ffntp_bound_meets(&clock->bound, &plan->interval, nominal, 0)))
		clock->confirmed++;
	if (plan->decision.bound_is_reset)
		ffntp_publisher_break(&clock->publisher, stamp->tf);
	clock->bound = plan->bound;
	clock->strain = plan->strain;
	if (plan->has_dissent)
		clock->dissent = plan->dissent;
	store_range(clock, plan);
	if (clock->agreed < UINT32_MAX)
		clock->agreed++;
}

/* Store the present clock as the reference for detecting a smear, unless a smear is in progress. */
static void watch_for_smear(struct ffntp_clock_state *clock, double behind_s)
{
	const struct ffntp_smear_line *stored = clock->has_smear_line ? &clock->smear_line : NULL;

	if (clock->accepted < FFNTP_TRUST_EXCHANGES ||
	    !ffntp_smear_replaces(stored, &clock->estimate, clock->rate, behind_s))
		return;
	clock->has_smear_line = true;
	clock->smear_line = (struct ffntp_smear_line){ clock->estimate, clock->bound, clock->rate };
}

static void apply_accept(struct ffntp_clock_state *clock, struct ffntp_association *association,
			 const struct ffntp_stamp *stamp, const struct ffntp_clock_plan *plan)
{
	store_proof(clock, stamp, plan);
	commit_estimate(clock, association, stamp);
	watch_for_smear(clock, plan->behind_s);
}

/*
 * Restart the estimator from this stamp, keeping the bound. If the estimate lay outside of the bound, its rate is kept
 * with an error that is wider by that distance divided by the elapsed time. If exchanges lie on one side of the clock,
 * the estimator has taken a change of the rate or of the time for one of the path, and nothing is kept of it.
 */
static void apply_estimator_reset(struct ffntp_clock_state *clock, struct ffntp_association *association,
				  const struct ffntp_stamp *stamp, struct ffntp_clock_plan *plan)
{
	double outside_s = plan->decision.outside_s, age_s, error;

	store_proof(clock, stamp, plan);
	if (outside_s == 0) {
		begin_estimator(clock, association, clock->rate);
	} else {
		age_s = ffntp_counter_diff(stamp->tf, clock->begun_at) * clock->range.hint.period_s;
		error = clock->estimate.period_esterror + outside_s / age_s;
		begin_estimator(clock, association, clock->range.hint);
		if (error < clock->range.hint.max_error)
			clock->ops->warm(association->estimator, clock->estimate.period_s, error);
	}
	begin_from(clock, association, stamp, &plan->decision);
}

/* --- contradictions --- */

/* Discard all estimates since the server began to smear, and continue from the clock stored before. */
static void restore_line(struct ffntp_clock_state *clock, struct ffntp_association *association, ffntp_counter now)
{
	const struct ffntp_smear_line *line = &clock->smear_line;

	ffntp_clock_reset(clock, association, line->rate);
	clock->ops->warm(association->estimator, line->estimate.period_s, line->estimate.period_esterror);
	clock->has_smear_line = association->is_smeared = true;
	clock->estimate = line->estimate;
	clock->bound = line->bound;
	clock->rate = line->rate;
	clock->has_estimate = association->has_stamp = true;
	publish_map(clock, association);
	ffntp_publisher_move(&clock->publisher, now);
}

/* Return whether a burst that is to show a jump of the counter has not begun, or was too short for that. */
static bool needs_burst(const struct ffntp_clock_state *clock, const struct ffntp_association *association,
			bool is_first)
{
	return ffntp_clock_may_have_jumped(clock) &&
	       (is_first || (association->polling.burst_left == 0 && clock->dissent.count > 0 &&
			     clock->dissent.candidate[0].all < FFNTP_DISSENT_JUMP_EXCHANGES));
}

/*
 * Ask sooner, because only more exchanges decide between the clock and the server: where the counter may jump, at once,
 * because nobody reads the time until then.
 */
static void hurry(const struct ffntp_clock_state *clock, struct ffntp_association *association, ffntp_counter now,
		  bool is_first)
{
	if (needs_burst(clock, association, is_first))
		ffntp_polling_restart(&association->polling, now, clock->rate.period_s);
	else
		ffntp_polling_hurry(&association->polling, clock->rate.period_s);
}

static void apply_reject(struct ffntp_clock_state *clock, struct ffntp_association *association,
			 const struct ffntp_stamp *stamp, const struct ffntp_clock_plan *plan)
{
	bool is_first = clock->dissent.count == 0;

	if (plan->decision.reason == FFNTP_REASON_SMEAR_BEGINS)
		restore_line(clock, association, stamp->tf);
	if (!plan->has_dissent)
		return;
	clock->dissent = plan->dissent;
	hurry(clock, association, stamp->tf, is_first);
}

static void apply_leap_correction(struct ffntp_clock_state *clock, struct ffntp_association *association,
				  const struct ffntp_stamp *stamp, const struct ffntp_clock_plan *plan)
{
	bool is_first = clock->dissent.count == 0;

	clock->wire.leap = plan->leap;
	ffntp_publisher_break(&clock->publisher, stamp->tf); /* the bounds published for UTC no longer hold */
	clock->dissent = (struct ffntp_dissent){ 0 };
	hurry(clock, association, stamp->tf, is_first);
}

/* Replace the clock's time and rate by the candidate's. */
static void adopt(struct ffntp_clock_state *clock, const struct ffntp_candidate *candidate)
{
	clock->bound = candidate->bound;
	clock->range = candidate->range;
	clock->rate = ffntp_rate_range_now(&clock->range);
	clock->agreed = clock->confirmed = candidate->agreed;
	clock->dissent = (struct ffntp_dissent){ 0 };
}

static void apply_step(struct ffntp_clock_state *clock, struct ffntp_association *association,
		       const struct ffntp_stamp *stamp, struct ffntp_clock_plan *plan)
{
	if (ffntp_clock_may_have_jumped(clock))
		ffntp_publisher_break_counter(&clock->publisher, stamp->tf);
	else
		ffntp_publisher_break(&clock->publisher, stamp->tf); /* the port would have reported a jump */
	ffntp_leap_jump(&clock->wire.leap);
	adopt(clock, &plan->candidate);
	if (plan->keeps_estimator)
		clock->ops->step(association->estimator);
	else
		begin_estimator(clock, association, clock->rate);
	begin_from(clock, association, stamp, &plan->decision);
}

/*
 * The crystal's rate has changed within its limits. If the estimator does not follow, restart it from the proven rate.
 */
static void follow_rate(struct ffntp_clock_state *clock, struct ffntp_association *association,
			const struct ffntp_stamp *stamp, struct ffntp_clock_plan *plan)
{
	adopt(clock, &plan->candidate);
	if (can_take(clock, association, stamp, &plan->decision))
		return;
	begin_estimator(clock, association, clock->rate);
	begin_from(clock, association, stamp, &plan->decision);
}

/* Restart with a changed rate of the counter. The stamp is the first accepted one. */
static void begin_rate(struct ffntp_clock_state *clock, struct ffntp_association *association,
		       const struct ffntp_stamp *stamp, struct ffntp_clock_plan *plan)
{
	break_counter(clock, association, plan->rate, stamp->tf);
	association->has_stamp = true;
	if (plan->decision.reason == FFNTP_REASON_LINE) {
		clock->bound = ffntp_bound_from_stamp(stamp, clock->rate);
		clock->agreed = clock->confirmed = 1;
	} else {
		adopt(clock, &plan->candidate);
	}
	begin_from(clock, association, stamp, &plan->decision);
}

/* --- each stamp --- */

/* Apply a decision. Sets the decision's verdict; a restart that fails changes the decision to a reset. */
static void apply(struct ffntp_clock_state *clock, struct ffntp_association *association,
		  const struct ffntp_stamp *stamp, struct ffntp_clock_plan *plan)
{
	association->is_smeared = plan->is_smeared;
	switch (plan->decision.kind) {
	case FFNTP_DECISION_ACCEPT:
	case FFNTP_DECISION_BOUND_RESET:
		apply_accept(clock, association, stamp, plan);
		break;
	case FFNTP_DECISION_ESTIMATOR_RESET:
		apply_estimator_reset(clock, association, stamp, plan);
		break;
	case FFNTP_DECISION_REJECT:
		apply_reject(clock, association, stamp, plan);
		break;
	case FFNTP_DECISION_LEAP_CORRECTION:
		apply_leap_correction(clock, association, stamp, plan);
		break;
	case FFNTP_DECISION_STEP:
		apply_step(clock, association, stamp, plan);
		break;
	case FFNTP_DECISION_RATE_CHANGE:
		if (plan->keeps_estimator)
			follow_rate(clock, association, stamp, plan);
		else
			begin_rate(clock, association, stamp, plan);
		break;
	case FFNTP_DECISION_RESET:
		apply_reset(clock, association, stamp->tf);
		break;
	case FFNTP_DECISION_NONE:
	case FFNTP_DECISIONS:
		break;
	}
}

/* Decide on a stamp in UTC and apply the decision. */
static void update_once(struct ffntp_clock_state *clock, struct ffntp_association *association,
			const struct ffntp_stamp *wire, struct ffntp_clock_plan *plan)
{
	struct ffntp_stamp stamp = *wire;

	if (!ffntp_wiretime_convert(&clock->wire, &clock->bound, clock->rate, &stamp)) {
		plan->decision = (struct ffntp_decision){ 0 };
		plan->decision.kind = FFNTP_DECISION_REJECT;
		plan->decision.reason = FFNTP_REASON_LEAP_AMBIGUOUS;
		plan->decision.verdict = FFNTP_REFUSED_LEAP;
		plan->decision.at = stamp.tf;
		return;
	}
	ffntp_association_observe(association, &stamp, ffntp_clock_offset_s(clock, &stamp));
	ffntp_clock_decide(clock, association, &stamp, plan);
	if (plan->decision.kind == FFNTP_DECISION_ACCEPT) {
		enum ffntp_verdict verdict = clock->ops->add(association->estimator, &stamp, &clock->estimate);

		ffntp_clock_decide_estimate(clock, association, &stamp, verdict, plan);
	}
	apply(clock, association, &stamp, plan);
	if (plan->decision.verdict == FFNTP_ACCEPTED)
		ffntp_wiretime_take_indicator(&clock->wire, &stamp);
}

void ffntp_clock_update(struct ffntp_clock_state *clock, struct ffntp_association *association,
			const struct ffntp_stamp *stamp, struct ffntp_decision *decision)
{
	struct ffntp_clock_plan plan;

	update_once(clock, association, stamp, &plan);
	*decision = plan.decision;
	while (plan.decision.kind == FFNTP_DECISION_LEAP_CORRECTION) {
		update_once(clock, association, stamp, &plan);
		decision->verdict = plan.decision.verdict;
	}
}

/* --- reports of the caller --- */

void ffntp_clock_replace_counter(struct ffntp_clock_state *clock, struct ffntp_rate_bound hint)
{
	clock->config.period_hint_s = hint.period_s;
	clock->config.period_hint_error = hint.max_error;
	clock->publisher.period_shift = ffntp_mapping_shift(hint.period_s);
	clock->has_estimate = false;
}

void ffntp_clock_set_leap_table(struct ffntp_clock_state *clock, const struct ffntp_leap_table *table)
{
	clock->wire.leap.table = table;
	if (clock->publisher.has_map)
		ffntp_leap_follow(&clock->wire.leap, clock->publisher.map.time);
}

void ffntp_clock_announce(struct ffntp_clock_state *clock, struct ffntp_leap_vote vote, ffntp_counter now)
{
	if (clock->publisher.has_map && clock->caller_announces)
		ffntp_leap_take_vote(&clock->wire.leap, ffntp_map_time(&clock->publisher.map, now), vote);
}

/* --- output --- */

/*
 * The map's leap fields are those of its 'at'. Move 'at' past each beginning and end of a leap second, and past the
 * point where a different leap second becomes the nearest.
 */
static void cross_leap_second(struct ffntp_clock_state *clock, ffntp_counter now)
{
	const struct ffntp_map *map = &clock->publisher.map;

	if ((int64_t)(now - map->at) > 0 && ffntp_leap_cross(&clock->wire.leap, map->time, ffntp_map_time(map, now)))
		ffntp_publisher_move(&clock->publisher, now);
}

/* A new table may correct TAI that was kept after the former one had expired. Earlier readings of TAI were then wrong.
 */
static void break_if_corrected(struct ffntp_clock_state *clock, ffntp_counter now)
{
	if (!clock->wire.leap.is_corrected)
		return;
	clock->wire.leap.is_corrected = false;
	ffntp_publisher_break(&clock->publisher, now);
	clock->publisher.map.disruption_marker = clock->publisher.disruption_marker;
}

/*
 * While there are candidates, widen the map's bound to contain theirs. If no exchange of a candidate lay outside of the
 * clock's bound, the proven rate is not in doubt, and the candidate's bound grows at that rate.
 */
static void admit_candidates(const struct ffntp_clock_state *clock, struct ffntp_map *map)
{
	for (unsigned i = 0; i < clock->dissent.count; i++) {
		const struct ffntp_candidate *candidate = &clock->dissent.candidate[i];

		ffntp_publisher_admit(map, candidate->bound,
				      candidate->excludes_clock ? ffntp_rate_range_now(&candidate->range)
								: clock->rate);
	}
}

void ffntp_clock_map(struct ffntp_clock_state *clock, ffntp_counter now, struct ffntp_map *map)
{
	if (!clock->publisher.has_map) {
		*map = ffntp_publisher_nothing(&clock->publisher, clock->rate.period_s, now);
		return;
	}
	cross_leap_second(clock, now);
	break_if_corrected(clock, now);
	*map = clock->publisher.map;
	admit_candidates(clock, map);
	ffntp_leap_describe(&clock->wire.leap, map);
}
