/*
 * lookup: when a name is resolved, again and again. The clock is a number, the system's resolver a fake. Only numeric
 * addresses without a zone are converted by the real code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../ports/linux/servers.h"

/* The fake resolver: one thread at a time, and what it answers. */
static struct {
	unsigned started, abandoned;
	bool is_running, is_silent, is_short_of_threads;
	const char *problem;
	const char *address; /* of the name, if there is no problem */
	unsigned interface;  /* index of the interface "usb0"; 0: there is none */
} fake;

static struct ffntp_resolver *const thread = (struct ffntp_resolver *)&fake;

bool __real_ffntp_resolve_numeric(const char *name, uint16_t port, struct ffntp_addresses *found);
bool __wrap_ffntp_resolve_numeric(const char *name, uint16_t port, struct ffntp_addresses *found);
struct ffntp_resolver *__wrap_ffntp_resolver_start(const char *name, uint16_t port);
bool __wrap_ffntp_resolver_finish(struct ffntp_resolver *resolver, struct ffntp_addresses *found, const char **problem);
void __wrap_ffntp_resolver_abandon(struct ffntp_resolver *resolver);

bool __wrap_ffntp_resolve_numeric(const char *name, uint16_t port, struct ffntp_addresses *found)
{
	if (strstr(name, "%usb0") == NULL)
		return __real_ffntp_resolve_numeric(name, port, found);
	if (fake.interface == 0)
		return false;
	assert_true(__real_ffntp_resolve_numeric("fe80::1", port, found));
	found->address[0].v6.sin6_scope_id = fake.interface;
	return true;
}

struct ffntp_resolver *__wrap_ffntp_resolver_start(const char *name, uint16_t port)
{
	assert_non_null(name);
	assert_int_equal(port, 123);
	if (fake.is_short_of_threads)
		return NULL;
	assert_false(fake.is_running);
	fake.is_running = true;
	fake.started++;
	return thread;
}

bool __wrap_ffntp_resolver_finish(struct ffntp_resolver *resolver, struct ffntp_addresses *found, const char **problem)
{
	assert_ptr_equal(resolver, thread);
	assert_true(fake.is_running);
	if (fake.is_silent)
		return false;
	fake.is_running = false;
	*problem = fake.problem;
	if (fake.problem == NULL)
		assert_true(__real_ffntp_resolve_numeric(fake.address, 123, found));
	return true;
}

void __wrap_ffntp_resolver_abandon(struct ffntp_resolver *resolver)
{
	assert_ptr_equal(resolver, thread);
	fake.is_running = false;
	fake.abandoned++;
}

static int reset(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.address = "192.0.2.1";
	return 0;
}

/* Poll once a second until an attempt begins, no later than the limit. Returns that second. */
static int64_t next_attempt(struct ffntp_lookup *lookup, int64_t from_s, int64_t limit_s)
{
	unsigned started = fake.started;
	int64_t s = from_s;

	for (; s <= limit_s; s++) {
		(void)ffntp_lookup_poll(lookup, s);
		if (fake.started > started)
			return s;
	}
	return -1;
}

/* --- one name --- */

static void a_name_is_found_in_the_background(void **state)
{
	struct ffntp_lookup lookup;

	(void)state;
	fake.is_silent = true;
	ffntp_lookup_init(&lookup, "ntp.example.org", 123);
	for (int64_t s = 1000; s < 1100; s++)
		assert_int_equal(ffntp_lookup_poll(&lookup, s), FFNTP_LOOKUP_NOTHING);
	assert_int_equal(fake.started, 1);
	assert_false(ffntp_lookup_has_ended(&lookup));
	fake.is_silent = false;
	assert_int_equal(ffntp_lookup_poll(&lookup, 1100), FFNTP_LOOKUP_FOUND);
	assert_int_equal(lookup.found.count, 1);
	assert_true(ffntp_lookup_has_ended(&lookup));
	ffntp_lookup_close(&lookup);
	assert_int_equal(fake.abandoned, 0);
}

