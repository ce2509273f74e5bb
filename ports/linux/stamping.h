/*
 * stamping: converts the kernel's timestamps of packets, which are in CLOCK_REALTIME, to counter readings. Two
 * cross-timestamps, one before sending and one after receiving, relate the two clocks. An earlier one shows the rate at
 * which CLOCK_REALTIME ran until then, and so whether it was stepped or slewed since.
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

/* The measurements of one exchange on this side. */
struct ffntp_stamping {
	struct ffntp_bracket earlier; /* of the previous exchange; realtime_ns is 0: none */
	struct ffntp_bracket before, after;
	ffntp_counter own_ta, own_tf; /* the program's own readings: not after sending, not before arrival */
	bool has_tx, has_rx;
	int64_t tx_ns, rx_ns; /* the kernel's, in CLOCK_REALTIME; valid if has_tx, has_rx */
};

/* Take a cross-timestamp: the narrowest of five readings of CLOCK_REALTIME between two of the counter. */
struct ffntp_bracket ffntp_bracket_take(const struct ffntp_counter_source *source);

/*
 * Compute the best estimates of departure and arrival: from the kernel's timestamps if they are usable, else from the
 * program's own readings. Uncertainty makes *ta earlier and *tf later: neither is wrong by more than
 * FFNTP_STAMPING_ERROR_S to the other side, for any rate of CLOCK_REALTIME within 500 ppm, and if it is stepped once,
 * or its rate changes once, between the cross-timestamps. period_s: seconds per tick, within 500 ppm.
 */
void ffntp_stamping_resolve(const struct ffntp_stamping *stamping, double period_s, ffntp_counter *ta,
			    ffntp_counter *tf);

#endif
