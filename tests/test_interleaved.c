/* interleaved: exchanges with a server that answers in interleaved mode as chrony does, and with ones that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "../core/association.h"
#include "../core/params.h"
#include "../include/ffntp/client.h"
#include "prng.h"

/* The counter has 1 GHz, so that ticks are nanoseconds. */
static const struct ffntp_exchange_limits limits = {
	.period_s = 1e-9,
	.period_error = 500e-6,
	.max_rtt_s = FFNTP_MAX_RTT_S,
	.max_root_distance_s = 3,
};

#define TICKS_PER_S UINT64_C(1000000000)
#define WAY UINT64_C(1000000)     /* ticks each way */
#define RESIDENCE UINT64_C(50000) /* until the reply leaves */
#define EARLY UINT64_C(30000)     /* the transmit timestamp of basic mode is this much too early */

#define KISS_RATE UINT32_C(0x52415445)

/* A server whose clock is the counter; 'saved' is what it remembers for interleaved mode. */
struct server {
	bool only_basic;
	uint64_t saved_receive, saved_transmit;
};

struct fixture {
	struct ffntp_exchange exchange;
	struct server server;
	struct prng prng;
	ffntp_counter now;
	uint8_t request[FFNTP_WIRE_SIZE], reply[FFNTP_WIRE_SIZE];
	struct ffntp_packet asked, answered;
	ffntp_counter ta, tf;
	struct ffntp_stamp stamp;
};

static uint64_t ntp(ffntp_counter at)
{
	return (UINT64_C(0xe8000000) << 32) + (uint64_t)((long double)at * 4.294967296L);
}

static struct fixture begin(void)
{
	struct fixture f = { .exchange = { .is_interleaved = true }, .prng = { 5 }, .now = 1000 * TICKS_PER_S };

	return f;
}

static void ask(struct fixture *f)
{
	f->ta = f->now;
	assert_true(ffntp_exchange_begin(&f->exchange, f->ta, prng_next(&f->prng) | 2, f->request));
	assert_int_equal(ffntp_wire_read(f->request, sizeof(f->request), &f->asked), FFNTP_ACCEPTED);
}

/* Compose the server's reply. It arrives at f->tf. */
static void answer(struct fixture *f)
{
	uint64_t receive = ntp(f->ta + WAY) | 1;
	bool is_interleaved = f->asked.origin.units == f->server.saved_receive && f->server.saved_receive != 0 &&
			      f->asked.receive.units != f->asked.transmit.units;

	f->tf = f->ta + 2 * WAY + RESIDENCE;
	f->answered = (struct ffntp_packet){
		.version = 4,
		.mode = FFNTP_MODE_SERVER,
		.stratum = 1,
		.precision_log2_s = -30,
		.origin = is_interleaved ? f->asked.receive : f->asked.transmit,
		.receive = { receive },
		.transmit = { is_interleaved ? f->server.saved_transmit
					     : ntp(f->ta + WAY + RESIDENCE - EARLY) & ~UINT64_C(1) },
	};
	if (is_interleaved)
		f->server.saved_receive = 0;
	if ((f->asked.origin.units & 1) != 0 && !f->server.only_basic) {
		f->server.saved_receive = receive;
		f->server.saved_transmit = ntp(f->ta + WAY + RESIDENCE) & ~UINT64_C(1);
	}
}

static enum ffntp_verdict deliver(struct fixture *f)
{
	ffntp_wire_write(&f->answered, f->reply);
	return ffntp_exchange_finish(&f->exchange, f->reply, sizeof(f->reply), f->tf, &limits, &f->stamp);
}

/* One poll. Returns the verdict. */
static enum ffntp_verdict poll(struct fixture *f)
{
	f->now += 2 * TICKS_PER_S;
	ask(f);
	answer(f);
	return deliver(f);
}

