/* exchange: datagrams of an attacker, a broken server, and a broken counter, case by case. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "../core/exchange.h"
#include "../core/params.h"
#include "count.h"
#include "prng.h"

#define NONCE UINT64_C(0xfeedfacecafebeef)
#define KISS(text) \
	((uint32_t)(text)[0] << 24 | (uint32_t)(text)[1] << 16 | (uint32_t)(text)[2] << 8 | (uint32_t)(text)[3])

/* The counter has 1 GHz, so that ticks are nanoseconds. */
static const struct ffntp_exchange_limits limits = {
	.period_s = 1e-9,
	.period_error = 500e-6,
	.max_rtt_s = FFNTP_MAX_RTT_S,
	.max_root_distance_s = 3,
};

static const ffntp_counter ta = 1000000000;
static const ffntp_counter tf = 1010000000; /* 10 ms later */

/* A good server's reply: it held the request for 0.1 ms. */
static const struct ffntp_packet good = {
	.version = 4,
	.mode = FFNTP_MODE_SERVER,
	.stratum = 1,
	.precision_log2_s = -20,
	.root_delay = 0x100,
	.root_dispersion = 0x200,
	.refid = 0x47505300,
	.origin = { NONCE },
	.receive = { UINT64_C(0xe8000000) << 32 },
	.transmit = { (UINT64_C(0xe8000000) << 32) + 429497 },
};

static struct ffntp_exchange begun(void)
{
	struct ffntp_exchange exchange = { 0 };
	uint8_t request[FFNTP_WIRE_SIZE];

	assert_true(ffntp_exchange_begin(&exchange, ta, NONCE, request));
	return exchange;
}

/* Compare member by member, because the padding may differ. */
static void assert_same(const struct ffntp_exchange *a, const struct ffntp_exchange *b)
{
	assert_true(a->is_waiting == b->is_waiting && a->nonce == b->nonce);
	assert_true(a->begun_at == b->begun_at && a->ta == b->ta);
	assert_true(a->answered_nonce == b->answered_nonce && a->expired_nonce == b->expired_nonce);
	assert_true(a->has_last_tf == b->has_last_tf && a->last_tf == b->last_tf);
}

static enum ffntp_verdict finish_at(struct ffntp_exchange *exchange, const struct ffntp_packet *packet,
				    ffntp_counter then, struct ffntp_stamp *stamp)
{
	uint8_t bytes[FFNTP_WIRE_SIZE];

	ffntp_wire_write(packet, bytes);
	return ffntp_exchange_finish(exchange, bytes, sizeof(bytes), then, &limits, stamp);
}

static enum ffntp_verdict finish(struct ffntp_exchange *exchange, const struct ffntp_packet *packet)
{
	struct ffntp_stamp stamp;

	return finish_at(exchange, packet, tf, &stamp);
}

static void assert_good_stamp(const struct ffntp_stamp *stamp)
{
	assert_true(stamp->ta == ta && stamp->tf == tf);
	assert_true(stamp->tb.units == good.receive.units && stamp->te.units == good.transmit.units);
	assert_int_equal(stamp->refid, good.refid);
	assert_int_equal(stamp->stratum, 1);
	assert_int_equal(stamp->leap, 0);
	assert_exactly(stamp->root_delay_s, 0x100 * 0x1p-16, "s");
	assert_exactly(stamp->root_dispersion_s, 0x200 * 0x1p-16 + 0x1p-20, "s");
}

/* Check that the true reply is still expected, and that earlier datagrams have changed nothing. */
static void assert_still_waiting(struct ffntp_exchange *exchange)
{
	struct ffntp_stamp stamp;

	assert_int_equal(finish_at(exchange, &good, tf, &stamp), FFNTP_ACCEPTED);
	assert_good_stamp(&stamp);
}

/* Return the verdict on a packet that is the first reply to a request. A refusal leaves the stamp unchanged. */
static enum ffntp_verdict judge(const struct ffntp_packet *packet)
{
	struct ffntp_exchange exchange = begun();
	struct ffntp_stamp stamp, before;
	enum ffntp_verdict verdict;

	memset(&stamp, 0xa5, sizeof(stamp));
	memset(&before, 0xa5, sizeof(before));
	verdict = finish_at(&exchange, packet, tf, &stamp);
	if (verdict != FFNTP_ACCEPTED)
		assert_memory_equal(&stamp, &before, sizeof(stamp));
	return verdict;
}

static void a_request_says_nothing_but_its_nonce(void **state)
{
	const uint8_t expected[FFNTP_WIRE_SIZE] = {
		[0] = 0x23, [40] = 0xfe, 0xed, 0xfa, 0xce, 0xca, 0xfe, 0xbe, 0xef,
	};
	struct ffntp_exchange exchange = { 0 };
	uint8_t request[FFNTP_WIRE_SIZE];

	(void)state;
	memset(request, 0xff, sizeof(request));
	assert_true(ffntp_exchange_begin(&exchange, ta, NONCE, request));
	assert_memory_equal(request, expected, sizeof(request));
}

static void a_reply_makes_a_stamp(void **state)
{
	struct ffntp_exchange exchange = begun();

	(void)state;
	assert_still_waiting(&exchange);
}

