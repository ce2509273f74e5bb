/*
 * stamping: the kernel stamps packets with CLOCK_REALTIME; exchanges are stamped with the counter. Two brackets, one
 * before sending and one after receiving, tie one to the other. A third one from before that shows the rate at which
 * CLOCK_REALTIME ran until then, and with it whether it was stepped or slewed in between.
 */
#ifndef FFNTP_LINUX_STAMPING_H
#define FFNTP_LINUX_STAMPING_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/ffntp/instant.h"
#include "counter.h"

/* The counter and CLOCK_REALTIME at one instant. */
struct ffntp_bracket {
	ffntp_counter counter;
	int64_t realtime_ns;
	uint64_t width_ticks; /* the instant lies within half of it */
};

/* One exchange, as well as this side knows it. */
struct ffntp_stamping {
	struct ffntp_bracket earlier; /* of the exchange before this one; realtime_ns is 0: none */
	struct ffntp_bracket before, after;
	ffntp_counter own_ta, own_tf; /* our own readings: not after sending, not before arrival */
	bool has_tx, has_rx;
	int64_t tx_ns, rx_ns; /* the kernel's, CLOCK_REALTIME; valid where has_ says so */
};

/* The narrowest of five readings of CLOCK_REALTIME between two of the counter. */
struct ffntp_bracket ffntp_bracket_take(const struct ffntp_counter_source *source);

/*
 * Compute the best estimates of the departure and of the arrival: from the kernel's stamps where these can be used,
 * else our own readings. What is unsure makes *ta earlier and *tf later: neither is wrong by more than
 * FFNTP_STAMPING_ERROR_S to the other side, whatever CLOCK_REALTIME runs at within 500 ppm, and if it is stepped once,
 * or its rate changes once, between the brackets. period_s: seconds per tick, within 500 ppm.
 */
void ffntp_stamping_resolve(const struct ffntp_stamping *stamping, double period_s, ffntp_counter *ta,
			    ffntp_counter *tf);

#endif
