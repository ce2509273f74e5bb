/* stamp: one completed exchange with a server, and what the server said of itself. */
#ifndef FFNTP_CORE_STAMP_H
#define FFNTP_CORE_STAMP_H

#include "../include/ffntp/instant.h"

/*
 *   server   ------tb------te------>   server time, continuous (TAI, or UTC plus a constant)
 *                 /          \
 *   client   ---ta------------tf--->   counter
 *
 * From exchange.h on: tf > ta, te >= tb up to FFNTP_SERVER_ORDER_S, te - tb < the round trip; both up to precision_s,
 * too.
 */
struct ffntp_stamp {
	ffntp_counter ta; /* the best estimate of the departure: the kernel's stamp where there is one */
	struct ffntp_ntp tb, te;
	ffntp_counter tf;
	uint32_t refid;
	/*
	 * By how many ticks ta may be late: ta - ta_late_ticks was read before the request was handed to the network.
	 * A kernel's stamp is that of the last copy where a bond or a bridge clones datagrams, and another arrives.
	 */
	uint32_t ta_late_ticks;
	double root_delay_s, root_dispersion_s; /* root dispersion includes the server's precision */
	double precision_s; /* of the server's clock: the steps that it states, or larger ones that its timestamps show
			     */
	uint8_t stratum;
	uint8_t leap; /* 0 to 2 */
};

/* ticks, below 2^63, as a double: signed, because a machine has an instruction for that, and a dozen for unsigned. */
static inline double ffntp_ticks(uint64_t ticks)
{
	return (double)(int64_t)ticks;
}

/* The whole ticks of a duration that is shorter than 2^63 of them. */
static inline ffntp_counter ffntp_ticks_of(double duration_s, double period_s)
{
	return (ffntp_counter)(int64_t)(duration_s / period_s);
}

/* newer - older in ticks, signed, modulo 2^64; exact below 2^53 ticks. */
static inline double ffntp_counter_diff(ffntp_counter newer, ffntp_counter older)
{
	return ffntp_ticks(newer - older);
}

static inline double ffntp_ntp_diff_s(struct ffntp_ntp newer, struct ffntp_ntp older)
{
	return (double)ffntp_ntp_diff(newer, older) * 0x1p-32;
}

/* The round trip as the counter saw it, the server's residence included. */
static inline uint64_t ffntp_stamp_rtt_ticks(const struct ffntp_stamp *stamp)
{
	return stamp->tf - stamp->ta;
}

/* The longest that the round trip can have been: for bounds. */
static inline uint64_t ffntp_stamp_longest_rtt_ticks(const struct ffntp_stamp *stamp)
{
	return stamp->tf - stamp->ta + stamp->ta_late_ticks;
}

#endif
