/*
 * Loaded into ffntpd with LD_PRELOAD: at the daemon's first wait it tries what no NTP client needs, and writes a line
 * "NAME ERRNO" for each attempt, 0 for one that succeeded, to the file named by FORBIDDEN. The folder named by OUTSIDE
 * is none of the daemon's; it has a file "file".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static FILE *report;

static void note(const char *name, long result)
{
	fprintf(report, "%s %d\n", name, result < 0 ? errno : 0);
}

static const char *outside(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", getenv("OUTSIDE"), name);
	return path;
}

/* A child process ends at once. */
static long fork_raw(unsigned long flags)
{
	long child = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

	if (child == 0)
		_exit(0);
	return child;
}

static void try_processes(void)
{
	char *const none[] = { NULL };

	note("execve", syscall(SYS_execve, "/bin/true-that-does-not-exist", none, none));
	note("clone", fork_raw(0));
	note("clone", fork_raw(CLONE_NEWUSER));
	note("clone",
	     syscall(SYS_clone, CLONE_THREAD | CLONE_NEWUSER | CLONE_SIGHAND | CLONE_VM, NULL, NULL, NULL, NULL));
	note("unshare", syscall(SYS_unshare, CLONE_NEWNET));
	note("ptrace", syscall(SYS_ptrace, PTRACE_ATTACH, 0, 0, 0));
	note("kill", syscall(SYS_kill, getppid(), 0));
	note("setuid", syscall(SYS_setuid, getuid()));
	note("prlimit64", syscall(SYS_prlimit64, 0, RLIMIT_CORE, &(struct rlimit){ 0, 0 }, NULL));
	note("prctl", syscall(SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0));
	note("process_vm_readv", syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0));
	note("memfd_create", syscall(SYS_memfd_create, "x", 0));
	note("io_uring_setup", syscall(SYS_io_uring_setup, 0, NULL));
	note("bpf", syscall(SYS_bpf, 0, NULL, 0));
	note("keyctl", syscall(SYS_keyctl, 0, -3, 0));
	note("mount", syscall(SYS_mount, "/nowhere", "/nowhere", "none", 0, NULL));
}

static void try_clocks(void)
{
	struct timespec now;
	struct timex asked = { .modes = 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_nsec = -1; /* invalid, so that no clock is set if the call is made */
	note("clock_settime", syscall(SYS_clock_settime, CLOCK_REALTIME, &now));
	note("adjtimex", syscall(SYS_adjtimex, &asked));
	note("clock_adjtime", syscall(SYS_clock_adjtime, CLOCK_REALTIME, &asked));
}

static void try_arguments(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	note("mmap", (long)mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	note("mprotect", mprotect(page, 4096, PROT_READ | PROT_EXEC));
	note("socket", socket(AF_PACKET, SOCK_DGRAM, 0));
	note("socket", socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC));
	note("ioctl", ioctl(0, TIOCSTI, "x"));
}

/* Landlock's: the call is made, and fails with EACCES. */
static void try_files(void)
{
	char other[4096];

	note("write", open(outside("file"), O_WRONLY));
	note("create", open(outside("new"), O_WRONLY | O_CREAT, 0600));
	note("truncate", open(outside("file"), O_RDONLY | O_TRUNC));
	note("unlink", unlink(outside("file")));
	note("mkdir", mkdir(outside("folder"), 0700));
	strcpy(other, outside("file"));
	note("rename", rename(other, outside("renamed")));
}

/* The process may write to the folder of this file. */
static void try_all(void)
{
	report = fopen(getenv("FORBIDDEN"), "w");
	if (report == NULL)
		return;
	try_processes();
	try_clocks();
	try_arguments();
	try_files();
	fputs("end 0\n", report);
	fclose(report);
}

__attribute__((visibility("default"))) int poll(struct pollfd *descriptors, nfds_t count, int timeout_ms)
{
	struct timespec wait = { timeout_ms / 1000, timeout_ms % 1000 * 1000000 };
	static int is_done;

	if (!is_done && timeout_ms > 0) {
		is_done = 1;
		try_all();
	}
	return ppoll(descriptors, count, timeout_ms < 0 ? NULL : &wait, NULL);
}
