#include "session.h"

bool session_begin(struct session *session, struct ffntp_device *clock, int64_t lifetime_s)
{
	struct ffntp_reading now;

	if (ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &now) != FFNTP_CLOCK_OK)
		return false;
	session->clock = clock;
	session->ends_ns = ffntp_time_to_ns(now.estimate) + lifetime_s * FFNTP_NS_PER_S;
	return true;
}

bool session_is_over(const struct session *session)
{
	struct ffntp_reading now;

	if (ffntp_device_now(session->clock, FFNTP_UTC, UINT64_MAX, &now) != FFNTP_CLOCK_OK)
		return true;
	return ffntp_time_to_ns(now.latest) >= session->ends_ns;
}