/* Check the stamp of an exchange, and how far its transmit timestamp is from the true departure. */
static void assert_stamp(const struct fixture *f, ffntp_counter ta, uint64_t early_ticks)
{
	int64_t off = (int64_t)(f->stamp.te.units - ntp(ta + WAY + RESIDENCE - early_ticks));

	assert_true(f->exchange.is_complete);
	assert_true(f->stamp.ta == ta && f->stamp.tf == ta + 2 * WAY + RESIDENCE);
	assert_true(f->stamp.tb.units == (ntp(ta + WAY) | 1));
	assert_true(off >= -1 && off <= 0);
}

/* Two replies in basic mode, and one in interleaved mode, whose exchange waits. Returns its ta. */
static ffntp_counter settle(struct fixture *f)
{
	assert_int_equal(poll(f), FFNTP_ACCEPTED);
	assert_stamp(f, f->ta, EARLY);
	assert_int_equal(poll(f), FFNTP_ACCEPTED);
	assert_stamp(f, f->ta, EARLY);
	assert_int_equal(poll(f), FFNTP_ACCEPTED);
	assert_false(f->exchange.is_complete);
	return f->ta;
}

static void the_third_reply_is_interleaved_and_each_completes_the_one_before(void **state)
{
	struct fixture f = begin();
	ffntp_counter former = settle(&f);

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(poll(&f), FFNTP_ACCEPTED);
		assert_stamp(&f, former, 0);
		former = f.ta;
	}
}

static void a_request_asks_by_the_servers_receive_timestamp_and_two_nonces(void **state)
{
	struct fixture f = begin();
	uint64_t receive;

	(void)state;
	assert_int_equal(poll(&f), FFNTP_ACCEPTED);
	assert_true(f.asked.origin.units == 0 && f.asked.receive.units == 0);
	receive = f.answered.receive.units;
	ask(&f);
	assert_true(f.asked.origin.units == receive);
	assert_true(f.asked.receive.units != 0 && f.asked.receive.units != f.asked.transmit.units);
	assert_true(f.asked.transmit.units == f.exchange.nonce);
}

static void without_the_option_requests_and_replies_are_basic(void **state)
{
	struct fixture f = begin();

	(void)state;
	f.exchange.is_interleaved = false;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(poll(&f), FFNTP_ACCEPTED);
		assert_true(f.asked.origin.units == 0 && f.asked.receive.units == 0);
		assert_stamp(&f, f.ta, EARLY);
	}
	ask(&f);
	answer(&f);
	f.answered.origin.units = f.asked.transmit.units << 1 | f.asked.transmit.units >> 63;
	assert_int_equal(deliver(&f), FFNTP_REFUSED_ORIGIN);
}

/* The second nonce is valid only as the reply to a request that had it. */
static void a_basic_request_has_no_interleaved_reply(void **state)
{
	struct fixture f = begin();

	(void)state;
	ask(&f);
	answer(&f);
	f.answered.origin.units = f.asked.transmit.units << 1 | f.asked.transmit.units >> 63;
	assert_int_equal(deliver(&f), FFNTP_REFUSED_ORIGIN);
	answer(&f);
	assert_int_equal(deliver(&f), FFNTP_ACCEPTED);
}

static void forged_origins_change_nothing(void **state)
{
	struct fixture f = begin();
	ffntp_counter former = settle(&f);
	struct ffntp_packet genuine;

	(void)state;
	f.now += TICKS_PER_S;
	ask(&f);
	answer(&f);
	genuine = f.answered;
	for (unsigned i = 0; i < 64; i++) {
		f.answered.origin.units = f.asked.receive.units ^ UINT64_C(1) << i;
		assert_int_equal(deliver(&f), FFNTP_REFUSED_ORIGIN);
	}
	f.answered.origin.units = f.asked.origin.units;
	assert_int_equal(deliver(&f), FFNTP_REFUSED_ORIGIN);
	f.answered = genuine;
	assert_int_equal(deliver(&f), FFNTP_ACCEPTED);
	assert_stamp(&f, former, 0);
}

