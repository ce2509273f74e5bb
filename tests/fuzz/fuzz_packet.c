/*
 * A datagram from anyone, at any counter reading, in answer to a request, in basic or in interleaved mode. Input: flags
 * (1 byte), the counter at sending and the round trip (8 bytes each, big-endian), and the datagram.
 */
#include <stdlib.h>
#include <string.h>

#include "../../core/bits.h"
#include "../../core/exchange.h"
#include "../../core/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

#define NONCE UINT64_C(0x0123456789abcdef)
#define SECOND_NONCE (NONCE << 1 | NONCE >> 63)
#define OTHER_NONCE UINT64_C(0xfedcba9876543210)
#define FIRST_NONCE UINT64_C(0x1122334455667788)

/* The receive timestamp of the exchange before this one, and the ticks from its start to this one's. */
#define FORMER_RECEIVE UINT64_C(0xe8000000fffff000)
#define FORMER_AGO UINT64_C(1000000000)
#define FORMER_RTT UINT64_C(10000000)
#define ORIGIN_AT 24
#define INPUT_HEAD 17

/* Bits of the first byte. */
enum {
	KNOWS_NONCE = 1,    /* the datagram's origin is the nonce, in place of the input's */
	KNOWS_OLDER = 2,    /* its origin is the nonce of the request before it */
	SENT_LATER = 4,     /* the counter at sending is supplied after the request */
	GAVE_UP = 8,        /* the client has given up on the reply */
	HAD_ANOTHER = 16,   /* there was a request before it */
	INTERLEAVED = 32,   /* the request asks for interleaved mode, by a reply in basic mode that came before */
	HAS_FORMER = 64,    /* ... or by an interleaved one, so that an exchange waits for its transmit timestamp */
	KNOWS_SECOND = 128, /* the datagram's origin is the second nonce */
};

