#include "commitwait.h"

/* Return the latest time that it can be now, rounded up. Every correct clock shows at most this time. */
static int64_t latest_ns(const struct ffntp_reading *now)
{
	return ffntp_time_to_ns(now->latest) + 1;
}

enum ffntp_clock_result commit_wait(struct ffntp_device *clock, uint64_t max_bound_ns, void (*wait_ns)(int64_t ns),
				    int64_t *timestamp_ns)
{
	struct ffntp_reading now;
	enum ffntp_clock_result result = ffntp_device_now(clock, FFNTP_TAI, max_bound_ns, &now);
	int64_t stamp_ns, left_ns;

	if (result != FFNTP_CLOCK_OK)
		return result;
	stamp_ns = latest_ns(&now);
	for (;;) {
		result = ffntp_device_now(clock, FFNTP_TAI, UINT64_MAX, &now);
		if (result != FFNTP_CLOCK_OK)
			return result; /* disrupted during the wait, so the transaction must not commit */
		left_ns = stamp_ns - ffntp_time_to_ns(now.earliest);
		if (left_ns < 0)
			break;
		wait_ns(left_ns + 1);
	}
	*timestamp_ns = stamp_ns;
	return FFNTP_CLOCK_OK;
}
