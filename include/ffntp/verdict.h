/* verdict: the result of judging a reply and the exchange that it completes. The client counts each verdict. */
#ifndef FFNTP_VERDICT_H
#define FFNTP_VERDICT_H

#include <stdint.h>

#include "linkage.h"

FFNTP_BEGIN_DECLARATIONS

/* The verdict on a reply: accepted, or the first reason for its rejection. */
enum ffntp_verdict {
	FFNTP_ACCEPTED = 0,
	/* Reasons in the packet (RFC 5905, RFC 7822); no other field is evaluated then: */
	FFNTP_REFUSED_LENGTH,    /* shorter than 48 bytes, or followed by neither extension fields nor a MAC */
	FFNTP_REFUSED_VERSION,   /* version 0, or later than the request's */
	FFNTP_REFUSED_MODE,      /* not a server's reply */
	FFNTP_REFUSED_ORIGIN,    /* bogus origin: the origin is not the nonce of the request in flight */
	FFNTP_REFUSED_DUPLICATE, /* the request with this nonce has been answered already */
	FFNTP_REFUSED_LATE, /* the request with this nonce was given up or replaced; or the round trip is too long */
	/* Reasons in the server's state; the packet is a valid reply to the request: */
	FFNTP_REFUSED_KISS_RATE,      /* kiss-o'-death RATE: poll less often */
	FFNTP_REFUSED_KISS_DENY,      /* kiss-o'-death DENY or RSTR: choose a different server */
	FFNTP_REFUSED_KISS_OTHER,     /* a kiss code that has no meaning for a client */
	FFNTP_REFUSED_UNSYNCHRONISED, /* leap indicator 3, or stratum 0 or 16 and above */
	FFNTP_REFUSED_TIMESTAMPS,     /* a receive or transmit timestamp of zero, or transmit before receive */
	FFNTP_REFUSED_ROOT_DISTANCE,  /* root delay / 2 + root dispersion exceeds the limit */
	FFNTP_REFUSED_RESIDENCE,      /* transmit - receive is longer than the round trip */
	/* Reasons in the exchange, which is valid but inconsistent with the clock: */
	FFNTP_REFUSED_COUNTER,       /* tf <= ta, or ta before an earlier tf: the counter jumped */
	FFNTP_REFUSED_CONTRADICTION, /* the server's time is inconsistent with the clock's error bound or estimate */
	FFNTP_REFUSED_LEAP,          /* the timestamp is ambiguous: within a leap second */
	FFNTP_REFUSED_SMEAR,         /* the server smears a leap second, so its time is not UTC for a day */
	/* A reason in the packet that came later. */
	FFNTP_REFUSED_AUTHENTICATION, /* a crypto-NAK; or the reply lacks the MAC of the server's key (session.h) */
	FFNTP_VERDICTS                /* the number of verdicts */
};

/*
 * Return a short lower-case name such as "bogus-origin", for logs, tables and JSON; "unknown" for values outside the
 * enumeration. Never NULL.
 */
const char *ffntp_verdict_name(enum ffntp_verdict verdict);

FFNTP_END_DECLARATIONS

#endif
