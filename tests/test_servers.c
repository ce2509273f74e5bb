/*
 * servers, lineup, pool: names are parsed, and one of several servers is chosen, or several of a pool. No name server
 * is asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../ports/linux/keys.h"
#include "../ports/linux/lineup.h"
#include "../ports/linux/servers.h"

static void reads_addresses_with_and_without_port(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1:123" },
		{ "192.0.2.1:1123", "192.0.2.1:1123" },
		{ "2001:db8::1", "[2001:db8::1]:123" },
		{ "[2001:db8::1]", "[2001:db8::1]:123" },
		{ "[2001:db8::1]:1123", "[2001:db8::1]:1123" },
		{ "::1", "[::1]:123" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ffntp_addresses found;
		char text[FFNTP_ADDRESS_TEXT_SIZE];

		assert_true(ffntp_resolve_numeric(cases[i].name, 123, &found));
		assert_int_equal(found.count, 1);
		ffntp_address_text(&found.address[0], text);
		assert_string_equal(text, cases[i].text);
	}
}

static void refuses_what_is_no_address(void **state)
{
	static const char *const names[] = {
		"",
		":",
		"[",
		"[]",
		"[::1",
		"[::1]x",
		"[::1]:",
		"[::1]:0",
		"[::1]:70000",
		":1",
		"192.0.2.1:",
		"192.0.2.1:x",
		"192.0.2.1:0",
		"192.0.2.1:99999",
		"::1::2",
		"ntp.invalid",
		"2001:db8::1%1",
		"[2001:db8::1%1]:5",
	};
	static char huge[5000];

	(void)state;
	memset(huge, 'a', sizeof(huge) - 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct ffntp_addresses found;

		if (ffntp_resolve_numeric(names[i], 123, &found))
			fail_msg("accepted: %s", names[i]);
	}
	assert_non_null(ffntp_resolve(huge, 123, &(struct ffntp_addresses){ 0 }));
	assert_non_null(ffntp_resolve("2001:db8::1%1", 123, &(struct ffntp_addresses){ 0 }));
}

static void an_address_reads_as_ipv6(void **state)
{
	static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
	struct ffntp_addresses found;
	uint8_t bytes[16];
	uint16_t port;

	(void)state;
	assert_true(ffntp_resolve_numeric("192.0.2.1:1123", 123, &found));
	ffntp_address_bytes(&found.address[0], bytes, &port);
	assert_memory_equal(bytes, mapped, 16);
	assert_int_equal(port, 1123);
	assert_true(ffntp_resolve_numeric("::1", 123, &found));
	ffntp_address_bytes(&found.address[0], bytes, &port);
	assert_int_equal(bytes[15], 1);
	assert_int_equal(port, 123);
}

static void addresses_are_equal_with_their_port(void **state)
{
	struct ffntp_addresses a, b;

	(void)state;
	assert_true(ffntp_resolve_numeric("192.0.2.1", 123, &a) && ffntp_resolve_numeric("192.0.2.1:123", 1, &b));
	assert_true(ffntp_address_is_equal(&a.address[0], &b.address[0]));
	assert_true(ffntp_resolve_numeric("192.0.2.1:124", 1, &b));
	assert_false(ffntp_address_is_equal(&a.address[0], &b.address[0]));
	assert_true(ffntp_resolve_numeric("::ffff:192.0.2.1", 123, &b));
	assert_false(ffntp_address_is_equal(&a.address[0], &b.address[0]));
}

/* The memory of the servers of a test. */
static struct ffntp_lookup lookups[FFNTP_SERVERS_MAX];

