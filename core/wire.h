/*
 * wire: NTP's 48-byte header (RFC 5905, section 7.3), in both directions, and the fields that may follow it (RFC 7822).
 * Uses the RFC's terms.
 */
#ifndef FFNTP_CORE_WIRE_H
#define FFNTP_CORE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/instant.h"
#include "../include/ffntp/verdict.h"

#define FFNTP_WIRE_SIZE 48
#define FFNTP_WIRE_VERSION 4

/*
 * Least accepted version. Replies of version 1 to 4 have the same header; RFC 5905, A.5.1, rejects only later versions,
 * and so does chrony.
 */
#define FFNTP_WIRE_VERSION_LEAST 1

/*
 * Guests leave the field of fine root values out, because the size of their core is limited.
 */
#ifdef FFNTP_SESSION_MINIMAL
#define FFNTP_CAN_REFINE false
#else
#define FFNTP_CAN_REFINE true
#endif

/* Bytes of that field, with its head. */
#define FFNTP_WIRE_ROOT_SIZE 28

enum { FFNTP_MODE_CLIENT = 3, FFNTP_MODE_SERVER = 4 };
enum { FFNTP_WIRE_LEAP_UNSYNCHRONISED = 3 };

/*
 * chrony's extension field F323: the root delay and dispersion in finer units than the header has, and the time of
 * receipt on a clock of the server that its corrections do not move. The epoch changes when that clock begins again,
 * which it does when the server steps its clock, or is restarted.
 */
struct ffntp_wire_root {
	bool is_present;
	uint32_t delay, dispersion; /* 4.28 s, unsigned */
	struct ffntp_ntp receive;
	uint32_t epoch;
};

struct ffntp_packet {
	uint8_t leap;    /* 2 bits */
	uint8_t version; /* 3 bits */
	uint8_t mode;    /* 3 bits */
	uint8_t stratum;
	int8_t poll_log2_s;
	int8_t precision_log2_s;
	uint32_t root_delay;      /* 16.16 s, unsigned */
	uint32_t root_dispersion; /* 16.16 s, unsigned */
	uint32_t refid;           /* first byte on the wire in the top bits */
	struct ffntp_ntp reference, origin, receive, transmit;
};

void ffntp_wire_write(const struct ffntp_packet *packet, uint8_t bytes[FFNTP_WIRE_SIZE]);

/* Write the field by which a request asks for fine root values. */
void ffntp_wire_ask_root(uint8_t field[FFNTP_WIRE_ROOT_SIZE]);

/*
 * Parse a datagram of any length.
 * Returns FFNTP_ACCEPTED and the packet; or FFNTP_REFUSED_LENGTH with *packet untouched, if it has fewer than 48 bytes,
 * or a tail that is not a sequence of well-formed extension fields and an optional MAC (RFC 7822, section 3).
 * O(length).
 */
FFNTP_MUST_USE enum ffntp_verdict ffntp_wire_read(const uint8_t *bytes, size_t length, struct ffntp_packet *packet);

/* Convert 16.16 fixed point to seconds. */
static inline double ffntp_short_s(uint32_t units)
{
	return (double)units * 0x1p-16;
}

/* Return whether a field is that of fine root values. 8 bytes of it are read. */
FFNTP_MUST_USE bool ffntp_wire_is_root(const uint8_t *field);

/*
 * Return the field of fine root values of a datagram that ffntp_wire_read accepted; of several, the last. Not present
 * if there is none.
 */
struct ffntp_wire_root ffntp_wire_read_root(const uint8_t *bytes, size_t length);

/* Bits by which 4.28 s is finer than 16.16 s, and the most by which rounding makes the header's value larger. */
#define FFNTP_WIRE_FINER_BITS 12
#define FFNTP_WIRE_ROUNDING (UINT64_C(2) << FFNTP_WIRE_FINER_BITS)

/*
 * Return a root delay or dispersion (s) from the header's value and the field's: the latter, if there is a field, and
 * the former may be the same rounded up. A server that contradicts itself has the header's.
 */
static inline double ffntp_wire_root_s(uint32_t coarse, uint32_t fine, bool is_present)
{
	uint64_t rounding = ((uint64_t)coarse << FFNTP_WIRE_FINER_BITS) - fine;

	if (FFNTP_CAN_REFINE && is_present && rounding <= FFNTP_WIRE_ROUNDING)
		return (double)fine * 0x1p-28;
	return ffntp_short_s(coarse);
}

#endif
