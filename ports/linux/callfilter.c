/* callfilter: see callfilter.h. */
#include "callfilter.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/ptp_clock.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* Calls that are allowed whatever their arguments, by purpose. libseccomp leaves out those that a machine has not. */
static const int allowed[] = {
	/* Memory; mmap and mprotect have rules of their own. */
	SCMP_SYS(brk),
	SCMP_SYS(madvise),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	/* Files: the page, its lock, journals; configuration, keys, certificates, time zones, devices, modules. */
	SCMP_SYS(access),
	SCMP_SYS(chmod),
	SCMP_SYS(close),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(fadvise64),
	SCMP_SYS(fchmod),
	SCMP_SYS(fchmodat),
	SCMP_SYS(fcntl),
	SCMP_SYS(fcntl64),
	SCMP_SYS(fdatasync),
	SCMP_SYS(flock),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(fstatat64),
	SCMP_SYS(fstatfs),
	SCMP_SYS(fsync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(ftruncate64),
	SCMP_SYS(getcwd),
	SCMP_SYS(getdents),
	SCMP_SYS(getdents64),
	SCMP_SYS(_llseek),
	SCMP_SYS(lseek),
	SCMP_SYS(lstat),
	SCMP_SYS(lstat64),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(read),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(readv),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(stat),
	SCMP_SYS(stat64),
	SCMP_SYS(statfs),
	SCMP_SYS(statx),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	/* Sockets: requests, key exchange, the name service, commands, the service manager; socket has its own rules.
	 */
	SCMP_SYS(accept4),
	SCMP_SYS(bind),
	SCMP_SYS(connect),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt),
	SCMP_SYS(listen),
	SCMP_SYS(recv),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(recvmmsg_time64),
	SCMP_SYS(recvmsg),
	SCMP_SYS(send),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown),
	/* Waiting. */
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_nanosleep_time64),
	SCMP_SYS(nanosleep),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(ppoll_time64),
	SCMP_SYS(pselect6),
	SCMP_SYS(pselect6_time64),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(select),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(timerfd_settime64),
	/* Reading clocks. None sets one. */
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_getres_time64),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	/* Threads and signals; clone, kill and tgkill have rules of their own. */
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(futex),
	SCMP_SYS(futex_time64),
	SCMP_SYS(membarrier),
	SCMP_SYS(rseq),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(sigreturn),
	/* Questions about the process and the system; random bits. prctl has rules of its own. */
	SCMP_SYS(capget),
	SCMP_SYS(getegid),
	SCMP_SYS(getegid32),
	SCMP_SYS(geteuid),
	SCMP_SYS(geteuid32),
	SCMP_SYS(getgid),
	SCMP_SYS(getgid32),
	SCMP_SYS(getpid),
	SCMP_SYS(getppid),
	SCMP_SYS(getrandom),
	SCMP_SYS(getrusage),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(getuid32),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
};

/* Requests of ioctl(): of PTP hardware clocks, of the name service, and of streams that may be terminals. */
static const unsigned long requests[] = {
	PTP_SYS_OFFSET_PRECISE, PTP_SYS_OFFSET_EXTENDED, SIOCGIFINDEX, SIOCGIFNAME, FIONREAD, TCGETS,
};

/* Operations of prctl(): libcap asks, which modules of the name service load; threads get names. */
static const int operations[] = { PR_CAPBSET_READ, PR_GET_NAME, PR_SET_NAME };

/* New namespaces, which clone() can make; CLONE_NEWTIME is a bit of clone3() alone. */
#define NAMESPACES \
	(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWUTS)

/* Rules add up: a call is made if one of them allows it. The first error of libseccomp stays. */
struct rules {
	scmp_filter_ctx filter;
	int error;
};

static void allow(struct rules *rules, int call, unsigned count, const struct scmp_arg_cmp *conditions)
{
	int error = seccomp_rule_add_array(rules->filter, SCMP_ACT_ALLOW, call, count, conditions);

	if (rules->error == 0)
		rules->error = error;
}

