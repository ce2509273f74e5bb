/*
 * client: see ffntp/client.h. A packet passes through exchange, wiretime, bound, estimator and publisher, in this
 * order.
 */
#include "client.h"

#include "clock.h"
#include "mapping.h"
#include "maths.h"
#include "params.h"

/* --- memory --- */

#define ALIGNMENT 16u

static size_t aligned(size_t size)
{
	return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t memory_of(const struct ffntp_client_config *config)
{
	struct ffntp_estimator_config estimator;

	if (!ffntp_client_config_is_valid(config))
		return 0;
	estimator = ffntp_client_config_estimator(config);
	return aligned(sizeof(struct ffntp_client)) +
	       aligned(ffntp_estimator_choose(config->estimator)->memory(&estimator));
}

size_t ffntp_client_memory(const struct ffntp_client_config *config)
{
	struct ffntp_client_config taken;

	return ffntp_client_config_take(&taken, config) ? memory_of(&taken) : 0;
}

/* --- creating and resetting --- */

static void init_polling(struct ffntp_client *client, ffntp_counter now)
{
	const struct ffntp_polling_config config = {
		.min_s = client->config.poll_min_s,
		.max_s = client->config.poll_max_s,
		.is_adaptive = client->config.poll_is_adaptive,
		.accuracy_s = client->config.accuracy_target_s,
		.burst = client->config.burst,
	};

	ffntp_polling_init(&client->polling, &config, now);
}

static struct ffntp_client *make(void *memory, size_t size, const struct ffntp_client_config *config, ffntp_counter now)
{
	size_t needed = memory_of(config);
	struct ffntp_client *client = memory;

	if (needed == 0 || size < needed || memory == NULL || (uintptr_t)memory % ALIGNMENT != 0)
		return NULL;
	*client = (struct ffntp_client){
		.config = *config,
		.ops = ffntp_estimator_choose(config->estimator),
		.estimator = (unsigned char *)memory + aligned(sizeof *client),
		.wire = {
			.leap.table = config->leap_table,
			.pivot_s = config->pivot_s,
			.heeds_servers = config->leap_trust == FFNTP_LEAP_TRUST_SERVER,
		},
		.rtt_min_ticks = UINT64_MAX,
		.publisher = {
			.counter_kind = config->counter_kind,
			.period_shift = ffntp_mapping_shift(config->period_hint_s),
			.disruption_marker = now, /* differs from a former client's, because the counter has advanced */
		},
	};
	init_polling(client, now);
	ffntp_client_begin(client, config->period_hint_s, config->period_hint_error);
	return client;
}

struct ffntp_client *ffntp_client_init(void *memory, size_t size, const struct ffntp_client_config *config,
				       ffntp_counter now)
{
	struct ffntp_client_config taken;

	return ffntp_client_config_take(&taken, config) ? make(memory, size, &taken, now) : NULL;
}

struct ffntp_client *ffntp_client_copy(const struct ffntp_client *client, void *memory, size_t size)
{
	size_t needed = memory_of(&client->config);
	const unsigned char *from = (const unsigned char *)client;
	unsigned char *to = memory;
	struct ffntp_client *copy = memory;

	if (size < needed || memory == NULL || (uintptr_t)memory % ALIGNMENT != 0)
		return NULL;
	for (size_t i = 0; i < needed; i++)
		to[i] = from[i];
	copy->estimator = to + aligned(sizeof *copy);
	if (copy->ops->moved != NULL)
		copy->ops->moved(copy->estimator, client->estimator);
	return copy;
}

void ffntp_client_continue(struct ffntp_client *client, const struct ffntp_map *former)
{
	double period_s = ffntp_mapping_period_s(former->period, former->period_shift);
	double esterror = (double)former->period_esterror / (double)former->period + FFNTP_SAVED_PERIOD_ERROR;
	double maxerror = (double)former->period_maxerror / (double)former->period;

	client->publisher.disruption_marker = former->disruption_marker;
	client->publisher.counter_marker = former->counter_marker;
	if (former->status != FFNTP_STATUS_SYNCHRONISED && former->status != FFNTP_STATUS_FREE_RUNNING)
		return;
	client->wire.pivot_s = former->time.s;
	ffntp_leap_continue(&client->wire.leap, former);
	ffntp_publisher_continue(&client->publisher, former);
	ffntp_rate_range_know(&client->range, (struct ffntp_rate_bound){ period_s, maxerror });
	client->rate = ffntp_rate_range_now(&client->range);
	if (esterror < client->config.period_hint_error)
		client->ops->warm(client->estimator, period_s, esterror);
}

void ffntp_client_disrupted(struct ffntp_client *client, ffntp_counter now)
{
	double period_s = client->has_estimate ? client->rate.period_s : client->config.period_hint_s;
	double error = client->config.period_hint_error;

	if (client->has_estimate)
		error = ffntp_fmin(error, ffntp_fmax(client->rate.max_error, FFNTP_DISRUPTED_PERIOD_ERROR));
	ffntp_publisher_break_counter(&client->publisher, now);
	ffntp_client_begin(client, period_s, error);
	client->is_disrupted = true;
	ffntp_exchange_expire(&client->exchange);
	client->exchange.has_last_tf = false;
	ffntp_grain_break(&client->exchange.grain);
	ffntp_polling_restart(&client->polling, now, client->rate.period_s);
}

void ffntp_client_counter_replaced(struct ffntp_client *client, ffntp_counter now, double period_hint_s,
				   double period_hint_error)
{
	client->config.period_hint_s = period_hint_s;
	client->config.period_hint_error = period_hint_error;
	client->publisher.period_shift = ffntp_mapping_shift(period_hint_s);
	client->has_estimate = false;
	ffntp_client_disrupted(client, now);
}

void ffntp_client_leap_table(struct ffntp_client *client, const struct ffntp_leap_table *table)
{
	client->wire.leap.table = table;
	if (client->publisher.has_map)
		ffntp_leap_follow(&client->wire.leap, client->publisher.map.time);
}

void ffntp_client_announce(struct ffntp_client *client, struct ffntp_leap_vote vote, ffntp_counter now)
{
	if (client->publisher.has_map && client->config.leap_trust == FFNTP_LEAP_TRUST_CALLER)
		ffntp_leap_hear(&client->wire.leap, ffntp_map_time(&client->publisher.map, now), vote);
}

void ffntp_client_server_changed(struct ffntp_client *client, ffntp_counter now)
{
	client->ops->restart(client->estimator);
	client->dissent = (struct ffntp_dissent){ 0 };
	client->smear.is_smeared = false;
	client->rtt_min_ticks = UINT64_MAX;
	client->has_stamp = false;
	for (unsigned i = 0; i < FFNTP_VERDICTS; i++)
		client->verdicts[i] = 0;
	ffntp_exchange_expire(&client->exchange);
	client->exchange.grain = (struct ffntp_grain){ 0 };
	init_polling(client, now);
}

/* --- requests --- */

static void expire_if_overdue(struct ffntp_client *client, ffntp_counter now)
{
	ffntp_counter deadline = ffntp_polling_deadline(&client->polling, client->rate.period_s);

	if (!client->exchange.is_waiting || ffntp_counter_diff(now, deadline) < 0)
		return;
	ffntp_exchange_expire(&client->exchange);
	ffntp_polling_expired(&client->polling);
}

static ffntp_counter earlier(ffntp_counter a, ffntp_counter b)
{
	return ffntp_counter_diff(a, b) < 0 ? a : b;
}

/*
 * Return the first reading between 'now' and 'limit' at which a leap second has begun or ended; 'limit' if there is
 * none.
 */
static ffntp_counter next_leap_edge(const struct ffntp_client *client, ffntp_counter now, ffntp_counter limit)
{
	double wait_s;

	if (!client->publisher.has_map ||
	    !ffntp_leap_next(&client->wire.leap, ffntp_map_time(&client->publisher.map, now), &wait_s) ||
	    wait_s > ffntp_counter_diff(limit, now) * client->rate.period_s)
		return limit;
	return now + ffntp_ticks_of(wait_s, client->rate.period_s) + 1;
}

struct ffntp_action ffntp_client_timer(struct ffntp_client *client, ffntp_counter now)
{
	ffntp_counter next = client->polling.next;

	expire_if_overdue(client, now);
	if (client->polling.change_is_due) {
		client->polling.change_is_due = false;
		return (struct ffntp_action){ FFNTP_CHANGE_SERVER, now };
	}
	if (ffntp_counter_diff(now, next) >= 0)
		return (struct ffntp_action){ FFNTP_SEND, now };
	if (client->exchange.is_waiting)
		next = earlier(next, ffntp_polling_deadline(&client->polling, client->rate.period_s));
	return (struct ffntp_action){ FFNTP_WAIT, earlier(next, next_leap_edge(client, now, next)) };
}

bool ffntp_client_request(struct ffntp_client *client, ffntp_counter ta, uint64_t nonce,
			  uint8_t packet[FFNTP_REQUEST_SIZE])
{
	bool was_waiting = client->exchange.is_waiting;

	if (!ffntp_exchange_begin(&client->exchange, ta, nonce, packet))
		return false;
	if (was_waiting)
		ffntp_polling_expired(&client->polling);
	ffntp_polling_sent(&client->polling, ta, client->rate.period_s);
	return true;
}

void ffntp_client_sent(struct ffntp_client *client, ffntp_counter ta)
{
	ffntp_exchange_sent(&client->exchange, ta);
}

/* --- replies --- */

static void count(struct ffntp_client *client, enum ffntp_verdict verdict)
{
	if (client->verdicts[verdict] < UINT32_MAX)
		client->verdicts[verdict]++;
}

enum ffntp_verdict ffntp_client_reply(struct ffntp_client *client, const uint8_t *bytes, size_t length,
				      ffntp_counter tf)
{
	const struct ffntp_exchange_limits limits = {
		.period_s = client->rate.period_s,
		.period_error = client->rate.max_error,
		.max_rtt_s = FFNTP_MAX_RTT_S,
		.max_root_distance_s = client->config.max_root_distance_s,
	};
	bool was_waiting = client->exchange.is_waiting;
	double grain_s = client->exchange.grain.seen_s;
	struct ffntp_stamp stamp;
	enum ffntp_verdict verdict = ffntp_exchange_finish(&client->exchange, bytes, length, tf, &limits, &stamp);

	if (client->exchange.grain.seen_s > grain_s * (1 + FFNTP_GRAIN_SAME))
		ffntp_client_server_is_coarse(client, tf);
	if (verdict == FFNTP_ACCEPTED)
		verdict = ffntp_client_take(client, &stamp);
	count(client, verdict);
	if (was_waiting && !client->exchange.is_waiting)
		ffntp_polling_replied(&client->polling, verdict, client->rate.period_s);
	if (verdict == FFNTP_REFUSED_COUNTER)
		ffntp_client_disrupted(client, tf);
	return verdict;
}

/* --- output --- */

static enum ffntp_status status(const struct ffntp_client *client)
{
	if (!client->publisher.has_map)
		return client->is_disrupted ? FFNTP_STATUS_DISRUPTED : FFNTP_STATUS_INITIALISING;
	if (client->dissent.count > 0)
		return client->config.counter_may_jump ? FFNTP_STATUS_DISRUPTED : FFNTP_STATUS_FREE_RUNNING;
	if (client->smear.is_smeared || client->polling.unanswered >= FFNTP_UNANSWERED_FREE_RUNNING)
		return FFNTP_STATUS_FREE_RUNNING;
	return FFNTP_STATUS_SYNCHRONISED;
}

/*
 * The map's leap fields are those of its 'at'. Move 'at' past each beginning and end of a leap second, and past the
 * point where a different leap second becomes the nearest.
 */
static void cross_leap_second(struct ffntp_client *client, ffntp_counter now)
{
	const struct ffntp_map *map = &client->publisher.map;

	if ((int64_t)(now - map->at) > 0 && ffntp_leap_cross(&client->wire.leap, map->time, ffntp_map_time(map, now)))
		ffntp_publisher_move(&client->publisher, now);
}

/*
 * While there are candidates, widen the map's bound to contain theirs. If no exchange of a candidate lay outside of the
 * clock's bound, the proven rate is not in doubt, and the candidate's bound grows at that rate.
 */
static void admit_candidates(const struct ffntp_client *client, struct ffntp_map *map)
{
	for (unsigned i = 0; i < client->dissent.count; i++) {
		const struct ffntp_candidate *candidate = &client->dissent.candidate[i];

		ffntp_publisher_admit(map, candidate->bound,
				      candidate->excludes_clock ? ffntp_rate_range_now(&candidate->range)
								: client->rate);
	}
}

void ffntp_client_output(struct ffntp_client *client, ffntp_counter now, struct ffntp_map *map)
{
	double keep_s = ffntp_fmax(FFNTP_VOID_POLLS * client->polling.interval_s, FFNTP_VOID_S);

	expire_if_overdue(client, now);
	if (client->publisher.has_map) {
		cross_leap_second(client, now);
		*map = client->publisher.map;
		admit_candidates(client, map);
		ffntp_leap_describe(&client->wire.leap, map);
	} else {
		*map = ffntp_publisher_nothing(&client->publisher, client->rate.period_s, now);
	}
	map->status = status(client);
	map->void_after = now + ffntp_ticks_of(keep_s, client->rate.period_s);
}

static uint32_t saturated_ns(double s)
{
	uint64_t ns = ffntp_mapping_ns(s);

	return ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

void ffntp_client_source(const struct ffntp_client *client, struct ffntp_source *source)
{
	*source = (struct ffntp_source){
		.reach = client->polling.reach,
		.poll_log2_s = ffntp_polling_log2_s(&client->polling),
	};
	for (unsigned i = 0; i < FFNTP_VERDICTS; i++)
		source->verdicts[i] = client->verdicts[i];
	if (!client->has_stamp)
		return;
	source->stratum = client->stamp.stratum;
	source->leap = client->stamp.leap;
	source->refid = client->stamp.refid;
	source->offset_ns = ffntp_mapping_signed_ns(client->offset_s);
	source->rtt_ns = ffntp_mapping_ns(ffntp_ticks(ffntp_stamp_rtt_ticks(&client->stamp)) * client->rate.period_s);
	source->rtt_min_ns = ffntp_mapping_ns(ffntp_ticks(client->rtt_min_ticks) * client->rate.period_s);
	source->root_delay_ns = saturated_ns(client->stamp.root_delay_s);
	source->root_dispersion_ns = saturated_ns(client->stamp.root_dispersion_s);
	source->last_accepted = client->accepted_at;
	ffntp_client_describe(client, source);
}
