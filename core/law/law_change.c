/*
 * law_change: the treatment of exchanges that do not fit the laws. A congested direction loses weight at once; floors
 * that drift slowly are followed; everything else opens a trial of explanations, which lasts until one of them is
 * certain.
 */
#include "law_filter.h"

#include "../maths.h"

enum { LAG = FFNTP_LAW_LAG, STRIDE = FFNTP_LAW_STRIDE, RING = FFNTP_LAW_RING };

/*
 * A rank beyond this lies outside of all delays learnt. Ranks are less 1/2: they reach from -0.5, the least delay, to
 * 0.5.
 */
#define BEYOND 0.4999

/* --- the latest delays --- */

/*
 * Find out whether the way is congested: its delays are long. If the other way's are short meanwhile, the cause is the
 * clock.
 */
static void watch_congestion(struct ffntp_law_filter *filter, int way)
{
	const struct ffntp_law_params *params = filter->params;
	struct ffntp_law_watch *watch = &filter->watch[way];
	bool is_the_clock = watch->fast * filter->watch[1 - way].fast < params->opposite;

	if (watch->fast < params->mute_off || is_the_clock)
		watch->muted_for = 0;
	else if (watch->muted_for > 0 || watch->fast > params->mute_on)
		watch->muted_for++;
}

/* Update the mean ranks of both ways by the newest exchange. at: the present belief of the clock. */
static void watch_delays(struct ffntp_law_filter *filter, const struct ffntp_law_belief *at, double rank[2])
{
	const struct ffntp_law_past *newest = &filter->past[filter->filled - 1];
	double sd = ffntp_sqrt(at->p00);

	for (int way = 0; way < 2; way++) {
		struct ffntp_law_watch *watch = &filter->watch[way];

		/*
		 * Ranks are counted only as far as an error of the clock of two standard deviations does not explain
		 * them.
		 */
		rank[way] = ffntp_law_sure_rank(&filter->law[way], ffntp_law_delay(newest, at, way), 2 * sd);
		watch->fast += (rank[way] - watch->fast) / 4;
		watch->slow += (rank[way] - watch->slow) / 16;
	}
	watch_congestion(filter, 0);
	watch_congestion(filter, 1);
	filter->quiet++;
}

static bool is_muted(const struct ffntp_law_filter *filter, int way)
{
	int muted_for = filter->watch[way].muted_for;

	return muted_for > 0 && muted_for < filter->params->mute_exchanges;
}

double ffntp_law_weight(const struct ffntp_law_filter *filter, int way)
{
	const struct ffntp_law_params *params = filter->params;
	double n = filter->law[way].n;

	return (is_muted(filter, way) ? params->mute_weight : 1) * filter->watch[way].independence *
	       filter->independence * n / (n + params->young);
}

/* --- drift --- */

/*
 * Return how far drifting delays have moved the clock (s). The clock follows the direction whose law is narrower, so
 * that the drift shows in the other one. Half of the difference is the clock's error, as far as it exceeds the noise of
 * both.
 */
static double drift_of_clock(const struct ffntp_law_filter *filter)
{
	double half_s = (filter->drift[1] - filter->drift[0]) / 2, noise2 = 0, signal2 = half_s * half_s;

	for (int way = 0; way < 2; way++)
		noise2 += ffntp_square(filter->params->drift_noise / filter->law[way].power) / 4;
	return half_s * signal2 / (signal2 + noise2);
}

/* Apply the drift of both ways: move their laws by the mean of the two, and the clock back by its own part. */
static void apply_drift(struct ffntp_law_filter *filter)
{
	double path_s = (filter->drift[0] + filter->drift[1]) / 2, clock_s = drift_of_clock(filter);

	ffntp_law_clock_shift(&filter->clock, clock_s);
	ffntp_law_refresh(filter);
	for (int i = 0; i < filter->filled; i++)
		filter->past[i].after.theta += clock_s;
	for (int way = 0; way < 2; way++) {
		ffntp_law_move(&filter->law[way], path_s);
		filter->drift[way] = filter->drift_score[way] = 0;
	}
	filter->trial.is_open = false;
}

