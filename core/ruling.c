/*
 * ruling: decides on each stamp: accept it, reject it, step the clock, restart with a new rate, or correct the
 * leap-second rule.
 */
#include "client.h"

#include "clock.h"
#include "maths.h"
#include "params.h"

/* Restart the estimator. hint: the known rate. */
static void begin_estimator(struct ffntp_client *client, struct ffntp_rate_bound hint)
{
	struct ffntp_estimator_config config = ffntp_client_config_estimator(&client->config);

	config.period_hint_s = hint.period_s;
	config.period_hint_error = hint.max_error;
	client->ops->init(client->estimator, &config);
	client->accepted = 0;
}

void ffntp_client_begin(struct ffntp_client *client, double period_s, double period_error)
{
	const struct ffntp_rate_bound hint = { period_s, period_error };

	ffntp_rate_range_begin(&client->range, hint, client->config.max_drift);
	begin_estimator(client, hint);
	client->rate = ffntp_rate_range_now(&client->range);
	client->bound.is_known = false;
	client->strain = (struct ffntp_strain){ 0 };
	client->agreed = 0;
	client->dissent = (struct ffntp_dissent){ 0 };
	client->smear = (struct ffntp_smear_watch){ 0 };
	ffntp_leap_jump(&client->wire.leap);
	client->has_estimate = client->has_stamp = client->publisher.has_map = false;
}

static void publish(struct ffntp_client *client)
{
	const struct ffntp_finding finding = {
		.estimate = &client->estimate,
		.is_settled = client->accepted >= FFNTP_TRUST_EXCHANGES,
		.pivot_s = client->wire.pivot_s,
		.bound = client->bound,
		.rate = client->rate,
		.poll_s = client->polling.interval_s,
	};

	ffntp_publisher_tell(&client->publisher, &finding);
	client->wire.pivot_s = client->publisher.map.time.s;
	client->is_disrupted = false;
}

static void plan(struct ffntp_client *client)
{
	const struct ffntp_estimate *estimate = &client->estimate;
	const struct ffntp_outlook outlook = {
		.variance_s2 = estimate->esterror_s * estimate->esterror_s,
		.covariance_s = estimate->covariance_s,
		.rate_variance = estimate->period_esterror * estimate->period_esterror,
		.wander_per_s = estimate->wander_per_s,
		.exchange_esterror_s = estimate->exchange_esterror_s,
	};

	ffntp_polling_adapt(&client->polling, &outlook, client->rate.period_s);
}

/* Return the range of rates for a candidate: the configured one, extended to the clock's rate if that has left it. */
static struct ffntp_rate_bound candidate_hint(const struct ffntp_client *client)
{
	const struct ffntp_client_config *config = &client->config;
	const struct ffntp_rate_bound configured = { config->period_hint_s, config->period_hint_error };

	return ffntp_rate_bound_with(configured, client->rate.period_s);
}

static double clamp(double value, double low, double high)
{
	return ffntp_fmin(ffntp_fmax(value, low), high);
}

/*
 * Return the rate that ages the bound from here on: the proven range, extended to the period that the estimator has
 * found, as far as the hint admits it. Where a crystal does more than max_drift and its estimator follows, that widens
 * the bound. No estimate narrows it, and the standard deviations of an estimate have no part in it.
 */
static struct ffntp_rate_bound known_rate(const struct ffntp_client *client)
{
	const struct ffntp_rate_bound hint = candidate_hint(client);
	double least_s = hint.period_s * (1 - hint.max_error), most_s = hint.period_s * (1 + hint.max_error);

	return ffntp_rate_bound_with(ffntp_rate_range_now(&client->range),
				     clamp(client->estimate.period_s, least_s, most_s));
}

/* Commit the estimator's result for an accepted stamp: rate, new map, next poll. */
static void learn(struct ffntp_client *client)
{
	client->has_estimate = true;
	if (client->accepted == 0)
		client->begun_at = client->stamp.tf;
	client->rate = known_rate(client);
	client->accepted_at = client->stamp.tf;
	if (client->accepted < UINT32_MAX)
		client->accepted++;
	publish(client);
	plan(client);
}

static bool is_plausible(const struct ffntp_client *client)
{
	return ffntp_estimate_is_plausible(&client->estimate, client->config.period_hint_s);
}

/* --- steps, changed rates, leap corrections --- */