static void a_numeric_address_is_found_at_once(void **state)
{
	struct ffntp_lookup lookup;

	(void)state;
	ffntp_lookup_init(&lookup, "192.0.2.7", 123);
	assert_int_equal(ffntp_lookup_poll(&lookup, 0), FFNTP_LOOKUP_FOUND);
	assert_int_equal(lookup.found.count, 1);
	ffntp_lookup_renew(&lookup);
	for (int64_t s = 0; s < 3 * 14 * 86400; s += 100)
		assert_int_equal(ffntp_lookup_poll(&lookup, s), FFNTP_LOOKUP_NOTHING);
	assert_int_equal(fake.started, 0);
}

/* A fake clock is all that passes: the attempts are 2, 4, 8 ... 256, 256 s apart, for ever. */
static void a_name_that_fails_is_tried_again(void **state)
{
	static const int64_t waits[] = { 2, 4, 8, 16, 32, 64, 128, 256, 256, 256 };
	struct ffntp_lookup lookup;
	int64_t begun;

	(void)state;
	fake.problem = "no name server";
	ffntp_lookup_init(&lookup, "ntp.example.org", 123);
	begun = next_attempt(&lookup, 50, 50);
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		int64_t next = next_attempt(&lookup, begun, begun + 1000);

		assert_int_equal(next - begun, waits[i]);
		begun = next;
	}
	fake.problem = NULL;
	assert_int_equal(ffntp_lookup_poll(&lookup, begun), FFNTP_LOOKUP_FOUND);
	fake.problem = "no name server";
	begun = next_attempt(&lookup, begun + 14 * 86400, begun + 14 * 86400);
	assert_int_equal(next_attempt(&lookup, begun, begun + 1000) - begun, 2);
	assert_int_equal(lookup.found.count, 1);
}

static void a_problem_is_reported_once_and_when_it_changes(void **state)
{
	struct ffntp_lookup lookup;
	unsigned reports = 0;

	(void)state;
	fake.problem = "no name server";
	ffntp_lookup_init(&lookup, "ntp.example.org", 123);
	for (int64_t s = 0; s < 10000; s++)
		reports += ffntp_lookup_poll(&lookup, s) == FFNTP_LOOKUP_PROBLEM;
	assert_int_equal(reports, 1);
	fake.problem = "no such name";
	for (int64_t s = 10000; s < 20000; s++)
		reports += ffntp_lookup_poll(&lookup, s) == FFNTP_LOOKUP_PROBLEM;
	assert_int_equal(reports, 2);
	assert_string_equal(lookup.problem, "no such name");
}

static void without_a_thread_it_is_tried_again(void **state)
{
	struct ffntp_lookup lookup;

	(void)state;
	fake.is_short_of_threads = true;
	ffntp_lookup_init(&lookup, "ntp.example.org", 123);
	assert_int_equal(ffntp_lookup_poll(&lookup, 0), FFNTP_LOOKUP_PROBLEM);
	fake.is_short_of_threads = false;
	assert_int_equal(next_attempt(&lookup, 0, 10), 2);
}

static void a_name_is_resolved_again_after_two_weeks(void **state)
{
	struct ffntp_lookup lookup;
	int64_t found = 7;

	(void)state;
	ffntp_lookup_init(&lookup, "ntp.example.org", 123);
	assert_int_equal(next_attempt(&lookup, found, found), found);
	assert_int_equal(ffntp_lookup_poll(&lookup, found), FFNTP_LOOKUP_FOUND);
	assert_int_equal(next_attempt(&lookup, found, found + 15 * 86400), found + 14 * 86400);
	/* The same addresses again are no event; different ones are. */
	assert_int_equal(ffntp_lookup_poll(&lookup, found + 14 * 86400), FFNTP_LOOKUP_NOTHING);
	fake.address = "192.0.2.2";
	found = next_attempt(&lookup, found + 14 * 86400, found + 29 * 86400);
	assert_int_equal(ffntp_lookup_poll(&lookup, found), FFNTP_LOOKUP_FOUND);
}