/*
 * Follow floors that move within hours, as they do when a path's load changes. The clock cannot show this by itself,
 * because no oscillator holds the time for hours. The shift of each law is estimated from the ranks of its delays, and
 * is applied once it explains the delays better.
 */
static void follow_drift(struct ffntp_law_filter *filter)
{
	const struct ffntp_law_params *params = filter->params;
	const struct ffntp_law_past *newest = &filter->past[filter->filled - 1];
	double *score = filter->drift_score;

	for (int way = 0; way < 2; way++) {
		const struct ffntp_law *law = &filter->law[way];
		double delay = ffntp_law_delay(newest, &filter->now, way), rank;
		double gain = ffntp_law_gain(law, delay, delay - filter->drift[way], &rank);

		score[way] = ffntp_fmax(score[way] + ffntp_law_weight(filter, way) * gain - params->drift_price, 0);
		filter->drift[way] += rank / law->power / params->drift_exchanges;
	}
	if (score[0] + score[1] >= params->drift_score)
		apply_drift(filter);
}

/* --- trials --- */

static double trust(const struct ffntp_law_filter *filter)
{
	const struct ffntp_law_params *params = filter->params;
	double n = ffntp_fmin(filter->law[0].n, filter->law[1].n);

	return params->trust * ffntp_square(ffntp_fmin(filter->watch[0].independence, filter->watch[1].independence)) *
	       n / (n + params->trust_young);
}

/* Find the change that explains the exchanges best, cause 'but' excepted. Returns its score. */
static double best_change(const struct ffntp_law_filter *filter, enum ffntp_law_cause but, enum ffntp_law_cause *cause)
{
	double best = -1e300, share = trust(filter);

	for (enum ffntp_law_cause c = FFNTP_LAW_CAUSE_THERE; c <= FFNTP_LAW_CAUSE_JUMP; c++) {
		double score = ffntp_law_trial_score(&filter->trial, c, share, filter->params);

		if (score > best && c != but) {
			best = score;
			*cause = c;
		}
	}
	return best;
}

static bool is_rate(enum ffntp_law_cause cause)
{
	return cause == FFNTP_LAW_CAUSE_RATE || cause == FFNTP_LAW_CAUSE_JUMP;
}

/* Return the score of the best explanation that is neither of these two. The score of no change is 0. */
static double best_but(const struct ffntp_law_filter *filter, enum ffntp_law_cause cause, enum ffntp_law_cause but)
{
	double best = 0, share = trust(filter);

	for (enum ffntp_law_cause c = FFNTP_LAW_CAUSE_THERE; c < FFNTP_LAW_CAUSES; c++)
		if (c != cause && c != but && !(is_rate(c) && is_rate(cause)))
			best = ffntp_fmax(best, ffntp_law_trial_score(&filter->trial, c, share, filter->params));
	return best;
}

/*
 * Return the size of step (s) that a trial is to expect: the mean distance of the latest delays from the middle of
 * their law, plus the law's scale; the larger one of both ways.
 */
static double step_size(const struct ffntp_law_filter *filter, int count)
{
	double size = 0;

	for (int way = 0; way < 2; way++) {
		const struct ffntp_law *law = &filter->law[way];
		double sum = 0;

		for (int i = filter->filled - count; i < filter->filled; i++) {
			const struct ffntp_law_past *past = &filter->past[i];
			const struct ffntp_law_belief *at = i == filter->filled - 1 ? &filter->now : &past->after;

			sum += ffntp_law_delay(past, at, way) - law->origin - law->middle;
		}
		size = ffntp_fmax(size, ffntp_fabs(sum / count) + law->scale);
	}
	return size;
}