static void the_counter_at_sending_may_come_after_sending(void **state)
{
	struct ffntp_exchange exchange = begun();
	struct ffntp_stamp stamp;

	(void)state;
	ffntp_exchange_sent(&exchange, ta + 4000);
	assert_int_equal(finish_at(&exchange, &good, tf, &stamp), FFNTP_ACCEPTED);
	assert_true(stamp.ta == ta + 4000 && stamp.ta_late_ticks == 4000);
	assert_true(ffntp_stamp_rtt_ticks(&stamp) == tf - ta - 4000 &&
		    ffntp_stamp_longest_rtt_ticks(&stamp) == tf - ta);
	/* The same over the end of the counter's range. A departure stamp from before our own reading is not late. */
	exchange = (struct ffntp_exchange){ 0 };
	assert_true(ffntp_exchange_begin(&exchange, (ffntp_counter)-2000, NONCE, (uint8_t[FFNTP_WIRE_SIZE]){ 0 }));
	ffntp_exchange_sent(&exchange, 2000);
	assert_int_equal(finish_at(&exchange, &good, 10000000, &stamp), FFNTP_ACCEPTED);
	assert_true(stamp.ta == 2000 && stamp.ta_late_ticks == 4000);
	exchange = begun();
	ffntp_exchange_sent(&exchange, ta - 4000);
	assert_int_equal(finish_at(&exchange, &good, tf, &stamp), FFNTP_ACCEPTED);
	assert_true(stamp.ta == ta - 4000 && stamp.ta_late_ticks == 0);
}

/* The datagram was cloned: the stamp is the last copy's, and the reply is to the first. */
static void a_departure_that_leaves_no_time_for_the_residence_is_not_used(void **state)
{
	static const struct {
		uint64_t late_ticks, residence_us, kept;
	} cases[] = {
		{ 9000000, 990, 9000000 }, /* 1 ms is left of the 10 */
		{ 9000000, 1010, 0 },
		{ 9999999, 100, 0 },
		{ 9999999, 9990, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ffntp_exchange exchange = begun();
		struct ffntp_packet reply = good;
		struct ffntp_stamp stamp;

		reply.transmit.units = reply.receive.units + cases[i].residence_us * 4294967 / 1000;
		ffntp_exchange_sent(&exchange, ta + cases[i].late_ticks);
		assert_int_equal(finish_at(&exchange, &reply, tf, &stamp), FFNTP_ACCEPTED);
		assert_true(stamp.ta == ta + cases[i].kept && stamp.ta_late_ticks == cases[i].kept);
	}
}

static void nothing_is_sent_without_a_request(void **state)
{
	struct ffntp_exchange exchange = { 0 }, before = exchange;

	(void)state;
	ffntp_exchange_sent(&exchange, 5);
	ffntp_exchange_expire(&exchange);
	assert_same(&exchange, &before);
}

static void case_01_a_reply_with_a_wrong_origin_changes_nothing(void **state)
{
	struct ffntp_exchange exchange = begun(), before = exchange;
	struct ffntp_packet reply = good;
	struct prng prng = { 1 };

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		reply.origin.units = NONCE ^ UINT64_C(1) << i;
		assert_int_equal(finish(&exchange, &reply), FFNTP_REFUSED_ORIGIN);
	}
	for (int i = 0; i < 1000; i++) {
		reply.origin.units = prng_next(&prng);
		assert_int_equal(finish(&exchange, &reply), FFNTP_REFUSED_ORIGIN);
	}
	assert_same(&exchange, &before);
	assert_still_waiting(&exchange);
}

static void case_02_a_zero_origin_never_matches(void **state)
{
	struct ffntp_exchange exchange = { 0 };
	struct ffntp_packet reply = good;
	uint8_t request[FFNTP_WIRE_SIZE];

	(void)state;
	reply.origin.units = 0;
	assert_int_equal(finish(&exchange, &reply), FFNTP_REFUSED_ORIGIN);
	assert_true(ffntp_exchange_begin(&exchange, ta, NONCE, request));
	assert_int_equal(finish(&exchange, &reply), FFNTP_REFUSED_ORIGIN);
	assert_still_waiting(&exchange);
	assert_int_equal(finish(&exchange, &reply), FFNTP_REFUSED_ORIGIN);
}

static void case_02_a_zero_nonce_is_refused(void **state)
{
	struct ffntp_exchange exchange = begun(), before = exchange;
	uint8_t request[FFNTP_WIRE_SIZE] = { 0 };

	(void)state;
	assert_false(ffntp_exchange_begin(&exchange, ta + 1, 0, request));
	assert_same(&exchange, &before);
	assert_int_equal(request[0], 0);
}

static void case_03_a_replayed_reply_is_a_duplicate(void **state)
{
	struct ffntp_exchange exchange = begun();
	uint8_t request[FFNTP_WIRE_SIZE];

	(void)state;
	assert_still_waiting(&exchange);
	assert_int_equal(finish(&exchange, &good), FFNTP_REFUSED_DUPLICATE);
	assert_int_equal(finish(&exchange, &good), FFNTP_REFUSED_DUPLICATE);
	/* The same while the next request is in flight. */
	assert_true(ffntp_exchange_begin(&exchange, tf + 1, NONCE + 1, request));
	assert_int_equal(finish(&exchange, &good), FFNTP_REFUSED_DUPLICATE);
}

/* A reply that cannot be used has answered the request: its nonce is used up. */
static void case_03_a_refused_reply_consumes_the_nonce(void **state)
{
	struct ffntp_exchange exchange = begun();
	struct ffntp_packet reply = good;

	(void)state;
	reply.leap = FFNTP_WIRE_LEAP_UNSYNCHRONISED;
	assert_int_equal(finish(&exchange, &reply), FFNTP_REFUSED_UNSYNCHRONISED);
	assert_int_equal(finish(&exchange, &good), FFNTP_REFUSED_DUPLICATE);
}

