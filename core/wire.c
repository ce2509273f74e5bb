/* wire: see wire.h. Bytes are read one at a time, so alignment, aliasing and byte order do not matter. */
#include "wire.h"

#include <stdbool.h>

#include "bits.h"

/* Offsets, RFC 5905, figure 8. */
enum {
	FLAGS = 0,
	STRATUM = 1,
	POLL = 2,
	PRECISION = 3,
	ROOT_DELAY = 4,
	ROOT_DISPERSION = 8,
	REFID = 12,
	REFERENCE = 16,
	ORIGIN = 24,
	RECEIVE = 32,
	TRANSMIT = 40,
};

/*
 * RFC 7822, section 3: an extension field is four bytes of type and length, then a value; the length counts the whole
 * field.
 */
enum {
	FIELD_LENGTH_AT = 2,
	FIELD_LEAST = 16,
};

/* The field of fine root values: its type, the number that it begins with, and where its values are. */
enum {
	ROOT_TYPE = 0xf323,
	ROOT_MAGIC_AT = 4,
	ROOT_DELAY_AT = 8,
	ROOT_DISPERSION_AT = 12,
	ROOT_RECEIVE_AT = 16,
	ROOT_EPOCH_AT = 24,
};
#define ROOT_MAGIC UINT64_C(0xf5bedd9a)

/*
 * Sizes of a MAC, RFC 5905, section 7.3, and RFC 7822, section 3: a key identifier alone, or with a 128-bit or a
 * 160-bit digest.
 */
enum {
	MAC_NAK = 4,
	MAC_128 = 20,
	MAC_160 = 24,
};

void ffntp_wire_write(const struct ffntp_packet *packet, uint8_t bytes[FFNTP_WIRE_SIZE])
{
	bytes[FLAGS] = (uint8_t)((packet->leap & 3) << 6 | (packet->version & 7) << 3 | (packet->mode & 7));
	bytes[STRATUM] = packet->stratum;
	bytes[POLL] = (uint8_t)packet->poll_log2_s;
	bytes[PRECISION] = (uint8_t)packet->precision_log2_s;
	ffntp_store_be(bytes + ROOT_DELAY, 4, packet->root_delay);
	ffntp_store_be(bytes + ROOT_DISPERSION, 4, packet->root_dispersion);
	ffntp_store_be(bytes + REFID, 4, packet->refid);
	ffntp_store_be(bytes + REFERENCE, 8, packet->reference.units);
	ffntp_store_be(bytes + ORIGIN, 8, packet->origin.units);
	ffntp_store_be(bytes + RECEIVE, 8, packet->receive.units);
	ffntp_store_be(bytes + TRANSMIT, 8, packet->transmit.units);
}

void ffntp_wire_ask_root(uint8_t field[FFNTP_WIRE_ROOT_SIZE])
{
	for (size_t i = 0; i < FFNTP_WIRE_ROOT_SIZE; i++)
		field[i] = 0;
	ffntp_store_be(field, 2, ROOT_TYPE);
	ffntp_store_be(field + FIELD_LENGTH_AT, 2, FFNTP_WIRE_ROOT_SIZE);
	ffntp_store_be(field + ROOT_MAGIC_AT, 4, ROOT_MAGIC);
}

/*
 * A key identifier of zero without a digest: the sender could not verify the MAC of the packet that it answers (RFC
 * 5905, section 9.2).
 */
static bool is_crypto_nak(const uint8_t *mac, size_t length)
{
	return length == MAC_NAK && ffntp_load_be(mac, MAC_NAK) == 0;
}

/*
 * Check the tail after the header: extension fields, then perhaps a MAC. A tail of at most 24 bytes can only be a MAC,
 * because a last extension field that no MAC follows has at least 28 bytes. A longer tail begins with an extension
 * field. The loop ends, because each step takes 16 bytes or more.
 */
