/*
 * rootfield: whether to ask a server for fine root values (wire.h), and the corrections of its own clock that it
 * reports. The field is asked for where the server is known to answer it: by the configuration, or because all of its
 * timestamps have the marks of chrony, which answers requests with unknown fields of this size, too. Other servers are
 * silent to them (ntpsec), or log them. A server or a path that is silent to such requests gets plain ones.
 */
#ifndef FFNTP_CORE_ROOTFIELD_H
#define FFNTP_CORE_ROOTFIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

/* The state of the server's clock that its corrections do not move, as of one reply. */
struct ffntp_rootfield_clock {
	bool is_known;
	uint32_t epoch;
	uint64_t ahead; /* that clock minus the server's (2^-32 s), modulo 2^64 */
};

/* Zeroed: a server of which nothing is known. */
struct ffntp_rootfield {
	bool is_configured; /* the server is known to answer it */
	bool is_forbidden;
	bool is_asked;    /* by the request in flight */
	bool is_answered; /* a reply had the field */
	uint8_t marked;   /* replies in a row with chrony's marks */
	uint8_t silent;   /* requests in a row with the field, and without a reply */
	uint8_t plain;    /* requests without the field that come before the next one with it */
};

/* A request is begun: decide whether it has the field, and set is_asked. */
void ffntp_rootfield_ask(struct ffntp_rootfield *field);

/* The request in flight was given up. */
void ffntp_rootfield_expired(struct ffntp_rootfield *field);

/* A reply to the request in flight came. */
void ffntp_rootfield_replied(struct ffntp_rootfield *field, const struct ffntp_packet *packet,
			     const struct ffntp_wire_root *root);

/* Discard all that is known of the server. */
void ffntp_rootfield_forget(struct ffntp_rootfield *field);

/* Return the server's clock as of this reply. */
struct ffntp_rootfield_clock ffntp_rootfield_clock(const struct ffntp_packet *packet,
						   const struct ffntp_wire_root *root);

/*
 * Return whether the server itself has moved its clock between two replies by at least this time (s), or begun it
 * again. False if the replies do not show it.
 */
FFNTP_MUST_USE bool ffntp_rootfield_has_moved(const struct ffntp_rootfield_clock *before,
					      const struct ffntp_rootfield_clock *after, double least_s);

#endif
