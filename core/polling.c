/* polling: see polling.h. */
#include "polling.h"

#include "assert.h"
#include "maths.h"
#include "params.h"
#include "stamp.h"

static void begin_burst(struct ffntp_polling *polling)
{
	/* A server that sent a kiss-o'-death RATE gets no burst. */
	polling->burst_left = polling->floor_s > polling->config.min_s ? 1 : polling->config.burst;
	polling->interval_s = polling->floor_s;
	polling->taper_s = polling->burst_left > 1 ? FFNTP_BURST_INTERVAL_S : polling->floor_s;
}

void ffntp_polling_init(struct ffntp_polling *polling, const struct ffntp_polling_config *config, ffntp_counter now)
{
	*polling = (struct ffntp_polling){
		.config = *config,
		.floor_s = config->min_s,
		.interval_s = config->min_s,
		.share = 0.5,
		.counted = 1,
		.silence_chance = 1,
		.next = now,
		.asked = now,
	};
	begin_burst(polling);
}

/*
 * Ask now, but no sooner after the last request than a burst's interval. After a jump of the counter 'asked' has no
 * meaning, but then it is hardly ever near 'now'.
 */
static void ask_soon(struct ffntp_polling *polling, ffntp_counter now, double period_s)
{
	ffntp_counter pause = ffntp_ticks_of(ffntp_fmin(FFNTP_BURST_INTERVAL_S, polling->floor_s), period_s);
	bool is_just_asked = now - polling->asked < pause || polling->asked - now < pause;

	polling->next = is_just_asked ? polling->asked + pause : now;
}

void ffntp_polling_restart(struct ffntp_polling *polling, ffntp_counter now, double period_s)
{
	begin_burst(polling);
	ask_soon(polling, now, period_s);
}

void ffntp_polling_burst(struct ffntp_polling *polling, ffntp_counter now, double period_s)
{
	if (polling->floor_s > polling->config.min_s)
		return;
	if (polling->burst_left < FFNTP_BURST_WANTED)
		polling->burst_left = FFNTP_BURST_WANTED;
	ask_soon(polling, now, period_s);
}

static bool is_starting(const struct ffntp_polling *polling)
{
	return polling->burst_left > 0 || polling->taper_s < polling->interval_s;
}

/* Return the wait after a request, in seconds. */
static double wait_s(struct ffntp_polling *polling)
{
	if (polling->burst_left > 0)
		return ffntp_fmin(FFNTP_BURST_INTERVAL_S, polling->interval_s);
	polling->taper_s = ffntp_fmin(FFNTP_TAPER * polling->taper_s, polling->interval_s);
	return polling->taper_s;
}

void ffntp_polling_sent(struct ffntp_polling *polling, ffntp_counter now, double period_s)
{
	if (polling->burst_left > 0)
		polling->burst_left--;
	polling->is_follow_up = polling->next_is_follow_up;
	polling->next_is_follow_up = false;
	polling->asked = now;
	polling->next = now + ffntp_ticks_of(wait_s(polling), period_s);
	FFNTP_ASSERT(polling->taper_s <= polling->interval_s || polling->burst_left > 0);
	polling->reach = (uint8_t)(polling->reach << 1);
}

static void set_interval(struct ffntp_polling *polling, double interval_s, double period_s)
{
	FFNTP_ASSERT(interval_s >= polling->floor_s);
	FFNTP_ASSERT(period_s > 0);
	polling->interval_s = polling->taper_s = interval_s;
	polling->burst_left = 0;
	polling->next = polling->asked + ffntp_ticks_of(interval_s, period_s);
}

static void end_silence(struct ffntp_polling *polling)
{
	polling->silent = 0;
	polling->silence_chance = 1;
}

/* Return whether so long a silence is not chance on a path that loses packets as this one did before. */
static bool is_silence(const struct ffntp_polling *polling)
{
	return polling->has_answered && polling->silent >= FFNTP_SILENCE_REQUESTS &&
	       polling->silence_chance <= FFNTP_SILENCE_CHANCE;
}