/* The estimate is implausible; discard all state and restart from the configured period hint. */
static enum ffntp_verdict start_over(struct ffntp_client *client, ffntp_counter now)
{
	ffntp_publisher_break_counter(&client->publisher, now);
	ffntp_client_begin(client, client->config.period_hint_s, client->config.period_hint_error);
	client->is_disrupted = true;
	ffntp_polling_restart(&client->polling, now, client->rate.period_s);
	return FFNTP_REFUSED_CONTRADICTION;
}

/*
 * The exchanges proved bound, rates and promises by times that were off by up to the grain, so these begin again. The
 * estimator has the grain as noise of its delays and goes on, unless exchanges contradict it.
 */
void ffntp_client_server_is_coarse(struct ffntp_client *client, ffntp_counter now)
{
	const struct ffntp_rate_bound hint = { client->config.period_hint_s, client->config.period_hint_error };
	bool is_in_doubt = client->dissent.count > 0;

	ffntp_publisher_break(&client->publisher, now);
	if (is_in_doubt) {
		ffntp_client_begin(client, hint.period_s, hint.max_error);
		return;
	}
	ffntp_rate_range_begin(&client->range, hint, client->config.max_drift);
	client->rate = ffntp_rate_range_now(&client->range);
	client->bound.is_known = client->publisher.has_map = false;
	client->strain = (struct ffntp_strain){ 0 };
	client->agreed = 0;
}

/* Begin with the first stamp of a new time or a new rate. */
static enum ffntp_verdict begin_from(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	if (client->ops->add(client->estimator, stamp, &client->estimate) != FFNTP_ACCEPTED || !is_plausible(client))
		return start_over(client, stamp->tf);
	learn(client);
	return FFNTP_ACCEPTED;
}

static bool is_in(struct ffntp_rate_bound rate, double period_s)
{
	return ffntp_fabs(period_s - rate.period_s) <= rate.max_error * rate.period_s;
}

/* Replace the clock's time and rate by the candidate's. */
static void adopt(struct ffntp_client *client, const struct ffntp_candidate *candidate)
{
	client->bound = candidate->bound;
	client->range = candidate->range;
	client->rate = ffntp_rate_range_now(&client->range);
	client->agreed = candidate->agreed;
	client->dissent = (struct ffntp_dissent){ 0 };
}

/*
 * Return the round trip's excess over the least one (s): twice the largest error of the exchange's middle from queues.
 */
static double excess_s(const struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	return ffntp_ticks(ffntp_stamp_rtt_ticks(stamp) - client->rtt_min_ticks) * client->rate.period_s;
}

/*
 * Return whether the estimator's rate leads from the candidate's first exchange to this one, as far as queues and the
 * server's precision admit. If so the server has stepped; if the counter's rate had changed, it would not.
 */
static bool has_kept_its_rate(const struct ffntp_client *client, const struct ffntp_candidate *candidate,
			      const struct ffntp_stamp *stamp)
{
	const struct ffntp_stamp *first = &candidate->first;
	double period_s = client->estimate.period_s;
	double counter_s =
		(ffntp_counter_diff(stamp->ta, first->ta) + ffntp_counter_diff(stamp->tf, first->tf)) / 2 * period_s;
	double server_s = (ffntp_ntp_diff_s(stamp->tb, first->tb) + ffntp_ntp_diff_s(stamp->te, first->te)) / 2;
	double allowed_s = (excess_s(client, first) + excess_s(client, stamp)) / 2 + first->precision_s +
			   stamp->precision_s + FFNTP_STAMPING_ERROR_S;

	return is_in(client->rate, period_s) && ffntp_fabs(counter_s - server_s) <= allowed_s;
}

/*
 * The contradicting exchanges persisted: step the clock to the interval they agree on. The estimator keeps its rate if
 * that is in their range.
 */
static enum ffntp_verdict believe(struct ffntp_client *client, const struct ffntp_stamp *stamp,
				  const struct ffntp_candidate *candidate)
{
	if (client->config.counter_may_jump)
		ffntp_publisher_break_counter(&client->publisher, stamp->tf);
	else
		ffntp_publisher_break(&client->publisher, stamp->tf); /* the port would have reported a jump */
	ffntp_leap_jump(&client->wire.leap);
	adopt(client, candidate);
	if (has_kept_its_rate(client, candidate, stamp))
		client->ops->step(client->estimator);
	else
		begin_estimator(client, client->rate);
	return begin_from(client, stamp);
}

