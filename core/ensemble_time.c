/*
 * ensemble_time: the time of several servers. The joint clock (law_joint.h) takes from each exchange its information
 * about the oscillator; a mean over the servers' paths, robust against those that are wrong, places it on true time;
 * the vote (ensemble_vote.c) bounds it. docs/ensemble.md describes the method.
 */
#include "blend.h"
#include "ensemble.h"
#include "mapping.h"
#include "maths.h"
#include "params.h"

static void *estimator_of(const struct ffntp_member *member)
{
	return ffntp_member_client(member)->association.estimator;
}

static bool is_law(const struct ffntp_member *member)
{
	return ffntp_member_clock(member)->ops == &ffntp_law_ops;
}

/* --- the lead: the member that is followed while there is no joint clock, and whose leap seconds are the ensemble's
 * --- */

/* Express an estimate at a later reading. */
static void advance(struct ffntp_estimate *estimate, ffntp_counter at)
{
	double elapsed_s = ffntp_counter_diff(at, estimate->at) * estimate->period_s;
	double variance_s2 = ffntp_square(estimate->esterror_s), rate2 = ffntp_square(estimate->period_esterror);

	if (elapsed_s <= 0)
		return;
	variance_s2 +=
		elapsed_s * (2 * estimate->covariance_s + elapsed_s * (rate2 + estimate->wander_per_s * elapsed_s / 3));
	estimate->at = at;
	estimate->correction_s += elapsed_s;
	estimate->esterror_s = ffntp_sqrt(ffntp_fmax(variance_s2, 0));
	estimate->covariance_s += elapsed_s * (rate2 + estimate->wander_per_s * elapsed_s / 2);
	estimate->period_esterror = ffntp_sqrt(rate2 + estimate->wander_per_s * elapsed_s);
}

/* Return the variance (s^2) of a member's time as of now: that of a server that is silent grows. */
static double variance2(const struct ffntp_ensemble *ensemble, const struct ffntp_member *member)
{
	const struct ffntp_member_view *view = &member->view;
	double elapsed_s = ffntp_counter_diff(ensemble->now, view->at) * view->period_s;

	if (elapsed_s <= 0)
		return view->variance_s2;
	return ffntp_fmax(view->variance_s2 +
				  elapsed_s * (2 * view->covariance_s +
					       elapsed_s * (view->rate_variance + view->wander_per_s * elapsed_s / 3)),
			  0);
}

static double error2(const struct ffntp_ensemble *ensemble, const struct ffntp_member *member)
{
	return variance2(ensemble, member) + member->view.asymmetry_s2;
}

static bool can_lead(const struct ffntp_ensemble *ensemble, int number)
{
	return number >= 0 && ensemble->member[number].session != NULL && ensemble->member[number].has_time;
}

/* Return whether a member can be preferred to a lead that is not right, or does not answer. */
static bool is_good_lead(const struct ffntp_ensemble *ensemble, int number)
{
	return can_lead(ensemble, number) && ffntp_ensemble_combines(ensemble, (unsigned)number) &&
	       ensemble->member[number].is_fresh;
}

/* Return the best of those that are right and answer; a lead that is as good stays. Without them the lead stays. */
static int best_lead(const struct ffntp_ensemble *ensemble)
{
	int lead = can_lead(ensemble, ensemble->lead) ? ensemble->lead : -1;
	bool is_good = is_good_lead(ensemble, lead);
	double best = is_good ? error2(ensemble, &ensemble->member[lead]) * FFNTP_ENSEMBLE_BETTER : 1e300;

	for (unsigned i = 0; i < ensemble->config.members; i++) {
		double error_s2;

		if (lead < 0 && can_lead(ensemble, (int)i))
			lead = (int)i;
		if (!is_good_lead(ensemble, (int)i))
			continue;
		error_s2 = error2(ensemble, &ensemble->member[i]);
		if (error_s2 >= best)
			continue;
		lead = (int)i;
		best = error_s2;
	}
	return lead;
}

/* --- shares: the part of each member in the published time --- */