static void case_04_a_reply_to_an_older_request_is_late(void **state)
{
	struct ffntp_exchange exchange = begun();
	struct ffntp_packet reply = good;
	struct ffntp_stamp stamp;
	uint8_t request[FFNTP_WIRE_SIZE];

	(void)state;
	assert_true(ffntp_exchange_begin(&exchange, ta + 5000, NONCE + 1, request));
	assert_int_equal(finish(&exchange, &good), FFNTP_REFUSED_LATE);
	reply.origin.units = NONCE + 1;
	assert_int_equal(finish_at(&exchange, &reply, tf, &stamp), FFNTP_ACCEPTED);
	assert_exactly(stamp.ta, ta + 5000, "");
}

static void case_04_a_reply_after_the_request_was_given_up_is_late(void **state)
{
	struct ffntp_exchange exchange = begun();

	(void)state;
	ffntp_exchange_expire(&exchange);
	assert_int_equal(finish(&exchange, &good), FFNTP_REFUSED_LATE);
	assert_int_equal(finish(&exchange, &good), FFNTP_REFUSED_LATE);
}

/* Sockets distinguish senders. A datagram that passes the socket must also have our nonce. */
static void case_05_another_exchange_s_reply_is_not_ours(void **state)
{
	struct ffntp_exchange exchange = begun(), other = { 0 };
	struct ffntp_packet reply = good;
	uint8_t request[FFNTP_WIRE_SIZE];

	(void)state;
	assert_true(ffntp_exchange_begin(&other, ta, NONCE + 9, request));
	reply.origin.units = NONCE + 9;
	assert_int_equal(finish(&exchange, &reply), FFNTP_REFUSED_ORIGIN);
	assert_int_equal(finish(&other, &good), FFNTP_REFUSED_ORIGIN);
	assert_int_equal(finish(&other, &reply), FFNTP_ACCEPTED);
	assert_still_waiting(&exchange);
}

static void case_06_zero_timestamps_are_refused(void **state)
{
	struct ffntp_packet reply = good;

	(void)state;
	reply.receive.units = 0;
	reply.transmit.units = 1;
	assert_int_equal(judge(&reply), FFNTP_REFUSED_TIMESTAMPS);
	reply.receive.units = UINT64_MAX;
	reply.transmit.units = 0;
	assert_int_equal(judge(&reply), FFNTP_REFUSED_TIMESTAMPS);
	/* The first instants beside 0, which means that there is none. */
	reply.receive.units = UINT64_MAX;
	reply.transmit.units = 1;
	assert_int_equal(judge(&reply), FFNTP_ACCEPTED);
}

static enum ffntp_verdict expected_of_first_byte(unsigned first)
{
	unsigned version = first >> 3 & 7;

	if (version == 0 || version > 4)
		return FFNTP_REFUSED_VERSION;
	if ((first & 7) != FFNTP_MODE_SERVER)
		return FFNTP_REFUSED_MODE;
	return first >> 6 == 3 ? FFNTP_REFUSED_UNSYNCHRONISED : FFNTP_ACCEPTED;
}

static void case_07_every_first_byte(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		struct ffntp_exchange exchange = begun();
		enum ffntp_verdict expected = expected_of_first_byte(first);
		uint8_t bytes[FFNTP_WIRE_SIZE];
		struct ffntp_stamp stamp;

		ffntp_wire_write(&good, bytes);
		bytes[0] = (uint8_t)first;
		assert_int_equal(ffntp_exchange_finish(&exchange, bytes, sizeof(bytes), tf, &limits, &stamp), expected);
		if (expected == FFNTP_ACCEPTED)
			assert_int_equal(stamp.leap, first >> 6);
		if (expected == FFNTP_REFUSED_VERSION || expected == FFNTP_REFUSED_MODE)
			assert_still_waiting(&exchange);
	}
}

/* Only a header, or one with a MAC of zeros, is accepted, and no other length changes anything, a crypto-NAK included.
 */
static void case_08_every_length(void **state)
{
	static uint8_t bytes[2048];
	struct ffntp_stamp stamp;

	(void)state;
	ffntp_wire_write(&good, bytes);
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		struct ffntp_exchange exchange = begun();
		bool is_right = length == 48 || length == 68 || length == 72;
		enum ffntp_verdict reason = length == 52 ? FFNTP_REFUSED_AUTHENTICATION : FFNTP_REFUSED_LENGTH;
		uint8_t *tight = malloc(length > 0 ? length : 1);

		assert_non_null(tight);
		memcpy(tight, bytes, length);
		assert_int_equal(ffntp_exchange_finish(&exchange, tight, length, tf, &limits, &stamp),
				 is_right ? FFNTP_ACCEPTED : reason);
		if (!is_right)
			assert_still_waiting(&exchange);
		free(tight);
	}
}

static void case_09_malformed_fields_are_refused_and_the_reply_is_awaited(void **state)
{
	const uint16_t lengths[] = { 0, 1, 2, 3, 4, 12, 15, 17, 30, 68, 65532, 65535 };
	struct ffntp_exchange exchange = begun();
	struct ffntp_stamp stamp;
	uint8_t bytes[FFNTP_WIRE_SIZE + 64] = { 0 };

	(void)state;
	ffntp_wire_write(&good, bytes);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		bytes[FFNTP_WIRE_SIZE + 2] = (uint8_t)(lengths[i] >> 8);
		bytes[FFNTP_WIRE_SIZE + 3] = (uint8_t)lengths[i];
		assert_int_equal(ffntp_exchange_finish(&exchange, bytes, sizeof(bytes), tf, &limits, &stamp),
				 FFNTP_REFUSED_LENGTH);
	}
	bytes[FFNTP_WIRE_SIZE + 2] = 0;
	bytes[FFNTP_WIRE_SIZE + 3] = 64;
	assert_int_equal(ffntp_exchange_finish(&exchange, bytes, sizeof(bytes), tf, &limits, &stamp), FFNTP_ACCEPTED);
}