static void a_copy_of_an_interleaved_reply_is_a_duplicate(void **state)
{
	struct fixture f = begin();
	ffntp_counter former = settle(&f);
	struct ffntp_packet copy = f.answered;

	(void)state;
	assert_int_equal(deliver(&f), FFNTP_REFUSED_DUPLICATE);
	f.now += TICKS_PER_S;
	ask(&f);
	f.answered = copy;
	assert_int_equal(deliver(&f), FFNTP_REFUSED_DUPLICATE);
	answer(&f);
	assert_int_equal(deliver(&f), FFNTP_ACCEPTED);
	assert_stamp(&f, former, 0);
}

/* A copy in the other mode, too: the request is answered. */
static void a_request_has_one_reply_in_either_mode(void **state)
{
	struct fixture f = begin();

	(void)state;
	settle(&f);
	f.answered.origin = f.asked.transmit;
	assert_int_equal(deliver(&f), FFNTP_REFUSED_DUPLICATE);
}

static void an_interleaved_reply_to_a_request_that_was_given_up_is_late(void **state)
{
	struct fixture f = begin();

	(void)state;
	settle(&f);
	f.now += TICKS_PER_S;
	ask(&f);
	answer(&f);
	ffntp_exchange_expire(&f.exchange);
	assert_int_equal(deliver(&f), FFNTP_REFUSED_LATE);
}

/* The request is lost: the next one asks by the same reply. */
static void a_lost_request_delays_the_stamp(void **state)
{
	struct fixture f = begin();
	ffntp_counter former = settle(&f);

	(void)state;
	f.now += TICKS_PER_S;
	ask(&f);
	assert_int_equal(poll(&f), FFNTP_ACCEPTED);
	assert_stamp(&f, former, 0);
}

/* The reply is lost, and the server has forgotten the one before: a basic reply is used at once, that one never. */
static void after_a_lost_reply_the_next_is_basic(void **state)
{
	struct fixture f = begin();
	ffntp_counter at;

	(void)state;
	settle(&f);
	f.now += TICKS_PER_S;
	ask(&f);
	answer(&f);
	assert_int_equal(poll(&f), FFNTP_ACCEPTED);
	assert_stamp(&f, f.ta, EARLY);
	assert_int_equal(poll(&f), FFNTP_ACCEPTED);
	assert_false(f.exchange.is_complete);
	at = f.ta;
	assert_int_equal(poll(&f), FFNTP_ACCEPTED);
	assert_stamp(&f, at, 0);
}

static void a_restarted_server_answers_in_basic_mode(void **state)
{
	struct fixture f = begin();

	(void)state;
	settle(&f);
	f.server = (struct server){ .only_basic = true };
	for (int i = 0; i < 5; i++) {
		assert_int_equal(poll(&f), FFNTP_ACCEPTED);
		assert_stamp(&f, f.ta, EARLY);
	}
	f.server.only_basic = false;
	assert_int_equal(poll(&f), FFNTP_ACCEPTED);
	assert_stamp(&f, f.ta, EARLY);
	assert_int_equal(poll(&f), FFNTP_ACCEPTED);
	assert_false(f.exchange.is_complete);
}

/* Deliver an interleaved reply with this transmit timestamp. */
static enum ffntp_verdict poll_with_transmit(struct fixture *f, uint64_t transmit)
{
	f->now += TICKS_PER_S;
	ask(f);
	answer(f);
	f->answered.transmit.units = transmit;
	return deliver(f);
}

static void a_transmit_timestamp_of_a_different_exchange_is_refused(void **state)
{
	struct fixture f = begin();
	ffntp_counter former = settle(&f);

	(void)state;
	assert_int_equal(poll_with_transmit(&f, ntp(former - TICKS_PER_S)), FFNTP_REFUSED_TIMESTAMPS);
	assert_int_equal(poll_with_transmit(&f, ntp(f.ta + TICKS_PER_S)), FFNTP_REFUSED_RESIDENCE);
	assert_int_equal(poll_with_transmit(&f, 0), FFNTP_REFUSED_TIMESTAMPS);
	former = f.ta;
	assert_int_equal(poll(&f), FFNTP_ACCEPTED);
	assert_stamp(&f, former, 0);
}