/* Return the mean distance of the members' times behind the joint clock, by their shares (s); 0 if none has a share. */
static double behind_of(const struct ffntp_ensemble *ensemble, double *variance_s2, double *asymmetry_s2)
{
	double sum = 0, shares = 0, variance = 0, asymmetry = 0, spread = 0;

	for (unsigned i = 0; i < ensemble->config.members; i++) {
		shares += ensemble->member[i].share;
		sum += ensemble->member[i].share * ensemble->member[i].behind_s;
	}
	*variance_s2 = *asymmetry_s2 = 0;
	if (!(shares > 0))
		return 0;
	sum /= shares;
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		const struct ffntp_member *member = &ensemble->member[i];
		double share2 = ffntp_square(member->share / shares);

		if (!(member->share > 0))
			continue;
		variance += share2 * member->variance_s2;
		asymmetry += share2 * member->view.asymmetry_s2;
		spread += share2 * ffntp_square(member->behind_s - sum);
	}
	*variance_s2 = variance;
	*asymmetry_s2 = ffntp_fmax(asymmetry, spread);
	return sum;
}

static double behind(const struct ffntp_ensemble *ensemble)
{
	double variance_s2, asymmetry_s2;

	return behind_of(ensemble, &variance_s2, &asymmetry_s2);
}

void ffntp_ensemble_release(struct ffntp_ensemble *ensemble, unsigned number)
{
	struct ffntp_member *member = &ensemble->member[number];
	double before = behind(ensemble);

	if (ensemble->lead == (int)number)
		ensemble->lead = -1;
	member->frame = (struct ffntp_law_frame){ 0 };
	member->apart = 0;
	member->is_astray = false;
	if (member->share == 0)
		return;
	member->share = 0;
	ensemble->residual_s += before - behind(ensemble);
}

/* Set what each member is to count for; the shares approach that. Returns whether any member counts. */
static bool set_targets(const struct ffntp_ensemble *ensemble, double target[FFNTP_ENSEMBLE_MEMBERS])
{
	struct ffntp_blend_value value[FFNTP_ENSEMBLE_MEMBERS];
	double shares[FFNTP_ENSEMBLE_MEMBERS];
	unsigned number[FFNTP_ENSEMBLE_MEMBERS], count = 0;

	for (unsigned i = 0; i < ensemble->config.members; i++) {
		const struct ffntp_member *member = &ensemble->member[i];

		target[i] = 0;
		if (!ffntp_ensemble_combines(ensemble, i) || !member->is_fresh || !(member->frame.exchanges > 0))
			continue;
		number[count] = i;
		value[count++] = (struct ffntp_blend_value){ member->behind_s, ffntp_sqrt(member->view.asymmetry_s2 +
											  member->variance_s2) };
	}
	if (count == 0)
		return false;
	ffntp_blend_shares(value, count, shares);
	for (unsigned i = 0; i < count; i++)
		target[number[i]] = shares[i];
	return true;
}

static bool has_shares(const struct ffntp_ensemble *ensemble)
{
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		if (ensemble->member[i].share > 0)
			return true;
	}
	return false;
}

/* Let the shares approach their targets, and the residual fade: slowly, or as fast as a young ensemble learns. */
static void update_shares(struct ffntp_ensemble *ensemble)
{
	double period_s = ensemble->config.client.period_hint_s;
	double elapsed_s = ffntp_counter_diff(ensemble->now, ensemble->shared_at) * period_s;
	double age_s = ffntp_counter_diff(ensemble->now, ensemble->begun) * period_s;
	double constant_s = ffntp_fmin(ffntp_fmax(age_s, 1), FFNTP_ENSEMBLE_SHARE_S);
	double gain = elapsed_s / (elapsed_s + constant_s);
	double target[FFNTP_ENSEMBLE_MEMBERS], before;

	if (elapsed_s < constant_s / FFNTP_ENSEMBLE_SHARE_STEPS)
		return;
	ensemble->shared_at = ensemble->now;
	ensemble->residual_s *= 1 - gain;
	if (!ensemble->joint.is_begun || !set_targets(ensemble, target))
		return;
	before = behind(ensemble);
	if (!has_shares(ensemble))
		gain = 1;
	for (unsigned i = 0; i < ensemble->config.members; i++)
		ensemble->member[i].share += gain * (target[i] - ensemble->member[i].share);
	if (gain == 1)
		ensemble->residual_s += before - behind(ensemble);
}

/* --- the joint clock --- */

/* Return whether a member's clock counts when it is asked which clock is astray. */
static bool is_witness(const struct ffntp_ensemble *ensemble, unsigned number)
{
	const struct ffntp_member *member = &ensemble->member[number];

	return ffntp_ensemble_combines(ensemble, number) && member->is_fresh && member->frame.exchanges > 0;
}