static void open_servers(struct ffntp_servers *servers, size_t count)
{
	static const struct ffntp_server_name names[] = { { .name = "192.0.2.1", .port = 123 },
							  { .name = "192.0.2.2", .port = 123 },
							  { .name = "192.0.2.3", .port = 123 } };

	ffntp_servers_open(servers, lookups, names, count, 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(servers->lookup[i].found.count, 1);
}

/* "[" is resolved by the system's own resolver, in a thread, and fails. */
static void names_are_resolved_in_the_background(void **state)
{
	static const struct ffntp_server_name names[] = { { .name = "[", .port = 123 },
							  { .name = "192.0.2.2", .port = 123 },
							  { .name = "]", .port = 123 } };
	struct ffntp_servers servers;
	bool is_over = false;

	(void)state;
	ffntp_servers_open(&servers, lookups, names, 3, 0);
	assert_string_equal(ffntp_servers_name(&servers), "192.0.2.2");
	while (ffntp_servers_is_any(&servers, &is_over) && !is_over) {
		assert_int_equal(ffntp_servers_poll(&servers, 0), FFNTP_STAY);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	assert_non_null(servers.lookup[0].problem);
	assert_null(servers.lookup[1].problem);
	assert_non_null(servers.lookup[2].problem);
	ffntp_servers_close(&servers);
}

static void a_caller_may_wait_for_the_first_result(void **state)
{
	static const struct ffntp_server_name names[] = { { .name = "[", .port = 123 },
							  { .name = "192.0.2.2", .port = 123 } };
	struct ffntp_servers servers;

	(void)state;
	ffntp_servers_open(&servers, lookups, names, 1, 0);
	assert_false(ffntp_servers_wait(&servers, 0));
	assert_non_null(servers.lookup[0].problem);
	assert_null(ffntp_servers_address(&servers));
	ffntp_servers_close(&servers);
	ffntp_servers_open(&servers, lookups, names, 2, 0);
	assert_true(ffntp_servers_wait(&servers, 0));
	ffntp_servers_close(&servers);
}

static void names_are_told_from_mistakes(void **state)
{
	static const char *const names[] = { "ntp.example.org",  "ntp.example.org:1123",
					     "192.0.2.1",        "::1",
					     "[::1]:123",        "fe80::1%usb0",
					     "[fe80::1%usb0]:1", "_ntp._udp.example.org" };
	static const char *const mistakes[] = { "[",
						"::1::2",
						"fe80::1%",
						"usb0%fe80::1",
						"2001:db8::1%usb0",
						"a:0",
						"fe80::1%a-name-that-is-too-long",
						"_ntp._udp.example.org:123" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!ffntp_resolve_is_name(names[i]))
			fail_msg("refused: %s", names[i]);
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
		if (ffntp_resolve_is_name(mistakes[i]))
			fail_msg("accepted: %s", mistakes[i]);
}

/* Every machine has an interface 1, the loopback. */
static void messages_name_the_zone(void **state)
{
	struct ffntp_addresses found;
	char text[FFNTP_ADDRESS_TEXT_SIZE];

	(void)state;
	assert_true(ffntp_resolve_numeric("fe80::1%1", 123, &found));
	ffntp_address_text(&found.address[0], text);
	assert_string_equal(text, "[fe80::1%lo]:123");
	found.address[0].v6.sin6_scope_id = 987654321;
	ffntp_address_text(&found.address[0], text);
	assert_string_equal(text, "[fe80::1%987654321]:123");
}

static void a_single_server_is_kept(void **state)
{
	struct ffntp_servers servers;

	(void)state;
	open_servers(&servers, 1);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(ffntp_servers_unanswered(&servers), FFNTP_STAY);
		assert_int_equal(ffntp_servers_change(&servers), FFNTP_STAY);
		assert_int_equal(ffntp_servers_poll(&servers, i), FFNTP_STAY);
	}
	assert_string_equal(ffntp_servers_name(&servers), "192.0.2.1");
	ffntp_servers_close(&servers);
}

static void the_first_that_answers_is_used(void **state)
{
	struct ffntp_servers servers;

	(void)state;
	open_servers(&servers, 3);
	assert_int_equal(ffntp_servers_unanswered(&servers), FFNTP_STAY);
	assert_int_equal(ffntp_servers_unanswered(&servers), FFNTP_MOVE);
	assert_string_equal(ffntp_servers_name(&servers), "192.0.2.2");
	ffntp_servers_answered(&servers);
	for (int i = 0; i < 100; i++)
		assert_int_equal(ffntp_servers_unanswered(&servers), FFNTP_STAY);
	assert_int_equal(ffntp_servers_change(&servers), FFNTP_MOVE);
	assert_string_equal(ffntp_servers_name(&servers), "192.0.2.3");
	ffntp_servers_close(&servers);
}

static void a_round_without_an_answer_ends_with_a_pause(void **state)
{
	struct ffntp_servers servers;

	(void)state;
	open_servers(&servers, 3);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3; i++) {
			assert_int_equal(ffntp_servers_unanswered(&servers), FFNTP_STAY);
			assert_int_equal(ffntp_servers_unanswered(&servers),
					 i < 2 ? FFNTP_MOVE : FFNTP_MOVE_AFTER_PAUSE);
		}
		assert_string_equal(ffntp_servers_name(&servers), "192.0.2.1");
	}
	ffntp_servers_close(&servers);
}

