/* session_test: tests a session with a fake clock that the test sets. No time passes. */
#include <ffntp/fake.h>
#include <stdio.h>
#include <stdlib.h>

#include "session.h"

#define SECOND FFNTP_NS_PER_S

static void check(bool condition, const char *what)
{
	if (condition)
		return;
	printf("not ok - %s\n", what);
	exit(1);
}

int main(void)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = ffntp_fake_device(&fake);
	struct session session;

	ffntp_fake_init(&fake, 1767225600 * SECOND); /* 1 January 2026 */
	check(!session_begin(&session, clock, 60), "a clock that is not connected begins nothing");
	check(ffntp_device_connect(clock) == NULL, "the fake can be connected");

	check(session_begin(&session, clock, 60), "it begins");
	(void)ffntp_fake_advance(&fake, 59 * SECOND);
	check(!session_is_over(&session), "it lasts for 59 s");
	(void)ffntp_fake_advance(&fake, SECOND);
	check(session_is_over(&session), "it is over after 60 s");

	check(session_begin(&session, clock, 60), "a second session begins");
	ffntp_fake_bound(&fake, 70 * SECOND, 0);
	check(session_is_over(&session), "it may be over: the clock is known to 70 s alone");
	ffntp_fake_bound(&fake, 1000, 0);
	ffntp_fake_status(&fake, FFNTP_STATUS_DISRUPTED);
	check(session_is_over(&session), "it is over, because the clock was disrupted");

	ffntp_fake_status(&fake, FFNTP_STATUS_SYNCHRONISED);
	(void)ffntp_fake_leap(&fake, 1);
	(void)ffntp_fake_advance(&fake, 86400 * SECOND - 60 * SECOND);
	check(session_begin(&session, clock, 10), "inside 23:59:60 too");
	ffntp_device_disconnect(clock);
	printf("ok - sessions\n");
	return 0;
}
