#include "refclocklog.h"

#include "servertext.h"

static const struct ffntp_log_levels problem_levels = { FFNTP_LOG_WARNING, FFNTP_LOG_INFO };

/* The same failure again is no news. */
static void log_failure(struct ffntp_refclock_log *log, const char *name, int32_t error, int64_t now_s)
{
	if (log->error == error)
		return;
	log->error = error;
	log->is_read = false;
	ffntp_log_limited(&log->limit, now_s, problem_levels, "%s: %s: %s; it is tried again, once a minute at least",
			  name, ffntp_refclock_problem(error), ffntp_refclock_advice(error));
}

static void log_reading(struct ffntp_refclock_log *log, const struct ffntp_refclock *refclock, const char *name)
{
	if (log->is_read)
		return;
	*log = (struct ffntp_refclock_log){ .is_read = true, .limit = log->limit };
	ffntp_log(FFNTP_LOG_NOTICE, "%s is read with %s; its error is taken to be up to %g s%s", name,
		  ffntp_refclock_way(refclock), refclock->max_error_s,
		  refclock->has_stated_error ? "" : ", because nothing states it: state it with maxerror");
}

bool ffntp_refclock_log_event(struct ffntp_refclock_log *log, const struct ffntp_sync *sync, unsigned member,
			      const struct ffntp_event *event, int64_t now_s)
{
	const struct ffntp_peer *peer = ffntp_sync_peer(sync, member);
	const struct ffntp_refclock *refclock = peer != NULL ? peer->refclock : NULL;
	struct ffntp_server_text name;

	if (refclock == NULL)
		return false;
	name = ffntp_server_text(sync, member);
	if (event->kind == FFNTP_EVENT_ERROR)
		log_failure(log, name.is, event->error, now_s);
	if (event->kind == FFNTP_EVENT_REPLY)
		log_reading(log, refclock, name.is);
	return event->kind == FFNTP_EVENT_ERROR || event->kind == FFNTP_EVENT_UNANSWERED;
}