static void case_10_a_server_without_time_is_unsynchronised(void **state)
{
	(void)state;
	for (unsigned stratum = 0; stratum < 256; stratum++) {
		for (uint8_t leap = 0; leap < 4; leap++) {
			struct ffntp_packet reply = good;
			bool has_time = leap < 3 && stratum >= 1 && stratum <= 15;

			reply.leap = leap;
			reply.stratum = (uint8_t)stratum;
			reply.refid = 0x7f000001;
			assert_int_equal(judge(&reply), has_time ? FFNTP_ACCEPTED : FFNTP_REFUSED_UNSYNCHRONISED);
		}
	}
}

static enum ffntp_verdict judge_kiss(uint32_t refid)
{
	struct ffntp_packet reply = good;

	/* A kiss counts whatever its other fields are, because servers leave them empty. */
	reply.leap = 3;
	reply.stratum = 0;
	reply.refid = refid;
	reply.receive.units = reply.transmit.units = 0;
	return judge(&reply);
}

static void case_11_and_12_kisses_with_our_nonce_are_told(void **state)
{
	(void)state;
	assert_int_equal(judge_kiss(KISS("RATE")), FFNTP_REFUSED_KISS_RATE);
	assert_int_equal(judge_kiss(KISS("DENY")), FFNTP_REFUSED_KISS_DENY);
	assert_int_equal(judge_kiss(KISS("RSTR")), FFNTP_REFUSED_KISS_DENY);
}

static void case_13_a_flood_of_kisses_with_wrong_origins_has_no_effect(void **state)
{
	const uint32_t codes[] = { KISS("RATE"), KISS("DENY"), KISS("RSTR"), KISS("XFUN") };
	struct ffntp_exchange exchange = begun(), before = exchange;
	struct ffntp_packet kiss = good;
	struct prng prng = { 13 };

	(void)state;
	kiss.leap = 3;
	kiss.stratum = 0;
	for (int i = 0; i < 100000; i++) {
		kiss.refid = codes[i % 4];
		kiss.origin.units = prng_next(&prng);
		assert_int_equal(finish(&exchange, &kiss), FFNTP_REFUSED_ORIGIN);
	}
	assert_same(&exchange, &before);
	assert_still_waiting(&exchange);
}

static void case_14_unknown_kisses_have_no_meaning(void **state)
{
	(void)state;
	assert_int_equal(judge_kiss(KISS("XFUN")), FFNTP_REFUSED_KISS_OTHER);
	assert_int_equal(judge_kiss(KISS("NTSN")), FFNTP_REFUSED_KISS_OTHER);
	assert_int_equal(judge_kiss(KISS("rate")), FFNTP_REFUSED_UNSYNCHRONISED);
	assert_int_equal(judge_kiss(KISS("INIT")), FFNTP_REFUSED_UNSYNCHRONISED);
	assert_int_equal(judge_kiss(KISS("STEP")), FFNTP_REFUSED_UNSYNCHRONISED);
	assert_int_equal(judge_kiss(0), FFNTP_REFUSED_UNSYNCHRONISED);
}

/* RATE in a packet with a time is an ordinary reference identifier. */
static void case_11_a_kiss_has_stratum_0(void **state)
{
	struct ffntp_packet reply = good;

	(void)state;
	reply.refid = KISS("RATE");
	assert_int_equal(judge(&reply), FFNTP_ACCEPTED);
}

/* Judge the reply to a request that the server received at 'receive' and held for residence_units, 2^-32 s each. */
static enum ffntp_verdict judge_residence(uint64_t receive, int64_t residence_units)
{
	struct ffntp_packet reply = good;

	reply.receive.units = receive;
	reply.transmit.units = receive + (uint64_t)residence_units;
	return judge(&reply);
}

static void case_15_transmit_before_receive_is_refused(void **state)
{
	const uint64_t receive = good.receive.units;

	(void)state;
	assert_int_equal(judge_residence(receive, 0), FFNTP_ACCEPTED);
	assert_int_equal(judge_residence(receive, -4294), FFNTP_ACCEPTED); /* 1 us: two clocks, or rounding */
	assert_int_equal(judge_residence(receive, -4295), FFNTP_REFUSED_TIMESTAMPS);
	assert_int_equal(judge_residence(receive, -(INT64_C(3600) << 32)), FFNTP_REFUSED_TIMESTAMPS);
	assert_int_equal(judge_residence(receive, INT64_MIN), FFNTP_REFUSED_TIMESTAMPS);
}

static void case_15_a_residence_longer_than_the_round_trip_is_refused(void **state)
{
	const uint64_t receive = good.receive.units;
	const int64_t ms = (INT64_C(1) << 32) / 1000;

	(void)state;
	assert_int_equal(judge_residence(receive, 9 * ms), FFNTP_ACCEPTED);
	/* The period may be wrong by 500 ppm: 10 ms may be 10.005. */
	assert_int_equal(judge_residence(receive, 10 * ms + ms / 250), FFNTP_ACCEPTED);
	assert_int_equal(judge_residence(receive, 10 * ms + ms / 100), FFNTP_REFUSED_RESIDENCE);
	assert_int_equal(judge_residence(receive, INT64_C(3600) << 32), FFNTP_REFUSED_RESIDENCE);
	assert_int_equal(judge_residence(receive, INT64_MAX), FFNTP_REFUSED_RESIDENCE);
}