static void count_witnesses(const struct ffntp_ensemble *ensemble, unsigned *all, unsigned *apart)
{
	*all = *apart = 0;
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		if (!is_witness(ensemble, i))
			continue;
		++*all;
		*apart += ensemble->member[i].apart > 0;
	}
}

static bool has_witness(const struct ffntp_ensemble *ensemble)
{
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		if (is_witness(ensemble, i))
			return true;
	}
	return false;
}

static void begin_joint(struct ffntp_ensemble *ensemble, unsigned number)
{
	struct ffntp_member *member = &ensemble->member[number];

	ffntp_law_joint_begin(&ensemble->joint, &member->frame, estimator_of(member));
	for (unsigned i = 0; i < ensemble->config.members; i++)
		ensemble->member[i].apart = 0;
}

static void store_behind(struct ffntp_member *member)
{
	member->behind_s = ffntp_law_joint_behind_s(&member->frame, estimator_of(member), &member->variance_s2);
}

/* A path whose clock stands still where it is has changed, and its server has not: its frame is learnt again. */
static void check_return(struct ffntp_ensemble *ensemble, unsigned number)
{
	struct ffntp_member *member = &ensemble->member[number];
	double shift_s = ffntp_law_joint_shift_s(&ensemble->joint, estimator_of(member));
	double sd_s = ffntp_sqrt(2) * ffntp_member_clock(member)->estimate.esterror_s;

	if (++member->unchecked < FFNTP_ENSEMBLE_RETURN_EXCHANGES)
		return;
	if (ffntp_fabs(shift_s - member->checked_s) < FFNTP_ENSEMBLE_ASTRAY_SIGMAS * sd_s)
		ffntp_ensemble_release(ensemble, number);
	member->checked_s = shift_s;
	member->unchecked = 0;
}

/* The member's clock is far from the joint clock. Either most are, and the joint clock is wrong; or it is this one. */
static void take_apart(struct ffntp_ensemble *ensemble, unsigned number)
{
	struct ffntp_member *member = &ensemble->member[number];
	unsigned all, apart;

	if (member->apart++ == 0) {
		member->checked_s = ffntp_law_joint_shift_s(&ensemble->joint, estimator_of(member));
		member->unchecked = 0;
	}
	count_witnesses(ensemble, &all, &apart);
	if (2 * apart > all && is_witness(ensemble, number)) {
		begin_joint(ensemble, number);
		return;
	}
	if (member->apart >= FFNTP_ENSEMBLE_ASTRAY_EXCHANGES && all > 2 && !member->is_astray) {
		unsigned count = member->apart;
		double checked_s = member->checked_s;

		ffntp_ensemble_release(ensemble, number);
		member->apart = count;
		member->is_astray = true;
		member->checked_s = checked_s;
	}
	check_return(ensemble, number);
}

/* An exchange of a known path. */
static void take_known(struct ffntp_ensemble *ensemble, unsigned number)
{
	struct ffntp_member *member = &ensemble->member[number];
	const struct ffntp_stamp *stamp = &ffntp_member_client(member)->association.stamp;
	void *estimator = estimator_of(member);

	if (member->is_astray) {
		check_return(ensemble, number);
		return;
	}
	if (ffntp_law_joint_distance(&ensemble->joint, &member->frame, estimator) > FFNTP_ENSEMBLE_ASTRAY_SIGMAS) {
		take_apart(ensemble, number);
		return;
	}
	member->apart = 0;
	if (ffntp_ensemble_combines(ensemble, number) && ffntp_law_joint_can_use(estimator))
		ffntp_law_joint_add(&ensemble->joint, &member->frame, estimator, stamp);
	ffntp_law_joint_learn(&ensemble->joint, &member->frame, estimator);
	store_behind(member);
}

static void take_exchange(struct ffntp_ensemble *ensemble, unsigned number)
{
	struct ffntp_member *member = &ensemble->member[number];
	void *estimator = estimator_of(member);

	ffntp_law_joint_pass(&ensemble->joint, ffntp_member_clock(member)->estimate.at);
	if (member->frame.exchanges > 0 && !ffntp_law_joint_knows(&member->frame, estimator))
		ffntp_ensemble_release(ensemble, number);
	if (member->is_astray || member->frame.exchanges > 0) {
		take_known(ensemble, number);
		return;
	}
	if (!ffntp_law_joint_can_use(estimator))
		return;
	ffntp_law_joint_learn(&ensemble->joint, &member->frame, estimator);
	store_behind(member);
}

