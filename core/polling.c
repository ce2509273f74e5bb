/* polling: see polling.h. */
#include "polling.h"

#include "params.h"

static ffntp_counter ticks(double interval_s, double period_s)
{
	return (ffntp_counter)(interval_s / period_s);
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

void ffntp_polling_init(struct ffntp_polling *polling, double min_s, double max_s, unsigned burst, ffntp_counter now)
{
	*polling = (struct ffntp_polling){
		.min_s = min_s,
		.max_s = max_s,
		.interval_s = min_s,
		.burst_size = burst,
		.asked = now,
	};
	ffntp_polling_restart(polling, now);
}

void ffntp_polling_restart(struct ffntp_polling *polling, ffntp_counter now)
{
	/* A server that asked for patience gets no burst. */
	polling->burst_left = polling->interval_s > polling->min_s ? 1 : polling->burst_size;
	polling->next = now;
}

void ffntp_polling_sent(struct ffntp_polling *polling, ffntp_counter now, double period_s)
{
	double wait_s = polling->interval_s;

	if (polling->burst_left > 0)
		polling->burst_left--;
	if (polling->burst_left > 0)
		wait_s = smaller(FFNTP_BURST_INTERVAL_S, wait_s);
	polling->asked = now;
	polling->next = now + ticks(wait_s, period_s);
	polling->reach = (uint8_t)(polling->reach << 1);
}

static void set_interval(struct ffntp_polling *polling, double interval_s, double period_s)
{
	polling->interval_s = interval_s;
	polling->kiss_replies = 0;
	polling->burst_left = 0;
	polling->next = polling->asked + ticks(interval_s, period_s);
}

void ffntp_polling_replied(struct ffntp_polling *polling, enum ffntp_verdict verdict, double period_s)
{
	if (verdict == FFNTP_REFUSED_KISS_RATE) {
		set_interval(polling, smaller(2 * polling->interval_s, polling->max_s), period_s);
	} else if (verdict == FFNTP_REFUSED_KISS_DENY) {
		set_interval(polling, polling->max_s, period_s);
		polling->change_is_due = true;
	} else if (verdict == FFNTP_ACCEPTED && polling->interval_s > polling->min_s &&
		   ++polling->kiss_replies >= FFNTP_KISS_DECAY_REPLIES) {
		double half_s = polling->interval_s / 2;

		set_interval(polling, half_s > polling->min_s ? half_s : polling->min_s, period_s);
	}
	if (verdict == FFNTP_ACCEPTED || verdict == FFNTP_REFUSED_CONTRADICTION) {
		polling->reach |= 1;
		polling->unanswered = 0;
	}
}

ffntp_counter ffntp_polling_deadline(const struct ffntp_polling *polling, double period_s)
{
	ffntp_counter wait = ticks(FFNTP_REPLY_TIMEOUT_S, period_s);

	return polling->next - polling->asked < wait ? polling->next : polling->asked + wait;
}

void ffntp_polling_expired(struct ffntp_polling *polling)
{
	polling->unanswered++;
	if (polling->unanswered % FFNTP_UNANSWERED_CHANGE == 0)
		polling->change_is_due = true;
}
