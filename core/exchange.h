/*
 * exchange: one request in flight, and the one reply that answers it; or one reading of a reference clock. This module
 * converts the wire's terms (origin, receive, transmit) to stamps (ta, tb, te, tf).
 */
#ifndef FFNTP_CORE_EXCHANGE_H
#define FFNTP_CORE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/measurement.h"
#include "grain.h"
#include "rootfield.h"
#include "stamp.h"
#include "wire.h"

/*
 * Guests leave interleaved mode, reference clocks and the correction of a server out, because the size of their core is
 * limited.
 */
#ifdef FFNTP_SESSION_MINIMAL
#define FFNTP_CAN_INTERLEAVE false
#define FFNTP_CAN_MEASURE false
#define FFNTP_CAN_CORRECT false
#else
#define FFNTP_CAN_INTERLEAVE true
#define FFNTP_CAN_MEASURE true
#define FFNTP_CAN_CORRECT true
#endif

/* A request and the reply to it. */
struct ffntp_answered {
	ffntp_counter begun_at; /* read before sending, so the request left no earlier */
	ffntp_counter ta;       /* best estimate of the departure */
	ffntp_counter tf;
	struct ffntp_packet reply;
};

/*
 * State of the exchanges with a server. Zeroed: no request was sent yet.
 *
 * Interleaved mode (RFC 9769): a server measures when a reply really left only after it has left, and sends that time
 * with the next reply. A request asks for it by the receive timestamp of the former reply, in the field of the origin.
 * The reply has the request's receive field as its origin instead of the transmit field, so both fields are nonces. It
 * completes the former exchange; its own exchange waits for the next reply. A server that does not support the mode, or
 * that was restarted, answers in basic mode.
 */
struct ffntp_exchange {
	bool is_interleaved;     /* ask for interleaved mode; set by the client */
	bool is_asking;          /* the request in flight asks for it */
	bool is_complete;        /* the last accepted reply completed an exchange, and there is a stamp */
	bool has_former;         /* 'former' waits for its transmit timestamp */
	uint64_t server_receive; /* receive timestamp of the last reply, to ask with; 0: none */
	struct ffntp_answered former;
	bool is_waiting;
	uint64_t nonce;          /* nonce of the request in flight; never 0 */
	uint64_t answered_nonce; /* nonce of the last answered request; a second reply with it is a duplicate */
	uint64_t expired_nonce;  /* nonce of the last request that was given up; a reply with it is late */
	ffntp_counter begun_at;  /* read before sending, so the request left no earlier */
	ffntp_counter ta;        /* best estimate of the departure */
	bool has_last_tf;
	ffntp_counter
		last_tf; /* tf of the newest reply that carried a usable time; later requests must start after it */
	struct ffntp_grain grain; /* steps of the server's clock */
	struct ffntp_rootfield root_field;
	struct ffntp_wire_root root;               /* of the exchange that is measured */
	struct ffntp_wire_root former_root;        /* of the exchange that waits */
	struct ffntp_rootfield_clock server_clock; /* as of the newest stamp */
};

/*
 * Begin an exchange and write its request. An earlier request that is still in flight expires.
 * ta: the counter, read before the request is sent. The bounds assume that the request left no earlier.
 * nonce: random, not 0. Returns false, with nothing changed, if the nonce is 0.
 */
FFNTP_MUST_USE bool ffntp_exchange_begin(struct ffntp_exchange *exchange, ffntp_counter ta, uint64_t nonce,
					 uint8_t bytes[FFNTP_WIRE_SIZE]);

/*
 * Set a better estimate of the departure, which the bound does not use. It has no effect without a request in flight,
 * and is dropped later if the server's residence does not fit between it and tf.
 */
void ffntp_exchange_sent(struct ffntp_exchange *exchange, ffntp_counter ta);

/* Give up the request in flight, if any. */
void ffntp_exchange_expire(struct ffntp_exchange *exchange);

/* Send the next request in basic mode. A reply that waits for its transmit timestamp is dropped. */
void ffntp_exchange_forget(struct ffntp_exchange *exchange);

struct ffntp_exchange_limits {
	double period_s;     /* best known period, seconds per tick */
	double period_error; /* maximum error of the period, as a ratio */
	double max_rtt_s;    /* a reply after a longer round trip is late, because it measures nothing */
	double max_root_distance_s;
};

/*
 * Judge a datagram. The first check that fails determines the verdict. The order is: length, version, mode, origin; the
 * server's state (kiss, synchronised, timestamps, root distance); the counter and the residence. A reply with the right
 * origin ends the exchange, whatever else is wrong with it, and a copy of it is a duplicate.
 * Returns FFNTP_ACCEPTED and a stamp in wire time (UTC), or the reason for rejection with *stamp untouched. The stamp
 * of an interleaved reply is that of the former exchange, and the verdict is on that one, too. FFNTP_ACCEPTED with
 * is_complete false: there is no such exchange, and *stamp is untouched.
 */
FFNTP_MUST_USE enum ffntp_verdict ffntp_exchange_finish(struct ffntp_exchange *exchange, const uint8_t *bytes,
							size_t length, ffntp_counter tf,
							const struct ffntp_exchange_limits *limits,
							struct ffntp_stamp *stamp);

/*
 * Judge a reading of a reference clock, which needs no request. after: the counter after the reading.
 * Returns FFNTP_ACCEPTED and a stamp in the clock's time; or the reason for rejection, as of a reply, with *stamp
 * untouched.
 */
FFNTP_MUST_USE enum ffntp_verdict
ffntp_exchange_measured(struct ffntp_exchange *exchange, const struct ffntp_measurement *measurement,
			ffntp_counter after, const struct ffntp_exchange_limits *limits, struct ffntp_stamp *stamp);

#endif
