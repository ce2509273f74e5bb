/*
 * A datagram from anyone, at any counter reading, in answer to a request. Input: flags (1 byte), the counter at sending
 * and the round trip (8 bytes each, big-endian), and the datagram.
 */
#include <stdlib.h>
#include <string.h>

#include "../../core/bits.h"
#include "../../core/exchange.h"
#include "../../core/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

#define NONCE UINT64_C(0x0123456789abcdef)
#define OTHER_NONCE UINT64_C(0xfedcba9876543210)
#define ORIGIN_AT 24
#define INPUT_HEAD 17

/* Bits of the first byte. */
enum {
	KNOWS_NONCE = 1,  /* the datagram's origin is the nonce, in place of the input's */
	KNOWS_OLDER = 2,  /* its origin is the nonce of the request before it */
	SENT_LATER = 4,   /* the counter at sending is supplied after the request */
	GAVE_UP = 8,      /* the client has given up on the reply */
	HAD_ANOTHER = 16, /* there was a request before it */
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
}

/* Require all that stamp.h promises, and that every field is from the datagram or from the exchange. */
static void check_stamp(const struct ffntp_stamp *stamp, const uint8_t *bytes, const struct ffntp_exchange *before,
			ffntp_counter tf)
{
	double rtt_s = (double)(tf - stamp->ta) * limits.period_s;
	double residence_s = ffntp_ntp_diff_s(stamp->te, stamp->tb);

	require(stamp->ta == before->ta || stamp->ta == before->begun_at);
	require(stamp->tf == tf && (int64_t)(tf - stamp->ta) > 0);
	require(stamp->ta_late_ticks == 0 || stamp->ta - stamp->ta_late_ticks == before->begun_at);
	require(rtt_s * (1 - limits.period_error) <= limits.max_rtt_s);
	require(residence_s >= -FFNTP_SERVER_ORDER_S || residence_s >= -stamp->precision_s);
	require(residence_s < rtt_s * (1 + limits.period_error) + stamp->precision_s);
	require(stamp->tb.units == ffntp_load_be(bytes + 32, 8) && stamp->tb.units != 0);
	require(stamp->te.units == ffntp_load_be(bytes + 40, 8) && stamp->te.units != 0);
	require(stamp->refid == ffntp_load_be(bytes + 12, 4));
	require(stamp->stratum >= 1 && stamp->stratum <= 15 && stamp->leap <= 2);
	require(stamp->root_delay_s >= 0 && stamp->root_dispersion_s > 0);
	require(stamp->root_delay_s / 2 + stamp->root_dispersion_s <= limits.max_root_distance_s);
}

/* Rejections that leave the exchange as it was, because the true reply may still come. */
static bool is_ignored(enum ffntp_verdict verdict)
{
	return (verdict >= FFNTP_REFUSED_LENGTH && verdict <= FFNTP_REFUSED_DUPLICATE) ||
	       verdict == FFNTP_REFUSED_AUTHENTICATION;
}

static void check_exchange(struct ffntp_exchange *exchange, const uint8_t *bytes, size_t length, ffntp_counter tf)
{
	struct ffntp_exchange before;
	struct ffntp_stamp stamp, untouched;
	enum ffntp_verdict verdict;

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
		require(memcmp(&stamp, &untouched, sizeof(stamp)) == 0);
		return;
	}
	require(before.is_waiting && ffntp_load_be(bytes + ORIGIN_AT, 8) == before.nonce);
	check_stamp(&stamp, bytes, &before, tf);
	require(ffntp_exchange_finish(exchange, bytes, length, tf, &limits, &stamp) == FFNTP_REFUSED_DUPLICATE);
}

static void begin(struct ffntp_exchange *exchange, unsigned around, ffntp_counter ta)
{
	uint8_t request[FFNTP_WIRE_SIZE];

	memset(exchange, 0, sizeof(*exchange));
	if (around & HAD_ANOTHER)
		require(ffntp_exchange_begin(exchange, ta - 1000000000, OTHER_NONCE, request));
	require(ffntp_exchange_begin(exchange, around & SENT_LATER ? 0 : ta, NONCE, request));
	if (around & SENT_LATER)
		ffntp_exchange_sent(exchange, ta);
	if (around & GAVE_UP)
		ffntp_exchange_expire(exchange);
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
	if (length >= FFNTP_WIRE_SIZE && (input[0] & (KNOWS_NONCE | KNOWS_OLDER)))
		ffntp_store_be(bytes + ORIGIN_AT, 8, input[0] & KNOWS_NONCE ? NONCE : OTHER_NONCE);
	check_wire(bytes, length);
	begin(&exchange, input[0], ffntp_load_be(input + 1, 8));
	check_exchange(&exchange, bytes, length, ffntp_load_be(input + 1, 8) + ffntp_load_be(input + 9, 8));
	free(bytes);
	return 0;
}
