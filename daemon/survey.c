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

/* Record how the step of one peer ended: with an accepted reply, or with a failure. Other replies do not count. */
static void take_event(void *context, const struct ffntp_event *event)
{
	struct ffntp_survey *survey = context;

	switch (event->kind) {
	case FFNTP_EVENT_REPLY:
		survey->is_accepted = survey->is_accepted || event->verdict == FFNTP_ACCEPTED;
		break;
	case FFNTP_EVENT_NOT_SENT:
	case FFNTP_EVENT_NO_NONCE:
	case FFNTP_EVENT_ERROR:
	case FFNTP_EVENT_UNANSWERED:
	case FFNTP_EVENT_CHANGE_SERVER:
		survey->has_failed = true;
		break;
	case FFNTP_EVENT_NONE:
	case FFNTP_EVENT_SENT:
	case FFNTP_EVENT_DISRUPTED:
	case FFNTP_EVENT_SERVER:
	case FFNTP_EVENT_MAP:
	case FFNTP_EVENT_SELECTION:
	case FFNTP_EVENTS:
		break;
	}
}

static void open_peer(struct ffntp_survey *survey, const struct ffntp_client_config *config,
		      const struct ffntp_counter_source *source, const struct ffntp_survey_server *server)
{
	struct ffntp_peer *peer = &survey->peer[survey->running];

	if (!ffntp_peer_open(peer, config, source, server->address, server->key))
		return;
	peer->listener = take_event;
	peer->context = survey;
	survey->running++;
}

void ffntp_survey_begin(struct ffntp_survey *survey, const struct ffntp_client_config *config,
			const struct ffntp_counter_source *source, const struct ffntp_survey_server *servers,
			size_t count, int64_t now_s)
{
	struct ffntp_client_config once = *config;

	ffntp_survey_close(survey);
	*survey = (struct ffntp_survey){ .begun_s = now_s, .asked = count };
	once.burst = 1;
	once.poll_min_s = once.poll_max_s = 1024;
	once.poll_is_adaptive = false;
	for (size_t i = 0; i < count && i < FFNTP_CONFIG_SERVERS; i++)
		open_peer(survey, &once, source, &servers[i]);
}

/*
 * Returns false when no further reply is awaited. revents is 0, because the caller's poll() does not include the
 * descriptor.
 */
static bool step_peer(struct ffntp_survey *survey, struct ffntp_peer *peer)
{
	ffntp_counter now = ffntp_counter_read(peer->source);

	survey->is_accepted = survey->has_failed = false;
	(void)ffntp_peer_receive(peer, 0, now);
	while (!survey->is_accepted && !survey->has_failed && ffntp_peer_timer(peer, now))
		;
	if (survey->is_accepted)
		survey->indicators[survey->answers++] = ffntp_session_source(peer->session)->leap;
	return !survey->is_accepted && !survey->has_failed;
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
