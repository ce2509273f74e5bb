#include "survey.h"

#define INTERVAL_S 3600
#define LAST_S 60

bool ffntp_survey_is_due(const struct ffntp_survey *survey, int64_t utc_s, int64_t now_s)
{
	struct ffntp_calendar soon, tomorrow;
	const struct ffntp_utc in_a_minute = { .time.s = utc_s + LAST_S }, in_a_day = { .time.s = utc_s + 86400 };

	if (survey->running > 0 || (survey->begun_s != 0 && now_s - survey->begun_s < INTERVAL_S))
		return false;
	return ffntp_calendar_from_utc(in_a_minute, &soon) == FFNTP_TIMESCALE_OK &&
	       ffntp_calendar_from_utc(in_a_day, &tomorrow) == FFNTP_TIMESCALE_OK && tomorrow.day == 1 && soon.day != 1;
}

void ffntp_survey_close(struct ffntp_survey *survey)
{
	while (survey->running > 0)
		ffntp_peer_close(&survey->peer[--survey->running]);
}

void ffntp_survey_begin(struct ffntp_survey *survey, const struct ffntp_client_config *config,
			const struct ffntp_counter_source *source, const struct ffntp_address *const *addresses,
			size_t count, int64_t now_s)
{
	struct ffntp_client_config once = *config;

	ffntp_survey_close(survey);
	*survey = (struct ffntp_survey){ .begun_s = now_s, .asked = count };
	once.burst = 1;
	once.poll_min_s = once.poll_max_s = 1024;
	once.poll_is_adaptive = false;
	for (size_t i = 0; i < count && i < FFNTP_CONFIG_SERVERS; i++) {
		if (ffntp_peer_open(&survey->peer[survey->running], &once, source, addresses[i]))
			survey->running++;
	}
}

/* Take one reply, whatever its verdict. Returns false when no further reply is awaited. */
static bool take_news(struct ffntp_survey *survey, const struct ffntp_peer *peer, struct ffntp_peer_news news)
{
	struct ffntp_source source;

	switch (news.event) {
	case FFNTP_PEER_NOTHING:
	case FFNTP_PEER_SENT:
		return true;
	case FFNTP_PEER_REPLY:
		if (news.verdict != FFNTP_ACCEPTED)
			return true;
		ffntp_client_source(peer->client, &source);
		survey->indicators[survey->answers++] = source.leap;
		return false;
	case FFNTP_PEER_NOT_SENT:
	case FFNTP_PEER_ERROR:
	case FFNTP_PEER_UNANSWERED:
	case FFNTP_PEER_CHANGE_SERVER:
		break;
	}
	return false;
}

/* revents is 0, because the caller's poll() does not include the descriptor. */
static bool step_peer(struct ffntp_survey *survey, struct ffntp_peer *peer)
{
	ffntp_counter now = ffntp_counter_read(peer->source);

	if (ffntp_peer_descriptor(peer) >= 0 && !take_news(survey, peer, ffntp_peer_receive(peer, 0, now)))
		return false;
	return take_news(survey, peer, ffntp_peer_timer(peer, now));
}

bool ffntp_survey_step(struct ffntp_survey *survey)
{
	for (size_t i = 0; i < survey->running;) {
		if (step_peer(survey, &survey->peer[i])) {
			i++;
			continue;
		}
		ffntp_peer_close(&survey->peer[i]);
		survey->peer[i] = survey->peer[--survey->running];
	}
	return survey->running == 0;
}

bool ffntp_survey_result(const struct ffntp_survey *survey, struct ffntp_leap_vote *vote)
{
	if (2 * survey->answers <= survey->asked)
		return false;
	*vote = ffntp_leap_count(survey->indicators, survey->answers);
	return true;
}