/* The stamp has the server's state as of its own exchange, and this reply's state counts at once. */
static void a_server_that_loses_its_time_is_unsynchronised_at_once(void **state)
{
	struct fixture f = begin();
	ffntp_counter former = settle(&f);

	(void)state;
	f.now += TICKS_PER_S;
	ask(&f);
	answer(&f);
	f.answered.leap = FFNTP_WIRE_LEAP_UNSYNCHRONISED;
	assert_int_equal(deliver(&f), FFNTP_REFUSED_UNSYNCHRONISED);
	f.server.saved_receive = f.exchange.server_receive;
	f.server.saved_transmit = ntp(former + WAY + RESIDENCE) & ~UINT64_C(1);
	f.now += TICKS_PER_S;
	ask(&f);
	answer(&f);
	f.answered.stratum = 7;
	assert_int_equal(deliver(&f), FFNTP_ACCEPTED);
	assert_stamp(&f, former, 0);
	assert_int_equal(f.stamp.stratum, 1);
}

static void a_counter_that_went_back_is_seen_at_once(void **state)
{
	struct fixture f = begin();

	(void)state;
	settle(&f);
	f.now -= 3 * TICKS_PER_S;
	assert_int_equal(poll(&f), FFNTP_REFUSED_COUNTER);
	assert_false(f.exchange.has_former);
	f = begin();
	settle(&f);
	f.now += TICKS_PER_S;
	ask(&f);
	answer(&f);
	f.tf = f.ta;
	assert_int_equal(deliver(&f), FFNTP_REFUSED_COUNTER);
}

/* Equal nonces mean basic mode to both sides. */
static void a_nonce_that_equals_the_second_one_is_basic(void **state)
{
	struct fixture f = begin();

	(void)state;
	settle(&f);
	f.now += TICKS_PER_S;
	f.ta = f.now;
	assert_true(ffntp_exchange_begin(&f.exchange, f.ta, UINT64_MAX, f.request));
	assert_int_equal(ffntp_wire_read(f.request, sizeof(f.request), &f.asked), FFNTP_ACCEPTED);
	answer(&f);
	assert_int_equal(deliver(&f), FFNTP_ACCEPTED);
	assert_stamp(&f, f.ta, EARLY);
}

static void a_different_server_is_not_asked_for_the_former_ones_reply(void **state)
{
	const struct ffntp_polling_config polling = { .min_s = 64, .max_s = 1024, .burst = 8 };
	struct ffntp_association association;
	struct fixture f = begin();

	(void)state;
	ffntp_association_init(&association, NULL, &polling, 3, 0);
	settle(&f);
	association.exchange = f.exchange;
	ffntp_association_change_server(&association, 0);
	f.exchange = association.exchange;
	ask(&f);
	assert_true(f.asked.origin.units == 0 && f.asked.receive.units == 0 && !f.exchange.has_former);
}

/* A stamp must not span a jump of the counter. */
static void a_disruption_drops_the_exchange_that_waits(void **state)
{
	const struct ffntp_polling_config polling = { .min_s = 64, .max_s = 1024, .burst = 8 };
	struct ffntp_association association;
	struct fixture f = begin();

	(void)state;
	ffntp_association_init(&association, NULL, &polling, 3, 0);
	settle(&f);
	association.exchange = f.exchange;
	ffntp_association_disrupted(&association);
	f.exchange = association.exchange;
	assert_int_equal(poll(&f), FFNTP_ACCEPTED);
	assert_false(f.exchange.is_complete);
}

/* --- polling --- */

