/*
 * Loaded into a process with LD_PRELOAD: the file named by BEND, as int64_t numbers, is added to the process's clocks
 * (ns) and to the time stamp counter (ticks). Other processes may change the file at any time. Files of the folder
 * named by BEND_FILES stand for /dev/vmclock0 ("vmclock") and for the RTC ("rtc"). With BEND_SOCKETS, the kernel
 * timestamps no datagrams, because its timestamps would not be bent.
 */
#undef _FILE_OFFSET_BITS /* with it, open is a different name of open64 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define SIZE 4096

enum { REALTIME, BOOTTIME, MONOTONIC, RAW, TSC };

static volatile int64_t *bend;

/* --- the time stamp counter --- */

#if defined(__x86_64__)
/* Return the length of the instruction if it reads the counter; 0 if it does not. */
static int length_of(const uint8_t *instruction)
{
	if (instruction[0] == 0x0f && instruction[1] == 0x31)
		return 2;                                                                          /* rdtsc */
	return instruction[0] == 0x0f && instruction[1] == 0x01 && instruction[2] == 0xf9 ? 3 : 0; /* rdtscp */
}

static void read_for(int number, siginfo_t *information, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	int length = length_of((const uint8_t *)registers[REG_RIP]);
	uint64_t ticks;

	(void)information;
	if (length == 0) {
		signal(number, SIG_DFL);
		return;
	}
	prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
	ticks = __builtin_ia32_rdtsc() + (uint64_t)bend[TSC];
	prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
	registers[REG_RAX] = (greg_t)(ticks & 0xffffffff);
	registers[REG_RDX] = (greg_t)(ticks >> 32);
	if (length == 3)
		registers[REG_RCX] = 0;
	registers[REG_RIP] += length;
}

static void bend_counter(void)
{
	struct sigaction action = { .sa_sigaction = read_for, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
}
#else
static void bend_counter(void)
{
}
#endif

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("BEND");
	int file = path != NULL ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
	void *memory = file >= 0 ? mmap(NULL, SIZE, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;

	if (file >= 0)
		close(file);
	if (memory == MAP_FAILED)
		return;
	bend = memory;
	bend_counter();
}

/* --- clocks: by system call, because the kernel's page for user space reads the counter itself --- */

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now)
{
	long result = syscall(SYS_clock_gettime, clock, now);
	int64_t ns;

	if (result != 0 || bend == NULL)
		return (int)result;
	ns = (int64_t)now->tv_sec * 1000000000 + now->tv_nsec;
	ns += clock == CLOCK_REALTIME        ? bend[REALTIME]
	      : clock == CLOCK_BOOTTIME      ? bend[BOOTTIME]
	      : clock == CLOCK_MONOTONIC     ? bend[MONOTONIC]
	      : clock == CLOCK_MONOTONIC_RAW ? bend[RAW]
					     : 0;
	now->tv_sec = (time_t)(ns / 1000000000);
	now->tv_nsec = (long)(ns % 1000000000);
	return 0;
}

/* --- timestamps of datagrams --- */

__attribute__((visibility("default"))) int setsockopt(int file, int level, int name, const void *value, socklen_t size)
{
	if (level == SOL_SOCKET && (name == SO_TIMESTAMP || name == SO_TIMESTAMPNS || name == SO_TIMESTAMPING) &&
	    getenv("BEND_SOCKETS") != NULL) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return (int)syscall(SYS_setsockopt, file, level, name, value, size);
}

/* --- files --- */

static int open_instead(const char *name, int flags)
{
	const char *folder = getenv("BEND_FILES");
	char path[512];

	if (folder == NULL || snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
		errno = ENOENT;
		return -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags);
}

static int open_file(const char *path, int flags, va_list more)
{
	if (strcmp(path, "/dev/vmclock0") == 0)
		return open_instead("vmclock", flags);
	if (strcmp(path, "/sys/class/rtc/rtc0/since_epoch") == 0)
		return open_instead("rtc", flags);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, (flags & O_CREAT) != 0 ? va_arg(more, int) : 0);
}

#define OPEN(name)                                                                        \
	int name(const char *path, int flags, ...);                                       \
	__attribute__((visibility("default"))) int name(const char *path, int flags, ...) \
	{                                                                                 \
		va_list more;                                                             \
		int file;                                                                 \
                                                                                          \
		va_start(more, flags);                                                    \
		file = open_file(path, flags, more);                                      \
		va_end(more);                                                             \
		return file;                                                              \
	}

OPEN(open)
OPEN(open64)
