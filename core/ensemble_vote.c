/*
 * ensemble_vote: the voters, the result of their vote, the status, and the selection of each server.
 * docs/ensemble.md describes the rules.
 */
#include "ensemble.h"
#include "maths.h"
#include "params.h"

/* --- the members --- */

void ffntp_ensemble_store_markers(struct ffntp_member *member)
{
	member->disruption_marker = ffntp_member_clock(member)->publisher.disruption_marker;
	member->counter_marker = ffntp_member_clock(member)->publisher.counter_marker;
}

/* Return whether a server that has no time may have it soon: it was not asked in vain yet, and does not limit the rate.
 */
static bool may_answer(const struct ffntp_polling *polling)
{
	return polling->unanswered < FFNTP_ENSEMBLE_PATIENCE && polling->floor_s <= polling->config.min_s;
}

/* Return the variance of a member's asymmetry (s^2): of the path to the server, and of the server's own path. */
static double asymmetry2(const struct ffntp_client *client)
{
	return ffntp_square(client->clock.estimate.asymmetry_esterror_s +
			    FFNTP_ASYMMETRY_SHARE * client->association.stamp.root_delay_s) +
	       ffntp_square(FFNTP_ENSEMBLE_LEAST_SD_S);
}

static struct ffntp_member_view view_of(const struct ffntp_client *client)
{
	const struct ffntp_clock_state *clock = &client->clock;
	const struct ffntp_estimate *estimate = &clock->estimate;

	return (struct ffntp_member_view){
		.bound = clock->bound,
		.rate = clock->rate,
		.candidates = clock->dissent.count,
		.is_confirmed = clock->confirmed >= FFNTP_SYNCHRONISED_EXCHANGES,
		.may_answer = may_answer(&client->association.polling),
		.leap = client->association.stamp.leap,
		.poll_s = client->association.polling.interval_s,
		.at = estimate->at,
		.period_s = estimate->period_s,
		.variance_s2 = ffntp_square(estimate->esterror_s),
		.covariance_s = estimate->covariance_s,
		.rate_variance = ffntp_square(estimate->period_esterror),
		.wander_per_s = estimate->wander_per_s,
		.asymmetry_s2 = asymmetry2(client),
	};
}

void ffntp_ensemble_look_at(struct ffntp_member *member)
{
	const struct ffntp_clock_state *clock = ffntp_member_clock(member);

	member->view = view_of(ffntp_member_client(member));
	member->has_time = clock->publisher.has_map && clock->bound.is_known && clock->has_estimate;
	member->is_fresh = ffntp_member_client(member)->association.polling.unanswered < FFNTP_UNANSWERED_FREE_RUNNING;
	member->has_stepped = member->has_stepped || member->disruption_marker != clock->publisher.disruption_marker;
	member->has_jumped = member->has_jumped || member->counter_marker != clock->publisher.counter_marker;
	ffntp_ensemble_store_markers(member);
}

/* Return the interval of a bound, aged to a reading, from the reference: as ffntp_bound_age, without a copy. */
static inline struct ffntp_vote_interval aged(const struct ffntp_bound *bound, ffntp_counter at,
					      struct ffntp_ntp reference, struct ffntp_rate_bound rate)
{
	double elapsed_s = ffntp_counter_diff(at, bound->at) * rate.period_s;
	double unsure_s = ffntp_fabs(elapsed_s) * rate.max_error;
	double move_s = ffntp_ntp_diff_s(bound->reference, reference) + elapsed_s;

	return (struct ffntp_vote_interval){ bound->earliest_s + (move_s - unsure_s),
					     bound->latest_s + (move_s + unsure_s) };
}

static void extend(struct ffntp_vote_interval *interval, struct ffntp_vote_interval other)
{
	interval->low = ffntp_fmin(interval->low, other.low);
	interval->high = ffntp_fmax(interval->high, other.high);
}

/* Extend the interval to the candidates', which an exchange that contradicts the clock may show. */
static void extend_to_candidates(struct ffntp_vote_interval *interval, const struct ffntp_clock_state *clock,
				 ffntp_counter at, struct ffntp_ntp reference)
{
	for (unsigned i = 0; i < clock->dissent.count; i++) {
		const struct ffntp_candidate *candidate = &clock->dissent.candidate[i];

		extend(interval,
		       aged(&candidate->bound, at, reference,
			    candidate->excludes_clock ? ffntp_rate_range_now(&candidate->range) : clock->rate));
	}
}

/* Return the interval that contains the true time at a reading if the member's server is right, from the reference. */
static struct ffntp_vote_interval interval_of(const struct ffntp_member *member, ffntp_counter at,
					      struct ffntp_ntp reference)
{
	struct ffntp_vote_interval interval = aged(&member->view.bound, at, reference, member->view.rate);

	if (member->view.candidates > 0)
		extend_to_candidates(&interval, ffntp_member_clock(member), at, reference);
	return interval;
}

/* Return the interval of the counter's rate, s per tick. */
static struct ffntp_vote_interval rate_of(const struct ffntp_member *member)
{
	const struct ffntp_rate_bound rate = member->view.rate;

