/* exchange: see exchange.h. */
#include "exchange.h"

#include "assert.h"
#include "maths.h"
#include "params.h"

/* Kiss codes (RFC 5905, figure 13), as a reference identifier holds them. */
#define KISS(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/*
 * Return the second nonce of a request. An attacker who does not see the request can guess neither of the two. If they
 * are equal, the server and judge_origin treat the request as one in basic mode. It is 0 only for 0, which is no nonce.
 */
static uint64_t second_nonce(uint64_t nonce)
{
	return nonce << 1 | nonce >> 63;
}

bool ffntp_exchange_begin(struct ffntp_exchange *exchange, ffntp_counter ta, uint64_t nonce,
			  uint8_t bytes[FFNTP_WIRE_SIZE])
{
	/* The request reveals neither the client's clock nor its program. */
	struct ffntp_packet request = {
		.version = FFNTP_WIRE_VERSION,
		.mode = FFNTP_MODE_CLIENT,
		.transmit = { nonce },
	};

	if (nonce == 0)
		return false;
	exchange->is_asking = exchange->server_receive != 0;
	if (FFNTP_CAN_INTERLEAVE && exchange->is_asking) {
		request.origin.units = exchange->server_receive;
		request.receive.units = second_nonce(nonce);
	}
	ffntp_exchange_expire(exchange);
	exchange->is_waiting = true;
	exchange->nonce = nonce;
	exchange->begun_at = exchange->ta = ta;
	ffntp_wire_write(&request, bytes);
	if (FFNTP_CAN_REFINE)
		ffntp_rootfield_ask(&exchange->root_field);
	return true;
}

void ffntp_exchange_sent(struct ffntp_exchange *exchange, ffntp_counter ta)
{
	if (exchange->is_waiting)
		exchange->ta = ta;
}

void ffntp_exchange_expire(struct ffntp_exchange *exchange)
{
	if (!exchange->is_waiting)
		return;
	exchange->is_waiting = false;
	exchange->expired_nonce = exchange->nonce;
	if (FFNTP_CAN_REFINE)
		ffntp_rootfield_expired(&exchange->root_field);
}

void ffntp_exchange_forget(struct ffntp_exchange *exchange)
{
	exchange->has_former = false;
	exchange->server_receive = 0;
}

/* Return whether this is the origin of a reply to the request with this nonce, in either mode. */
static bool is_origin_of(const struct ffntp_exchange *exchange, uint64_t nonce, uint64_t origin)
{
	return origin == nonce || (FFNTP_CAN_INTERLEAVE && exchange->is_interleaved && origin == second_nonce(nonce));
}

/* Return whether this is the origin of an interleaved reply to the request in flight. */
static bool is_interleaved(const struct ffntp_exchange *exchange, uint64_t origin)
{
	return FFNTP_CAN_INTERLEAVE && exchange->is_asking && origin != exchange->nonce &&
	       origin == second_nonce(exchange->nonce);
}

/* Zero is never a nonce: servers copy it from requests that have no timestamp. */
static enum ffntp_verdict judge_origin(const struct ffntp_exchange *exchange, uint64_t origin)
{
	if (origin == 0)
		return FFNTP_REFUSED_ORIGIN;
	if (exchange->is_waiting && (origin == exchange->nonce || is_interleaved(exchange, origin)))
		return FFNTP_ACCEPTED;
	if (is_origin_of(exchange, exchange->answered_nonce, origin))
		return FFNTP_REFUSED_DUPLICATE;
	if (is_origin_of(exchange, exchange->expired_nonce, origin))
		return FFNTP_REFUSED_LATE;
	return FFNTP_REFUSED_ORIGIN;
}

/* Check that the packet is a reply to the request in flight. Its contents are not evaluated here. */
static enum ffntp_verdict judge_packet(const struct ffntp_exchange *exchange, const struct ffntp_packet *packet)
{
	if (packet->version < FFNTP_WIRE_VERSION_LEAST || packet->version > FFNTP_WIRE_VERSION)
		return FFNTP_REFUSED_VERSION;
	if (packet->mode != FFNTP_MODE_SERVER)
		return FFNTP_REFUSED_MODE;
	return judge_origin(exchange, packet->origin.units);
}

