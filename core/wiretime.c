/* wiretime: see wiretime.h. */
#include "wiretime.h"

#include "exchange.h"
#include "mapping.h"
#include "params.h"

/* Return the interval in which tb and te are expected: between ta and tf, with a margin. */
static struct ffntp_leap_window expect(const struct ffntp_wiretime *wire, struct ffntp_bound bound,
				       struct ffntp_rate_bound rate, const struct ffntp_stamp *stamp)
{
	double rtt_s = ffntp_ticks(ffntp_stamp_rtt_ticks(stamp)) * rate.period_s;
	struct ffntp_time reference;

	if (!bound.is_known)
		return (struct ffntp_leap_window){ .is_known = false };
	ffntp_bound_age(&bound, stamp->tf, bound.reference, rate);
	reference = ffntp_time_from_ntp(bound.reference, wire->pivot_s);
	return (struct ffntp_leap_window){
		.is_known = bound.latest_s - bound.earliest_s + rtt_s + 2 * FFNTP_LEAP_MARGIN_S < 1,
		.earliest = ffntp_mapping_add(reference, bound.earliest_s - rtt_s - FFNTP_LEAP_MARGIN_S),
		.latest = ffntp_mapping_add(reference, bound.latest_s + FFNTP_LEAP_MARGIN_S),
	};
}

/* Return the leap second that the server's leap indicator announces. */
static int8_t announced(const struct ffntp_wiretime *wire, const struct ffntp_stamp *stamp)
{
	if (!wire->heeds_servers)
		return 0;
	return stamp->leap == 1 ? 1 : stamp->leap == 2 ? -1 : 0;
}

/* TAI counts every second once, so that no window is needed. */
static bool convert_tai(struct ffntp_wiretime *wire, struct ffntp_stamp *stamp)
{
	struct ffntp_time tb = ffntp_time_from_ntp(stamp->tb, wire->pivot_s);
	struct ffntp_time te = ffntp_time_from_ntp(stamp->te, wire->pivot_s);

	if (!ffntp_leap_from_tai(&wire->leap, tb, &tb) || !ffntp_leap_from_tai(&wire->leap, te, &te))
		return false;
	stamp->tb = ffntp_ntp_from_time(tb);
	stamp->te = ffntp_ntp_from_time(te);
	return true;
}

/* A core without reference clocks has no stamps in TAI. */
static bool is_tai(const struct ffntp_stamp *stamp)
{
	return FFNTP_CAN_MEASURE && stamp->is_tai;
}

bool ffntp_wiretime_convert(struct ffntp_wiretime *wire, const struct ffntp_bound *bound, struct ffntp_rate_bound rate,
			    struct ffntp_stamp *stamp)
{
	const struct ffntp_leap_window window = expect(wire, *bound, rate, stamp);
	struct ffntp_time tb = ffntp_time_from_ntp(stamp->tb, wire->pivot_s);
	struct ffntp_time te = ffntp_time_from_ntp(stamp->te, wire->pivot_s);

	if (is_tai(stamp))
		return convert_tai(wire, stamp);
	ffntp_leap_begin(&wire->leap, te);
	if (!window.is_known && ffntp_leap_is_too_late(&wire->leap, te, announced(wire, stamp)))
		return false;
	if (!ffntp_leap_from_utc(&wire->leap, tb, &window, &tb) || !ffntp_leap_from_utc(&wire->leap, te, &window, &te))
		return false;
	stamp->tb = ffntp_ntp_from_time(tb);
	stamp->te = ffntp_ntp_from_time(te);
	return true;
}

void ffntp_wiretime_take_indicator(struct ffntp_wiretime *wire, const struct ffntp_stamp *stamp)
{
	struct ffntp_time te = ffntp_time_from_ntp(stamp->te, wire->pivot_s);

	ffntp_leap_follow(&wire->leap, te);
	if (wire->heeds_servers && stamp->leap != FFNTP_LEAP_UNANNOUNCED)
		ffntp_leap_take_vote(&wire->leap, te, (struct ffntp_leap_vote){ .sign = announced(wire, stamp) });
}

double ffntp_wiretime_smear_s(const struct ffntp_wiretime *wire, const struct ffntp_stamp *stamp)
{
	const struct ffntp_numbering *numbering = &wire->leap.numbering;
	struct ffntp_time te = ffntp_time_from_ntp(stamp->te, wire->pivot_s);
	struct ffntp_time utc, smeared;

	if (numbering->sign == 0 || te.s - numbering->at_s > 86400 || numbering->at_s - te.s > 86400)
		return 0;
	utc = ffntp_numbering_convert(numbering, te, FFNTP_UTC);
	smeared = ffntp_numbering_convert(numbering, te, FFNTP_UTC_SMEARED);
	return (double)ffntp_time_diff_ns(utc, smeared) * 1e-9;
}