	return (struct ffntp_vote_interval){ rate.period_s * (1 - rate.max_error),
					     rate.period_s * (1 + rate.max_error) };
}

/* --- the vote --- */

static void collect(const struct ffntp_ensemble *ensemble, struct ffntp_ballot *ballot, bool only_fresh,
		    bool only_trusted)
{
	ballot->count = 0;
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		const struct ffntp_member *member = &ensemble->member[i];

		if (member->session != NULL && member->has_time && !member->is_unused &&
		    (member->is_fresh || !only_fresh) && (member->is_trusted || !only_trusted))
			ballot->voter[ballot->count++] = i;
	}
}

/* Trusted members that answer vote, or else all that answer, or else all. */
static void choose_voters(const struct ffntp_ensemble *ensemble, struct ffntp_ballot *ballot)
{
	collect(ensemble, ballot, true, true);
	if (ballot->count == 0)
		collect(ensemble, ballot, true, false);
	if (ballot->count == 0)
		collect(ensemble, ballot, false, false);
}

/* A voter's interval is in the ballot; the others are compared with the result, too. */
static void judge(struct ffntp_ensemble *ensemble, const struct ffntp_ballot *ballot, ffntp_counter at,
		  struct ffntp_ntp reference)
{
	unsigned voter = 0;

	ensemble->has_majority = ballot->result.has_majority;
	ensemble->prefers = false;
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		struct ffntp_member *member = &ensemble->member[i];
		struct ffntp_vote_interval interval;

		member->is_right = false;
		if (member->session == NULL || !member->has_time)
			continue;
		if (voter < ballot->count && ballot->voter[voter] == i)
			interval = (struct ffntp_vote_interval){ ballot->time.low[voter], ballot->time.high[voter] };
		else
			interval = interval_of(member, at, reference);
		voter += voter < ballot->count && ballot->voter[voter] == i;
		member->is_right = ffntp_vote_agrees(&ballot->result, &interval);
		ensemble->prefers = ensemble->prefers ||
				    (member->is_preferred && ffntp_member_is_candidate(member) && member->is_fresh);
	}
}

void ffntp_ensemble_hold_vote(struct ffntp_ensemble *ensemble, struct ffntp_ballot *ballot, ffntp_counter at,
			      struct ffntp_ntp reference)
{
	ballot->time.count = ballot->rate.count = 0;
	for (unsigned i = 0; i < ballot->count; i++) {
		const struct ffntp_member *member = &ensemble->member[ballot->voter[i]];

		ffntp_vote_add(&ballot->time, interval_of(member, at, reference));
		ffntp_vote_add(&ballot->rate, rate_of(member));
	}
	ballot->result = ffntp_vote_count(&ballot->time, &ensemble->time_order);
	ballot->rate_result = ffntp_vote_count(&ballot->rate, &ensemble->rate_order);
	judge(ensemble, ballot, at, reference);
}

/*
 * A member changes its marker when its server or the counter has stepped. If most voters do, earlier maps of the
 * ensemble must not be combined with later ones either.
 */
static void follow_markers(struct ffntp_ensemble *ensemble, const struct ffntp_ballot *ballot)
{
	unsigned stepped = 0, jumped = 0;

	for (unsigned i = 0; i < ballot->count; i++) {
		stepped += ensemble->member[ballot->voter[i]].has_stepped;
		jumped += ensemble->member[ballot->voter[i]].has_jumped;
	}
	if (2 * stepped <= ballot->count)
		return;
	if (2 * jumped > ballot->count)
		ffntp_publisher_break_counter(&ensemble->publisher, ensemble->now);
	else
		ffntp_publisher_break(&ensemble->publisher, ensemble->now);
	for (unsigned i = 0; i < ensemble->config.members; i++)
		ensemble->member[i].has_stepped = ensemble->member[i].has_jumped = false;
	ensemble->is_in_doubt = false;
}

/* --- doubt --- */

void ffntp_ensemble_begin_doubt(struct ffntp_ensemble *ensemble, unsigned number, ffntp_counter at)
{
	if (ensemble->is_in_doubt || !ensemble->member[number].is_right || ensemble->member[number].is_unused)
		return;
	ensemble->is_in_doubt = true;
	ensemble->doubted_at = at;
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		if (i == number || ensemble->member[i].session == NULL)
			continue;
		ffntp_session_hurry(ensemble->member[i].session, at);
		ffntp_ensemble_look_at(&ensemble->member[i]);
	}
}

/* Return whether the member's server has confirmed its clock since the doubt began. */
static bool is_confirmed(const struct ffntp_ensemble *ensemble, const struct ffntp_member *member)
{
	return ffntp_counter_is_before(ensemble->doubted_at, ffntp_member_client(member)->association.accepted_at) &&
	       member->view.candidates == 0 && !member->has_stepped;
}

/*
 * End the doubt once most voters have confirmed their clocks, so that the one server is wrong; or after a burst, in
 * which most would have followed a jump, so that the vote has the last word. follow_markers ends it if they did.
 */
