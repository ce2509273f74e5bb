/*
 * wire: NTP's 48-byte header (RFC 5905, section 7.3), in both directions, and the fields that may follow it (RFC 7822).
 * Uses the RFC's terms.
 */
#ifndef FFNTP_CORE_WIRE_H
#define FFNTP_CORE_WIRE_H

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

enum { FFNTP_MODE_CLIENT = 3, FFNTP_MODE_SERVER = 4 };
enum { FFNTP_WIRE_LEAP_UNSYNCHRONISED = 3 };

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

#endif
