/*
 * Loaded into a process with LD_PRELOAD: once the file named by SUSPEND exists, CLOCK_BOOTTIME is an hour ahead, as
 * after a suspend of an hour.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now)
{
	const char *file = getenv("SUSPEND");
	long result = syscall(SYS_clock_gettime, clock, now);

	if (result == 0 && clock == CLOCK_BOOTTIME && file != NULL && access(file, F_OK) == 0)
		now->tv_sec += 3600;
	return (int)result;
}
