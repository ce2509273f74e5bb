/*
 * commitwait_test: two machines whose clocks are wrong by their whole bound, in opposite directions, and the true time,
 * against which commits are checked.
 */
#include <ffntp/fake.h>
#include <stdio.h>
#include <stdlib.h>

#include "commitwait.h"

#define SECOND FFNTP_NS_PER_S
#define MILLISECOND (SECOND / 1000)

static struct ffntp_fake fast, slow;

/* Let time pass on both machines. */
static void wait_ns(int64_t ns)
{
	(void)ffntp_fake_advance(&fast, ns);
	(void)ffntp_fake_advance(&slow, ns);
}

static void check(bool condition, const char *what)
{
	if (condition)
		return;
	printf("not ok - %s\n", what);
	exit(1);
}

static int64_t commit(struct ffntp_fake *machine)
{
	int64_t stamp_ns = 0;

	check(commit_wait(ffntp_fake_device(machine), 10 * MILLISECOND, wait_ns, &stamp_ns) == FFNTP_CLOCK_OK,
	      "commits");
	return stamp_ns;
}

int main(void)
{
	int64_t stamp_ns = -1;

	ffntp_fake_init(&fast, 1767225600 * SECOND + 4 * MILLISECOND);
	ffntp_fake_init(&slow, 1767225600 * SECOND - 4 * MILLISECOND);
	ffntp_fake_bound(&fast, 5 * MILLISECOND, 1000);
	ffntp_fake_bound(&slow, 5 * MILLISECOND, 1000);
	check(ffntp_device_connect(ffntp_fake_device(&fast)) == NULL, "connects");
	check(ffntp_device_connect(ffntp_fake_device(&slow)) == NULL, "connects");
	for (int i = 0; i < 100; i++) {
		int64_t first = commit(&fast), second = commit(&slow), third = commit(&fast);

		check(first < second && second < third, "timestamps are in the order of the commits");
	}
	ffntp_fake_bound(&slow, 11 * MILLISECOND, 0);
	check(commit_wait(ffntp_fake_device(&slow), 10 * MILLISECOND, wait_ns, &stamp_ns) == FFNTP_CLOCK_BOUND,
	      "a clock that is worse is refused");
	check(stamp_ns == -1, "there is no timestamp without a commit");
	printf("ok - commit wait\n");
	return 0;
}
