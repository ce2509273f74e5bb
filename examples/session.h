/* session: logins that expire. The caller supplies the clock, so that a test can pass a fake one. */
#ifndef SESSION_H
#define SESSION_H

#include <ffntp/device.h>
#include <stdbool.h>

struct session {
	struct ffntp_device *clock;
	int64_t ends_ns; /* UTC, since 1970 */
};

/*
 * Begin a session that lasts lifetime_s seconds. Return false if the clock has no time, because the session would never
 * end.
 */
bool session_begin(struct session *session, struct ffntp_device *clock, int64_t lifetime_s);

/* Return whether the session may have ended. It has if the clock is in doubt or has no time any more. */
bool session_is_over(const struct session *session);

#endif
