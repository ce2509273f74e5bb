/* Loaded into a process with LD_PRELOAD: while the file named by STUCK exists, a write to a journal does not return. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int is_journal(int descriptor)
{
	char link[64], path[4096];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
	length = readlink(link, path, sizeof(path));
	return length >= 8 && memcmp(path + length - 8, "/journal", 8) == 0;
}

__attribute__((visibility("default"))) ssize_t write(int descriptor, const void *bytes, size_t count)
{
	const char *file = getenv("STUCK");

	while (file != NULL && access(file, F_OK) == 0 && is_journal(descriptor))
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	return syscall(SYS_write, descriptor, bytes, count);
}