static void a_name_is_resolved_in_the_background(void **state)
{
	struct ffntp_resolver *resolver = ffntp_resolver_start("[2001:db8::1]:1123", 123);
	struct ffntp_addresses found = { .count = 0 };
	const char *problem = "none";

	(void)state;
	assert_non_null(resolver);
	while (!ffntp_resolver_finish(resolver, &found, &problem))
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_null(problem);
	assert_int_equal(found.count, 1);
}

static void what_cannot_be_resolved_has_a_reason(void **state)
{
	struct ffntp_resolver *resolver = ffntp_resolver_start("[", 123);
	struct ffntp_addresses found = { .count = 7 };
	const char *problem = NULL;

	(void)state;
	assert_non_null(resolver);
	while (!ffntp_resolver_finish(resolver, &found, &problem))
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_non_null(problem);
	assert_int_equal(found.count, 7);
}

/*
 * The answer may come before or after the query is abandoned. The later of the two frees the memory, which
 * AddressSanitizer checks.
 */
static void an_answer_that_nobody_waits_for_is_freed(void **state)
{
	(void)state;
	for (long i = 0; i < 200; i++) {
		struct ffntp_resolver *resolver = ffntp_resolver_start("192.0.2.1", 123);

		assert_non_null(resolver);
		nanosleep(&(struct timespec){ .tv_nsec = i * 1000 }, NULL);
		ffntp_resolver_abandon(resolver);
	}
	nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
}

/* --- a pool --- */

static struct ffntp_addresses addresses_of(size_t count)
{
	struct ffntp_addresses all = { .count = count }, one;

	for (size_t i = 0; i < count; i++) {
		assert_true(ffntp_resolve_numeric("192.0.2.1", (uint16_t)(1 + i), &one));
		all.address[i] = one.address[0];
	}
	return all;
}

/* Addresses are used if they are among these. */
static bool is_among(const void *context, const struct ffntp_address *address)
{
	const struct ffntp_addresses *used = context;

	for (size_t i = 0; i < used->count; i++) {
		if (ffntp_address_is_equal(&used->address[i], address))
			return true;
	}
	return false;
}

static void a_pool_chooses_addresses_that_are_new(void **state)
{
	const struct ffntp_addresses found = addresses_of(4), used = addresses_of(1);
	struct ffntp_pool pool = { .rejections = 0 };

	(void)state;
	assert_ptr_equal(ffntp_pool_choose(&pool, &found, is_among, &used), &found.address[1]);
	ffntp_pool_reject(&pool, &found.address[1]);
	assert_ptr_equal(ffntp_pool_choose(&pool, &found, is_among, &used), &found.address[2]);
	ffntp_pool_reject(&pool, &found.address[2]);
	ffntp_pool_reject(&pool, &found.address[3]);
	assert_null(ffntp_pool_choose(&pool, &found, is_among, &used));
	ffntp_pool_reset(&pool);
	assert_ptr_equal(ffntp_pool_choose(&pool, &found, is_among, &used), &found.address[1]);
}

/* The oldest is forgotten, and no more are stored than there is room for. */
static void a_pool_rejects_any_number_of_addresses(void **state)
{
	const struct ffntp_addresses found = addresses_of(2), none = { .count = 0 };
	struct ffntp_pool pool = { .rejections = 0 };

	(void)state;
	ffntp_pool_reject(&pool, &found.address[0]);
	for (size_t i = 0; i < FFNTP_POOL_REJECTED + 3; i++) {
		const struct ffntp_address *expected = i == 0                    ? &found.address[1]
						       : i < FFNTP_POOL_REJECTED ? NULL
										 : &found.address[0];

		assert_ptr_equal(ffntp_pool_choose(&pool, &found, is_among, &none), expected);
		ffntp_pool_reject(&pool, &found.address[1]);
	}
}

