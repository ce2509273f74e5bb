/*
 * torture_page: one writer and many readers of a page, as threads and as processes. Nothing is timed: the writer
 * continues until every reader has seen enough.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "torture.h"

#define KIND FFNTP_COUNTER_TSC
#define READERS 16

#if defined(__SANITIZE_THREAD__)
#define SLOWNESS 20
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SLOWNESS 20
#endif
#endif
#ifndef SLOWNESS
#define SLOWNESS 1
#endif

struct plan {
	uint64_t updates; /* the least number */
	uint64_t enough;  /* whole reads that each reader needs */
	uint64_t limit;   /* updates after which a reader without enough reads is starving */
};

static const struct plan threads_plan = { 20000, 2000, 100000000 };
static const struct plan processes_plan = { 2000000 / SLOWNESS, 1000000 / SLOWNESS, 500000000 };

static const struct ffntp_page_identity identity = { .counter_kind = KIND };

/* Shared by the writer and the readers. */
struct arena {
	struct ffntp_page page;
	_Atomic uint32_t satisfied; /* readers that have seen enough */
	_Atomic bool is_over;
	struct torture_reader result;
};

/* Write bursts without a pause, during which no reader succeeds, and pause between them. */
static void write_updates(struct arena *arena, const struct plan *plan, uint32_t readers)
{
	struct prng prng = { 1 };

	for (uint64_t n = 1; n < plan->limit; n++) {
		torture_publish(&arena->page, n, KIND);
		if (prng_below(&prng, 8) == 0)
			sched_yield();
		if (n >= plan->updates && atomic_load(&arena->satisfied) == readers)
			break;
	}
	atomic_store(&arena->is_over, true);
}

static struct torture_reader read_updates(struct arena *arena, const struct plan *plan, uint64_t seed)
{
	struct torture_reader reader = { .prng = { seed } };
	bool is_satisfied = false;

	while (!atomic_load(&arena->is_over)) {
		torture_read(&reader, &arena->page, KIND);
		if (prng_below(&reader.prng, 16) == 0)
			sched_yield(); /* there are more threads than CPUs */
		if (!is_satisfied && reader.whole >= plan->enough) {
			is_satisfied = true;
			atomic_fetch_add(&arena->satisfied, 1);
		}
	}
	return reader;
}

static struct arena arena;

static void *thread(void *seed)
{
	struct torture_reader *reader = malloc(sizeof(*reader));

	if (reader != NULL)
		*reader = read_updates(&arena, &threads_plan, *(uint64_t *)seed);
	return reader;
}

static void one_writer_and_sixteen_threads(void **state)
{
	pthread_t threads[READERS];
	uint64_t seeds[READERS];

	(void)state;
	ffntp_page_format(&arena.page, &identity);
	for (uint64_t i = 0; i < READERS; i++) {
		seeds[i] = i + 2;
		assert_int_equal(pthread_create(&threads[i], NULL, thread, &seeds[i]), 0);
	}
	write_updates(&arena, &threads_plan, READERS);
	for (size_t i = 0; i < READERS; i++) {
		void *result = NULL;
		struct torture_reader reader;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_non_null(result);
		reader = *(struct torture_reader *)result;
		free(result);
		assert_int_equal(reader.wrong, 0);
		assert_true(reader.whole >= threads_plan.enough);
	}
}

static void a_writer_and_a_reader_in_two_processes(void **state)
{
	struct arena *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t reader;
	int status;

	(void)state;
	assert_true(shared != MAP_FAILED);
	ffntp_page_format(&shared->page, &identity);
	reader = fork();
	if (reader == 0) {
		shared->result = read_updates(shared, &processes_plan, 99);
		_exit(0);
	}
	write_updates(shared, &processes_plan, 1);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(shared->result.wrong, 0);
	assert_true(shared->result.whole >= processes_plan.enough);
	munmap(shared, sizeof(*shared));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_writer_and_a_reader_in_two_processes),
		cmocka_unit_test(one_writer_and_sixteen_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