/*
 * The clock moves 64 times a second, and its precision states so: 5 ms between its timestamps appear as 0, or 1/64 of a
 * second.
 */
static void case_15_the_precision_counts_against_neither_timestamp(void **state)
{
	static const struct {
		double residence_s;
		enum ffntp_verdict verdict;
	} cases[] = {
		{ 0x1p-6, FFNTP_ACCEPTED },
		{ 0x1p-6 + 0.0099, FFNTP_ACCEPTED },
		{ 0x1p-6 + 0.0101, FFNTP_REFUSED_RESIDENCE },
		{ -0x1p-6, FFNTP_ACCEPTED },
		{ -0x1.01p-6, FFNTP_REFUSED_TIMESTAMPS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ffntp_packet reply = good;

		reply.precision_log2_s = -6;
		reply.transmit.units = reply.receive.units + (uint64_t)(int64_t)(cases[i].residence_s * 0x1p32);
		assert_int_equal(judge(&reply), cases[i].verdict);
	}
}

static void case_16_absurd_root_delays_and_dispersions_are_refused(void **state)
{
	const struct {
		uint32_t delay, dispersion;
		int8_t precision;
		enum ffntp_verdict verdict;
	} cases[] = {
		{ 0, 0, -20, FFNTP_ACCEPTED },
		{ 0x20000, 0x1ffff, -20, FFNTP_ACCEPTED },              /* 1 s + 2 s - 2^-16 s + 2^-20 s */
		{ 0x20000, 0x20000, -20, FFNTP_REFUSED_ROOT_DISTANCE }, /* 3 s + 2^-20 s */
		{ 0x5fff0, 0, -20, FFNTP_ACCEPTED },                    /* half of it counts */
		{ 0x60000, 0, -20, FFNTP_REFUSED_ROOT_DISTANCE },
		{ 0, 0x30000, -20, FFNTP_REFUSED_ROOT_DISTANCE },
		{ 0x100000, 0, -20, FFNTP_REFUSED_ROOT_DISTANCE },
		{ 0, 0x100000, -20, FFNTP_REFUSED_ROOT_DISTANCE },
		{ UINT32_MAX, 0, -20, FFNTP_REFUSED_ROOT_DISTANCE }, /* -2^-16 s, if it were signed */
		{ 0, UINT32_MAX, -20, FFNTP_REFUSED_ROOT_DISTANCE },
		{ 0x80000000, 0x80000000, -20, FFNTP_REFUSED_ROOT_DISTANCE },
		{ UINT32_MAX, UINT32_MAX, -128, FFNTP_REFUSED_ROOT_DISTANCE },
		{ 0, 0, -128, FFNTP_ACCEPTED },
		{ 0, 0, 1, FFNTP_ACCEPTED }, /* 2 s */
		{ 0, 0, 2, FFNTP_REFUSED_ROOT_DISTANCE },
		{ 0, 0, 32, FFNTP_REFUSED_ROOT_DISTANCE },
		{ 0, 0, 64, FFNTP_REFUSED_ROOT_DISTANCE },
		{ 0, 0, 127, FFNTP_REFUSED_ROOT_DISTANCE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ffntp_packet reply = good;

		reply.root_delay = cases[i].delay;
		reply.root_dispersion = cases[i].dispersion;
		reply.precision_log2_s = cases[i].precision;
		assert_int_equal(judge(&reply), cases[i].verdict);
	}
}

/* The stamp has the error and the precision that the server states, because the bound is made from them. */
static void case_16_the_stamp_carries_what_the_bound_needs(void **state)
{
	const struct {
		int8_t precision;
		double precision_s;
	} cases[] = {
		{ -128, 0x1p-32 }, { -33, 0x1p-32 }, { -32, 0x1p-32 }, { -31, 0x1p-31 }, { -6, 0x1p-6 }, { 0, 1 }
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ffntp_exchange exchange = begun();
		struct ffntp_packet reply = good;
		struct ffntp_stamp stamp;

		reply.root_delay = 0x8000;
		reply.root_dispersion = 0x4000;
		reply.precision_log2_s = cases[i].precision;
		assert_int_equal(finish_at(&exchange, &reply, tf, &stamp), FFNTP_ACCEPTED);
		assert_exactly(stamp.root_delay_s, 0.5, "s");
		assert_exactly(stamp.root_dispersion_s, 0.25 + cases[i].precision_s, "s");
		assert_exactly(stamp.precision_s, cases[i].precision_s, "s");
	}
}

static void case_16_a_limit_that_is_no_number_lets_nothing_pass(void **state)
{
	struct ffntp_exchange_limits bad[] = { limits, limits, limits, limits };
	uint8_t bytes[FFNTP_WIRE_SIZE];

	(void)state;
	bad[0].max_root_distance_s = (double)NAN;
	bad[1].max_rtt_s = (double)NAN;
	bad[2].period_s = (double)NAN;
	bad[3].period_error = (double)NAN;
	ffntp_wire_write(&good, bytes);
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ffntp_exchange exchange = begun();
		struct ffntp_stamp stamp;

		assert_int_not_equal(ffntp_exchange_finish(&exchange, bytes, sizeof(bytes), tf, &bad[i], &stamp),
				     FFNTP_ACCEPTED);
	}
}

/*
 * The server's time does not matter, even if an era ends between receive and transmit: only the stamp's times differ.
 */
static void case_17_an_exchange_may_cross_an_era(void **state)
{
	const uint64_t residence = good.transmit.units - good.receive.units;

	(void)state;
	for (int64_t i = -100; i <= 100; i++) {
		uint64_t receive = (uint64_t)(i * 10000) - residence / 2;
		struct ffntp_exchange exchange = begun();
		struct ffntp_packet reply = good;
		struct ffntp_stamp stamp;

		reply.receive.units = receive;
		reply.transmit.units = receive + residence;
		assert_int_equal(finish_at(&exchange, &reply, tf, &stamp), FFNTP_ACCEPTED);
		assert_exactly(ffntp_ntp_diff(stamp.te, stamp.tb), (int64_t)residence, "");
	}
}

static enum ffntp_verdict judge_counters(ffntp_counter sent, ffntp_counter received)
{
	struct ffntp_exchange exchange = begun();
	struct ffntp_stamp stamp;

	ffntp_exchange_sent(&exchange, sent);
	return finish_at(&exchange, &good, received, &stamp);
}

static void case_26_a_counter_that_stood_still_or_went_back_is_refused(void **state)
{
	(void)state;
	assert_int_equal(judge_counters(ta, ta), FFNTP_REFUSED_COUNTER);
	assert_int_equal(judge_counters(ta, ta - 1), FFNTP_REFUSED_COUNTER);
	assert_int_equal(judge_counters(0, UINT64_MAX), FFNTP_REFUSED_COUNTER);
	assert_int_equal(judge_counters(ta, 0), FFNTP_REFUSED_COUNTER);
}

static void case_26_a_round_trip_that_a_counter_s_jump_made_long_is_refused(void **state)
{
	const uint64_t s = 1000000000;

	(void)state;
	/* 16 s by a counter that may be 500 ppm fast. */
	assert_int_equal(judge_counters(ta, ta + 16 * s), FFNTP_ACCEPTED);
	assert_int_equal(judge_counters(ta, ta + 16 * s + 16 * s / 1000), FFNTP_REFUSED_LATE);
	assert_int_equal(judge_counters(ta, ta + 3600 * s), FFNTP_REFUSED_LATE);
}

/* Begin another request; return the good reply to it. */
static struct ffntp_packet begin_again(struct ffntp_exchange *exchange, ffntp_counter at, uint64_t nonce)
{
	struct ffntp_packet reply = good;
	uint8_t request[FFNTP_WIRE_SIZE];

	assert_true(ffntp_exchange_begin(exchange, at, nonce, request));
	reply.origin.units = nonce;
	return reply;
}

static void case_26_a_counter_that_went_back_between_exchanges_is_refused(void **state)
{
	struct ffntp_exchange exchange = begun();
	struct ffntp_packet reply;
	struct ffntp_stamp stamp;

	(void)state;
	assert_still_waiting(&exchange);
	/* A second exchange begins before the first one ended, and is valid in itself. */
	reply = begin_again(&exchange, tf - 1, NONCE + 1);
	assert_int_equal(finish_at(&exchange, &reply, tf + 9000000, &stamp), FFNTP_REFUSED_COUNTER);
	/* The counter was restored once; from its present value on exchanges are accepted again. */
	reply = begin_again(&exchange, ta + 1, NONCE + 2);
	assert_int_equal(finish_at(&exchange, &reply, ta + 9000000, &stamp), FFNTP_REFUSED_COUNTER);
	reply = begin_again(&exchange, ta + 9000000, NONCE + 3);
	assert_int_equal(finish_at(&exchange, &reply, ta + 19000000, &stamp), FFNTP_ACCEPTED);
}

static void case_26_a_useless_reply_does_not_hide_that_the_counter_went_back(void **state)
{
	struct ffntp_exchange exchange = begun();
	struct ffntp_packet reply;
	struct ffntp_stamp stamp;

	(void)state;
	assert_still_waiting(&exchange);
	reply = begin_again(&exchange, ta - 9000000, NONCE + 1);
	reply.leap = FFNTP_WIRE_LEAP_UNSYNCHRONISED;
	assert_int_equal(finish_at(&exchange, &reply, ta, &stamp), FFNTP_REFUSED_UNSYNCHRONISED);
	reply = begin_again(&exchange, ta + 1000, NONCE + 2);
	assert_int_equal(finish_at(&exchange, &reply, tf - 1, &stamp), FFNTP_REFUSED_COUNTER);
}

static void case_43_counter_differences_beyond_half_the_range_are_the_past(void **state)
{
	const uint64_t half = UINT64_C(1) << 63;

	(void)state;
	assert_int_equal(judge_counters(ta, ta + half - 1), FFNTP_REFUSED_LATE);
	assert_int_equal(judge_counters(ta, ta + half), FFNTP_REFUSED_COUNTER);
	assert_int_equal(judge_counters(ta, ta + half + 1), FFNTP_REFUSED_COUNTER);
	assert_int_equal(judge_counters(ta, ta + UINT64_MAX), FFNTP_REFUSED_COUNTER);
}

static void case_43_extreme_rates_are_refused_not_misread(void **state)
{
	const struct {
		double period_s;
		enum ffntp_verdict verdict;
	} cases[] = {
		{ 0, FFNTP_REFUSED_RESIDENCE },     { 1e-300, FFNTP_REFUSED_RESIDENCE },
		{ -1e-9, FFNTP_REFUSED_RESIDENCE }, { 1, FFNTP_REFUSED_LATE },
		{ 1e300, FFNTP_REFUSED_LATE },      { (double)INFINITY, FFNTP_REFUSED_LATE },
	};
	uint8_t bytes[FFNTP_WIRE_SIZE];

	(void)state;
	ffntp_wire_write(&good, bytes);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ffntp_exchange_limits extreme = limits;
		struct ffntp_exchange exchange = begun();
		struct ffntp_stamp stamp;

		extreme.period_s = cases[i].period_s;
		assert_int_equal(ffntp_exchange_finish(&exchange, bytes, sizeof(bytes), tf, &extreme, &stamp),
				 cases[i].verdict);
	}
}