/* --- a lineup --- */

static void open_lineup(struct ffntp_lineup *lineup, const char *first, const char *second)
{
	const struct ffntp_server_name names[] = { { .name = first, .port = 123 }, { .name = second, .port = 124 } };

	assert_true(ffntp_lineup_init(lineup, 2));
	for (size_t i = 0; i < 2; i++)
		assert_true(ffntp_lineup_name(&lineup->server[i], &names[i], 1));
}

static void a_lineup_has_names_of_its_own(void **state)
{
	char first[] = "192.0.2.1", second[] = "192.0.2.2";
	const struct ffntp_server_name names[] = { { .name = first, .port = 123 }, { .name = second, .port = 124 } };
	struct ffntp_lineup lineup;

	(void)state;
	assert_true(ffntp_lineup_init_single(&lineup, names, 2));
	memset(first, 0, sizeof(first));
	memset(second, 0, sizeof(second));
	ffntp_lineup_open(&lineup, 0);
	assert_string_equal(ffntp_servers_name(&lineup.server->servers), "192.0.2.1");
	assert_int_equal(ffntp_servers_change(&lineup.server->servers), FFNTP_MOVE);
	assert_string_equal(ffntp_servers_name(&lineup.server->servers), "192.0.2.2");
	ffntp_lineup_close(&lineup);
	assert_null(lineup.server);
}

/* Wait until no first attempt is running. Returns whether a server has an address. */
static bool wait_for(struct ffntp_lineup *lineup)
{
	bool is_over, is_any = ffntp_lineup_poll(lineup, 0, &is_over);

	while (!is_over) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		is_any = ffntp_lineup_poll(lineup, 0, &is_over);
	}
	return is_any;
}

static void of_a_lineup_those_that_resolve_are_used(void **state)
{
	struct ffntp_lineup lineup;
	bool is_over;

	(void)state;
	open_lineup(&lineup, "[", "]");
	ffntp_lineup_open(&lineup, 0);
	assert_false(wait_for(&lineup));
	ffntp_lineup_close(&lineup);
	open_lineup(&lineup, "[", "192.0.2.2");
	ffntp_lineup_open(&lineup, 0);
	assert_true(ffntp_lineup_poll(&lineup, 0, &is_over)); /* at once */
	assert_true(wait_for(&lineup));
	assert_null(ffntp_servers_address(&lineup.server[0].servers));
	assert_non_null(lineup.server[0].servers.lookup[0].problem);
	assert_int_equal(ffntp_lineup_found(&lineup.server[1])->count, 1);
	ffntp_lineup_close(&lineup);
}

/* A server that has a place in the former lineup is not resolved again. */
static void of_a_lineup_those_that_are_kept_count(void **state)
{
	struct ffntp_lineup lineup;

	(void)state;
	open_lineup(&lineup, "[", "192.0.2.2");
	lineup.server[1].former = 0;
	ffntp_lineup_open(&lineup, 0);
	assert_true(wait_for(&lineup));
	assert_int_equal(lineup.server[1].servers.count, 0);
	ffntp_lineup_close(&lineup);
}

/* Make the name's resolution look as if it had succeeded then. */
static void resolve_at(struct ffntp_lineup_server *server, int64_t now_s)
{
	server->servers.lookup[0].ended_s = now_s;
	server->servers.lookup[0].next_s = INT64_MAX;
}

/* The waits are 64, 128, 256 s and so on, and in the end 1024 s. They begin from scratch once nothing is lacking. */
static void a_pool_that_lacks_addresses_resolves_its_name_after_longer_waits(void **state)
{
	static const int64_t waits_s[] = { 64, 128, 256, 512, 1024, 1024, 1024 };
	struct ffntp_lineup lineup;
	struct ffntp_lineup_server *server;

	(void)state;
	open_lineup(&lineup, "192.0.2.1", "192.0.2.2");
	ffntp_lineup_open(&lineup, 0);
	server = &lineup.server[0];
	for (int round = 0; round < 2; round++) {
		int64_t now_s = 1000;

		for (size_t i = 0; i < sizeof(waits_s) / sizeof(waits_s[0]); i++) {
			int64_t began_s = now_s;

			resolve_at(server, now_s);
			ffntp_lineup_renew(server, now_s);
			while (server->servers.lookup[0].next_s == INT64_MAX)
				ffntp_lineup_renew(server, ++now_s);
			assert_int_equal(now_s - began_s, waits_s[i]);
		}
		ffntp_lineup_be_content(server);
	}
	ffntp_lineup_close(&lineup);
}