/* Open a trial that begins before the last 'count' exchanges, and add these to it. */
static void open_trial(struct ffntp_law_filter *filter, int count)
{
	int first = filter->filled - count;

	ffntp_law_trial_open(&filter->trial, &filter->past[first - 1].after, filter->law, step_size(filter, count), 0);
	for (int i = first; i < filter->filled; i++) {
		struct ffntp_law_sight sight = ffntp_law_sight_of(&filter->past[i]);

		ffntp_law_trial_add(&filter->trial, filter->law, &sight, filter->past[i].elapsed_s, filter->wander2);
	}
}

static void end_trial(struct ffntp_law_filter *filter)
{
	filter->trial.is_open = false;
	filter->lead = FFNTP_LAW_CAUSE_NONE;
	filter->quiet = 0;
}

/*
 * Return the number of latest exchanges, from 'least' to 'most', that show a change best as a trial; 0 if none shows
 * one.
 */
static int best_count(struct ffntp_law_filter *filter, int least, int most)
{
	static const int counts[] = { 1, 2, 4, 8, 16, LAG - 1 };
	double best = filter->params->open_score;
	int found = 0;

	for (unsigned k = 0; k < sizeof counts / sizeof *counts; k++) {
		enum ffntp_law_cause cause;
		double score;

		if (counts[k] < least || counts[k] > most || counts[k] >= filter->filled)
			continue;
		open_trial(filter, counts[k]);
		score = best_change(filter, FFNTP_LAW_CAUSE_NONE, &cause);
		if (score > best) {
			best = score;
			found = counts[k];
		}
	}
	return found;
}

/*
 * Open a trial if an exchange lies beyond all delays learnt, or many lie on one side of the laws, and a change explains
 * that.
 */
static void look_for_change(struct ffntp_law_filter *filter, const double rank[2])
{
	const struct ffntp_law_params *params = filter->params;
	bool is_single = rank[0] < -BEYOND || rank[1] < -BEYOND ||
			 (ffntp_fabs(rank[0]) > BEYOND && ffntp_fabs(rank[1]) > BEYOND);
	bool is_fast = false, is_slow = false;
	int count;

	for (int way = 0; way < 2; way++) {
		is_fast |= ffntp_fabs(filter->watch[way].fast) > params->fast_rank;
		is_slow |= ffntp_fabs(filter->watch[way].slow) > params->slow_rank;
	}
	is_fast &= filter->quiet > 3 + filter->patience;
	is_slow &= filter->quiet > 11 + filter->patience;
	if (!is_single && !is_fast && !is_slow)
		return;
	count = best_count(filter, is_single ? 1 : is_fast ? 2 : 4, is_slow ? LAG - 1 : is_fast ? 8 : 4);
	if (count > 0)
		open_trial(filter, count);
	else
		end_trial(filter);
}

/* --- the end of a trial --- */

static struct ffntp_law_belief belief_of(const struct ffntp_law_story *story)
{
	return (struct ffntp_law_belief){ story->x[0], story->x[1], story->p[0], story->p[1], story->p[2] };
}

static void forget_ranks(struct ffntp_law_filter *filter)
{
	for (int way = 0; way < 2; way++)
		filter->watch[way].fast = filter->watch[way].slow = 0;
}

static void lengthen_way(struct ffntp_law_filter *filter, int way, double by_s)
{
	ffntp_law_move(&filter->law[way], by_s);
	filter->longer_s[way] += by_s;
}

/* Lengthen the path: its laws move, while the clock and the gauge stay. */
static void lengthen(struct ffntp_law_filter *filter, enum ffntp_law_cause cause, const struct ffntp_law_story *story)
{
	double by_s = story->x[2];

	if (cause == FFNTP_LAW_CAUSE_THERE || cause == FFNTP_LAW_CAUSE_BOTH)
		lengthen_way(filter, 0, by_s);
	if (cause == FFNTP_LAW_CAUSE_BACK || cause == FFNTP_LAW_CAUSE_BOTH)
		lengthen_way(filter, 1, by_s);
	if (cause == FFNTP_LAW_CAUSE_THERE || cause == FFNTP_LAW_CAUSE_BACK)
		filter->longer_variance += story->p[5] / 4;
}

