/* session: logins that end after a while. It is handed its clock, and does not know which. */
#ifndef SESSION_H
#define SESSION_H

#include <ffntp/device.h>
#include <stdbool.h>

struct session {
	struct ffntp_device *clock;
	int64_t ends_ns; /* UTC, since 1970 */
};

/* Begins a session of so many seconds. False if the clock tells no time: nobody gets a session that never ends. */
bool session_begin(struct session *session, struct ffntp_device *clock, int64_t lifetime_s);

/* Whether it may have ended: in doubt, and where the clock tells no time any more, it has. */
bool session_is_over(const struct session *session);

#endif
