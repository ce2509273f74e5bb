/*
 * verdict: what became of a reply or of the exchange it completed. Each reason is counted, and anyone may read the
 * counts.
 */
#ifndef FFNTP_VERDICT_H
#define FFNTP_VERDICT_H

#include <stdint.h>

#include "linkage.h"

FFNTP_BEGIN_DECLARATIONS

/* Each reply has one: used, or the first reason why not. */
enum ffntp_verdict {
	FFNTP_ACCEPTED = 0,
	/* the packet: RFC 5905, RFC 7822. Nothing else in it is looked at. */
	FFNTP_REFUSED_LENGTH,    /* shorter than 48 bytes, or a tail that is neither fields nor MAC */
	FFNTP_REFUSED_VERSION,   /* 0, or later than the version that was asked for */
	FFNTP_REFUSED_MODE,      /* not a server's reply */
	FFNTP_REFUSED_ORIGIN,    /* bogus origin: not the nonce of the request in flight */
	FFNTP_REFUSED_DUPLICATE, /* the nonce of a request that was answered */
	FFNTP_REFUSED_LATE,      /* the nonce of a request that was given up or replaced; or too long a round trip */
	/* the server: a valid reply to our request that cannot be used */
	FFNTP_REFUSED_KISS_RATE,      /* kiss-o'-death RATE: ask less often */
	FFNTP_REFUSED_KISS_DENY,      /* DENY or RSTR: ask somebody else, this one rarely */
	FFNTP_REFUSED_KISS_OTHER,     /* a kiss code without meaning to a client */
	FFNTP_REFUSED_UNSYNCHRONISED, /* leap indicator 3, or stratum 0 or 16 and above */
	FFNTP_REFUSED_TIMESTAMPS,     /* a receive or transmit timestamp of zero, or transmit before receive */
	FFNTP_REFUSED_ROOT_DISTANCE,  /* root delay / 2 + root dispersion above the limit */
	FFNTP_REFUSED_RESIDENCE,      /* the server says it held the request for longer than the round trip took */
	/* the exchange: valid, but not believed */
	FFNTP_REFUSED_COUNTER,       /* Tf <= Ta, or Ta before an earlier Tf: the counter jumped */
	FFNTP_REFUSED_CONTRADICTION, /* the server's time and the counter cannot both be right */
	FFNTP_REFUSED_LEAP,          /* a leap second is near: which of two seconds is meant, nothing tells */
	FFNTP_REFUSED_SMEAR,         /* the server smears a leap second: for a day its UTC is nobody else's */
	FFNTP_VERDICTS
};

/* A short lower-case name such as "bogus-origin", for logs, tables and JSON; "unknown" beyond the last. Never NULL. */
const char *ffntp_verdict_name(enum ffntp_verdict verdict);

FFNTP_END_DECLARATIONS

#endif
