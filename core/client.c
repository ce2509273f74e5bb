/* client: see ffntp/client.h. A packet passes through exchange and clock_update, in this order. */
#include "client.h"

#include "clock.h"
#include "clock_update.h"
#include "mapping.h"
#include "maths.h"
#include "params.h"

/* --- memory --- */

#define ALIGNMENT 16u

static size_t aligned(size_t size)
{
	return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t size_with(const struct ffntp_estimator_ops *ops, const struct ffntp_estimator_config *config)
{
	return aligned(sizeof(struct ffntp_client)) + aligned(ops->memory(config));
}

static size_t memory_of(const struct ffntp_client_config *config)
{
	struct ffntp_estimator_config estimator;

	if (!ffntp_client_config_is_valid(config))
		return 0;
	estimator = ffntp_client_config_estimator(config);
	return size_with(ffntp_estimator_choose(config->estimator), &estimator);
}

size_t ffntp_client_memory(const struct ffntp_client_config *config)
{
	struct ffntp_client_config taken;

	return ffntp_client_config_take(&taken, config) ? memory_of(&taken) : 0;
}

/* --- creating and resetting --- */

static void init_clock(struct ffntp_clock_state *clock, const struct ffntp_client_config *config, ffntp_counter now)
{
	*clock = (struct ffntp_clock_state){ 0 };
	clock->ops = ffntp_estimator_choose(config->estimator);
	clock->config = ffntp_client_config_estimator(config);
	clock->max_drift = config->max_drift;
	clock->counter_may_jump = config->counter_may_jump;
	clock->caller_announces = config->leap_trust == FFNTP_LEAP_TRUST_CALLER;
	clock->wire.leap.table = config->leap_table;
	clock->wire.leap.is_strict = config->leap_expiry == FFNTP_LEAP_EXPIRY_STRICT;
	clock->wire.pivot_s = config->pivot_s;
	clock->wire.heeds_servers = config->leap_trust == FFNTP_LEAP_TRUST_SERVER;
	clock->publisher.counter_kind = config->counter_kind;
	clock->publisher.period_shift = ffntp_mapping_shift(config->period_hint_s);
	/* It differs from a former client's, because the counter has advanced. */
	clock->publisher.disruption_marker = now;
}

static struct ffntp_client *make(void *memory, size_t size, const struct ffntp_client_config *config, ffntp_counter now)
{
	const struct ffntp_polling_config polling = ffntp_client_config_polling(config);
	size_t needed = memory_of(config);
	struct ffntp_client *client = memory;

	if (needed == 0 || size < needed || memory == NULL || (uintptr_t)memory % ALIGNMENT != 0)
		return NULL;
	init_clock(&client->clock, config, now);
	ffntp_association_init(&client->association, (unsigned char *)memory + aligned(sizeof *client), &polling,
			       config->max_root_distance_s, now);
	client->association.correction_s = config->correction_s;
	if (FFNTP_CAN_INTERLEAVE)
		client->association.exchange.is_interleaved = config->interleaved != 0;
	if (FFNTP_CAN_REFINE) {
		client->association.exchange.root_field.is_configured = config->root_field == FFNTP_ROOT_FIELD_ASK;
		client->association.exchange.root_field.is_forbidden = config->root_field == FFNTP_ROOT_FIELD_NEVER;
	}
	client->decision = (struct ffntp_decision){ 0 };
	ffntp_clock_reset(&client->clock, &client->association, ffntp_clock_configured_rate(&client->clock));
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
	size_t needed = size_with(client->clock.ops, &client->clock.config);
	const unsigned char *from = (const unsigned char *)client;
	unsigned char *to = memory;
	struct ffntp_client *copy = memory;

	if (size < needed || memory == NULL || (uintptr_t)memory % ALIGNMENT != 0)
		return NULL;
	for (size_t i = 0; i < needed; i++)
		to[i] = from[i];
	copy->association.estimator = to + aligned(sizeof *copy);
	if (copy->clock.ops->moved != NULL)
		copy->clock.ops->moved(copy->association.estimator, client->association.estimator);
	return copy;
}

void ffntp_client_continue(struct ffntp_client *client, const struct ffntp_map *former)
{
	ffntp_clock_continue(&client->clock, client->association.estimator, former);
}

/* Reset because of a disruption, which the decision records with this reason. */
static void disrupt(struct ffntp_client *client, enum ffntp_decision_reason reason, ffntp_counter now)
{
	ffntp_clock_disrupted(&client->clock, &client->association, now);
	client->decision.kind = FFNTP_DECISION_RESET;
	client->decision.reason = reason;
}

void ffntp_client_disrupted(struct ffntp_client *client, ffntp_counter now)
{
	client->decision = (struct ffntp_decision){ .at = now };
	disrupt(client, FFNTP_REASON_REPORTED, now);
}

void ffntp_client_counter_replaced(struct ffntp_client *client, ffntp_counter now, double period_hint_s,
				   double period_hint_error)
{
	ffntp_clock_replace_counter(&client->clock, (struct ffntp_rate_bound){ period_hint_s, period_hint_error });
	ffntp_client_disrupted(client, now);
}

void ffntp_client_burst(struct ffntp_client *client, ffntp_counter now)
{
	ffntp_polling_burst(&client->association.polling, now, client->clock.rate.period_s);
}

void ffntp_client_leap_table(struct ffntp_client *client, const struct ffntp_leap_table *table)
{
	ffntp_clock_set_leap_table(&client->clock, table);
}

void ffntp_client_announce(struct ffntp_client *client, struct ffntp_leap_vote vote, ffntp_counter now)
{
	ffntp_clock_announce(&client->clock, vote, now);
}

void ffntp_client_server_changed(struct ffntp_client *client, ffntp_counter now)
{
	ffntp_clock_server_changed(&client->clock, &client->association, now);
}

const struct ffntp_decision *ffntp_client_decision(const struct ffntp_client *client)
{
	return &client->decision;
}

/* --- requests --- */

static void expire_if_overdue(struct ffntp_client *client, ffntp_counter now)
{
	ffntp_counter deadline = ffntp_polling_deadline(&client->association.polling, client->clock.rate.period_s);

	if (!client->association.exchange.is_waiting || ffntp_counter_diff(now, deadline) < 0)
		return;
	ffntp_exchange_expire(&client->association.exchange);
	ffntp_polling_expired(&client->association.polling, client->clock.rate.period_s);
}

/*
 * Return the first reading between 'now' and 'limit' at which a leap second has begun or ended; 'limit' if there is
 * none.
 */
static ffntp_counter next_leap_edge(const struct ffntp_client *client, ffntp_counter now, ffntp_counter limit)
{
	double wait_s;

	if (!client->clock.publisher.has_map ||
	    !ffntp_leap_next(&client->clock.wire.leap, ffntp_map_time(&client->clock.publisher.map, now), &wait_s) ||
	    wait_s > ffntp_counter_diff(limit, now) * client->clock.rate.period_s)
		return limit;
	return now + ffntp_ticks_of(wait_s, client->clock.rate.period_s) + 1;
}

struct ffntp_action ffntp_client_timer(struct ffntp_client *client, ffntp_counter now)
{
	ffntp_counter next;

	expire_if_overdue(client, now);
	next = client->association.polling.next;
	if (client->association.polling.change_is_due) {
		client->association.polling.change_is_due = false;
		return (struct ffntp_action){ FFNTP_CHANGE_SERVER, now };
	}
	if (ffntp_counter_diff(now, next) >= 0)
		return (struct ffntp_action){ FFNTP_SEND, now };
	if (client->association.exchange.is_waiting)
		next = ffntp_counter_earlier(
			next, ffntp_polling_deadline(&client->association.polling, client->clock.rate.period_s));
	return (struct ffntp_action){ FFNTP_WAIT, ffntp_counter_earlier(next, next_leap_edge(client, now, next)) };
}

bool ffntp_client_request(struct ffntp_client *client, ffntp_counter ta, uint64_t nonce,
			  uint8_t packet[FFNTP_REQUEST_SIZE])
{
	bool was_waiting = client->association.exchange.is_waiting;

	if (FFNTP_CAN_INTERLEAVE && !ffntp_polling_can_interleave(&client->association.polling))
		ffntp_exchange_forget(&client->association.exchange);
	if (!ffntp_exchange_begin(&client->association.exchange, ta, nonce, packet))
		return false;
	if (was_waiting)
		ffntp_polling_expired(&client->association.polling, client->clock.rate.period_s);
	ffntp_polling_sent(&client->association.polling, ta, client->clock.rate.period_s);
	return true;
}

void ffntp_client_sent(struct ffntp_client *client, ffntp_counter ta)
{
	ffntp_exchange_sent(&client->association.exchange, ta);
}

/* --- replies --- */

static struct ffntp_exchange_limits limits_of(const struct ffntp_client *client)
{
	return (struct ffntp_exchange_limits){
		.period_s = client->clock.rate.period_s,
		.period_error = client->clock.rate.max_error,
		.max_rtt_s = FFNTP_MAX_RTT_S,
		.max_root_distance_s = client->association.max_root_distance_s,
	};
}

/* The decision on what was rejected by itself, before the clock decides. */
static void begin_decision(struct ffntp_client *client, enum ffntp_verdict verdict, ffntp_counter tf)
{
	client->decision = (struct ffntp_decision){
		.kind = FFNTP_DECISION_REJECT, .reason = FFNTP_REASON_REPLY, .verdict = verdict, .at = tf
	};
}

/* Judge a datagram by itself. Returns whether it is a reply that the clock decides on; otherwise the decision is made.
 */
static bool finish_exchange(struct ffntp_client *client, const uint8_t *bytes, size_t length, ffntp_counter tf,
			    struct ffntp_stamp *stamp)
{
	const struct ffntp_exchange_limits limits = limits_of(client);
	enum ffntp_verdict verdict =
		ffntp_exchange_finish(&client->association.exchange, bytes, length, tf, &limits, stamp);

	begin_decision(client, verdict, tf);
	if (verdict != FFNTP_ACCEPTED)
		return false;
	if (FFNTP_CAN_INTERLEAVE && !client->association.exchange.is_complete) {
		client->decision.kind = FFNTP_DECISION_NONE;
		client->decision.reason = FFNTP_REASON_INCOMPLETE;
	}
	return !FFNTP_CAN_INTERLEAVE || client->association.exchange.is_complete;
}

/* Correct a stamp, and decide on it; or NULL. former_grain_s: the proven step of the server's clock before it. */
static enum ffntp_verdict decide_on(struct ffntp_client *client, struct ffntp_stamp *stamp, double former_grain_s,
				    ffntp_counter tf)
{
	bool is_coarse = client->association.exchange.grain.seen_s > former_grain_s * (1 + FFNTP_GRAIN_SAME);

	if (is_coarse)
		ffntp_clock_server_is_coarse(&client->clock, &client->association, tf);
	if (stamp != NULL && FFNTP_CAN_CORRECT)
		ffntp_association_correct(&client->association, stamp);
	if (stamp != NULL)
		ffntp_clock_update(&client->clock, &client->association, stamp, &client->decision);
	client->decision.bound_is_reset = client->decision.bound_is_reset || is_coarse;
	if (is_coarse && client->decision.kind == FFNTP_DECISION_ACCEPT) {
		client->decision.kind = FFNTP_DECISION_BOUND_RESET;
		client->decision.reason = FFNTP_REASON_GRAIN;
	}
	return client->decision.verdict;
}

/* Decide on a datagram. Returns the verdict. */
static enum ffntp_verdict decide(struct ffntp_client *client, const uint8_t *bytes, size_t length, ffntp_counter tf)
{
	double grain_s = client->association.exchange.grain.seen_s;
	struct ffntp_stamp stamp;
	bool is_stamp = finish_exchange(client, bytes, length, tf, &stamp);

	return decide_on(client, is_stamp ? &stamp : NULL, grain_s, tf);
}

/* Return whether the reply that arrived at tf waits for its transmit timestamp. */
static bool waits_since(const struct ffntp_exchange *exchange, ffntp_counter tf)
{
	return !exchange->is_waiting && exchange->has_former && exchange->former.tf == tf;
}

enum ffntp_verdict ffntp_client_reply(struct ffntp_client *client, const uint8_t *bytes, size_t length,
				      ffntp_counter tf)
{
	struct ffntp_association *association = &client->association;
	bool was_waiting = association->exchange.is_waiting;
	enum ffntp_verdict verdict = decide(client, bytes, length, tf);

	ffntp_association_count(association, verdict);
	if (was_waiting && !association->exchange.is_waiting)
		ffntp_polling_replied(&association->polling, verdict, client->clock.rate.period_s);
	if (FFNTP_CAN_INTERLEAVE && was_waiting && waits_since(&association->exchange, tf))
		ffntp_polling_follow_up(&association->polling, client->clock.rate.period_s);
	if (verdict == FFNTP_REFUSED_COUNTER)
		disrupt(client, FFNTP_REASON_COUNTER, tf);
	return verdict;
}

/* --- a reference clock --- */

enum ffntp_verdict ffntp_client_measured(struct ffntp_client *client, const struct ffntp_measurement *measurement,
					 ffntp_counter after)
{
	struct ffntp_association *association = &client->association;
	const struct ffntp_exchange_limits limits = limits_of(client);
	double grain_s = association->exchange.grain.seen_s;
	struct ffntp_stamp stamp;
	enum ffntp_verdict verdict;

	ffntp_polling_sent(&association->polling, measurement->before, client->clock.rate.period_s);
	verdict = ffntp_exchange_measured(&association->exchange, measurement, after, &limits, &stamp);
	begin_decision(client, verdict, after);
	verdict = decide_on(client, verdict == FFNTP_ACCEPTED ? &stamp : NULL, grain_s, after);
	ffntp_association_count(association, verdict);
	ffntp_polling_replied(&association->polling, verdict, client->clock.rate.period_s);
	if (verdict == FFNTP_REFUSED_COUNTER)
		disrupt(client, FFNTP_REASON_COUNTER, after);
	return verdict;
}

void ffntp_client_not_measured(struct ffntp_client *client, ffntp_counter now)
{
	ffntp_polling_sent(&client->association.polling, now, client->clock.rate.period_s);
	ffntp_polling_expired(&client->association.polling, client->clock.rate.period_s);
}

/* --- output --- */

static enum ffntp_status status(const struct ffntp_clock_state *clock, const struct ffntp_association *association)
{
	if (!clock->publisher.has_map)
		return clock->is_disrupted ? FFNTP_STATUS_DISRUPTED : FFNTP_STATUS_INITIALISING;
	/* A jump that no exchange shows outside of the bound is one that the bound contains. */
	if (ffntp_clock_may_have_jumped(clock) && ffntp_dissent_excludes_clock(&clock->dissent))
		return FFNTP_STATUS_DISRUPTED;
	if (clock->dissent.count > 0)
		return FFNTP_STATUS_FREE_RUNNING;
	if (clock->confirmed < FFNTP_SYNCHRONISED_EXCHANGES || association->is_smeared ||
	    association->polling.unanswered >= FFNTP_UNANSWERED_FREE_RUNNING)
		return FFNTP_STATUS_FREE_RUNNING;
	return FFNTP_STATUS_SYNCHRONISED;
}

void ffntp_client_output(struct ffntp_client *client, ffntp_counter now, struct ffntp_map *map)
{
	double keep_s = ffntp_fmax(FFNTP_VOID_POLLS * client->association.polling.interval_s, FFNTP_VOID_S);

	expire_if_overdue(client, now);
	ffntp_clock_map(&client->clock, now, map);
	map->status = status(&client->clock, &client->association);
	map->void_after = now + ffntp_ticks_of(keep_s, client->clock.rate.period_s);
}

static uint32_t saturated_ns(double s)
{
	uint64_t ns = ffntp_mapping_ns(s);

	return ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

static void describe_stamp(const struct ffntp_association *association, double period_s, struct ffntp_source *source)
{
	const struct ffntp_stamp *stamp = &association->stamp;

	source->stratum = stamp->stratum;
	source->leap = stamp->leap == FFNTP_LEAP_UNANNOUNCED ? 0 : stamp->leap;
	source->refid = stamp->refid;
	source->offset_ns = ffntp_mapping_signed_ns(association->offset_s);
	source->rtt_ns = ffntp_mapping_ns(ffntp_ticks(ffntp_stamp_rtt_ticks(stamp)) * period_s);
	source->rtt_min_ns = ffntp_mapping_ns(ffntp_ticks(association->rtt_min_ticks) * period_s);
	source->root_delay_ns = saturated_ns(stamp->root_delay_s);
	source->root_dispersion_ns = saturated_ns(stamp->root_dispersion_s);
	source->last_accepted = association->accepted_at;
}

void ffntp_client_source(const struct ffntp_client *client, struct ffntp_source *source)
{
	const struct ffntp_association *association = &client->association;

	*source = (struct ffntp_source){
		.reach = association->polling.reach,
		.poll_log2_s = ffntp_polling_log2_s(&association->polling),
	};
	for (unsigned i = 0; i < FFNTP_VERDICTS; i++)
		source->verdicts[i] = association->verdicts[i];
	if (!association->has_stamp)
		return;
	describe_stamp(association, client->clock.rate.period_s, source);
	ffntp_client_describe(client, source);
}
