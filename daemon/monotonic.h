/* monotonic: the time by which the daemon limits its log and repeats its tasks. */
#ifndef FFNTP_DAEMON_MONOTONIC_H
#define FFNTP_DAEMON_MONOTONIC_H

#include <stdint.h>
#include <time.h>

/* Return CLOCK_MONOTONIC (s). Any thread. */
static inline int64_t ffntp_monotonic_s(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

#endif