/*
 * A round trip that is as long as it was before all steps is the former path's, because routes flap between a few
 * paths. Then neither way is longer than it was. The rest of the steps is the clock's error: their own errors, or a
 * step of one way that was taken for one of the other.
 */
static void recognise_path(struct ffntp_law_filter *filter, struct ffntp_law_belief *belief)
{
	double sum_s = filter->longer_s[0] + filter->longer_s[1];

	if (sum_s * sum_s > ffntp_square(filter->params->return_sd) * 4 * filter->longer_variance)
		return;
	belief->theta -= (filter->longer_s[0] - filter->longer_s[1]) / 2;
	lengthen_way(filter, 0, -filter->longer_s[0]);
	lengthen_way(filter, 1, -filter->longer_s[1]);
	filter->longer_variance = 0;
}

/* A new rate was found from a few exchanges, by two moments of each: so it is less certain than its story's covariance.
 */
static void doubt_rate(struct ffntp_law_belief *belief, const struct ffntp_law_belief *before, double doubt)
{
	belief->p00 += ffntp_square(doubt * (belief->theta - before->theta));
	belief->p11 += ffntp_square(doubt * (belief->gamma - before->gamma));
}

/* Apply an explanation that is certain: its belief replaces the clock's. */
static void apply(struct ffntp_law_filter *filter, enum ffntp_law_cause cause)
{
	struct ffntp_law_belief belief = belief_of(&filter->trial.story[cause]);

	if (is_rate(cause))
		doubt_rate(&belief, &filter->now, filter->params->rate_doubt);
	else
		lengthen(filter, cause, &filter->trial.story[cause]);
	recognise_path(filter, &belief);
	ffntp_law_clock_set(&filter->clock, &belief);
	ffntp_law_refresh(filter);
	filter->past[0] = filter->past[filter->filled - 1];
	filter->past[0].after = filter->now;
	filter->filled = 1;
	forget_ranks(filter);
	filter->patience = 0;
	end_trial(filter);
}

/*
 * Return whether, by the clock from before, one way is shorter than ever and the other longer than ever. No path does
 * that.
 */
static bool is_contradiction(const struct ffntp_law_filter *filter, const struct ffntp_law_past *past)
{
	struct ffntp_law_belief at = past[-1].after;
	double reach_s = filter->params->contradiction_sd * ffntp_sqrt(at.p00);

	at.theta += at.gamma * past->elapsed_s;
	return ffntp_law_sure_rank(&filter->law[0], ffntp_law_delay(past, &at, 0), reach_s) *
		       ffntp_law_sure_rank(&filter->law[1], ffntp_law_delay(past, &at, 1), reach_s) <
	       -BEYOND * BEYOND;
}

/* Remove the exchanges of the trial, because the server's time was wrong: return to the clock from before them. */
static void roll_back(struct ffntp_law_filter *filter)
{
	int newest = filter->filled - 1, count = filter->trial.exchanges;

	filter->skipped_s = 0;
	for (int i = 0; newest > 0 && (i < count || is_contradiction(filter, &filter->past[newest])); i++)
		filter->skipped_s += filter->past[newest--].elapsed_s;
	filter->filled = newest + 1;
	forget_ranks(filter);
	ffntp_law_clock_set(&filter->clock, &filter->past[newest].after);
	ffntp_law_clock_predict(&filter->clock, filter->skipped_s);
}

/*
 * Return whether a step of the server's time, which leads all other explanations by this score, is certain enough to
 * refuse exchanges.
 */
static bool is_sure_of_time(const struct ffntp_law_filter *filter, double lead)
{
	if (lead <= filter->params->time_score)
		return false;
	return lead >= filter->params->time_sure ||
	       (filter->filled >= 2 && is_contradiction(filter, &filter->past[filter->filled - 1]));
}