static struct ffntp_polling polling_of(uint32_t min_s, bool is_adaptive, double accuracy_s)
{
	const struct ffntp_polling_config config = {
		.min_s = min_s, .max_s = 1024, .is_adaptive = is_adaptive, .accuracy_s = accuracy_s, .burst = 1
	};
	struct ffntp_polling polling;

	ffntp_polling_init(&polling, &config, 0);
	return polling;
}

static double wait_s(const struct ffntp_polling *polling)
{
	return (double)(polling->next - polling->asked) * 1e-9;
}

static void reply_arrives(struct ffntp_polling *polling)
{
	ffntp_polling_sent(polling, polling->next, 1e-9);
	ffntp_polling_replied(polling, FFNTP_ACCEPTED, 1e-9);
	ffntp_polling_follow_up(polling, 1e-9);
}

static void a_poll_is_a_pair_of_requests(void **state)
{
	struct ffntp_polling polling = polling_of(64, false, 0);

	(void)state;
	for (int i = 0; i < 5; i++) {
		reply_arrives(&polling);
		assert_within(wait_s(&polling), FFNTP_BURST_INTERVAL_S, 1e-6, "s");
		reply_arrives(&polling);
		assert_within(wait_s(&polling), 64, 1e-6, "s");
	}
}

static void short_intervals_have_no_second_request(void **state)
{
	struct ffntp_polling polling = polling_of(8, false, 0);

	(void)state;
	for (int i = 0; i < 5; i++) {
		reply_arrives(&polling);
		assert_within(wait_s(&polling), 8, 1e-6, "s");
	}
}

/* A server that limits requests gets no pairs, and at its long intervals no requests that have to wait. */
static void after_a_kiss_there_is_no_second_request(void **state)
{
	struct ffntp_polling polling = polling_of(64, false, 0);

	(void)state;
	assert_true(ffntp_polling_can_interleave(&polling));
	ffntp_polling_sent(&polling, 0, 1e-9);
	ffntp_polling_replied(&polling, FFNTP_REFUSED_KISS_RATE, 1e-9);
	reply_arrives(&polling);
	assert_within(wait_s(&polling), 128, 1e-6, "s");
	assert_false(ffntp_polling_can_interleave(&polling));
	polling = polling_of(2, false, 0);
	ffntp_polling_sent(&polling, 0, 1e-9);
	ffntp_polling_replied(&polling, FFNTP_REFUSED_KISS_RATE, 1e-9);
	assert_true(ffntp_polling_can_interleave(&polling));
}

/* A clock whose variance grows to that of half an exchange in 512 s. */
static void adaptive_intervals_are_those_of_a_pair(void **state)
{
	const double error_s = 10e-6, goal_s = FFNTP_ADAPTIVE_RATIO * error_s;
	const struct ffntp_outlook outlook = {
		.wander_per_s = 3 * goal_s * goal_s / 2 / (512.0 * 512 * 512),
		.exchange_esterror_s = error_s,
	};
	struct ffntp_polling polling = polling_of(64, true, 0);

	(void)state;
	for (int i = 0; i < 20; i++) {
		reply_arrives(&polling);
		ffntp_polling_adapt(&polling, &outlook, 1e-9);
		ffntp_polling_follow_up(&polling, 1e-9);
	}
	assert_within(polling.interval_s, 512, 2, "s");
}

/* --- a client --- */

static struct ffntp_client *make_client(uint32_t poll_s, ffntp_counter now)
{
	struct ffntp_client_config config;
	struct ffntp_client *client;
	size_t size;

	ffntp_client_config_default(&config);
	config.counter_kind = FFNTP_COUNTER_OTHER;
	config.poll_min_s = poll_s;
	config.burst = 1;
	config.interleaved = 1;
	size = ffntp_client_memory(&config);
	client = ffntp_client_init(aligned_alloc(16, size), size, &config, now);
	assert_non_null(client);
	return client;
}

