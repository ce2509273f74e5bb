/*
 * torture_kill: a busy writer of a page file is killed at random, thousands of times, and the next writer takes over;
 * or it is suspended. Readers in processes of their own keep the file mapped throughout.
 */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <ffntp/linux.h>

#include "../../ports/linux/counter.h"
#include "../../ports/linux/pagefile.h"
#include "torture.h"

#define KIND FFNTP_COUNTER_MONOTONIC_RAW
#define KILLS 2000
#define STOPS 1000
#define READERS 2

static char directory[] = "ffntp-kill-XXXXXX";
static char path[64], lock_path[80], new_path[80];

/* Shared by all processes; readers and writers change different parts. */
struct arena {
	_Atomic uint64_t next;    /* the next update; a killed writer's updates are not repeated */
	_Atomic uint32_t is_busy; /* the writer has begun to write */
	_Atomic bool is_over;
	struct torture_reader results[READERS];
};

static struct arena *arena;

/* Write until killed. */
static _Noreturn void writer(void)
{
	struct ffntp_page_identity identity;
	struct ffntp_pagefile file;
	struct ffntp_map former;
	bool is_adopted;

	ffntp_counter_identity(KIND, &identity);
	if (ffntp_pagefile_open(&file, path, &identity, &former, &is_adopted) != NULL)
		_exit(1);
	if (!is_adopted || (!torture_is_initialising(&former) && !torture_is_map(&former)))
		_exit(2);
	for (;;) {
		torture_publish(file.page, atomic_fetch_add(&arena->next, 1), KIND);
		atomic_store(&arena->is_busy, 1);
	}
}

static _Noreturn void reader(size_t i)
{
	struct torture_reader result = { .prng = { i } };
	struct ffntp_linux_reader linux_reader;

	if (ffntp_linux_open(&linux_reader, path) != FFNTP_PAGE_OK)
		_exit(1);
	while (!atomic_load(&arena->is_over)) {
		torture_read(&result, linux_reader.page, KIND);
		result.wrong += ffntp_linux_is_replaced(&linux_reader, path);
		sched_yield();
	}
	arena->results[i] = result;
	_exit(0);
}

/* Fork a child that ends with its parent, so that none outlives a failed test. */
static pid_t fork_child(void)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

static pid_t start_writer(void)
{
	pid_t child = fork_child();

	if (child == 0)
		writer();
	return child;
}

static pid_t start_reader(size_t i)
{
	pid_t child = fork_child();

	if (child == 0)
		reader(i);
	return child;
}

static void pause_ns(long ns)
{
	nanosleep(&(struct timespec){ .tv_nsec = ns }, NULL);
}

/*
 * Kill the writer at a random moment of its writing, or one time in eight of its start. Return true if it was in the
 * middle of an update.
 */
static bool kill_writer(pid_t child, struct prng *prng, const struct ffntp_page *page)
{
	int status;

	if (prng_below(prng, 8) != 0)
		while (atomic_load(&arena->is_busy) == 0 && waitpid(child, &status, WNOHANG) == 0)
			sched_yield();
	pause_ns((long)prng_below(prng, 200000));
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return (ffntp_page_begin(page) & 1) != 0;
}

/* Check a page without a writer: it has a whole map, whether or not the writer was in the middle of an update. */
static void check_left_page(struct torture_reader *reader, const struct ffntp_page *page)
{
	uint64_t whole = reader->whole;

	torture_read_map(reader, page);
	assert_int_equal(reader->whole, whole + 1);
	for (unsigned i = 0; i < 10; i++)
		torture_read_past(reader, page);
	assert_int_equal(reader->wrong, 0);
	assert_true(reader->newest == 0 || reader->restarts == 0);
}