/* They are tried again only after the name has been resolved again, with success. */
static void addresses_that_were_given_up_are_tried_again_later(void **state)
{
	struct ffntp_lineup lineup;
	struct ffntp_lineup_server *server;

	(void)state;
	open_lineup(&lineup, "192.0.2.1", "192.0.2.2");
	ffntp_lineup_open(&lineup, 0);
	server = &lineup.server[0];
	resolve_at(server, 1000);
	ffntp_lineup_reject(server, &ffntp_lineup_found(server)->address[0]);
	ffntp_lineup_renew(server, 1001);
	assert_int_equal(server->pool.rejections, 1);
	resolve_at(server, 1100);
	server->servers.lookup[0].problem = "no name server";
	ffntp_lineup_renew(server, 1100);
	assert_int_equal(server->pool.rejections, 1);
	server->servers.lookup[0].problem = NULL;
	ffntp_lineup_renew(server, 1101);
	assert_int_equal(server->pool.rejections, 0);
	ffntp_lineup_close(&lineup);
}

static struct ffntp_key key_of(const char *text)
{
	struct ffntp_keyfile file = { .length = strlen(text) };
	struct ffntp_key_error error;
	struct ffntp_key key;

	strcpy(file.text, text);
	assert_true(ffntp_key_find(&file, 10, &key, &error));
	return key;
}

/* A key of the same number may have changed in its file. */
static void keys_are_compared(void **state)
{
	static const char *const texts[] = { "10 SHA256 tulip", "10 SHA256 rose", "10 SHA512 tulip" };
	struct ffntp_lineup lineup, other;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (size_t j = 0; j < 3; j++) {
			const struct ffntp_key first = key_of(texts[i]), second = key_of(texts[j]);
			const struct ffntp_server_name a = { "192.0.2.1", 123, &first },
						       b = { "192.0.2.1", 123, &second };

			assert_true(ffntp_lineup_init_single(&lineup, &a, 1) &&
				    ffntp_lineup_init_single(&other, &b, 1));
			assert_int_equal(ffntp_lineup_is_same_key(lineup.server, other.server), i == j);
			ffntp_lineup_close(&lineup);
			ffntp_lineup_close(&other);
		}
	}
	open_lineup(&lineup, "192.0.2.1", "192.0.2.2");
	assert_true(ffntp_lineup_is_same_key(&lineup.server[0], &lineup.server[1]));
	ffntp_lineup_close(&lineup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_addresses_with_and_without_port),
		cmocka_unit_test(refuses_what_is_no_address),
		cmocka_unit_test(an_address_reads_as_ipv6),
		cmocka_unit_test(addresses_are_equal_with_their_port),
		cmocka_unit_test(names_are_resolved_in_the_background),
		cmocka_unit_test(a_caller_may_wait_for_the_first_result),
		cmocka_unit_test(names_are_told_from_mistakes),
		cmocka_unit_test(messages_name_the_zone),
		cmocka_unit_test(a_single_server_is_kept),
		cmocka_unit_test(the_first_that_answers_is_used),
		cmocka_unit_test(a_round_without_an_answer_ends_with_a_pause),
		cmocka_unit_test(a_name_is_resolved_in_the_background),
		cmocka_unit_test(what_cannot_be_resolved_has_a_reason),
		cmocka_unit_test(an_answer_that_nobody_waits_for_is_freed),
		cmocka_unit_test(a_pool_chooses_addresses_that_are_new),
		cmocka_unit_test(a_pool_rejects_any_number_of_addresses),
		cmocka_unit_test(a_lineup_has_names_of_its_own),
		cmocka_unit_test(of_a_lineup_those_that_resolve_are_used),
		cmocka_unit_test(of_a_lineup_those_that_are_kept_count),
		cmocka_unit_test(a_pool_that_lacks_addresses_resolves_its_name_after_longer_waits),
		cmocka_unit_test(addresses_that_were_given_up_are_tried_again_later),
		cmocka_unit_test(keys_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