/* Restart with a changed rate of the counter, known from 'rate' alone. The stamp is the first accepted one. */
static void begin_rate(struct ffntp_client *client, const struct ffntp_stamp *stamp, struct ffntp_rate_bound rate)
{
	ffntp_publisher_break_counter(&client->publisher, stamp->tf);
	ffntp_client_begin(client, rate.period_s, rate.max_error);
	ffntp_polling_restart(&client->polling, stamp->tf, client->rate.period_s);
	client->stamp = *stamp;
	client->has_stamp = true;
}

/*
 * The crystal's rate has changed within its limits. If the estimator does not follow, restart it from the proven rate.
 */
static enum ffntp_verdict follow_rate(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	enum ffntp_verdict verdict = client->ops->add(client->estimator, stamp, &client->estimate);

	if (verdict != FFNTP_ACCEPTED || !is_plausible(client)) {
		begin_estimator(client, client->rate);
		return begin_from(client, stamp);
	}
	learn(client);
	return FFNTP_ACCEPTED;
}

/*
 * A candidate's exchanges prove a changed rate. A change that a crystal may make is followed; a larger one means that
 * the counter is a different one.
 */
static enum ffntp_verdict believe_rate(struct ffntp_client *client, const struct ffntp_stamp *stamp,
				       const struct ffntp_candidate *candidate)
{
	struct ffntp_rate_bound rate = ffntp_rate_range_now(&candidate->range);

	if (ffntp_fabs(rate.period_s / client->rate.period_s - 1) <= FFNTP_WANDER_LIMIT) {
		adopt(client, candidate);
		return follow_rate(client, stamp);
	}
	begin_rate(client, stamp, rate);
	adopt(client, candidate);
	return begin_from(client, stamp);
}

/* Restart from the rate of the line that the exchanges lie on, which the hint excludes. */
static enum ffntp_verdict believe_line(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	double least_s = client->dissent.least_s, most_s = client->dissent.most_s;
	double period_s = (least_s + most_s) / 2;

	begin_rate(client, stamp, (struct ffntp_rate_bound){ period_s, (most_s - least_s) / 2 / period_s });
	client->bound = ffntp_bound_from_stamp(stamp, client->rate);
	client->agreed = 1;
	return begin_from(client, stamp);
}

/*
 * If the disagreement is exactly one second at a month's end, correct the leap-second rule instead of stepping the
 * clock. Returns whether the disagreement is about a leap second.
 */
static bool is_about_leap(struct ffntp_client *client, ffntp_counter since, ffntp_counter now)
{
	struct ffntp_leap_dispute dispute;
	enum ffntp_leap_ruling ruling;

	if (!client->publisher.has_map)
		return false;
	dispute = (struct ffntp_leap_dispute){
		.agreed = ffntp_map_time(&client->publisher.map, client->accepted_at),
		.since = ffntp_map_time(&client->publisher.map, since),
		.lasted_s = ffntp_counter_diff(now, since) * client->rate.period_s,
		.ahead_s = -client->offset_s,
	};
	ruling = ffntp_leap_rule(&client->wire.leap, &dispute);
	if (ruling == FFNTP_LEAP_REVISED) {
		ffntp_publisher_break(&client->publisher, now); /* the bounds published for UTC no longer hold */
		client->dissent = (struct ffntp_dissent){ 0 };
		client->is_renumbered = true;
	}
	return ruling != FFNTP_LEAP_NO_CAUSE;
}

/* Count the stamp as evidence for or against the clock. */
static enum ffntp_dissent_outcome weigh(struct ffntp_client *client, const struct ffntp_stamp *stamp, bool agrees,
					bool is_outside, struct ffntp_candidate *decided)
{
	const struct ffntp_dissent_case fact = {
		.stamp = stamp,
		.agrees = agrees,
		.is_outside = is_outside,
		.hint = candidate_hint(client),
		.max_drift = client->config.max_drift,
		.rate = ffntp_rate_range_now(&client->range),
		.clock_exchanges = client->agreed,
		.may_jump = client->config.counter_may_jump,
	};

	if (agrees && client->dissent.count == 0)
		return FFNTP_DISSENT_NONE;
	return ffntp_dissent_add(&client->dissent, &fact, decided);
}

