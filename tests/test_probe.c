/* probe: the page through which an observer outside asks a guest for its counter. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "../ports/guest/machine.h"
#include "../ports/guest/probe.h"

#define HZ 1000000
#define MS (HZ / 1000)

enum { QUESTION, ANSWER, COUNTER, LINK, LINK_OFFSET, LINK_WIDTH, LINK_DEVICE };

static uint64_t page[512];

static struct {
	uint64_t counter;
	uint64_t ask_every; /* ticks; 0: there is no observer */
	unsigned asked;
} fake;

/* The observer asks while the counter is read. */
uint64_t ffntp_processor_counter(void)
{
	fake.counter++;
	if (fake.ask_every > 0 && fake.counter % fake.ask_every == 0) {
		page[QUESTION]++;
		fake.asked++;
	}
	return fake.counter;
}

static int begin(void **state)
{
	(void)state;
	memset(page, 0, sizeof page);
	memset(&fake, 0, sizeof fake);
	probe_begin((uintptr_t)page, HZ);
	return 0;
}

static void test_a_question_is_answered(void **state)
{
	uint64_t before;

	(void)state;
	probe_answer();
	assert_int_equal(page[COUNTER], 0);
	page[QUESTION] = 7;
	before = fake.counter;
	probe_answer();
	assert_int_equal(page[ANSWER], 7);
	assert_in_range(page[COUNTER], before + 1, before + 2);
	assert_in_range(fake.counter - before, MS, MS + 10); /* after which there is other work */
}

static void test_questions_that_follow_are_answered_at_once(void **state)
{
	(void)state;
	fake.ask_every = MS / 2;
	page[QUESTION] = 7;
	probe_answer();
	assert_in_range(fake.asked, 38, 42);
	assert_at_most(page[QUESTION] - page[ANSWER], 1, "");
	assert_in_range(fake.counter, 20 * MS, 20 * MS + 10);
}

static void test_a_link_is_taken_once(void **state)
{
	struct probe_link link;

	(void)state;
	assert_false(probe_take_link(&link));
	page[LINK_OFFSET] = 11;
	page[LINK_WIDTH] = 22;
	page[LINK_DEVICE] = 3;
	page[LINK] = 1;
	assert_true(probe_take_link(&link));
	assert_int_equal(link.offset, 11);
	assert_int_equal(link.width, 22);
	assert_int_equal(link.device, 3);
	assert_false(probe_take_link(&link));
	page[LINK]++;
	assert_true(probe_take_link(&link));
}

/* A reset keeps the memory's contents, but not the counter. */
static void test_a_link_that_a_former_guest_was_told_is_not_taken(void **state)
{
	struct probe_link link;

	(void)state;
	page[LINK] = 5;
	probe_begin((uintptr_t)page, HZ);
	assert_false(probe_take_link(&link));
	page[LINK]++;
	assert_true(probe_take_link(&link));
}

static void test_without_a_page_nothing_happens(void **state)
{
	struct probe_link link;

	(void)state;
	probe_begin(0, HZ);
	probe_answer();
	assert_false(probe_take_link(&link));
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_question_is_answered),         TEST(test_questions_that_follow_are_answered_at_once),
		TEST(test_a_link_is_taken_once),           TEST(test_a_link_that_a_former_guest_was_told_is_not_taken),
		TEST(test_without_a_page_nothing_happens),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