/*
 * Return whether the identifier is a kiss code: four letters, left-justified, padded with zeros (RFC 5905, section
 * 7.4). The first one must be a letter.
 */
static bool is_kiss(uint32_t refid)
{
	uint32_t first = refid >> 24;

	return first >= 'A' && first <= 'Z';
}

/*
 * Return the verdict for the reference identifier of a packet of stratum 0. INIT and STEP only mean that the server has
 * no time yet.
 */
static enum ffntp_verdict judge_kiss(uint32_t refid)
{
	switch (refid) {
	case KISS('R', 'A', 'T', 'E'):
		return FFNTP_REFUSED_KISS_RATE;
	case KISS('D', 'E', 'N', 'Y'):
	case KISS('R', 'S', 'T', 'R'):
		return FFNTP_REFUSED_KISS_DENY;
	case KISS('I', 'N', 'I', 'T'):
	case KISS('S', 'T', 'E', 'P'):
		return FFNTP_REFUSED_UNSYNCHRONISED;
	default:
		return is_kiss(refid) ? FFNTP_REFUSED_KISS_OTHER : FFNTP_REFUSED_UNSYNCHRONISED;
	}
}

/* Strata beyond 15 are not synchronised (RFC 5905, figure 11). */
static bool is_synchronised(const struct ffntp_packet *packet)
{
	return packet->leap != FFNTP_WIRE_LEAP_UNSYNCHRONISED && packet->stratum >= 1 && packet->stratum <= 15;
}

/* A server that fills the bits below its precision at random may put them in either order within it. */
static bool has_timestamps(const struct ffntp_packet *packet, double precision_s)
{
	return packet->receive.units != 0 && packet->transmit.units != 0 &&
	       ffntp_ntp_diff_s(packet->transmit, packet->receive) >= -ffntp_fmax(FFNTP_SERVER_ORDER_S, precision_s);
}

/* Return 2^log2_s, limited to the range from a timestamp's unit, 2^-32 s, to 2^31 s. */
static double stated_precision_s(int8_t log2_s)
{
	int clamped = log2_s < -32 ? -32 : log2_s > 31 ? 31 : log2_s;

	return (double)(UINT64_C(1) << (clamped + 32)) * 0x1p-32;
}

/*
 * Return the size of the steps of the server's clock: the stated one, or the larger one that its timestamps have shown.
 */
static double effective_precision_s(const struct ffntp_exchange *exchange, const struct ffntp_packet *packet)
{
	return ffntp_fmax(stated_precision_s(packet->precision_log2_s), exchange->grain.seen_s);
}

static double root_delay_s(const struct ffntp_exchange *exchange, const struct ffntp_packet *packet)
{
	return ffntp_wire_root_s(packet->root_delay, exchange->root.delay, exchange->root.is_present);
}

static double root_dispersion_s(const struct ffntp_exchange *exchange, const struct ffntp_packet *packet,
				double precision_s)
{
	return ffntp_wire_root_s(packet->root_dispersion, exchange->root.dispersion, exchange->root.is_present) +
	       precision_s;
}

/* Check that the server has a usable time. */
static enum ffntp_verdict judge_server(const struct ffntp_packet *packet)
{
	if (packet->stratum == 0)
		return judge_kiss(packet->refid);
	return is_synchronised(packet) ? FFNTP_ACCEPTED : FFNTP_REFUSED_UNSYNCHRONISED;
}

/* Check that the root distance is within the limit. */
static enum ffntp_verdict judge_distance(const struct ffntp_exchange *exchange, const struct ffntp_packet *packet,
					 double precision_s, double limit_s)
{
	double distance_s = root_delay_s(exchange, packet) / 2 + root_dispersion_s(exchange, packet, precision_s);

	return distance_s <= limit_s ? FFNTP_ACCEPTED : FFNTP_REFUSED_ROOT_DISTANCE;
}

/*
 * Return whether the server can have held the request from receive to transmit, if the round trip took this number of
 * ticks.
 */
