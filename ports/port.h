/*
 * port: the interface between a system and a client on it: a counter, random bytes, and UDP to one server. Plain
 * functions that do not block; ports/drive calls them, in one thread. docs/porting.md has the rules and an example.
 */
#ifndef FFNTP_PORT_H
#define FFNTP_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/map.h"

/* The properties of the counter before anything was measured. */
struct ffntp_port_counter {
	enum ffntp_counter_kind
		kind;   /* the kind that readers of the page can read; FFNTP_COUNTER_OTHER if only the port can */
	unsigned width; /* bits, 16 to 64: it wraps at 2^width. Below 64 the kind is FFNTP_COUNTER_OTHER */
	uint64_t
		frequency_hz; /* as far as known; 1 MHz to 1 THz. From 1 MHz on, no reply comes in its request's tick */
	uint32_t frequency_error_ppm; /* its error; 0 to 100000, which is a tenth */
};

struct ffntp_port {
	void *context; /* passed to each function below */
	struct ffntp_port_counter about;

	/* Return the counter: its low 'width' bits; higher bits are ignored. It is cheap and never runs backwards. */
	uint64_t (*counter)(void *context);

	/*
	 * Return a new number whenever the counter may have stood still, jumped or changed its rate since the last
	 * call, and the same number otherwise. A port that cannot detect that returns 0 always; the exchanges with the
	 * server then reveal it. If the new rate is known, about.frequency_hz is set to it before.
	 */
	uint64_t (*epoch)(void *context);

	/*
	 * Fill 'length' bytes, at most 16, from a cryptographic generator that never repeats itself, not even on a
	 * machine restored from a snapshot. Returns false if there are none; then nothing is sent.
	 */
	bool (*random)(void *context, uint8_t *bytes, size_t length);

	/*
	 * Send one datagram to the server, if possible from a source port that cannot be guessed. *sent: the counter as
	 * close to transmission as possible, and not before the call. Returns false if it was not sent; the request
	 * then counts as unanswered. Must not pass a reply to the drive before it has returned.
	 */
	bool (*send)(void *context, const uint8_t *bytes, size_t length, uint64_t *sent);
};

#endif