/* Servers may reply with an older version than that of the request (RFC 5905, section 7.3), as chrony accepts it. */
static void older_versions_are_accepted(void **state)
{
	(void)state;
	for (unsigned version = 0; version < 8; version++) {
		struct ffntp_packet reply = good;

		reply.version = (uint8_t)version;
		assert_int_equal(judge(&reply), version >= 1 && version <= 4 ? FFNTP_ACCEPTED : FFNTP_REFUSED_VERSION);
	}
}

/* The packet has every fault. After the fault in the verdict is repaired, the verdict names the next one. */
static void the_first_fault_names_the_verdict(void **state)
{
	struct ffntp_packet reply = { .version = 5, .mode = 3, .stratum = 0, .refid = KISS("RATE"), .leap = 3 };
	struct ffntp_exchange exchange;

	(void)state;
	reply.root_delay = UINT32_MAX;
	assert_int_equal(judge(&reply), FFNTP_REFUSED_VERSION);
	reply.version = 4;
	assert_int_equal(judge(&reply), FFNTP_REFUSED_MODE);
	reply.mode = 4;
	assert_int_equal(judge(&reply), FFNTP_REFUSED_ORIGIN);
	reply.origin.units = NONCE;
	assert_int_equal(judge(&reply), FFNTP_REFUSED_KISS_RATE);
	reply.stratum = 1;
	assert_int_equal(judge(&reply), FFNTP_REFUSED_UNSYNCHRONISED);
	reply.leap = 0;
	assert_int_equal(judge(&reply), FFNTP_REFUSED_TIMESTAMPS);
	reply.receive = good.receive;
	reply.transmit.units = good.receive.units + (INT64_C(1) << 32);
	reply.precision_log2_s = good.precision_log2_s;
	assert_int_equal(judge(&reply), FFNTP_REFUSED_ROOT_DISTANCE);
	reply.root_delay = 0;
	exchange = begun();
	ffntp_exchange_sent(&exchange, tf + 1);
	assert_int_equal(finish(&exchange, &reply), FFNTP_REFUSED_COUNTER);
	assert_int_equal(judge(&reply), FFNTP_REFUSED_RESIDENCE);
	reply.transmit = good.transmit;
	assert_int_equal(judge(&reply), FFNTP_ACCEPTED);
}