/* Return whether the member announces leap seconds, or that there are none. */
static bool announces(const struct ffntp_member *member)
{
	return member->session != NULL && member->has_time && member->is_fresh && !member->is_unused &&
	       member->view.leap != FFNTP_LEAP_UNANNOUNCED;
}

/* The majority's announcement of a leap second counts for each member. */
static void announce_leap(struct ffntp_ensemble *ensemble, unsigned number)
{
	uint8_t indicators[FFNTP_ENSEMBLE_MEMBERS];
	size_t count = 0;

	for (unsigned i = 0; i < ensemble->config.members; i++) {
		const struct ffntp_member *member = &ensemble->member[i];

		if (announces(member))
			indicators[count++] = member->view.leap;
	}
	ffntp_client_announce(ffntp_member_client(&ensemble->member[number]), ffntp_leap_count(indicators, count),
			      ensemble->now);
}

void ffntp_ensemble_learn(struct ffntp_ensemble *ensemble, unsigned number)
{
	struct ffntp_member *member = &ensemble->member[number];

	member->learnt_at = ffntp_member_client(member)->association.accepted_at;
	announce_leap(ensemble, number);
	if (!is_law(member))
		return;
	if (ensemble->joint.is_begun) {
		take_exchange(ensemble, number);
	} else if ((int)number == ensemble->lead && ffntp_ensemble_combines(ensemble, number) &&
		   ffntp_law_joint_can_use(estimator_of(member))) {
		begin_joint(ensemble, number);
		store_behind(member);
		member->share = 1;
	}
}

void ffntp_ensemble_forget(struct ffntp_ensemble *ensemble)
{
	ensemble->joint.is_begun = false;
	ensemble->publisher.has_map = false;
	ensemble->residual_s = 0;
	ensemble->has_former = ensemble->is_in_doubt = false;
	ensemble->lead = -1;
	ensemble->begun = ensemble->shared_at = ensemble->now;
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		struct ffntp_member *member = &ensemble->member[i];

		member->frame = (struct ffntp_law_frame){ 0 };
		member->share = 0;
		member->apart = 0;
		member->is_right = member->is_astray = false;
		member->has_stepped = member->has_jumped = false;
		if (member->session == NULL)
			continue;
		ffntp_ensemble_store_markers(member);
		ffntp_ensemble_look_at(member);
	}
}

/* --- the map --- */

static void estimate_by_joint(struct ffntp_ensemble *ensemble, struct ffntp_estimate *estimate)
{
	double variance_s2, asymmetry_s2, behind_s;

	ffntp_law_joint_pass(&ensemble->joint, ensemble->now);
	behind_s = behind_of(ensemble, &variance_s2, &asymmetry_s2);
	ffntp_law_joint_estimate(&ensemble->joint, behind_s, variance_s2, estimate);
	estimate->asymmetry_esterror_s = ffntp_sqrt(asymmetry_s2);
}

static void estimate_by_lead(const struct ffntp_ensemble *ensemble, struct ffntp_estimate *estimate)
{
	*estimate = ffntp_member_clock(&ensemble->member[ensemble->lead])->estimate;
	advance(estimate, ensemble->now);
}

/*
 * Return whether no exchange reaches the joint clock, and the lead alone is better: so it is if no member stays for
 * long enough that its laws and its frame are learnt.
 */
static bool is_starved(const struct ffntp_ensemble *ensemble, const struct ffntp_estimate *estimate)
{
	return !has_witness(ensemble) && is_good_lead(ensemble, ensemble->lead) &&
	       ffntp_square(estimate->esterror_s) * FFNTP_ENSEMBLE_BETTER >
		       variance2(ensemble, &ensemble->member[ensemble->lead]);
}

static void leave_joint(struct ffntp_ensemble *ensemble)
{
	ensemble->joint.is_begun = false;
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		struct ffntp_member *member = &ensemble->member[i];

		member->frame = (struct ffntp_law_frame){ 0 };
		member->share = 0;
		member->apart = 0;
		member->is_astray = false;
	}
}

/* A different clock that is followed from now on is no jump: the time that was published goes on. */
static void keep_time(struct ffntp_ensemble *ensemble, const struct ffntp_estimate *estimate)
{
	int followed = ensemble->joint.is_begun ? -1 : ensemble->lead;
	struct ffntp_estimate former = ensemble->former;

	if (ensemble->has_former && followed != ensemble->followed) {
		advance(&former, estimate->at);
		ensemble->residual_s = ffntp_ntp_diff_s(former.reference, estimate->reference) + former.correction_s -
				       estimate->correction_s;
	}
	ensemble->followed = followed;
}

