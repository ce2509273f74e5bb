/* stamp: one completed exchange with a server, and the server's state at that time. */
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
	ffntp_counter ta; /* best estimate of the departure: the kernel's stamp if there is one */
	struct ffntp_ntp tb, te;
	ffntp_counter tf;
	uint32_t refid;
	/*
	 * Number of ticks by which ta may be too late: at ta - ta_late_ticks the request had not been handed to the
	 * network yet. If a bond or a bridge clones datagrams, the kernel's stamp is that of the last copy, but a
	 * different one may arrive.
	 */
	uint32_t ta_late_ticks;
	double root_delay_s, root_dispersion_s; /* root dispersion includes the server's precision */
	double precision_s; /* size of the steps of the server's clock: the stated one, or the larger one that its
			       timestamps show */
	uint8_t stratum;
	uint8_t leap; /* 0 to 2; FFNTP_LEAP_UNANNOUNCED: a reference clock, which announces no leap seconds */
	bool is_tai;  /* before wiretime converts tb and te: they are TAI instead of UTC */
};

/*
 * Convert ticks below 2^63 to double. The conversion is signed, because machines have one instruction for that and need
 * a dozen for unsigned.
 */
static inline double ffntp_ticks(uint64_t ticks)
{
	return (double)(int64_t)ticks;
}

/* Return the whole ticks of a duration that is shorter than 2^63 ticks. */
static inline ffntp_counter ffntp_ticks_of(double duration_s, double period_s)
{
	return (ffntp_counter)(int64_t)(duration_s / period_s);
}

/* Return newer - older in ticks, signed, modulo 2^64; exact below 2^53 ticks. */
static inline double ffntp_counter_diff(ffntp_counter newer, ffntp_counter older)
{
	return ffntp_ticks(newer - older);
}

/* Return whether reading a is before reading b; they are less than 2^63 ticks apart. */
static inline bool ffntp_counter_is_before(ffntp_counter a, ffntp_counter b)
{
	return (int64_t)(a - b) < 0;
}

/* Return the earlier one of two readings that are less than 2^63 ticks apart. */
static inline ffntp_counter ffntp_counter_earlier(ffntp_counter a, ffntp_counter b)
{
	return ffntp_counter_is_before(a, b) ? a : b;
}

static inline double ffntp_ntp_diff_s(struct ffntp_ntp newer, struct ffntp_ntp older)
{
	return (double)ffntp_ntp_diff(newer, older) * 0x1p-32;
}

/* Return the round trip in ticks, the server's residence included. */
static inline uint64_t ffntp_stamp_rtt_ticks(const struct ffntp_stamp *stamp)
{
	return stamp->tf - stamp->ta;
}

/* Return the largest error of the server's time, as it states it (s). */
static inline double ffntp_stamp_root_distance_s(const struct ffntp_stamp *stamp)
{
	return stamp->root_delay_s / 2 + stamp->root_dispersion_s;
}

/* Return the longest possible round trip in ticks, for bounds. */
static inline uint64_t ffntp_stamp_longest_rtt_ticks(const struct ffntp_stamp *stamp)
{
	return stamp->tf - stamp->ta + stamp->ta_late_ticks;
}

#endif