static void settle_doubt(struct ffntp_ensemble *ensemble, const struct ffntp_ballot *ballot)
{
	double lasted_s =
		ffntp_counter_diff(ensemble->now, ensemble->doubted_at) * ensemble->config.client.period_hint_s;
	unsigned confirmed = 0;

	if (!ensemble->is_in_doubt)
		return;
	for (unsigned i = 0; i < ballot->count; i++)
		confirmed += is_confirmed(ensemble, &ensemble->member[ballot->voter[i]]);
	ensemble->is_in_doubt = lasted_s < FFNTP_ENSEMBLE_DOUBT_S && 2 * confirmed <= ballot->count;
}

void ffntp_ensemble_begin_vote(struct ffntp_ensemble *ensemble, struct ffntp_ballot *ballot)
{
	choose_voters(ensemble, ballot);
	if (ballot->count > 0)
		follow_markers(ensemble, ballot);
	settle_doubt(ensemble, ballot);
}

/* --- status and selection --- */

static bool trusts(const struct ffntp_ensemble *ensemble)
{
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		if (ensemble->member[i].session != NULL && ensemble->member[i].is_trusted)
			return true;
	}
	return false;
}

/*
 * Count the members that vote or may soon: those that answer, or have not been asked in vain yet. If there are trusted
 * ones, these are meant.
 */
static unsigned count_expected(const struct ffntp_ensemble *ensemble)
{
	bool only_trusted = trusts(ensemble);
	unsigned count = 0;

	for (unsigned i = 0; i < ensemble->config.members; i++) {
		const struct ffntp_member *member = &ensemble->member[i];

		if (member->session == NULL || member->is_unused || (only_trusted && !member->is_trusted))
			continue;
		count += member->has_time ? member->is_fresh : member->view.may_answer;
	}
	return count;
}

static bool is_synchronised(const struct ffntp_member *member)
{
	return ffntp_member_is_candidate(member) && member->is_fresh && member->view.candidates == 0 &&
	       member->view.is_confirmed;
}

/* Count the members that are right and synchronised, and set whether a required one is missing. */
static unsigned count_right(const struct ffntp_ensemble *ensemble, bool *lacks_required)
{
	bool is_any_required = false, has_required = false;
	unsigned count = 0;

	for (unsigned i = 0; i < ensemble->config.members; i++) {
		const struct ffntp_member *member = &ensemble->member[i];

		if (member->session == NULL)
			continue;
		is_any_required = is_any_required || member->is_required;
		if (!is_synchronised(member))
			continue;
		count++;
		has_required = has_required || member->is_required;
	}
	*lacks_required = is_any_required && !has_required;
	return count;
}

enum ffntp_status ffntp_ensemble_status(const struct ffntp_ensemble *ensemble, const struct ffntp_ballot *ballot)
{
	bool lacks_required;
	unsigned right = count_right(ensemble, &lacks_required);
	unsigned least = ensemble->config.least_sources > 0 ? ensemble->config.least_sources : 1;

	if (ensemble->is_in_doubt)
		return FFNTP_STATUS_DISRUPTED;
	if (right < least || lacks_required || 2 * right <= ballot->count ||
	    2 * ballot->count <= count_expected(ensemble))
		return FFNTP_STATUS_FREE_RUNNING;
	return FFNTP_STATUS_SYNCHRONISED;
}

static enum ffntp_selection selection_of(const struct ffntp_ensemble *ensemble, unsigned number)
{
	const struct ffntp_member *member = &ensemble->member[number];

	if (!member->has_time || !member->is_fresh)
		return FFNTP_SELECTION_NONE;
	if (!ensemble->has_majority)
		return FFNTP_SELECTION_NO_MAJORITY;
	if (!member->is_right)
		return FFNTP_SELECTION_FALSETICKER;
	if (member->is_astray || member->view.candidates > 0)
		return FFNTP_SELECTION_ASTRAY;
	if (!ffntp_ensemble_combines(ensemble, number))
		return FFNTP_SELECTION_SPARE;
	return ensemble->joint.is_begun ? FFNTP_SELECTION_COMBINED : FFNTP_SELECTION_SPARE;
}

/* The member that counts most is shown as the one that is followed. */
void ffntp_ensemble_set_selections(struct ffntp_ensemble *ensemble)
{
	int first = ensemble->joint.is_begun ? -1 : ensemble->lead;

	for (unsigned i = 0; i < ensemble->config.members; i++) {
		struct ffntp_member *member = &ensemble->member[i];

		if (member->session == NULL)
			continue;
		member->selection = selection_of(ensemble, i);
		if (member->selection == FFNTP_SELECTION_COMBINED &&
		    (first < 0 || member->share > ensemble->member[first].share))
			first = (int)i;
	}
	if (first >= 0 && (ensemble->member[first].selection == FFNTP_SELECTION_COMBINED ||
			   ensemble->member[first].selection == FFNTP_SELECTION_SPARE))
		ensemble->member[first].selection = FFNTP_SELECTION_FOLLOWED;
}