/* Return whether the trial has lasted long enough to be closed without a decision. */
static bool is_undecided(const struct ffntp_law_filter *filter)
{
	const struct ffntp_law_params *params = filter->params;
	double n = filter->trial.exchanges;

	return n >= (filter->lead == FFNTP_LAW_CAUSE_NONE ? params->trial_exchanges : 2 * params->path_exchanges);
}

/* Return whether the trial has lasted long enough to accept the cause that leads. */
static bool is_known(const struct ffntp_law_filter *filter, enum ffntp_law_cause cause)
{
	const struct ffntp_law_params *params = filter->params;
	double n = filter->trial.exchanges;

	return n >= params->path_exchanges ||
	       (n >= params->rate_exchanges && (is_rate(cause) || filter->trial.elapsed_s >= params->path_s));
}

/* Judge the open trial after an exchange; return whether the server's time is what has changed. */
static bool judge(struct ffntp_law_filter *filter)
{
	const struct ffntp_law_params *params = filter->params;
	enum ffntp_law_cause cause = FFNTP_LAW_CAUSE_NONE, former = filter->lead;
	double best = best_change(filter, FFNTP_LAW_CAUSE_NONE, &cause), n = filter->trial.exchanges;
	double rest = best_but(filter, cause, FFNTP_LAW_CAUSE_NONE);

	filter->lead = best > rest ? cause : FFNTP_LAW_CAUSE_NONE;
	if (cause == FFNTP_LAW_CAUSE_TIME && former != cause && !is_sure_of_time(filter, best - rest)) {
		enum ffntp_law_cause next = FFNTP_LAW_CAUSE_NONE;
		double score = best_change(filter, cause, &next);

		filter->lead = score > best_but(filter, next, cause) ? next : FFNTP_LAW_CAUSE_NONE;
	}
	if (filter->lead == FFNTP_LAW_CAUSE_TIME)
		return true;
	if (n >= params->close_exchanges && best < params->close_score && rest < params->congested_score) {
		end_trial(filter);
	} else if (cause != FFNTP_LAW_CAUSE_TIME && best > rest + params->lead_score && is_known(filter, cause)) {
		apply(filter, cause);
	} else if (is_undecided(filter)) {
		filter->patience = params->patience_exchanges;
		end_trial(filter);
	}
	return false;
}

/* --- each exchange --- */

/*
 * Make room in the ring. Its oldest exchanges enter the laws, except during a trial: then it is unknown what they show.
 */
static void keep_ring(struct ffntp_law_filter *filter)
{
	if (filter->filled < RING)
		return;
	if (!filter->trial.is_open) {
		ffntp_law_learn(filter);
		return;
	}
	for (int i = 0; i < LAG; i++)
		filter->past[i] = filter->past[i + STRIDE];
	filter->filled = LAG;
}

static void take_out(struct ffntp_law_filter *filter)
{
	filter->skipped_s = filter->past[--filter->filled].elapsed_s;
}

/*
 * While the server's time seems to have stepped, the clock coasts. Return whether the newest exchange fits that clock
 * better, which ends the trial; then the exchange has updated the clock.
 */
static bool is_right_again(struct ffntp_law_filter *filter, double gain)
{
	const struct ffntp_law_sight sight = ffntp_law_sight_of(&filter->past[filter->filled - 1]);
	struct ffntp_law_clock clock = filter->clock;

	if (ffntp_law_clock_update(&clock, filter->law, &sight) < gain + filter->params->over_score)
		return false;
	filter->clock = clock;
	end_trial(filter);
	return true;
}

static void update(struct ffntp_law_filter *filter)
{
	struct ffntp_law_sight sight = ffntp_law_sight_of(&filter->past[filter->filled - 1]);

	sight.weight[0] = ffntp_law_weight(filter, 0);
	sight.weight[1] = ffntp_law_weight(filter, 1);
	(void)ffntp_law_clock_update(&filter->clock, filter->law, &sight);
}