static bool residence_fits(const struct ffntp_packet *packet, double ticks, double precision_s,
			   const struct ffntp_exchange_limits *limits)
{
	double longest_s = ticks * limits->period_s * (1 + limits->period_error);

	return ffntp_ntp_diff_s(packet->transmit, packet->receive) < longest_s + precision_s;
}

static double rtt_ticks(const struct ffntp_answered *answered)
{
	return ffntp_counter_diff(answered->tf, answered->ta);
}

/* Return the ticks by which ta may be later than the departure. */
static uint64_t late_ticks(const struct ffntp_answered *answered)
{
	uint64_t ticks = answered->ta - answered->begun_at;

	return ticks <= INT64_MAX ? ticks : 0;
}

/*
 * Drop an estimate of the departure that leaves no room for the residence, because it is that of a different copy of
 * the datagram; or that is later than a stamp can record.
 */
static void settle_departure(struct ffntp_answered *answered, double precision_s,
			     const struct ffntp_exchange_limits *limits)
{
	double ticks = rtt_ticks(answered);
	bool fits = residence_fits(&answered->reply, ticks, precision_s, limits);

	if (ticks > 0 && (!fits || late_ticks(answered) > UINT32_MAX))
		answered->ta -= late_ticks(answered);
}

/*
 * Check that the counter advanced from ta to tf, and that the server's residence fits between them. Differences beyond
 * 2^63 are negative.
 */
static enum ffntp_verdict judge_counter(const struct ffntp_packet *packet, double ticks, double precision_s,
					const struct ffntp_exchange_limits *limits)
{
	double shortest_s = ticks * limits->period_s * (1 - limits->period_error);

	if (!(ticks > 0))
		return FFNTP_REFUSED_COUNTER;
	/*
	 * The reply was slow, or a process that was stopped read it late. It is no measurement, but no evidence against
	 * the counter either.
	 */
	if (!(shortest_s <= limits->max_rtt_s))
		return FFNTP_REFUSED_LATE;
	if (!residence_fits(packet, ticks, precision_s, limits))
		return FFNTP_REFUSED_RESIDENCE;
	return FFNTP_ACCEPTED;
}

/*
 * Store tf, before which no later exchange may begin, and return whether this one did. Replies rejected for their
 * contents do not reach this check.
 */
static bool counter_went_back(struct ffntp_exchange *exchange, ffntp_counter ta, ffntp_counter tf)
{
	bool went_back = exchange->has_last_tf && ffntp_counter_diff(ta, exchange->last_tf) < 0;

	exchange->has_last_tf = true;
	exchange->last_tf = tf;
	return went_back;
}

/* End the exchange: the request is answered, and no further reply to it counts. */
static void end(struct ffntp_exchange *exchange)
{
	FFNTP_ASSERT(exchange->is_waiting && exchange->nonce != 0);
	exchange->is_waiting = false;
	exchange->answered_nonce = exchange->nonce;
}

/*
 * Take the reply's timestamps as evidence for the steps of the server's clock. A jump of the counter would count as
 * evidence as well, so ffntp_association_disrupted also calls ffntp_grain_break.
 */
static void watch_grain(struct ffntp_exchange *exchange, const struct ffntp_answered *answered,
			const struct ffntp_exchange_limits *limits)
{
	const struct ffntp_grain_sample sample = {
		.ta = answered->ta,
		.tf = answered->tf,
		.tb = answered->reply.receive,
		.te = answered->reply.transmit,
		.stated_s = stated_precision_s(answered->reply.precision_log2_s),
		.period_s = limits->period_s,
		.period_error = limits->period_error,
	};

	ffntp_grain_add(&exchange->grain, &sample);
}

static struct ffntp_stamp make_stamp(const struct ffntp_exchange *exchange, const struct ffntp_answered *answered,
				     double precision_s)
{
	const struct ffntp_packet *packet = &answered->reply;

	return (struct ffntp_stamp){
		.ta = answered->ta,
		.tb = packet->receive,
		.te = packet->transmit,
		.tf = answered->tf,
		.ta_late_ticks = (uint32_t)late_ticks(answered),
		.refid = packet->refid,
		.root_delay_s = root_delay_s(exchange, packet),
		.root_dispersion_s = root_dispersion_s(exchange, packet, precision_s),
		.precision_s = precision_s,
		.stratum = packet->stratum,
		.leap = packet->leap,
	};
}