static void make_page(void)
{
	struct ffntp_page_identity identity;
	struct ffntp_pagefile file;
	struct ffntp_map former;
	bool is_adopted;

	ffntp_counter_identity(KIND, &identity);
	assert_null(ffntp_pagefile_open(&file, path, &identity, &former, &is_adopted));
	ffntp_pagefile_close(&file);
}

static void finish_readers(const pid_t readers[READERS])
{
	atomic_store(&arena->is_over, true);
	for (size_t i = 0; i < READERS; i++) {
		int status;

		assert_int_equal(waitpid(readers[i], &status, 0), readers[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		assert_int_equal(arena->results[i].wrong, 0);
		assert_true(arena->results[i].whole > 0);
		print_message("# reader %zu: %lu whole, %lu given up\n", i, (unsigned long)arena->results[i].whole,
			      (unsigned long)arena->results[i].busy);
	}
}

static void case_31_a_busy_writer_is_killed_thousands_of_times(void **state)
{
	struct torture_reader look = { .prng = { 2 } };
	struct prng prng = { 1 };
	struct ffntp_linux_reader own;
	pid_t readers[READERS];
	unsigned torn = 0;

	(void)state;
	make_page();
	assert_int_equal(ffntp_linux_open(&own, path), FFNTP_PAGE_OK);
	for (size_t i = 0; i < READERS; i++)
		readers[i] = start_reader(i);
	for (unsigned i = 0; i < KILLS; i++) {
		atomic_store(&arena->is_busy, 0);
		torn += kill_writer(start_writer(), &prng, own.page);
		check_left_page(&look, own.page);
	}
	finish_readers(readers);
	print_message("# %u of %u kills left a torn page\n", torn, KILLS);
	assert_true(torn > KILLS / 100 && torn < KILLS);
	assert_false(ffntp_linux_is_replaced(&own, path));
	ffntp_linux_close(&own);
}

/* Suspend the writer at a random moment, as a scheduler does. Return true if it was in the middle of an update. */
static bool suspend_writer(pid_t child, struct prng *prng, const struct ffntp_page *page)
{
	int status;

	pause_ns((long)prng_below(prng, 200000));
	assert_int_equal(kill(child, SIGSTOP), 0);
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_true(WIFSTOPPED(status));
	return (ffntp_page_begin(page) & 1) != 0;
}

static void case_30_a_busy_writer_is_suspended(void **state)
{
	struct torture_reader look = { .prng = { 4 } };
	struct prng prng = { 3 };
	struct ffntp_linux_reader own;
	unsigned torn = 0;
	pid_t child;

	(void)state;
	make_page();
	assert_int_equal(ffntp_linux_open(&own, path), FFNTP_PAGE_OK);
	atomic_store(&arena->is_busy, 0);
	child = start_writer();
	while (atomic_load(&arena->is_busy) == 0)
		sched_yield();
	for (unsigned i = 0; i < STOPS; i++) {
		torn += suspend_writer(child, &prng, own.page);
		check_left_page(&look, own.page);
		assert_int_equal(kill(child, SIGCONT), 0);
	}
	(void)kill_writer(child, &prng, own.page);
	print_message("# %u of %u times the writer was suspended in mid-update\n", torn, STOPS);
	assert_true(torn > STOPS / 100 && torn < STOPS);
	assert_int_equal(look.restarts, 0);
	ffntp_linux_close(&own);
}

static int clean_up(void **state)
{
	(void)state;
	unlink(path);
	unlink(lock_path);
	unlink(new_path);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(case_31_a_busy_writer_is_killed_thousands_of_times, clean_up),
		cmocka_unit_test_teardown(case_30_a_busy_writer_is_suspended, clean_up),
	};
	int failed;

	arena = mmap(NULL, sizeof(*arena), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED || mkdtemp(directory) == NULL)
		return 1;
	atomic_store(&arena->next, 1);
	snprintf(path, sizeof(path), "%s/page", directory);
	snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
	snprintf(new_path, sizeof(new_path), "%s.new", path);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(directory);
	return failed;
}