/* The estimate as of now, where the members' intervals are compared. */
static void set_estimate(struct ffntp_ensemble *ensemble, struct ffntp_estimate *estimate)
{
	const struct ffntp_clock_state *lead = ffntp_member_clock(&ensemble->member[ensemble->lead]);

	*estimate = lead->estimate;
	if (ensemble->joint.is_begun) {
		estimate_by_joint(ensemble, estimate);
		if (is_starved(ensemble, estimate))
			leave_joint(ensemble);
	}
	if (!ensemble->joint.is_begun)
		estimate_by_lead(ensemble, estimate);
	keep_time(ensemble, estimate);
	estimate->correction_s += ensemble->residual_s;
	estimate->asymmetry_esterror_s += ffntp_fabs(ensemble->residual_s);
	ensemble->former = *estimate;
	ensemble->has_former = lead->accepted >= FFNTP_TRUST_EXCHANGES;
}

static double shortest_poll_s(const struct ffntp_ensemble *ensemble, const struct ffntp_ballot *ballot)
{
	double least_s = 1e300;

	for (unsigned i = 0; i < ballot->count; i++)
		least_s = ffntp_fmin(least_s, ensemble->member[ballot->voter[i]].view.poll_s);
	return least_s;
}

static void publish(struct ffntp_ensemble *ensemble, const struct ffntp_ballot *ballot,
		    const struct ffntp_estimate *estimate)
{
	const struct ffntp_clock_state *lead = ffntp_member_clock(&ensemble->member[ensemble->lead]);
	double least_s = ballot->rate_result.low, most_s = ballot->rate_result.high, period_s = (least_s + most_s) / 2;
	struct ffntp_finding finding = {
		.estimate = estimate,
		.is_settled = lead->accepted >= FFNTP_TRUST_EXCHANGES,
		.pivot_s = lead->wire.pivot_s,
		.bound = { true, 0, estimate->at, estimate->reference, ballot->result.low, ballot->result.high },
		.rate = { period_s, (most_s - least_s) / 2 / period_s },
		.poll_s = shortest_poll_s(ensemble, ballot),
	};

	ffntp_publisher_publish(&ensemble->publisher, &finding);
	ensemble->is_disrupted = false;
}

/* The map is valid for as long as any voter's would be. */
static ffntp_counter void_after(const struct ffntp_ensemble *ensemble, const struct ffntp_ballot *ballot)
{
	double keep_s = FFNTP_VOID_S, period_s = ffntp_member_clock(&ensemble->member[ensemble->lead])->rate.period_s;

	for (unsigned i = 0; i < ballot->count; i++)
		keep_s = ffntp_fmax(keep_s, FFNTP_VOID_POLLS * ensemble->member[ballot->voter[i]].view.poll_s);
	return ensemble->now + ffntp_ticks_of(keep_s, period_s);
}

void ffntp_ensemble_compute(struct ffntp_ensemble *ensemble, struct ffntp_map *map)
{
	struct ffntp_estimate estimate;
	struct ffntp_ballot ballot;

	ensemble->lead = best_lead(ensemble);
	ffntp_ensemble_begin_vote(ensemble, &ballot);
	if (ensemble->lead < 0 || ballot.count == 0) {
		*map = ffntp_publisher_nothing(&ensemble->publisher, ensemble->config.client.period_hint_s,
					       ensemble->now);
		map->status = ensemble->is_disrupted ? FFNTP_STATUS_DISRUPTED : FFNTP_STATUS_INITIALISING;
		ffntp_ensemble_set_selections(ensemble);
		return;
	}
	update_shares(ensemble);
	set_estimate(ensemble, &estimate);
	ffntp_ensemble_hold_vote(ensemble, &ballot, estimate.at, estimate.reference);
	publish(ensemble, &ballot, &estimate);
	ffntp_ensemble_set_selections(ensemble);
	*map = ensemble->publisher.map;
	ffntp_leap_describe(&ffntp_member_clock(&ensemble->member[ensemble->lead])->wire.leap, map);
	map->status = ffntp_ensemble_status(ensemble, &ballot);
	map->void_after = void_after(ensemble, &ballot);
}