/* A server that does not answer asks for it at each of its requests. */
static void a_name_whose_server_is_silent_is_resolved_once_a_minute(void **state)
{
	struct ffntp_lookup lookup;

	(void)state;
	ffntp_lookup_init(&lookup, "ntp.example.org", 123);
	for (int64_t s = 0; s < 6400; s++) {
		(void)ffntp_lookup_poll(&lookup, s);
		ffntp_lookup_renew(&lookup);
	}
	assert_in_range(fake.started, 95, 100);
	/* No sooner than after a failure. */
	fake.problem = "no name server";
	for (int64_t s = 6400; s < 9000; s++) {
		(void)ffntp_lookup_poll(&lookup, s);
		ffntp_lookup_renew(&lookup);
	}
	assert_in_range(fake.started, 95, 120);
}

static void a_thread_that_still_runs_is_abandoned(void **state)
{
	struct ffntp_lookup lookup;

	(void)state;
	fake.is_silent = true;
	ffntp_lookup_init(&lookup, "ntp.example.org", 123);
	ffntp_lookup_close(&lookup);
	assert_int_equal(fake.abandoned, 0);
	(void)ffntp_lookup_poll(&lookup, 0);
	ffntp_lookup_close(&lookup);
	ffntp_lookup_close(&lookup);
	assert_int_equal(fake.abandoned, 1);
}

/* --- zones --- */

static void an_interface_that_is_made_again_is_found_again(void **state)
{
	struct ffntp_lookup lookup;

	(void)state;
	ffntp_lookup_init(&lookup, "fe80::1%usb0", 123);
	assert_int_equal(ffntp_lookup_poll(&lookup, 0), FFNTP_LOOKUP_PROBLEM);
	assert_int_equal(lookup.found.count, 0);
	assert_int_equal(ffntp_lookup_poll(&lookup, 1), FFNTP_LOOKUP_NOTHING);
	fake.interface = 4;
	assert_int_equal(ffntp_lookup_poll(&lookup, 2), FFNTP_LOOKUP_FOUND);
	assert_int_equal(ffntp_lookup_poll(&lookup, 3), FFNTP_LOOKUP_NOTHING);
	fake.interface = 0;
	assert_int_equal(ffntp_lookup_poll(&lookup, 4), FFNTP_LOOKUP_PROBLEM);
	assert_int_equal(lookup.found.count, 1);
	fake.interface = 9;
	assert_int_equal(ffntp_lookup_poll(&lookup, 5), FFNTP_LOOKUP_FOUND);
	assert_int_equal(lookup.found.address[0].v6.sin6_scope_id, 9);
	assert_int_equal(fake.started, 0);
}

/* --- several names --- */

static void open_servers(struct ffntp_servers *servers, const char *first, const char *second)
{
	const struct ffntp_server_name names[] = { { .name = first, .port = 123 }, { .name = second, .port = 123 } };
	static struct ffntp_lookup lookups[2];

	ffntp_servers_open(servers, lookups, names, second != NULL ? 2 : 1, 0);
}

static void a_numeric_server_is_asked_while_another_name_is_resolved(void **state)
{
	struct ffntp_servers servers;
	bool is_over;

	(void)state;
	fake.is_silent = true;
	open_servers(&servers, "ntp.example.org", "192.0.2.2");
	assert_true(ffntp_servers_is_any(&servers, &is_over));
	assert_false(is_over);
	assert_string_equal(ffntp_servers_name(&servers), "192.0.2.2");
	fake.is_silent = false;
	assert_int_equal(ffntp_servers_poll(&servers, 1), FFNTP_STAY);
	assert_int_equal(ffntp_servers_change(&servers), FFNTP_MOVE);
	assert_string_equal(ffntp_servers_name(&servers), "ntp.example.org");
	ffntp_servers_close(&servers);
}

