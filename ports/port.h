/*
 * port: what a system supplies so that a client can live on it: a counter, random bytes, and UDP to one server. Plain
 * functions that do not block; ports/drive calls them, in one thread. docs/porting.md has the rules and an example.
 */
#ifndef FFNTP_PORT_H
#define FFNTP_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/map.h"

/* What is known of the counter before anything was measured. */
struct ffntp_port_counter {
	enum ffntp_counter_kind kind; /* who can read it from the page; FFNTP_COUNTER_OTHER if nobody but the port */
	unsigned width;        /* bits, 16 to 64: it wraps at 2^width. Below 64 the kind is FFNTP_COUNTER_OTHER */
	uint64_t frequency_hz; /* as far as anyone knows; 1 MHz to 1 THz: no reply comes in its request's tick */
	uint32_t frequency_error_ppm; /* how wrong that may be; 0 to 100000, which is a tenth */
};

struct ffntp_port {
	void *context; /* handed to each function below */
	struct ffntp_port_counter about;

	/* The counter, now: its low 'width' bits; those above are ignored. Costs little, never goes backwards. */
	uint64_t (*counter)(void *context);

	/*
	 * Another number whenever the counter may have stood still, jumped or changed its rate since the last call;
	 * the same as long as the port knows of nothing of the kind. A port that cannot know returns 0 for ever:
	 * the next exchanges with the server tell. Where it knows of another rate, about.frequency_hz is that from then
	 * on.
	 */
	uint64_t (*epoch)(void *context);

	/*
	 * Fills 'length' bytes, at most 16, from a cryptographic generator that never gives the same again, a machine
	 * restored from a snapshot included. False, and nothing is sent, if there are none.
	 */
	bool (*random)(void *context, uint8_t *bytes, size_t length);

	/*
	 * Sends one datagram to the server, from a source port that nobody can guess if that can be. *sent: the counter
	 * as close to transmission as can be had, and not before it was called. False if it was not sent; it then
	 * counts as unanswered. It must not hand in a reply before it has returned.
	 */
	bool (*send)(void *context, const uint8_t *bytes, size_t length, uint64_t *sent);
};

#endif