static void learn_share(struct ffntp_polling *polling, bool has_reply)
{
	if (polling->counted < FFNTP_SILENCE_WINDOW)
		polling->counted++;
	polling->share += (has_reply - polling->share) / polling->counted;
}

/* Learn the share of requests that have a reply. A silence that is not chance does not count. */
static void end_silence_by_reply(struct ffntp_polling *polling)
{
	if (is_silence(polling))
		end_silence(polling);
	for (; polling->silent > 0; polling->silent--)
		learn_share(polling, false);
	learn_share(polling, true);
	end_silence(polling);
	polling->has_answered = true;
}

static void set_floor(struct ffntp_polling *polling, double floor_s, double period_s)
{
	polling->floor_s = floor_s;
	polling->served = 0;
	end_silence(polling);
	if (polling->interval_s < floor_s || !polling->config.is_adaptive)
		set_interval(polling, floor_s, period_s);
}

static unsigned clamp_patience(unsigned replies, unsigned least)
{
	if (replies < least)
		return least;
	return replies < FFNTP_PATIENCE_MOST ? replies : FFNTP_PATIENCE_MOST;
}

/* Poll more seldom. replies: the least number of replies before a shorter interval is tried. */
static void slow_down(struct ffntp_polling *polling, double floor_s, unsigned replies, double period_s)
{
	polling->patience = clamp_patience(polling->is_trying ? 2 * polling->patience : polling->patience, replies);
	polling->is_trying = false;
	set_floor(polling, floor_s, period_s);
}

/* Poll more often once the server has served the present interval for long enough. */
static void speed_up(struct ffntp_polling *polling, double period_s)
{
	polling->served++;
	if (polling->floor_s > polling->config.min_s && polling->served >= polling->patience) {
		polling->is_trying = true;
		set_floor(polling, ffntp_fmax(polling->floor_s / 2, polling->config.min_s), period_s);
	} else if (polling->floor_s <= polling->config.min_s && polling->served >= FFNTP_SERVED_REPLIES) {
		polling->is_trying = false;
		polling->patience = 0;
		polling->served = FFNTP_SERVED_REPLIES;
	}
}

static void count_unanswered(struct ffntp_polling *polling)
{
	polling->unanswered++;
	if (polling->unanswered % FFNTP_UNANSWERED_CHANGE == 0)
		polling->change_is_due = true;
}

/* A server that answers only with kisses, or without a usable time, drops no requests. */
void ffntp_polling_replied(struct ffntp_polling *polling, enum ffntp_verdict verdict, double period_s)
{
	end_silence_by_reply(polling);
	if (verdict == FFNTP_REFUSED_KISS_RATE) {
		slow_down(polling, ffntp_fmin(2 * polling->interval_s, polling->config.max_s), FFNTP_KISS_DECAY_REPLIES,
			  period_s);
	} else if (verdict == FFNTP_REFUSED_KISS_DENY) {
		slow_down(polling, polling->config.max_s, FFNTP_KISS_DECAY_REPLIES, period_s);
		polling->change_is_due = true;
	} else if (verdict == FFNTP_ACCEPTED) {
		speed_up(polling, period_s);
	}
	if (verdict == FFNTP_ACCEPTED || verdict == FFNTP_REFUSED_CONTRADICTION) {
		polling->reach |= 1;
		polling->unanswered = 0;
	} else {
		count_unanswered(polling); /* an answer without a usable time counts as none */
	}
}

void ffntp_polling_limit(struct ffntp_polling *polling, double interval_s, ffntp_counter not_before, double period_s)
{
	double floor_s = ffntp_fmin(interval_s, polling->config.max_s);
	ffntp_counter next = polling->next;

	if (floor_s <= polling->floor_s)
		return;
	slow_down(polling, floor_s, FFNTP_KISS_DECAY_REPLIES, period_s);
	polling->next = ffntp_counter_is_before(next, not_before) ? not_before : next;
}

double ffntp_polling_limit_s(const struct ffntp_polling *polling)
{
	return polling->floor_s > polling->config.min_s ? polling->floor_s : 0;
}

