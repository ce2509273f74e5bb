/* ntslink: the times of key exchanges, also after failures. The key exchange is a fake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../ports/linux/ntslink.h"
#include "count.h"

static struct {
	unsigned started, abandoned;
	bool is_running, is_ready, succeeds, is_assumed, can_start;
	struct ffntp_nts_order order;
	char host[256];
} fake;

static const struct ffntp_nts_aead aead = { .number = FFNTP_NTS_AES_SIV_CMAC_256, .key_size = 32, .nonce_size = 16 };

static struct ffntp_nts_exchange *fake_start(const struct ffntp_nts_order *order)
{
	fake.started++;
	fake.order = *order;
	strcpy(fake.host, order->host);
	fake.is_running = fake.can_start;
	return fake.can_start ? (struct ffntp_nts_exchange *)&fake : NULL;
}

static bool fake_finish(struct ffntp_nts_exchange *exchange, struct ffntp_nts_outcome *outcome)
{
	static const uint8_t cookie[100];

	assert_ptr_equal(exchange, &fake);
	if (!fake.is_ready)
		return false;
	fake.is_running = false;
	*outcome = (struct ffntp_nts_outcome){ .is_success = fake.succeeds, .is_assumed = fake.is_assumed };
	strcpy(outcome->problem, "no");
	outcome->nts.aead = &aead;
	outcome->server = fake.order.address;
	for (int i = 0; i < 8; i++)
		ffntp_nts_add_cookie(&outcome->nts, cookie, sizeof(cookie));
	return true;
}

static void fake_abandon(struct ffntp_nts_exchange *exchange)
{
	assert_ptr_equal(exchange, &fake);
	fake.is_running = false;
	fake.abandoned++;
}

static void ignore(void *context)
{
	(void)context;
}

static const struct ffntp_nts_exchange_ops ops = { fake_start, fake_finish, fake_abandon, ignore, ignore };
static const struct ffntp_nts_method method = { .ops = &ops };
static struct ffntp_address address;

static struct ffntp_ntslink begin(void)
{
	struct ffntp_ntslink link;
	struct ffntp_addresses found;

	memset(&fake, 0, sizeof(fake));
	fake.can_start = fake.is_ready = fake.succeeds = true;
	assert_true(ffntp_resolve_numeric("127.0.0.1", 123, &found));
	address = found.address[0];
	ffntp_ntslink_open(&link, &method, "time.example.org:123", 1000);
	return link;
}

static enum ffntp_ntslink_event work(struct ffntp_ntslink *link, int64_t now_s)
{
	struct ffntp_address server;

	return ffntp_ntslink_work(link, &address, 7, now_s, &server);
}

static void keys_are_agreed_at_once_and_then_no_more(void **state)
{
	struct ffntp_ntslink link = begin();
	char text[FFNTP_ADDRESS_TEXT_SIZE];
	bool has_failed;

	(void)state;
	assert_int_equal(work(&link, 1000), FFNTP_NTSLINK_NOTHING);
	assert_true(fake.is_running);
	assert_string_equal(fake.host, "time.example.org");
	ffntp_address_text(&fake.order.address, text);
	assert_string_equal(text, "127.0.0.1:4460");
	assert_int_equal(fake.order.time_s, 7);
	assert_int_equal(work(&link, 1001), FFNTP_NTSLINK_READY);
	assert_int_equal(link.nts.cookies, 8);
	assert_string_equal(ffntp_ntslink_news(&link, &has_failed), "8 cookies for 127.0.0.1:4460, AEAD algorithm 15");
	assert_false(has_failed);
	assert_null(ffntp_ntslink_news(&link, &has_failed));
	for (int64_t now = 1002; now < 100000; now += 10) {
		ffntp_ntslink_answered(&link);
		assert_int_equal(work(&link, now), FFNTP_NTSLINK_NOTHING);
	}
	assert_int_equal(fake.started, 1);
	ffntp_ntslink_close(&link);
	assert_int_equal(fake.abandoned, 0);
}

static void hosts_are_without_port_zone_and_brackets(void **state)
{
	static const struct {
		const char *name, *host;
	} cases[] = {
		{ "a.b", "a.b" },
		{ "a.b:1", "a.b" },
		{ "1.2.3.4:5", "1.2.3.4" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "[fe80::1%lo]", "fe80::1" },
		{ "[2001:db8::1]:7", "2001:db8::1" },
		{ "fe80::1%lo", "fe80::1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ffntp_ntslink link;

		ffntp_ntslink_open(&link, &method, cases[i].name, 0);
		assert_string_equal(link.host, cases[i].host);
	}
}

static void waits_double_after_failures_that_are_logged_once(void **state)
{
	static const int64_t expected[] = { 16,   32,   64,   128,   256,   512,   1024,
					    2048, 4096, 8192, 16384, 32768, 65536, 65536 };
	struct ffntp_ntslink link = begin();
	int64_t now = 1000;
	bool has_failed;

	(void)state;
	fake.succeeds = false;
	(void)work(&link, now);
	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_int_equal(work(&link, now), FFNTP_NTSLINK_FAILED);
		assert_true((ffntp_ntslink_news(&link, &has_failed) != NULL) == (i == 0));
		assert_true(has_failed);
		now += expected[i];
		(void)work(&link, now - 1);
		assert_int_equal(fake.started, i + 1);
		(void)work(&link, now);
		assert_int_equal(fake.started, i + 2);
	}
	fake.succeeds = true;
	assert_int_equal(work(&link, now), FFNTP_NTSLINK_READY);
	assert_non_null(ffntp_ntslink_news(&link, &has_failed));
}

/* A name with four addresses: a round of all of them counts as one failure, as with one address. */
static void the_wait_grows_once_for_all_addresses_of_a_name(void **state)
{
	struct ffntp_ntslink link = begin();
	int64_t now = 1000;

	(void)state;
	fake.succeeds = false;
	for (int64_t wait = 16; wait <= 1024; wait *= 2) {
		for (int i = 0; i < 4; i++) {
			(void)work(&link, now);
			assert_int_equal(work(&link, now), FFNTP_NTSLINK_FAILED);
			if (i < 3)
				ffntp_ntslink_hurry(&link);
		}
		(void)work(&link, now + wait - 1);
		assert_false(fake.is_running);
		now += wait;
	}
}