/* Return a random reply, often near the limits of acceptance. */
static struct ffntp_packet random_reply(struct prng *prng)
{
	struct ffntp_packet reply = good;

	reply.leap = (uint8_t)prng_below(prng, 4);
	reply.stratum = (uint8_t)prng_below(prng, 18);
	reply.precision_log2_s = (int8_t)(prng_below(prng, 40) - 36);
	reply.root_delay = (uint32_t)prng_any_size(prng) & 0xfffff;
	reply.root_dispersion = (uint32_t)prng_any_size(prng) & 0xfffff;
	reply.transmit.units = good.receive.units + (prng_any_size(prng) >> 24);
	return reply;
}

/* Return ticks of 1 ns: up to 69 s, now and then any value. */
static uint64_t random_rtt(struct prng *prng)
{
	return prng_any_size(prng) >> (prng_below(prng, 8) == 0 ? 0 : 28);
}

struct outcome {
	enum ffntp_verdict verdict;
	struct ffntp_stamp stamp;
};

/* Make the same exchange with every counter reading and every server time moved. */
static struct outcome moved(const struct ffntp_packet *packet, uint64_t rtt, uint64_t counters, uint64_t times)
{
	struct outcome outcome = { .verdict = FFNTP_ACCEPTED };
	struct ffntp_exchange exchange = { 0 };
	struct ffntp_packet reply = *packet;
	uint8_t request[FFNTP_WIRE_SIZE];

	reply.receive.units += times;
	reply.transmit.units += times;
	assert_true(ffntp_exchange_begin(&exchange, counters, NONCE, request));
	outcome.verdict = finish_at(&exchange, &reply, counters + rtt, &outcome.stamp);
	return outcome;
}

static void moving_counters_or_the_server_s_clock_changes_nothing_else(void **state)
{
	struct prng prng = { 21 };
	int accepted = 0;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		struct ffntp_packet reply = random_reply(&prng);
		uint64_t rtt = random_rtt(&prng), counters = prng_next(&prng), times = prng_next(&prng);
		struct outcome a = moved(&reply, rtt, 0, 0), b = moved(&reply, rtt, counters, times);

		assert_int_equal(a.verdict, b.verdict);
		if (a.verdict != FFNTP_ACCEPTED)
			continue;
		accepted++;
		assert_true(b.stamp.ta - a.stamp.ta == counters && b.stamp.tf - a.stamp.tf == counters);
		assert_true(b.stamp.tb.units - a.stamp.tb.units == times &&
			    b.stamp.te.units - a.stamp.te.units == times);
		assert_exactly(a.stamp.root_dispersion_s, b.stamp.root_dispersion_s, "s");
	}
	assert_above(accepted, 1000, "");
}