/* Check the timestamps of a reply with its own transmit timestamp, and the root distance. */
static enum ffntp_verdict judge_reply(struct ffntp_exchange *exchange, const struct ffntp_answered *answered,
				      const struct ffntp_exchange_limits *limits)
{
	const struct ffntp_packet *packet = &answered->reply;

	if (!has_timestamps(packet, effective_precision_s(exchange, packet)))
		return FFNTP_REFUSED_TIMESTAMPS;
	watch_grain(exchange, answered, limits);
	return judge_distance(exchange, packet, effective_precision_s(exchange, packet), limits->max_root_distance_s);
}

/* Check the counter, and make the stamp. */
static enum ffntp_verdict measure(struct ffntp_exchange *exchange, struct ffntp_answered *answered,
				  const struct ffntp_exchange_limits *limits, struct ffntp_stamp *stamp)
{
	double precision_s = effective_precision_s(exchange, &answered->reply);
	enum ffntp_verdict verdict;

	settle_departure(answered, precision_s, limits);
	verdict = judge_counter(&answered->reply, rtt_ticks(answered), precision_s, limits);
	if (verdict == FFNTP_ACCEPTED)
		*stamp = make_stamp(exchange, answered, precision_s);
	if (FFNTP_CAN_REFINE && verdict == FFNTP_ACCEPTED)
		exchange->server_clock = ffntp_rootfield_clock(&answered->reply, &exchange->root);
	FFNTP_ASSERT(verdict != FFNTP_ACCEPTED || (int64_t)(stamp->tf - stamp->ta) > 0);
	exchange->is_complete = verdict == FFNTP_ACCEPTED;
	return verdict;
}

static enum ffntp_verdict finish_basic(struct ffntp_exchange *exchange, struct ffntp_answered *answered,
				       const struct ffntp_exchange_limits *limits, struct ffntp_stamp *stamp)
{
	enum ffntp_verdict verdict = judge_reply(exchange, answered, limits);

	if (verdict != FFNTP_ACCEPTED)
		return verdict;
	if (counter_went_back(exchange, answered->ta, answered->tf))
		return FFNTP_REFUSED_COUNTER;
	return measure(exchange, answered, limits, stamp);
}

/*
 * The reply has the transmit timestamp of the reply before it, which completes the former exchange. If the server has
 * mixed up two exchanges, that time does not fit into the round trip. The former exchange may be a poll interval old:
 * all rules for leap seconds and bounds take the exchanges in their order, whatever their age.
 */
static enum ffntp_verdict finish_interleaved(struct ffntp_exchange *exchange, const struct ffntp_answered *answered,
					     const struct ffntp_exchange_limits *limits, struct ffntp_stamp *stamp)
{
	struct ffntp_answered former = exchange->former;
	bool has_former = exchange->has_former;
	enum ffntp_verdict verdict;

	exchange->has_former = false;
	if (counter_went_back(exchange, answered->ta, answered->tf) || !(rtt_ticks(answered) > 0))
		return FFNTP_REFUSED_COUNTER;
	exchange->has_former = true;
	exchange->former = *answered;
	if (!has_former)
		return FFNTP_ACCEPTED;
	former.reply.transmit = answered->reply.transmit;
	verdict = judge_reply(exchange, &former, limits);
	return verdict == FFNTP_ACCEPTED ? measure(exchange, &former, limits, stamp) : verdict;
}

/* Store the root values of the newest reply, and choose those of the exchange that is measured. */
static void store_root(struct ffntp_exchange *exchange, const struct ffntp_wire_root *root, bool completes_former)
{
	exchange->root = completes_former ? exchange->former_root : *root;
	exchange->former_root = *root;
}

enum ffntp_verdict ffntp_exchange_finish(struct ffntp_exchange *exchange, const uint8_t *bytes, size_t length,
					 ffntp_counter tf, const struct ffntp_exchange_limits *limits,
					 struct ffntp_stamp *stamp)
{
	struct ffntp_answered answered = { .begun_at = exchange->begun_at, .ta = exchange->ta, .tf = tf };
	enum ffntp_verdict verdict = ffntp_wire_read(bytes, length, &answered.reply);
	struct ffntp_wire_root root;
	bool completes_former;