/* Allow a call if one argument, of whose bits those of the mask count, has this value. */
static void allow_if(struct rules *rules, int call, unsigned argument, uint64_t mask, uint64_t value)
{
	allow(rules, call, 1, &(struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, mask, value });
}

/* Memory is not both written and executed. Shared libraries are executed, such as those of the name service. */
static void allow_memory(struct rules *rules)
{
	static const int maps[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2) };

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		allow_if(rules, maps[i], 2, PROT_EXEC, 0);
		allow_if(rules, maps[i], 2, PROT_EXEC | PROT_WRITE, PROT_EXEC);
	}
	allow_if(rules, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
}

/* Of netlink only the questions about addresses and interfaces, which getaddrinfo() asks. */
static void allow_sockets(struct rules *rules)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };
	const struct scmp_arg_cmp route[] = { { 0, SCMP_CMP_EQ, AF_NETLINK, 0 }, { 2, SCMP_CMP_EQ, NETLINK_ROUTE, 0 } };

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		allow_if(rules, SCMP_SYS(socket), 0, UINT32_MAX, (uint64_t)families[i]);
	allow(rules, SCMP_SYS(socket), 2, route);
}

/* Requests and operations of the kernel have 32 bits. */
static void allow_requests(struct rules *rules)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		allow_if(rules, SCMP_SYS(ioctl), 1, UINT32_MAX, requests[i]);
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		allow_if(rules, SCMP_SYS(prctl), 0, UINT32_MAX, (uint64_t)operations[i]);
}

/*
 * Threads, and no processes. The flags of clone3() are in memory, where no filter sees them: the C library uses clone()
 * if the kernel seems to have no clone3(). Signals reach this process alone. Limits are read, and not set.
 */
static void allow_threads(struct rules *rules, pid_t process)
{
	int error = seccomp_rule_add(rules->filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if (rules->error == 0)
		rules->error = error;
	allow_if(rules, SCMP_SYS(clone), 0, CLONE_THREAD | NAMESPACES, CLONE_THREAD);
	allow_if(rules, SCMP_SYS(kill), 0, UINT32_MAX, (uint64_t)process);
	allow_if(rules, SCMP_SYS(tgkill), 0, UINT32_MAX, (uint64_t)process);
	allow_if(rules, SCMP_SYS(prlimit64), 2, UINT64_MAX, 0);
}

/* The number of no system call stands for one that a tracer, such as strace, has dealt with. */
static struct rules make_rules(pid_t process, bool has_handler)
{
	struct rules rules = { .filter = seccomp_init(has_handler ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO(EPERM)) };

	if (rules.filter == NULL) {
		rules.error = -ENOMEM;
		return rules;
	}
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		allow(&rules, allowed[i], 0, NULL);
	allow_memory(&rules);
	allow_sockets(&rules);
	allow_requests(&rules);
	allow_threads(&rules, process);
	return rules;
}

/* libseccomp replaces the errors of write() by ECANCELED unless it is asked not to; a tree makes the filter fast. */
static int write_filter(pid_t process, bool has_handler, int descriptor)
{
	struct rules rules = make_rules(process, has_handler);

	if (rules.error == 0)
		rules.error = seccomp_attr_set(rules.filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (rules.error == 0)
		rules.error = seccomp_attr_set(rules.filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rules.error == 0)
		rules.error = seccomp_export_bpf(rules.filter, descriptor);
	if (rules.filter != NULL)
		seccomp_release(rules.filter);
	return -rules.error;
}

static void name_call(int call, char name[FFNTP_CALLFILTER_NAME_SIZE])
{
	char *found = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), call);

	if (found != NULL)
		snprintf(name, FFNTP_CALLFILTER_NAME_SIZE, "%s", found);
	else
		snprintf(name, FFNTP_CALLFILTER_NAME_SIZE, "%d", call);
	free(found);
}

__attribute__((visibility("default")))
const struct ffntp_callfilter ffntp_callfilter_module = { write_filter, name_call };