static void accept(struct ffntp_law_filter *filter)
{
	filter->skipped_s = 0;
	ffntp_law_refresh(filter);
	if (filter->lead == FFNTP_LAW_CAUSE_NONE)
		follow_drift(filter);
	filter->past[filter->filled - 1].after = filter->now;
	keep_ring(filter);
}

/*
 * Return whether to refuse the exchange: it is one of the first of the trial, no path explains it, and no explanation
 * leads yet.
 */
static bool is_doubtful(const struct ffntp_law_filter *filter)
{
	return filter->trial.is_open && filter->lead == FFNTP_LAW_CAUSE_NONE && filter->filled > 1 &&
	       filter->trial.exchanges <= filter->params->doubted_exchanges &&
	       is_contradiction(filter, &filter->past[filter->filled - 1]);
}

/* Open a new trial from the coasting clock, because no explanation of the former trial fits any more. */
static void open_again(struct ffntp_law_filter *filter)
{
	struct ffntp_law_sight sight = ffntp_law_sight_of(&filter->past[filter->filled - 1]);

	ffntp_law_trial_open(&filter->trial, &filter->now, filter->law, step_size(filter, 1), filter->skipped_s);
	ffntp_law_trial_add(&filter->trial, filter->law, &sight, 0, filter->wander2);
	forget_ranks(filter);
}

static bool is_lost(struct ffntp_law_filter *filter)
{
	struct ffntp_law_belief at = belief_of(&filter->trial.story[FFNTP_LAW_CAUSE_TIME]);
	double rank[2], fast = filter->params->fast_rank;

	watch_delays(filter, &at, rank);
	return ffntp_fabs(filter->watch[0].fast) > fast || ffntp_fabs(filter->watch[1].fast) > fast;
}

/* While the server's time is in doubt the clock coasts. */
static bool take_in_doubt(struct ffntp_law_filter *filter, double gain)
{
	if (is_right_again(filter, gain)) {
		accept(filter);
		return true;
	}
	if (is_lost(filter))
		open_again(filter);
	if (judge(filter) || is_doubtful(filter)) {
		take_out(filter);
		return false;
	}
	update(filter);
	accept(filter);
	return true;
}

bool ffntp_law_take(struct ffntp_law_filter *filter, double elapsed_s)
{
	const struct ffntp_law_past *newest = &filter->past[filter->filled - 1];
	double before = filter->trial.story[FFNTP_LAW_CAUSE_TIME].evidence, rank[2];
	struct ffntp_law_clock clock;

	if (!filter->is_learning) {
		ffntp_law_start(filter);
		if (filter->filled == RING)
			ffntp_law_learn(filter);
		return true;
	}
	if (filter->trial.is_open) {
		const struct ffntp_law_sight sight = ffntp_law_sight_of(newest);

		ffntp_law_trial_add(&filter->trial, filter->law, &sight, elapsed_s, filter->wander2);
	}
	if (filter->lead == FFNTP_LAW_CAUSE_TIME)
		return take_in_doubt(filter, filter->trial.story[FFNTP_LAW_CAUSE_TIME].evidence - before);
	watch_delays(filter, &filter->now, rank);
	if (!filter->trial.is_open)
		look_for_change(filter, rank);
	clock = filter->clock;
	update(filter);
	if (filter->trial.is_open && judge(filter)) {
		roll_back(filter);
		ffntp_law_refresh(filter);
		return false;
	}
	if (is_doubtful(filter)) {
		filter->clock = clock;
		take_out(filter);
		return false;
	}
	accept(filter);
	return true;
}

struct ffntp_law_belief ffntp_law_belief_now(const struct ffntp_law_filter *filter)
{
	if (filter->lead == FFNTP_LAW_CAUSE_NONE || filter->lead == FFNTP_LAW_CAUSE_TIME)
		return filter->now;
	return belief_of(&filter->trial.story[filter->lead]);
}

double ffntp_law_cause_score(const struct ffntp_law_filter *filter, enum ffntp_law_cause cause)
{
	return ffntp_law_trial_score(&filter->trial, cause, trust(filter), filter->params);
}