bool ffntp_polling_can_interleave(const struct ffntp_polling *polling)
{
	return polling->floor_s <= polling->config.min_s || polling->interval_s <= FFNTP_INTERLEAVED_WAIT_S;
}

void ffntp_polling_follow_up(struct ffntp_polling *polling, double period_s)
{
	if (polling->is_follow_up || polling->floor_s > polling->config.min_s ||
	    polling->next - polling->asked <= ffntp_ticks_of(FFNTP_INTERLEAVED_WAIT_S, period_s))
		return;
	polling->next_is_follow_up = true;
	polling->next = polling->asked + ffntp_ticks_of(FFNTP_BURST_INTERVAL_S, period_s);
}

static double variance_after(const struct ffntp_outlook *outlook, double s)
{
	return outlook->variance_s2 +
	       s * (2 * outlook->covariance_s + s * (outlook->rate_variance + s * outlook->wander_per_s / 3));
}

/*
 * Return the longest interval that keeps the variance, to a thousandth of the range. The variance grows with time, or
 * is within the limit anyway.
 */
static double longest_within(const struct ffntp_outlook *outlook, double variance_s2, double low_s, double high_s)
{
	if (variance_after(outlook, high_s) <= variance_s2)
		return high_s;
	for (int i = 0; i < 10; i++) {
		double middle_s = (low_s + high_s) / 2;

		if (variance_after(outlook, middle_s) <= variance_s2)
			low_s = middle_s;
		else
			high_s = middle_s;
	}
	return low_s;
}

/* Return the standard deviation that adaptive polling maintains in proportion to that of one poll (s). */
static double proportional_s(const struct ffntp_polling *polling, const struct ffntp_outlook *outlook)
{
	double accuracy_s = FFNTP_ADAPTIVE_RATIO * outlook->exchange_esterror_s;
	bool is_pair = polling->is_follow_up || polling->next_is_follow_up;

	return is_pair ? accuracy_s * FFNTP_INTERLEAVED_PAIR : accuracy_s;
}

void ffntp_polling_adapt(struct ffntp_polling *polling, const struct ffntp_outlook *outlook, double period_s)
{
	double accuracy_s = polling->config.accuracy_s;
	double longest_s = ffntp_fmax(ffntp_fmin(FFNTP_ADAPTIVE_GROWTH * polling->interval_s, polling->config.max_s),
				      polling->floor_s);

	if (!polling->config.is_adaptive || is_starting(polling))
		return;
	if (accuracy_s == 0)
		accuracy_s = proportional_s(polling, outlook);
	set_interval(polling, longest_within(outlook, accuracy_s * accuracy_s, polling->floor_s, longest_s), period_s);
}

void ffntp_polling_hurry(struct ffntp_polling *polling, double period_s)
{
	if (polling->config.is_adaptive)
		set_interval(polling, polling->floor_s, period_s);
}

ffntp_counter ffntp_polling_deadline(const struct ffntp_polling *polling, double period_s)
{
	ffntp_counter wait = ffntp_ticks_of(FFNTP_REPLY_TIMEOUT_S, period_s);

	return polling->next - polling->asked < wait ? polling->next : polling->asked + wait;
}

/* Neither a server that has never answered nor a rate that every server serves is a reason to ask more seldom. */
void ffntp_polling_expired(struct ffntp_polling *polling, double period_s)
{
	double floor_s = ffntp_fmin(ffntp_fmin(2 * polling->interval_s, FFNTP_SILENCE_FLOOR_S), polling->config.max_s);

	count_unanswered(polling);
	polling->silent++;
	polling->silence_chance *= 1 - polling->share;
	if (is_silence(polling) && floor_s > polling->interval_s)
		slow_down(polling, floor_s, FFNTP_SILENCE_DECAY_REPLIES, period_s);
}

uint8_t ffntp_polling_log2_s(const struct ffntp_polling *polling)
{
	uint8_t log2 = 0;

	while ((double)(UINT64_C(1) << log2) < polling->interval_s)
		log2++;
	return log2;
}