static void a_client_is_in_one_of_two_modes(void **state)
{
	struct ffntp_client_config config;

	(void)state;
	ffntp_client_config_default(&config);
	assert_true(config.interleaved == 0);
	config.interleaved = 1;
	assert_int_not_equal(ffntp_client_memory(&config), 0);
	config.interleaved = 2;
	assert_int_equal(ffntp_client_memory(&config), 0);
}

/* Send the client's next request when it is due, and compose the reply to it. Returns the wait in s. */
static double client_asks(struct fixture *f, struct ffntp_client *client)
{
	ffntp_counter from = f->ta;
	struct ffntp_action action;

	for (action = ffntp_client_timer(client, f->now); action.kind != FFNTP_SEND;
	     action = ffntp_client_timer(client, f->now))
		f->now = action.until;
	f->ta = f->now;
	assert_true(ffntp_client_request(client, f->ta, prng_next(&f->prng) | 2, f->request));
	assert_int_equal(ffntp_wire_read(f->request, sizeof(f->request), &f->asked), FFNTP_ACCEPTED);
	answer(f);
	return (double)(f->ta - from) * 1e-9;
}

static enum ffntp_verdict client_gets(struct fixture *f, struct ffntp_client *client)
{
	ffntp_wire_write(&f->answered, f->reply);
	f->now = f->tf;
	return ffntp_client_reply(client, f->reply, sizeof(f->reply), f->tf);
}

static void a_client_uses_an_exchange_once_it_is_complete(void **state)
{
	struct fixture f = begin();
	struct ffntp_client *client = make_client(64, f.now);
	struct ffntp_source source;
	ffntp_counter former;
	double wait_s;

	(void)state;
	for (int i = 0; i < 2; i++) {
		client_asks(&f, client);
		assert_int_equal(client_gets(&f, client), FFNTP_ACCEPTED);
		assert_int_equal(ffntp_client_decision(client)->kind, FFNTP_DECISION_ACCEPT);
		assert_true(ffntp_client_decision(client)->at == f.tf);
	}
	former = f.tf;
	client_asks(&f, client);
	assert_int_equal(client_gets(&f, client), FFNTP_ACCEPTED);
	assert_int_equal(ffntp_client_decision(client)->kind, FFNTP_DECISION_NONE);
	assert_int_equal(ffntp_client_decision(client)->reason, FFNTP_REASON_INCOMPLETE);
	ffntp_client_source(client, &source);
	assert_true(source.last_accepted == former && source.reach == 7);
	former = f.tf;
	wait_s = client_asks(&f, client);
	assert_within(wait_s, FFNTP_BURST_INTERVAL_S, 0.01, "s");
	assert_int_equal(client_gets(&f, client), FFNTP_ACCEPTED);
	assert_int_equal(ffntp_client_decision(client)->kind, FFNTP_DECISION_ACCEPT);
	ffntp_client_source(client, &source);
	assert_true(source.last_accepted == former);
	wait_s = client_asks(&f, client);
	assert_within(wait_s, 64, 0.1, "s");
	free(client);
}

/* Return when the client's next request is due, in s after the last one. */
static double due_s(const struct fixture *f, struct ffntp_client *client)
{
	struct ffntp_action action = { FFNTP_WAIT, f->now };

	for (ffntp_counter now = f->now; action.kind == FFNTP_WAIT; now = action.until)
		action = ffntp_client_timer(client, now);
	return (double)(action.until - f->ta) * 1e-9;
}

/* The request stays in flight, and its own reply decides on the next request, although a former reply waits. */
static void a_forged_reply_brings_no_second_request(void **state)
{
	struct fixture f = begin();
	struct ffntp_client *client = make_client(64, f.now);
	ffntp_counter waiting;

	(void)state;
	for (int i = 0; i < 4; i++) {
		client_asks(&f, client);
		assert_int_equal(client_gets(&f, client), FFNTP_ACCEPTED);
	}
	waiting = f.tf;
	client_asks(&f, client);
	f.answered.origin.units ^= 8;
	f.tf = waiting;
	assert_int_equal(client_gets(&f, client), FFNTP_REFUSED_ORIGIN);
	assert_within(due_s(&f, client), 64, 0.1, "s");
	free(client);
}