static void an_accepted_stamp_keeps_its_promises(void **state)
{
	struct prng prng = { 22 };

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct ffntp_packet reply = random_reply(&prng);
		uint64_t rtt = random_rtt(&prng);
		struct outcome got = moved(&reply, rtt, prng_next(&prng), prng_next(&prng));
		const struct ffntp_stamp *stamp = &got.stamp;
		double residence_s;

		if (got.verdict != FFNTP_ACCEPTED)
			continue;
		residence_s = ffntp_ntp_diff_s(stamp->te, stamp->tb);
		assert_above((int64_t)(stamp->tf - stamp->ta), 0, "");
		assert_at_least(residence_s, -FFNTP_SERVER_ORDER_S, "s");
		assert_below(residence_s, (double)rtt * 1e-9 * (1 + 500e-6) + stamp->precision_s, "s");
		assert_at_most((double)rtt * 1e-9, 16 / (1 - 500e-6), "");
		assert_true(stamp->stratum >= 1 && stamp->stratum <= 15 && stamp->leap <= 2);
		assert_at_most(stamp->root_delay_s / 2 + stamp->root_dispersion_s, 3, "s");
	}
}

static void every_verdict_has_its_own_name(void **state)
{
	(void)state;
	for (int i = 0; i < FFNTP_VERDICTS; i++) {
		const char *name = ffntp_verdict_name((enum ffntp_verdict)i);

		assert_string_not_equal(name, "unknown");
		for (int k = 0; k < i; k++)
			assert_string_not_equal(name, ffntp_verdict_name((enum ffntp_verdict)k));
	}
	assert_string_equal(ffntp_verdict_name(FFNTP_REFUSED_ORIGIN), "bogus-origin");
	assert_string_equal(ffntp_verdict_name(FFNTP_VERDICTS), "unknown");
	assert_string_equal(ffntp_verdict_name((enum ffntp_verdict)1000), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_says_nothing_but_its_nonce),
		cmocka_unit_test(a_reply_makes_a_stamp),
		cmocka_unit_test(the_counter_at_sending_may_come_after_sending),
		cmocka_unit_test(a_departure_that_leaves_no_time_for_the_residence_is_not_used),
		cmocka_unit_test(nothing_is_sent_without_a_request),
		cmocka_unit_test(case_01_a_reply_with_a_wrong_origin_changes_nothing),
		cmocka_unit_test(case_02_a_zero_origin_never_matches),
		cmocka_unit_test(case_02_a_zero_nonce_is_refused),
		cmocka_unit_test(case_03_a_replayed_reply_is_a_duplicate),
		cmocka_unit_test(case_03_a_refused_reply_consumes_the_nonce),
		cmocka_unit_test(case_04_a_reply_to_an_older_request_is_late),
		cmocka_unit_test(case_04_a_reply_after_the_request_was_given_up_is_late),
		cmocka_unit_test(case_05_another_exchange_s_reply_is_not_ours),
		cmocka_unit_test(case_06_zero_timestamps_are_refused),
		cmocka_unit_test(case_07_every_first_byte),
		cmocka_unit_test(case_08_every_length),
		cmocka_unit_test(case_09_malformed_fields_are_refused_and_the_reply_is_awaited),
		cmocka_unit_test(case_10_a_server_without_time_is_unsynchronised),
		cmocka_unit_test(case_11_and_12_kisses_with_our_nonce_are_told),
		cmocka_unit_test(case_11_a_kiss_has_stratum_0),
		cmocka_unit_test(case_13_a_flood_of_kisses_with_wrong_origins_has_no_effect),
		cmocka_unit_test(case_14_unknown_kisses_have_no_meaning),
		cmocka_unit_test(case_15_transmit_before_receive_is_refused),
		cmocka_unit_test(case_15_a_residence_longer_than_the_round_trip_is_refused),
		cmocka_unit_test(case_15_the_precision_counts_against_neither_timestamp),
		cmocka_unit_test(case_16_absurd_root_delays_and_dispersions_are_refused),
		cmocka_unit_test(case_16_the_stamp_carries_what_the_bound_needs),
		cmocka_unit_test(case_16_a_limit_that_is_no_number_lets_nothing_pass),
		cmocka_unit_test(case_17_an_exchange_may_cross_an_era),
		cmocka_unit_test(case_26_a_counter_that_stood_still_or_went_back_is_refused),
		cmocka_unit_test(case_26_a_round_trip_that_a_counter_s_jump_made_long_is_refused),
		cmocka_unit_test(case_26_a_counter_that_went_back_between_exchanges_is_refused),
		cmocka_unit_test(case_26_a_useless_reply_does_not_hide_that_the_counter_went_back),
		cmocka_unit_test(case_43_counter_differences_beyond_half_the_range_are_the_past),
		cmocka_unit_test(case_43_extreme_rates_are_refused_not_misread),
		cmocka_unit_test(the_first_fault_names_the_verdict),
		cmocka_unit_test(moving_counters_or_the_server_s_clock_changes_nothing_else),
		cmocka_unit_test(older_versions_are_accepted),
		cmocka_unit_test(an_accepted_stamp_keeps_its_promises),
		cmocka_unit_test(every_verdict_has_its_own_name),
	};

	return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