static void take_keys(struct ffntp_ntslink *link, int64_t now)
{
	(void)work(link, now);
	assert_int_equal(work(link, now), FFNTP_NTSLINK_READY);
}

/* ntpsec is silent when it does not know a cookie; chrony and ntpd-rs refuse it, which anyone may forge. */
static void silence_leads_to_new_keys_and_a_refusal_does_sooner(void **state)
{
	struct ffntp_ntslink link = begin();

	(void)state;
	take_keys(&link, 1000);
	ffntp_ntslink_answered(&link);
	link.nts.naks = 1;
	(void)work(&link, 2000);
	assert_int_equal(fake.started, 1); /* an authentic reply may still come */
	ffntp_ntslink_unanswered(&link);
	(void)work(&link, 2000);
	assert_int_equal(fake.started, 2);
	assert_int_equal(work(&link, 2001), FFNTP_NTSLINK_READY);
	ffntp_ntslink_answered(&link);
	for (int i = 0; i < 3; i++)
		ffntp_ntslink_unanswered(&link);
	(void)work(&link, 3000);
	assert_int_equal(fake.started, 2);
	ffntp_ntslink_unanswered(&link);
	(void)work(&link, 3000);
	assert_int_equal(fake.started, 3);
}

/* An attacker who forges refusals causes no more than a key exchange each quarter of a minute. */
static void keys_that_are_of_no_use_are_not_agreed_anew_at_once(void **state)
{
	struct ffntp_ntslink link = begin();

	(void)state;
	take_keys(&link, 1000);
	ffntp_ntslink_unanswered(&link);
	link.nts.naks = 1;
	(void)work(&link, 1015);
	assert_int_equal(fake.started, 1);
	take_keys(&link, 1016);
	ffntp_ntslink_unanswered(&link);
	link.nts.naks = 1;
	(void)work(&link, 1016 + 31);
	assert_int_equal(fake.started, 2);
	(void)work(&link, 1016 + 32);
	assert_int_equal(fake.started, 3);
}

/* With AEAD 30 the exporter's context is not certain (nts/records.h). */
static void an_assumption_that_failed_is_not_made_again(void **state)
{
	struct ffntp_ntslink link = begin();

	(void)state;
	fake.is_assumed = true;
	take_keys(&link, 1000);
	assert_false(fake.order.is_siv_only);
	ffntp_ntslink_answered(&link);
	link.nts.cookies = 0;
	take_keys(&link, 2000);
	assert_false(fake.order.is_siv_only);
	link.nts.cookies = 0;
	take_keys(&link, 3000);
	assert_true(fake.order.is_siv_only);
}

static void what_runs_is_abandoned(void **state)
{
	struct ffntp_ntslink link = begin();

	(void)state;
	fake.is_ready = false;
	(void)work(&link, 1000);
	ffntp_ntslink_forget(&link);
	assert_int_equal(fake.abandoned, 1);
	ffntp_ntslink_forget(&link);
	assert_int_equal(fake.abandoned, 1);
}

/* Addresses of one name may be tried in turn; the key exchange may name a different server for the time. */
static void keys_stay_with_the_address_that_they_were_agreed_with(void **state)
{
	struct ffntp_ntslink link = begin();
	struct ffntp_addresses other;

	(void)state;
	assert_true(ffntp_resolve_numeric("127.0.0.2", 123, &other));
	assert_ptr_equal(ffntp_ntslink_move(&link, &address), &address);
	take_keys(&link, 1000);
	assert_ptr_equal(ffntp_ntslink_move(&link, &address), &link.server);
	assert_int_equal(link.nts.cookies, 8);
	assert_ptr_equal(ffntp_ntslink_move(&link, &other.address[0]), &other.address[0]);
	assert_int_equal(link.nts.cookies, 0);
}

static void without_an_address_or_a_thread_it_waits(void **state)
{
	struct ffntp_ntslink link = begin();

	(void)state;
	memset(&address, 0, sizeof(address));
	(void)work(&link, 1000);
	assert_int_equal(fake.started, 0);
	link = begin();
	fake.can_start = false;
	(void)work(&link, 1000);
	(void)work(&link, 1001);
	assert_int_equal(fake.started, 1);
	(void)work(&link, 1016);
	assert_int_equal(fake.started, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_agreed_at_once_and_then_no_more),
		cmocka_unit_test(hosts_are_without_port_zone_and_brackets),
		cmocka_unit_test(waits_double_after_failures_that_are_logged_once),
		cmocka_unit_test(the_wait_grows_once_for_all_addresses_of_a_name),
		cmocka_unit_test(silence_leads_to_new_keys_and_a_refusal_does_sooner),
		cmocka_unit_test(keys_that_are_of_no_use_are_not_agreed_anew_at_once),
		cmocka_unit_test(an_assumption_that_failed_is_not_made_again),
		cmocka_unit_test(what_runs_is_abandoned),
		cmocka_unit_test(keys_stay_with_the_address_that_they_were_agreed_with),
		cmocka_unit_test(without_an_address_or_a_thread_it_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
