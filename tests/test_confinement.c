/*
 * callfilter, seccomp, landlock: each case in a process of its own, which cannot leave them. Where the system has no
 * filters, or no Landlock, as in some containers, the cases pass without trying anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/ptp_clock.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../daemon/landlock.h"
#include "../daemon/seccomp.h"
#include "../ports/linux/callfilter.h"

enum { WELL, MISSING, FAILED };

/* Run a case in a process of its own. */
static void in_a_process(int (*test)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? FAILED : test());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == MISSING)
		print_message("# the system has none\n");
	else
		assert_int_equal(WEXITSTATUS(status), WELL);
}

/* --- system calls --- */

static int enter_filter(void)
{
	int error = ffntp_seccomp_apply(ffntp_callfilter_module.write, false);

	return error == 0 ? WELL : error == ENOSYS || error == EINVAL || error == EPERM ? MISSING : FAILED;
}

static bool is_refused(long result)
{
	return result == -1 && errno == EPERM;
}

/* The list of allowed calls ends where the needs of a client end. */
static int try_other_calls(void)
{
	static const long others[] = {
		SYS_execve,         SYS_ptrace,        SYS_mount,       SYS_unshare,
		SYS_setuid,         SYS_clock_settime, SYS_bpf,         SYS_memfd_create,
		SYS_keyctl,         SYS_clock_adjtime, SYS_adjtimex,    SYS_settimeofday,
		SYS_setns,          SYS_init_module,   SYS_personality, SYS_process_vm_writev,
		SYS_io_uring_setup, SYS_prctl,
	};
	int entered = enter_filter();

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) && entered == WELL; i++) {
		if (!is_refused(syscall(others[i], -1L, NULL, NULL, NULL, NULL, NULL)))
			return FAILED;
	}
	return entered;
}

static void test_other_calls_are_refused(void **state)
{
	(void)state;
	in_a_process(try_other_calls);
}

static int try_memory(void)
{
	const int private = MAP_PRIVATE | MAP_ANONYMOUS;
	int entered = enter_filter();
	void *page;

	if (entered != WELL)
		return entered;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, private, -1, 0);
	return page != MAP_FAILED && is_refused((long)mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, private, -1, 0)) &&
			       is_refused(mprotect(page, 4096, PROT_READ | PROT_EXEC)) &&
			       mprotect(page, 4096, PROT_READ) == 0 &&
			       mmap(NULL, 4096, PROT_READ | PROT_EXEC, private, -1, 0) != MAP_FAILED
		       ? WELL
		       : FAILED;
}

static void test_memory_is_written_or_executed(void **state)
{
	(void)state;
	in_a_process(try_memory);
}

static int try_sockets(void)
{
	int entered = enter_filter();

	if (entered != WELL)
		return entered;
	return socket(AF_INET, SOCK_DGRAM, 0) >= 0 && socket(AF_UNIX, SOCK_SEQPACKET, 0) >= 0 &&
			       socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) >= 0 &&
			       is_refused(socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC)) &&
			       is_refused(socket(AF_PACKET, SOCK_DGRAM, 0)) &&
			       is_refused(socket(AF_ALG, SOCK_SEQPACKET, 0))
		       ? WELL
		       : FAILED;
}

static void test_sockets_of_a_client(void **state)
{
	(void)state;
	in_a_process(try_sockets);
}

/* An allowed request fails because of what it is asked of; a different one is not made. */
static int try_requests(void)
{
	int entered = enter_filter();

	if (entered != WELL)
		return entered;
	return ioctl(-1, PTP_SYS_OFFSET_PRECISE, NULL) == -1 && errno == EBADF && is_refused(ioctl(-1, TIOCSTI, "x")) &&
			       is_refused(ioctl(-1, PTP_ENABLE_PPS, 1))
		       ? WELL
		       : FAILED;
}

static void test_requests_of_devices(void **state)
{
	(void)state;
	in_a_process(try_requests);
}

static void *nothing(void *argument)
{
	return argument;
}

static long clone_raw(unsigned long flags)
{
	long child = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);

	if (child == 0)
		_exit(0);
	return child;
}

static int try_processes(void)
{
	int entered = enter_filter();
	pthread_t thread;

	if (entered != WELL)
		return entered;
	return syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS &&
			       pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0 &&
			       is_refused(clone_raw(SIGCHLD)) && is_refused(clone_raw(CLONE_NEWUSER | SIGCHLD)) &&
			       is_refused(clone_raw(CLONE_THREAD | CLONE_NEWUSER)) && is_refused(kill(getppid(), 0)) &&
			       kill(getpid(), 0) == 0
		       ? WELL
		       : FAILED;
}