static void servers_without_any_address_wait_for_the_first(void **state)
{
	enum ffntp_lookup_event event;
	struct ffntp_servers servers;

	(void)state;
	fake.problem = "no name server";
	open_servers(&servers, "ntp.example.org", NULL);
	for (int64_t s = 0; s < 3600; s++) {
		assert_int_equal(ffntp_servers_poll(&servers, s), FFNTP_STAY);
		assert_null(ffntp_servers_address(&servers));
	}
	assert_ptr_equal(ffntp_servers_news(&servers, &event), &servers.lookup[0]);
	assert_int_equal(event, FFNTP_LOOKUP_PROBLEM);
	assert_null(ffntp_servers_news(&servers, &event));
	fake.problem = NULL;
	for (int64_t s = 3600; ffntp_servers_poll(&servers, s) != FFNTP_MOVE; s++)
		assert_in_range(s, 3600, 4000);
	assert_non_null(ffntp_servers_address(&servers));
	assert_ptr_equal(ffntp_servers_news(&servers, &event), &servers.lookup[0]);
	assert_int_equal(event, FFNTP_LOOKUP_FOUND);
	ffntp_servers_close(&servers);
}

/* Poll until an event of the resolver has ended. */
static enum ffntp_servers_advice poll_for(struct ffntp_servers *servers, int64_t from_s, int64_t to_s)
{
	enum ffntp_servers_advice advice = FFNTP_STAY;

	for (int64_t s = from_s; s <= to_s && advice == FFNTP_STAY; s++)
		advice = ffntp_servers_poll(servers, s);
	return advice;
}

static void an_address_that_answers_is_kept_until_it_is_silent(void **state)
{
	struct ffntp_servers servers;
	char text[FFNTP_ADDRESS_TEXT_SIZE];

	(void)state;
	open_servers(&servers, "ntp.example.org", NULL);
	assert_int_equal(ffntp_servers_poll(&servers, 0), FFNTP_MOVE);
	ffntp_servers_answered(&servers);
	fake.address = "192.0.2.2";
	assert_int_equal(poll_for(&servers, 14 * 86400, 14 * 86400 + 10), FFNTP_STAY);
	assert_int_equal(ffntp_servers_change(&servers), FFNTP_MOVE);
	ffntp_address_text(ffntp_servers_address(&servers), text);
	assert_string_equal(text, "192.0.2.2:123");
	fake.address = "192.0.2.3";
	ffntp_servers_answered(&servers);
	assert_int_equal(ffntp_servers_change(&servers), FFNTP_STAY);
	assert_int_equal(poll_for(&servers, 14 * 86400 + 11, 14 * 86400 + 100), FFNTP_MOVE);
	ffntp_servers_close(&servers);
}

static void the_address_of_an_interface_made_again_is_used_at_once(void **state)
{
	struct ffntp_servers servers;

	(void)state;
	fake.interface = 4;
	open_servers(&servers, "fe80::1%usb0", NULL);
	ffntp_servers_answered(&servers);
	assert_int_equal(ffntp_servers_poll(&servers, 1), FFNTP_STAY);
	fake.interface = 5;
	assert_int_equal(ffntp_servers_poll(&servers, 2), FFNTP_MOVE);
	assert_int_equal(ffntp_servers_address(&servers)->v6.sin6_scope_id, 5);
	ffntp_servers_close(&servers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_name_is_found_in_the_background, reset),
		cmocka_unit_test_setup(a_numeric_address_is_found_at_once, reset),
		cmocka_unit_test_setup(a_name_that_fails_is_tried_again, reset),
		cmocka_unit_test_setup(a_problem_is_reported_once_and_when_it_changes, reset),
		cmocka_unit_test_setup(without_a_thread_it_is_tried_again, reset),
		cmocka_unit_test_setup(a_name_is_resolved_again_after_two_weeks, reset),
		cmocka_unit_test_setup(a_name_whose_server_is_silent_is_resolved_once_a_minute, reset),
		cmocka_unit_test_setup(a_thread_that_still_runs_is_abandoned, reset),
		cmocka_unit_test_setup(an_interface_that_is_made_again_is_found_again, reset),
		cmocka_unit_test_setup(a_numeric_server_is_asked_while_another_name_is_resolved, reset),
		cmocka_unit_test_setup(servers_without_any_address_wait_for_the_first, reset),
		cmocka_unit_test_setup(an_address_that_answers_is_kept_until_it_is_silent, reset),
		cmocka_unit_test_setup(the_address_of_an_interface_made_again_is_used_at_once, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