static void a_useless_reply_brings_no_second_request(void **state)
{
	struct fixture f = begin();
	struct ffntp_client *client = make_client(64, f.now);

	(void)state;
	for (int i = 0; i < 4; i++) {
		client_asks(&f, client);
		assert_int_equal(client_gets(&f, client), FFNTP_ACCEPTED);
	}
	client_asks(&f, client);
	f.answered.leap = FFNTP_WIRE_LEAP_UNSYNCHRONISED;
	assert_int_equal(client_gets(&f, client), FFNTP_REFUSED_UNSYNCHRONISED);
	assert_within(due_s(&f, client), 64, 0.1, "s");
	free(client);
}

/* A reply that comes at once is better than one that waits for a long interval. */
static void a_client_that_is_limited_asks_in_basic_mode(void **state)
{
	struct fixture f = begin();
	struct ffntp_client *client = make_client(64, f.now);

	(void)state;
	for (int i = 0; i < 3; i++) {
		client_asks(&f, client);
		if (i == 2)
			f.answered.stratum = 0;
		f.answered.refid = KISS_RATE;
		assert_int_equal(client_gets(&f, client), i == 2 ? FFNTP_REFUSED_KISS_RATE : FFNTP_ACCEPTED);
	}
	for (int i = 0; i < 3; i++) {
		client_asks(&f, client);
		assert_true(f.asked.origin.units == 0 && f.asked.receive.units == 0);
		assert_int_equal(client_gets(&f, client), FFNTP_ACCEPTED);
		assert_int_equal(ffntp_client_decision(client)->kind, FFNTP_DECISION_ACCEPT);
	}
	free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_third_reply_is_interleaved_and_each_completes_the_one_before),
		cmocka_unit_test(a_request_asks_by_the_servers_receive_timestamp_and_two_nonces),
		cmocka_unit_test(without_the_option_requests_and_replies_are_basic),
		cmocka_unit_test(a_basic_request_has_no_interleaved_reply),
		cmocka_unit_test(forged_origins_change_nothing),
		cmocka_unit_test(a_copy_of_an_interleaved_reply_is_a_duplicate),
		cmocka_unit_test(a_request_has_one_reply_in_either_mode),
		cmocka_unit_test(an_interleaved_reply_to_a_request_that_was_given_up_is_late),
		cmocka_unit_test(a_lost_request_delays_the_stamp),
		cmocka_unit_test(after_a_lost_reply_the_next_is_basic),
		cmocka_unit_test(a_restarted_server_answers_in_basic_mode),
		cmocka_unit_test(a_transmit_timestamp_of_a_different_exchange_is_refused),
		cmocka_unit_test(a_server_that_loses_its_time_is_unsynchronised_at_once),
		cmocka_unit_test(a_counter_that_went_back_is_seen_at_once),
		cmocka_unit_test(a_nonce_that_equals_the_second_one_is_basic),
		cmocka_unit_test(a_different_server_is_not_asked_for_the_former_ones_reply),
		cmocka_unit_test(a_disruption_drops_the_exchange_that_waits),
		cmocka_unit_test(a_poll_is_a_pair_of_requests),
		cmocka_unit_test(short_intervals_have_no_second_request),
		cmocka_unit_test(after_a_kiss_there_is_no_second_request),
		cmocka_unit_test(adaptive_intervals_are_those_of_a_pair),
		cmocka_unit_test(a_client_is_in_one_of_two_modes),
		cmocka_unit_test(a_client_uses_an_exchange_once_it_is_complete),
		cmocka_unit_test(a_forged_reply_brings_no_second_request),
		cmocka_unit_test(a_useless_reply_brings_no_second_request),
		cmocka_unit_test(a_client_that_is_limited_asks_in_basic_mode),
	};

	return cmocka_run_group_tests_name("interleaved", tests, NULL, NULL);
}