static enum ffntp_verdict judge_tail(const uint8_t *tail, size_t left)
{
	while (left > MAC_160) {
		size_t length = (size_t)ffntp_load_be(tail + FIELD_LENGTH_AT, 2);

		if (length < FIELD_LEAST || length % 4 != 0 || length > left)
			return FFNTP_REFUSED_LENGTH;
		tail += length;
		left -= length;
	}
	if (is_crypto_nak(tail, left))
		return FFNTP_REFUSED_AUTHENTICATION;
	return left == 0 || left == MAC_NAK || left == MAC_128 || left == MAC_160 ? FFNTP_ACCEPTED
										  : FFNTP_REFUSED_LENGTH;
}

static struct ffntp_ntp load_timestamp(const uint8_t *bytes)
{
	return (struct ffntp_ntp){ ffntp_load_be(bytes, 8) };
}

enum ffntp_verdict ffntp_wire_read(const uint8_t *bytes, size_t length, struct ffntp_packet *packet)
{
	enum ffntp_verdict verdict;

	if (length < FFNTP_WIRE_SIZE)
		return FFNTP_REFUSED_LENGTH;
	verdict = judge_tail(bytes + FFNTP_WIRE_SIZE, length - FFNTP_WIRE_SIZE);
	if (verdict != FFNTP_ACCEPTED)
		return verdict;
	*packet = (struct ffntp_packet){
		.leap = bytes[FLAGS] >> 6,
		.version = bytes[FLAGS] >> 3 & 7,
		.mode = bytes[FLAGS] & 7,
		.stratum = bytes[STRATUM],
		.poll_log2_s = (int8_t)bytes[POLL],
		.precision_log2_s = (int8_t)bytes[PRECISION],
		.root_delay = (uint32_t)ffntp_load_be(bytes + ROOT_DELAY, 4),
		.root_dispersion = (uint32_t)ffntp_load_be(bytes + ROOT_DISPERSION, 4),
		.refid = (uint32_t)ffntp_load_be(bytes + REFID, 4),
		.reference = load_timestamp(bytes + REFERENCE),
		.origin = load_timestamp(bytes + ORIGIN),
		.receive = load_timestamp(bytes + RECEIVE),
		.transmit = load_timestamp(bytes + TRANSMIT),
	};
	return FFNTP_ACCEPTED;
}

bool ffntp_wire_is_root(const uint8_t *field)
{
	return ffntp_load_be(field + FIELD_LENGTH_AT, 2) == FFNTP_WIRE_ROOT_SIZE &&
	       ffntp_load_be(field, 2) == ROOT_TYPE && ffntp_load_be(field + ROOT_MAGIC_AT, 4) == ROOT_MAGIC;
}

/* Take the values of a field, if it is that of root values. */
static void take_root(const uint8_t *field, struct ffntp_wire_root *root)
{
	if (!ffntp_wire_is_root(field))
		return;
	*root = (struct ffntp_wire_root){
		.is_present = true,
		.delay = (uint32_t)ffntp_load_be(field + ROOT_DELAY_AT, 4),
		.dispersion = (uint32_t)ffntp_load_be(field + ROOT_DISPERSION_AT, 4),
		.receive = { ffntp_load_be(field + ROOT_RECEIVE_AT, 8) },
		.epoch = (uint32_t)ffntp_load_be(field + ROOT_EPOCH_AT, 4),
	};
}

struct ffntp_wire_root ffntp_wire_read_root(const uint8_t *bytes, size_t length)
{
	const uint8_t *tail = bytes + FFNTP_WIRE_SIZE;
	struct ffntp_wire_root root = { 0 };
	size_t left = length - FFNTP_WIRE_SIZE;

	while (left > MAC_160) {
		size_t size = (size_t)ffntp_load_be(tail + FIELD_LENGTH_AT, 2);

		take_root(tail, &root);
		tail += size;
		left -= size;
	}
	return root;
}
