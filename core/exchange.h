/*
 * exchange: one request in flight, and the one reply that answers it. Here the wire's words end and ta tb te tf begin.
 */
#ifndef FFNTP_CORE_EXCHANGE_H
#define FFNTP_CORE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grain.h"
#include "stamp.h"
#include "wire.h"

/* Zeroed: nothing in flight, nothing remembered. */
struct ffntp_exchange {
	bool is_waiting;
	uint64_t nonce;          /* of the request in flight; 0 never */
	uint64_t answered_nonce; /* of the last request that was answered: a second copy is a duplicate */
	uint64_t expired_nonce;  /* of the last request that was given up: its reply is late */
	ffntp_counter begun_at;  /* read before sending: the request cannot have left earlier */
	ffntp_counter ta;        /* the best estimate of when it left */
	bool has_last_tf;
	ffntp_counter last_tf;    /* of the newest reply that had time; later requests leave after it */
	struct ffntp_grain grain; /* of the server's clock */
};

/*
 * Begin an exchange. ta: read before the request is sent; bounds assume that it left no earlier.
 * nonce: random, not 0 (false, nothing changed). A request in flight expires.
 */
FFNTP_MUST_USE bool ffntp_exchange_begin(struct ffntp_exchange *exchange, ffntp_counter ta, uint64_t nonce,
					 uint8_t bytes[FFNTP_WIRE_SIZE]);

/*
 * Set a better estimate of when the request left, which no bound is made from. It is ignored without a request in
 * flight, and where the server's residence would not fit between it and tf.
 */
void ffntp_exchange_sent(struct ffntp_exchange *exchange, ffntp_counter ta);

/* Gives the request up. */
void ffntp_exchange_expire(struct ffntp_exchange *exchange);

struct ffntp_exchange_limits {
	double period_s;     /* seconds per tick, as far as known */
	double period_error; /* as a ratio: what is allowed for */
	double max_rtt_s;    /* a longer round trip measures nothing: late */
	double max_root_distance_s;
};

/*
 * Judges a datagram. The first check that fails names the verdict; the order is: length, version, mode, origin, then
 * what the server says (kiss, synchronised, timestamps, root distance), then the counter and the residence.
 * A reply with the right origin ends the exchange, whatever else is wrong with it: a copy of it is a duplicate.
 * Returns FFNTP_ACCEPTED and a stamp in wire time (UTC), or a refusal; then *stamp is untouched.
 */
FFNTP_MUST_USE enum ffntp_verdict ffntp_exchange_finish(struct ffntp_exchange *exchange, const uint8_t *bytes,
							size_t length, ffntp_counter tf,
							const struct ffntp_exchange_limits *limits,
							struct ffntp_stamp *stamp);

#endif