static const struct ffntp_exchange_limits limits = {
	.period_s = 1e-9,
	.period_error = 500e-6,
	.max_rtt_s = FFNTP_MAX_RTT_S,
	.max_root_distance_s = 3,
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Require that a field never raises a root value of the header, and lowers it by no more than rounding does. */
static void check_root(const struct ffntp_packet *packet, struct ffntp_wire_root root)
{
	double coarse_s = ffntp_short_s(packet->root_delay);
	double fine_s = ffntp_wire_root_s(packet->root_delay, root.delay, root.is_present);

	require(fine_s <= coarse_s && fine_s >= coarse_s - 2 * 0x1p-16);
	require(root.is_present || fine_s == coarse_s);
}

static void check_wire(const uint8_t *bytes, size_t length)
{
	uint8_t again[FFNTP_WIRE_SIZE];
	struct ffntp_packet packet, before;

	memset(&packet, 0x5a, sizeof(packet));
	memset(&before, 0x5a, sizeof(before));
	if (ffntp_wire_read(bytes, length, &packet) != FFNTP_ACCEPTED) {
		require(memcmp(&packet, &before, sizeof(packet)) == 0);
		return;
	}
	require(length >= FFNTP_WIRE_SIZE && length % 4 == 0);
	require(packet.leap <= 3 && packet.version <= 7 && packet.mode <= 7);
	ffntp_wire_write(&packet, again);
	require(memcmp(again, bytes, FFNTP_WIRE_SIZE) == 0);
	check_root(&packet, ffntp_wire_read_root(bytes, length));
}

/*
 * Require all that stamp.h promises, and that every field is from the exchange and its reply. te: the transmit
 * timestamp, which in interleaved mode is from the next reply.
 */
static void check_stamp(const struct ffntp_stamp *stamp, const struct ffntp_answered *answered, uint64_t te)
{
	const struct ffntp_packet *reply = &answered->reply;
	double rtt_s = (double)(answered->tf - stamp->ta) * limits.period_s;
	double residence_s = ffntp_ntp_diff_s(stamp->te, stamp->tb);

	require(stamp->ta == answered->ta || stamp->ta == answered->begun_at);
	require(stamp->tf == answered->tf && (int64_t)(answered->tf - stamp->ta) > 0);
	require(stamp->ta_late_ticks == 0 || stamp->ta - stamp->ta_late_ticks == answered->begun_at);
	require(rtt_s * (1 - limits.period_error) <= limits.max_rtt_s);
	require(residence_s >= -FFNTP_SERVER_ORDER_S || residence_s >= -stamp->precision_s);
	require(residence_s < rtt_s * (1 + limits.period_error) + stamp->precision_s);
	require(stamp->tb.units == reply->receive.units && stamp->tb.units != 0);
	require(stamp->te.units == te && te != 0);
	require(stamp->refid == reply->refid && stamp->stratum == reply->stratum && stamp->leap == reply->leap);
	require(stamp->stratum >= 1 && stamp->stratum <= 15 && stamp->leap <= 2);
	require(stamp->root_delay_s >= 0 && stamp->root_dispersion_s > 0);
	require(stamp->root_delay_s <= ffntp_short_s(reply->root_delay));
	require(stamp->root_delay_s / 2 + stamp->root_dispersion_s <= limits.max_root_distance_s);
}

/* Rejections that leave the exchange as it was, because the true reply may still come. */
static bool is_ignored(enum ffntp_verdict verdict)
{
	return (verdict >= FFNTP_REFUSED_LENGTH && verdict <= FFNTP_REFUSED_DUPLICATE) ||
	       verdict == FFNTP_REFUSED_AUTHENTICATION;
}

/* Return whether the request asked for the mode of this origin, and fail if the origin is none of the request's. */
static bool is_interleaved_origin(const struct ffntp_exchange *before, uint64_t origin)
{
	require(before->is_waiting);
	if (origin == before->nonce)
		return false;
	require(before->is_interleaved && before->is_asking && origin == SECOND_NONCE);
	return true;
}

static bool is_same(const struct ffntp_answered *a, const struct ffntp_answered *b)
{
	uint8_t reply[2][FFNTP_WIRE_SIZE];

	ffntp_wire_write(&a->reply, reply[0]);
	ffntp_wire_write(&b->reply, reply[1]);
	return a->begun_at == b->begun_at && a->ta == b->ta && a->tf == b->tf &&
	       memcmp(reply[0], reply[1], FFNTP_WIRE_SIZE) == 0;
}

/* Check an accepted reply. before: the exchange before it; stamp: as it was returned, untouched: as it was passed. */
static void check_accepted(const struct ffntp_exchange *before, const struct ffntp_exchange *after,
			   const struct ffntp_answered *answered, const struct ffntp_stamp *stamp,
			   const struct ffntp_stamp *untouched)
{
	bool is_interleaved = is_interleaved_origin(before, answered->reply.origin.units);

	require(after->has_former == is_interleaved);
	require(after->is_complete == (!is_interleaved || before->has_former));
	require(!is_interleaved || is_same(&after->former, answered));
	if (!after->is_complete)
		require(memcmp(stamp, untouched, sizeof(*stamp)) == 0);
	else
		check_stamp(stamp, is_interleaved ? &before->former : answered, answered->reply.transmit.units);
}

static void check_exchange(struct ffntp_exchange *exchange, const uint8_t *bytes, size_t length, ffntp_counter tf)
{
	struct ffntp_exchange before;
	struct ffntp_stamp stamp, untouched;
	struct ffntp_answered answered;
	enum ffntp_verdict verdict;

	exchange->is_complete = false;
	memcpy(&before, exchange, sizeof(before));
	memset(&stamp, 0x5a, sizeof(stamp));
	memcpy(&untouched, &stamp, sizeof(stamp));
	verdict = ffntp_exchange_finish(exchange, bytes, length, tf, &limits, &stamp);
	require(verdict < FFNTP_REFUSED_CONTRADICTION || verdict == FFNTP_REFUSED_AUTHENTICATION);
	if (is_ignored(verdict) || !before.is_waiting)
		require(memcmp(exchange, &before, sizeof(before)) == 0);
	else
		require(!exchange->is_waiting || verdict == FFNTP_REFUSED_LATE);
	if (verdict != FFNTP_ACCEPTED) {
		require(memcmp(&stamp, &untouched, sizeof(stamp)) == 0 && !exchange->is_complete);
		return;
	}
	memset(&answered, 0, sizeof(answered));
	answered.begun_at = before.begun_at;
	answered.ta = before.ta;
	answered.tf = tf;
	require(ffntp_wire_read(bytes, length, &answered.reply) == FFNTP_ACCEPTED);
	check_accepted(&before, exchange, &answered, &stamp, &untouched);
	require(ffntp_exchange_finish(exchange, bytes, length, tf, &limits, &stamp) == FFNTP_REFUSED_DUPLICATE);
}

/* An exchange before the one in question, with a good reply of this origin. */
static void precede(struct ffntp_exchange *exchange, ffntp_counter ta, uint64_t nonce, uint64_t origin)
{
	const struct ffntp_packet packet = {
		.version = FFNTP_WIRE_VERSION,
		.mode = FFNTP_MODE_SERVER,
		.stratum = 1,
		.precision_log2_s = -20,
		.root_dispersion = 0x200,
		.refid = 0x47505300,
		.origin = { origin },
		.receive = { FORMER_RECEIVE },
		.transmit = { FORMER_RECEIVE + 4295 },
	};
	uint8_t bytes[FFNTP_WIRE_SIZE];
	struct ffntp_stamp stamp;

	require(ffntp_exchange_begin(exchange, ta, nonce, bytes));
	ffntp_wire_write(&packet, bytes);
	require(ffntp_exchange_finish(exchange, bytes, sizeof(bytes), ta + FORMER_RTT, &limits, &stamp) ==
		FFNTP_ACCEPTED);
}

static void precede_interleaved(struct ffntp_exchange *exchange, unsigned around, ffntp_counter ta)
{
	exchange->is_interleaved = true;
	precede(exchange, ta - 2 * FORMER_AGO, FIRST_NONCE, FIRST_NONCE);
	if (around & HAS_FORMER)
		precede(exchange, ta - FORMER_AGO, OTHER_NONCE, OTHER_NONCE << 1 | OTHER_NONCE >> 63);
	require(exchange->has_former == ((around & HAS_FORMER) != 0) && exchange->server_receive == FORMER_RECEIVE);
}

static void begin(struct ffntp_exchange *exchange, unsigned around, ffntp_counter ta)
{
	uint8_t request[FFNTP_WIRE_SIZE];

	memset(exchange, 0, sizeof(*exchange));
	if (around & INTERLEAVED)
		precede_interleaved(exchange, around, ta);
	else if (around & HAD_ANOTHER)
		require(ffntp_exchange_begin(exchange, ta - FORMER_AGO, OTHER_NONCE, request));
	require(ffntp_exchange_begin(exchange, around & SENT_LATER ? 0 : ta, NONCE, request));
	require(exchange->is_asking == ((around & INTERLEAVED) != 0));
	if (around & SENT_LATER)
		ffntp_exchange_sent(exchange, ta);
	if (around & GAVE_UP)
		ffntp_exchange_expire(exchange);
}

/* Return the origin that the flags choose; 0: the datagram's own. */
static uint64_t origin_of(unsigned around)
{
	if (around & KNOWS_SECOND)
		return SECOND_NONCE;
	if (around & KNOWS_NONCE)
		return NONCE;
	return around & KNOWS_OLDER ? OTHER_NONCE : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct ffntp_exchange exchange;
	size_t length = size - INPUT_HEAD;
	uint8_t *bytes;

	if (size < INPUT_HEAD)
		return 0;
	/* Copy the datagram into memory that ends where it ends, so that AddressSanitizer sees reads past it. */
	bytes = malloc(length > 0 ? length : 1);
	require(bytes != NULL);
	memcpy(bytes, input + INPUT_HEAD, length);
	if (length >= FFNTP_WIRE_SIZE && origin_of(input[0]) != 0)
		ffntp_store_be(bytes + ORIGIN_AT, 8, origin_of(input[0]));
	check_wire(bytes, length);
	begin(&exchange, input[0], ffntp_load_be(input + 1, 8));
	check_exchange(&exchange, bytes, length, ffntp_load_be(input + 1, 8) + ffntp_load_be(input + 9, 8));
	free(bytes);
	return 0;
}