	exchange->is_complete = false;
	if (verdict == FFNTP_ACCEPTED)
		verdict = judge_packet(exchange, &answered.reply);
	if (verdict != FFNTP_ACCEPTED)
		return verdict;
	completes_former = is_interleaved(exchange, answered.reply.origin.units);
	end(exchange);
	if (FFNTP_CAN_REFINE)
		root = ffntp_wire_read_root(bytes, length);
	if (FFNTP_CAN_REFINE)
		ffntp_rootfield_replied(&exchange->root_field, &answered.reply, &root);
	verdict = judge_server(&answered.reply);
	if (verdict != FFNTP_ACCEPTED)
		return verdict;
	if (FFNTP_CAN_REFINE)
		store_root(exchange, &root, completes_former);
	if (FFNTP_CAN_INTERLEAVE && exchange->is_interleaved)
		exchange->server_receive = answered.reply.receive.units;
	if (FFNTP_CAN_INTERLEAVE && completes_former)
		return finish_interleaved(exchange, &answered, limits, stamp);
	exchange->has_former = false;
	return finish_basic(exchange, &answered, limits, stamp);
}

/* --- a reference clock --- */

static void watch_clock_grain(struct ffntp_exchange *exchange, const struct ffntp_stamp *stamp,
			      const struct ffntp_exchange_limits *limits)
{
	const struct ffntp_grain_sample sample = {
		.ta = stamp->ta,
		.tf = stamp->tf,
		.tb = stamp->tb,
		.te = stamp->te,
		.stated_s = stamp->precision_s,
		.period_s = limits->period_s,
		.period_error = limits->period_error,
	};

	ffntp_grain_add(&exchange->grain, &sample);
}

static struct ffntp_stamp stamp_of_clock(const struct ffntp_measurement *measurement, ffntp_counter after)
{
	return (struct ffntp_stamp){
		.ta = measurement->before,
		.tb = measurement->time,
		.te = measurement->time,
		.tf = after,
		.refid = measurement->refid,
		.root_delay_s = measurement->root_delay_s,
		.precision_s = ffntp_fmax(measurement->precision_s, 0x1p-32), /* a timestamp's unit */
		.stratum = measurement->stratum,
		.leap = measurement->leap,
		.is_tai = measurement->is_tai,
	};
}

/* Return whether the clock's own statements have a meaning; comparisons with a NAN are false. */
static bool is_measurement(const struct ffntp_measurement *measurement)
{
	return measurement->time.units != 0 && measurement->leap <= FFNTP_LEAP_UNANNOUNCED &&
	       measurement->stratum >= 1 && measurement->stratum <= 15 && measurement->max_error_s >= 0 &&
	       measurement->root_delay_s >= 0 && measurement->precision_s > 0 && measurement->precision_s <= 1;
}

enum ffntp_verdict ffntp_exchange_measured(struct ffntp_exchange *exchange, const struct ffntp_measurement *measurement,
					   ffntp_counter after, const struct ffntp_exchange_limits *limits,
					   struct ffntp_stamp *stamp)
{
	struct ffntp_stamp taken = stamp_of_clock(measurement, after);
	double ticks = ffntp_counter_diff(taken.tf, taken.ta);

	if (!is_measurement(measurement))
		return FFNTP_REFUSED_TIMESTAMPS;
	watch_clock_grain(exchange, &taken, limits);
	taken.precision_s = ffntp_fmax(taken.precision_s, exchange->grain.seen_s);
	taken.root_dispersion_s = measurement->max_error_s + taken.precision_s;
	if (!(ffntp_stamp_root_distance_s(&taken) <= limits->max_root_distance_s))
		return FFNTP_REFUSED_ROOT_DISTANCE;
	if (counter_went_back(exchange, taken.ta, taken.tf) || !(ticks > 0))
		return FFNTP_REFUSED_COUNTER;
	if (!(ticks * limits->period_s * (1 - limits->period_error) <= limits->max_rtt_s))
		return FFNTP_REFUSED_LATE;
	*stamp = taken;
	return FFNTP_ACCEPTED;
}