static enum ffntp_verdict contradict(struct ffntp_client *client, const struct ffntp_stamp *stamp, bool is_outside)
{
	bool is_first = client->dissent.count == 0;
	struct ffntp_candidate candidate;

	switch (weigh(client, stamp, false, is_outside, &candidate)) {
	case FFNTP_DISSENT_BELIEVED:
		if (!is_about_leap(client, candidate.first.tf, stamp->tf))
			return believe(client, stamp, &candidate);
		break;
	case FFNTP_DISSENT_RATE:
		return believe_rate(client, stamp, &candidate);
	case FFNTP_DISSENT_ALIGNED:
		return believe_line(client, stamp);
	case FFNTP_DISSENT_NONE:
	case FFNTP_DISSENT_OPEN:
	case FFNTP_DISSENT_MERGED:
		break;
	}
	if (client->config.counter_may_jump && is_first)
		ffntp_polling_restart(&client->polling, client->polling.next, client->rate.period_s);
	else
		ffntp_polling_hurry(&client->polling, client->rate.period_s);
	return FFNTP_REFUSED_CONTRADICTION;
}

/*
 * Begin again from the stamp's bound and the hint's rates, because the counter's rate has left the proven range and
 * made the bound false, although no exchange contradicted it.
 */
static void begin_bound(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	ffntp_publisher_break(&client->publisher, stamp->tf);
	ffntp_rate_range_begin(&client->range, candidate_hint(client), client->config.max_drift);
	client->bound = ffntp_bound_from_stamp(stamp, ffntp_rate_range_now(&client->range));
}

/*
 * Process a stamp that agrees with the clock. If it ends a candidate that excluded the clock but is now equally
 * consistent, the true time lies in the clock's bound or the candidate's, and the proven rate range is discarded.
 */
static void agree(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	struct ffntp_candidate candidate;

	if (client->agreed < UINT32_MAX)
		client->agreed++;
	if (weigh(client, stamp, true, false, &candidate) == FFNTP_DISSENT_MERGED) {
		client->bound.earliest_s = ffntp_fmin(client->bound.earliest_s, candidate.bound.earliest_s);
		client->bound.latest_s = ffntp_fmax(client->bound.latest_s, candidate.bound.latest_s);
		ffntp_rate_range_begin(&client->range, candidate_hint(client), client->config.max_drift);
	}
	if (!ffntp_rate_range_add(&client->range, &client->bound))
		begin_bound(client, stamp);
}

/*
 * Return the distance of the estimate outside the hard bound (s); nonzero means the estimator has fitted a wrong time,
 * as happens when its first exchanges were congested. If the distance is within the estimate's own error the result is
 * 0, because the publisher limits the map to the bound.
 */
static double disproved_by_s(const struct ffntp_client *client)
{
	const struct ffntp_estimate *estimate = &client->estimate;
	struct ffntp_bound bound = client->bound;
	double outside_s, allowed_s;

	ffntp_bound_age(&bound, estimate->at, estimate->reference, client->rate);
	outside_s = ffntp_fmax(bound.earliest_s - estimate->correction_s, estimate->correction_s - bound.latest_s);
	allowed_s = estimate->esterror_s < bound.latest_s - bound.earliest_s
			    ? FFNTP_DISPROOF_SIGMAS * estimate->esterror_s
			    : 0;
	return outside_s > allowed_s ? outside_s : 0;
}

/*
 * Restart the estimator from this stamp, keeping the bound; widen the rate error by the offset found divided by the
 * elapsed time.
 */
static enum ffntp_verdict learn_anew(struct ffntp_client *client, const struct ffntp_stamp *stamp, double outside_s)
{
	double age_s = ffntp_counter_diff(stamp->tf, client->begun_at) * client->range.hint.period_s;
	double error = client->estimate.period_esterror + outside_s / age_s;

	begin_estimator(client, client->range.hint);
	if (error < client->range.hint.max_error)
		client->ops->warm(client->estimator, client->estimate.period_s, error);
	return begin_from(client, stamp);
}

/*
 * Restart the estimator, because the exchanges lie on one side of the clock. It has taken a change of the rate or of
 * the time for one of the path.
 */
static enum ffntp_verdict forget_estimate(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	begin_estimator(client, client->rate);
	return begin_from(client, stamp);
}

/* --- each stamp --- */