static void test_threads_and_no_processes(void **state)
{
	(void)state;
	in_a_process(try_processes);
}

static int try_limits(void)
{
	const struct rlimit none = { 0, 0 };
	int entered = enter_filter();
	struct rlimit found;

	if (entered != WELL)
		return entered;
	return syscall(SYS_prlimit64, 0, RLIMIT_STACK, NULL, &found) == 0 &&
			       is_refused(syscall(SYS_prlimit64, 0, RLIMIT_CORE, &none, NULL))
		       ? WELL
		       : FAILED;
}

static void test_limits_are_read(void **state)
{
	(void)state;
	in_a_process(try_limits);
}

static void test_names(void **state)
{
	char name[FFNTP_CALLFILTER_NAME_SIZE];

	(void)state;
	ffntp_callfilter_module.name(SYS_execve, name);
	assert_string_equal(name, "execve");
	ffntp_callfilter_module.name(99999, name);
	assert_string_equal(name, "99999");
}

/* --- files --- */

static char own[64], other[64];

static const char *in(const char *folder, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int enter_landlock(const char *file)
{
	const char *const paths[] = { own, "/nowhere", file };
	int version, error = ffntp_landlock_apply(paths, 3, &version);

	return error == 0 ? WELL : error == ENOSYS || error == EOPNOTSUPP || error == EPERM ? MISSING : FAILED;
}

/* A file that exists may be written; its folder may not. */
static int try_files(void)
{
	char file[128], made[128];
	int entered;

	strcpy(file, in(other, "log"));
	entered = enter_landlock(file);
	if (entered != WELL)
		return entered;
	strcpy(made, in(own, "made"));
	return open(made, O_WRONLY | O_CREAT | O_TRUNC, 0600) >= 0 && rename(made, in(own, "renamed")) == 0 &&
			       unlink(in(own, "renamed")) == 0 && mkdir(in(own, "folder"), 0700) == 0 &&
			       open(file, O_WRONLY | O_TRUNC) >= 0 && open(in(other, "file"), O_RDONLY) >= 0
		       ? WELL
		       : FAILED;
}

static bool is_denied(long result)
{
	return result == -1 && errno == EACCES;
}

static int try_other_files(void)
{
	int entered = enter_landlock(in(other, "log"));

	if (entered != WELL)
		return entered;
	return is_denied(open(in(other, "file"), O_WRONLY)) &&
			       is_denied(open(in(other, "new"), O_WRONLY | O_CREAT, 0600)) &&
			       is_denied(unlink(in(other, "file"))) && is_denied(mkdir(in(other, "folder"), 0700)) &&
			       is_denied(symlink("file", in(own, "link"))) &&
			       is_denied(mkfifo(in(own, "fifo"), 0600)) &&
			       is_denied(execl("/bin/sh", "sh", "-c", "exit 0", (char *)NULL))
		       ? WELL
		       : FAILED;
}

static void test_files_in_own_folders(void **state)
{
	(void)state;
	in_a_process(try_files);
}

static void test_files_elsewhere(void **state)
{
	(void)state;
	in_a_process(try_other_files);
}

static void make_file(const char *path)
{
	int descriptor = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(descriptor >= 0);
	close(descriptor);
}

static int make_folders(void **state)
{
	(void)state;
	strcpy(own, "/tmp/ffntp-own-XXXXXX");
	strcpy(other, "/tmp/ffntp-other-XXXXXX");
	if (mkdtemp(own) == NULL || mkdtemp(other) == NULL)
		return -1;
	make_file(in(other, "file"));
	make_file(in(other, "log"));
	return 0;
}

static int remove_folders(void **state)
{
	(void)state;
	(void)rmdir(in(own, "folder"));
	(void)rmdir(own);
	(void)unlink(in(other, "file"));
	(void)unlink(in(other, "log"));
	(void)rmdir(other);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_calls_are_refused),
		cmocka_unit_test(test_memory_is_written_or_executed),
		cmocka_unit_test(test_sockets_of_a_client),
		cmocka_unit_test(test_requests_of_devices),
		cmocka_unit_test(test_threads_and_no_processes),
		cmocka_unit_test(test_limits_are_read),
		cmocka_unit_test(test_names),
		cmocka_unit_test_setup_teardown(test_files_in_own_folders, make_folders, remove_folders),
		cmocka_unit_test_setup_teardown(test_files_elsewhere, make_folders, remove_folders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
