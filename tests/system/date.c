/* Loaded into a process with LD_PRELOAD: CLOCK_REALTIME is ahead by DATE_AHEAD seconds, as if it had been set wrong. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now)
{
	const char *ahead = getenv("DATE_AHEAD");
	long result = syscall(SYS_clock_gettime, clock, now);

	if (result == 0 && clock == CLOCK_REALTIME && ahead != NULL)
		now->tv_sec += atol(ahead);
	return (int)result;
}