static double clock_minus_server_s(const struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	const struct ffntp_estimate *estimate = &client->estimate;
	double clock_s = ffntp_ntp_diff_s(estimate->reference, stamp->te) + estimate->correction_s +
			 ffntp_counter_diff(stamp->tf, estimate->at) * estimate->period_s;
	double rtt_s = (double)ffntp_stamp_rtt_ticks(stamp) * estimate->period_s;
	double residence_s = ffntp_ntp_diff_s(stamp->te, stamp->tb);

	return clock_s - (rtt_s - residence_s) / 2;
}

/* Store the present clock as the reference for detecting a smear, unless a smear is in progress. */
static void watch_for_smear(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	const struct ffntp_smear_line line = { client->estimate, client->bound, client->rate };

	if (client->accepted >= FFNTP_TRUST_EXCHANGES)
		ffntp_smear_remember(&client->smear, &line, ffntp_wiretime_smear_s(&client->wire, stamp));
}

/* Discard all estimates since the server began to smear, and continue from the clock stored before. */
static void forget_smear(struct ffntp_client *client, ffntp_counter now)
{
	const struct ffntp_smear_watch smear = client->smear;
	const struct ffntp_estimate *estimate = &smear.line.estimate;

	ffntp_client_begin(client, smear.line.rate.period_s, smear.line.rate.max_error);
	client->ops->warm(client->estimator, estimate->period_s, estimate->period_esterror);
	client->smear = smear;
	client->estimate = *estimate;
	client->bound = smear.line.bound;
	client->rate = smear.line.rate;
	client->has_estimate = client->has_stamp = true;
	publish(client);
	ffntp_publisher_move(&client->publisher, now);
}

static bool is_smeared(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	bool was_smeared = client->smear.is_smeared;

	if (!ffntp_smear_judge(&client->smear, stamp, ffntp_wiretime_smear_s(&client->wire, stamp)))
		return false;
	if (!was_smeared)
		forget_smear(client, stamp->tf);
	return true;
}

/* Process a stamp in the core's time scale, newer than all before it. */
static enum ffntp_verdict take(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	struct ffntp_bound bound = client->bound;
	double gap_s = ffntp_bound_add(&bound, stamp, client->rate), outside_s;
	enum ffntp_verdict verdict;
	bool is_false;

	client->stamp = *stamp;
	client->has_stamp = true;
	if (ffntp_stamp_rtt_ticks(stamp) < client->rtt_min_ticks)
		client->rtt_min_ticks = ffntp_stamp_rtt_ticks(stamp);
	client->offset_s = client->has_estimate ? clock_minus_server_s(client, stamp) : 0;
	if (is_smeared(client, stamp))
		return FFNTP_REFUSED_SMEAR;
	if (gap_s != 0)
		return contradict(client, stamp, true);
	if (client->bound.is_known && !ffntp_bound_meets(&client->bound, stamp, client->rate, FFNTP_DISSENT_OVERLAP))
		return contradict(client, stamp, false);
	verdict = client->ops->add(client->estimator, stamp, &client->estimate);
	if (!is_plausible(client))
		return start_over(client, stamp->tf);
	if (verdict != FFNTP_ACCEPTED)
		return contradict(client, stamp, false);
	is_false = client->bound.is_known && ffntp_strain_add(&client->strain, &client->bound, stamp, client->rate);
	client->bound = bound;
	if (is_false)
		begin_bound(client, stamp);
	agree(client, stamp);
	outside_s = disproved_by_s(client);
	if (outside_s > 0)
		return learn_anew(client, stamp, outside_s);
	if (client->accepted > 0 && ffntp_strain_add_clock(&client->strain, -client->offset_s))
		return forget_estimate(client, stamp);
	learn(client);
	watch_for_smear(client, stamp);
	return FFNTP_ACCEPTED;
}

/* Process a stamp in UTC; reprocess it once if it changed the leap-second rule. */
enum ffntp_verdict ffntp_client_take(struct ffntp_client *client, const struct ffntp_stamp *wire)
{
	enum ffntp_verdict verdict;

	do {
		struct ffntp_stamp stamp = *wire;

		client->is_renumbered = false;
		if (!ffntp_wiretime_convert(&client->wire, &client->bound, client->rate, &stamp))
			return FFNTP_REFUSED_LEAP;
		verdict = take(client, &stamp);
	} while (client->is_renumbered);
	if (verdict == FFNTP_ACCEPTED)
		ffntp_wiretime_hear(&client->wire, &client->stamp);
	return verdict;
}
