/* client: see client.h. The way of a packet: exchange, bound, estimator, promise, map. */
#include "../include/ffntp/client.h"

#include "bound.h"
#include "clock.h"
#include "dissent.h"
#include "estimator.h"
#include "exchange.h"
#include "leap.h"
#include "mapping.h"
#include "params.h"
#include "polling.h"
#include "promise.h"
#include "smear.h"
#include "stamp.h"

struct ffntp_client {
	struct ffntp_client_config config;
	const struct ffntp_estimator_ops *ops;
	void *estimator;
	struct ffntp_exchange exchange;
	struct ffntp_polling polling;
	struct ffntp_rate_bound rate; /* what is known of the counter */
	struct ffntp_bound bound;     /* where truth lies, whatever the estimator says */
	struct ffntp_dissent dissent;
	struct ffntp_promise promise;
	struct ffntp_leap_belief leap;
	bool is_renumbered; /* by the stamp that is being taken */
	struct ffntp_smear_watch smear;
	bool has_estimate;
	struct ffntp_estimate estimate;
	bool has_stamp;
	struct ffntp_stamp stamp; /* the newest that was not refused for the counter's sake */
	double offset_s;          /* the clock minus the server at that stamp, before it was used */
	uint64_t rtt_min_ticks;
	bool has_map;
	bool is_disrupted; /* no map because the counter jumped, not because nothing has come yet */
	struct ffntp_map
		map; /* as of the newest accepted stamp; its time is the core's, and it says nothing of others */
	ffntp_counter accepted_at;
	uint32_t accepted; /* since the estimator began */
	int64_t pivot_s;
	uint64_t disruption_marker;
	uint32_t verdicts[FFNTP_VERDICTS];
};

/* --- configuration --- */

#define ALIGNMENT 16u

static size_t aligned(size_t size)
{
	return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void ffntp_client_config_default(struct ffntp_client_config *config)
{
	*config = (struct ffntp_client_config){
		.estimator = FFNTP_ESTIMATOR_DEFAULT,
		.counter_kind = FFNTP_COUNTER_NONE,
		.period_hint_s = 1e-9,
		.period_hint_error = 500e-6,
		.poll_min_s = 16,
		.poll_max_s = 1024,
		.burst = 8,
		.max_drift = 1e-6,
		.max_root_distance_s = 3,
		.pivot_s = FFNTP_BUILD_S,
	};
}

static bool is_within(double value, double low, double high)
{
	return value >= low && value <= high;
}

static bool is_valid(const struct ffntp_client_config *config)
{
	return ffntp_estimator_choose(config->estimator) != NULL && is_within(config->period_hint_s, 1e-12, 1e-2) &&
	       is_within(config->period_hint_error, 0, 0.1) && config->poll_min_s >= 1 &&
	       config->poll_max_s >= config->poll_min_s && config->poll_max_s <= 131072 && config->burst >= 1 &&
	       config->burst <= 16 && is_within(config->max_drift, 0, 1e-3) &&
	       is_within(config->accuracy_target_s, 0, 1) && is_within(config->max_root_distance_s, 0, 16) &&
	       (config->leap_table == NULL || ffntp_leap_table_check(config->leap_table) == FFNTP_TIMESCALE_OK);
}

static struct ffntp_estimator_config estimator_config(const struct ffntp_client_config *config)
{
	return (struct ffntp_estimator_config){
		.period_hint_s = config->period_hint_s,
		.period_hint_error = config->period_hint_error,
		.poll_s = config->poll_min_s,
		.history = config->history,
	};
}

size_t ffntp_client_memory(const struct ffntp_client_config *config)
{
	struct ffntp_estimator_config estimator;

	if (!is_valid(config))
		return 0;
	estimator = estimator_config(config);
	return aligned(sizeof(struct ffntp_client)) +
	       aligned(ffntp_estimator_choose(config->estimator)->memory(&estimator));
}

/* --- beginnings: what is known of the counter, and nothing of the time --- */

static void begin(struct ffntp_client *client, double period_s, double period_error)
{
	struct ffntp_estimator_config config = estimator_config(&client->config);

	config.period_hint_s = period_s;
	config.period_hint_error = period_error;
	client->ops->init(client->estimator, &config);
	client->rate = (struct ffntp_rate_bound){ period_s, period_error + client->config.max_drift };
	client->bound.is_known = false;
	client->dissent = (struct ffntp_dissent){ 0 };
	client->accepted = 0;
	client->smear = (struct ffntp_smear_watch){ 0 };
	ffntp_leap_jump(&client->leap);
	client->has_estimate = client->has_stamp = client->has_map = false;
}

/* Nobody may mix what was said before with what is said from now on. */
static void break_promises(struct ffntp_client *client)
{
	client->disruption_marker++;
	client->promise = (struct ffntp_promise){ 0 };
}

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

struct ffntp_client *ffntp_client_init(void *memory, size_t size, const struct ffntp_client_config *config,
				       ffntp_counter now)
{
	size_t needed = ffntp_client_memory(config);
	struct ffntp_client *client = memory;

	if (needed == 0 || size < needed || memory == NULL || (uintptr_t)memory % ALIGNMENT != 0)
		return NULL;
	*client = (struct ffntp_client){
		.config = *config,
		.ops = ffntp_estimator_choose(config->estimator),
		.estimator = (unsigned char *)memory + aligned(sizeof *client),
		.leap.table = config->leap_table,
		.pivot_s = config->pivot_s,
		.rtt_min_ticks = UINT64_MAX,
		.disruption_marker = now, /* hardly that of a former client */
	};
	init_polling(client, now);
	begin(client, config->period_hint_s, config->period_hint_error);
	return client;
}

struct ffntp_client *ffntp_client_copy(const struct ffntp_client *client, void *memory, size_t size)
{
	size_t needed = ffntp_client_memory(&client->config);
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

/* What a former map promised, in terms of another reference. */
static void adopt_promise(struct ffntp_promise *promise, const struct ffntp_map *former)
{
	double unit_s = ffntp_mapping_period_s(1, former->period_shift);
	struct ffntp_claim claim = {
		.value_s = 0,
		.before_s = (double)former->maxerror_before_ns * 1e-9,
		.after_s = (double)former->maxerror_after_ns * 1e-9,
		.period_s = (double)former->period * unit_s,
		.period_error_s = (double)former->period_maxerror * unit_s,
	};

	promise->at = former->at;
	promise->reference = ffntp_ntp_from_time(former->time);
	ffntp_promise_add(promise, &claim);
}

void ffntp_client_continue(struct ffntp_client *client, const struct ffntp_map *former)
{
	double period_s = ffntp_mapping_period_s(former->period, former->period_shift);
	double esterror = (double)former->period_esterror / (double)former->period + FFNTP_SAVED_PERIOD_ERROR;

	client->disruption_marker = former->disruption_marker;
	if (former->status != FFNTP_STATUS_SYNCHRONISED && former->status != FFNTP_STATUS_FREE_RUNNING)
		return;
	client->pivot_s = former->time.s;
	ffntp_leap_continue(&client->leap, former);
	adopt_promise(&client->promise, former);
	if (esterror * FFNTP_PERIOD_SIGMAS >= client->config.period_hint_error)
		return;
	client->ops->warm(client->estimator, period_s, esterror);
	client->rate = (struct ffntp_rate_bound){ period_s, FFNTP_PERIOD_SIGMAS * esterror + client->config.max_drift };
}

void ffntp_client_disrupted(struct ffntp_client *client, ffntp_counter now)
{
	double period_s = client->has_estimate ? client->estimate.period_s : client->config.period_hint_s;
	double error = client->config.period_hint_error;

	if (client->has_estimate && FFNTP_DISRUPTED_PERIOD_ERROR < error)
		error = FFNTP_DISRUPTED_PERIOD_ERROR;
	break_promises(client);
	begin(client, period_s, error);
	client->is_disrupted = true;
	ffntp_exchange_expire(&client->exchange);
	client->exchange.has_last_tf = false;
	ffntp_polling_restart(&client->polling, now);
}

void ffntp_client_leap_table(struct ffntp_client *client, const struct ffntp_leap_table *table)
{
	client->leap.table = table;
	if (client->has_map)
		ffntp_leap_follow(&client->leap, client->map.time);
}

void ffntp_client_announce(struct ffntp_client *client, struct ffntp_leap_vote vote, ffntp_counter now)
{
	if (client->has_map && client->config.leap_trust == FFNTP_LEAP_TRUST_CALLER)
		ffntp_leap_hear(&client->leap, ffntp_map_time(&client->map, now), vote);
}

void ffntp_client_server_changed(struct ffntp_client *client, ffntp_counter now)
{
	client->ops->restart(client->estimator);
	client->dissent = (struct ffntp_dissent){ 0 };
	client->smear.is_smeared = false;
	client->rtt_min_ticks = UINT64_MAX;
	ffntp_exchange_expire(&client->exchange);
	init_polling(client, now);
}

/* --- asking --- */

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

/* The first reading after 'now' and before 'limit' at which a leap second has begun, or ended; else 'limit'. */
static ffntp_counter next_leap_edge(const struct ffntp_client *client, ffntp_counter now, ffntp_counter limit)
{
	const struct ffntp_numbering *numbering = &client->leap.numbering;
	struct ffntp_time time;
	double wait_s;

	if (!client->has_map || numbering->sign == 0)
		return limit;
	time = ffntp_map_time(&client->map, now);
	if (ffntp_leap_phase(numbering, time) == FFNTP_LEAP_OVER)
		return limit;
	wait_s = (double)(numbering->at_s + (time.s >= numbering->at_s) - time.s) - (double)time.frac * 0x1p-64;
	if (wait_s > ffntp_counter_diff(limit, now) * client->rate.period_s)
		return limit;
	return now + (ffntp_counter)(wait_s / client->rate.period_s) + 1;
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

/* --- publishing --- */

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

static double magnitude(double a)
{
	return a < 0 ? -a : a;
}

static double clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

/* How sure an estimate is of itself at its 'at', s; until a burst has been heard, no surer than the bound makes it. */
static double trusted_esterror_s(const struct ffntp_client *client, const struct ffntp_bound *bound)
{
	double width_s = bound->latest_s - bound->earliest_s;

	return client->accepted < FFNTP_TRUST_EXCHANGES ? larger(client->estimate.esterror_s, width_s / 4)
							: client->estimate.esterror_s;
}

/* Whether a line is still one that the estimate allows, now and ahead_s later. */
static bool is_credible(const struct ffntp_client *client, const struct ffntp_bound *bound,
			const struct ffntp_claim *wanted, const struct ffntp_claim *kept, double ahead_ticks)
{
	double ahead_s = ahead_ticks * wanted->period_s;
	double esterror_s = trusted_esterror_s(client, bound);
	double moved_s = kept->value_s - wanted->value_s;
	double moved_ahead_s = moved_s + (kept->period_s - wanted->period_s) * ahead_ticks;

	return is_within(kept->value_s, bound->earliest_s, bound->latest_s) &&
	       magnitude(moved_s) <= FFNTP_PROMISE_SIGMAS * esterror_s &&
	       magnitude(moved_ahead_s) <=
		       FFNTP_PROMISE_SIGMAS * (esterror_s + ahead_s * client->estimate.period_esterror);
}

/*
 * Holds the line inside everything promised before. Where no line does, or only one that is not credible, something
 * that was promised was not true: the oscillator did what was ruled out, or the counter jumped unnoticed.
 */
static void keep_promises(struct ffntp_client *client, const struct ffntp_bound *bound, struct ffntp_claim *claim)
{
	const struct ffntp_claim wanted = *claim;
	double ahead_ticks = FFNTP_PROMISE_POLLS * client->polling.interval_s / claim->period_s;
	bool is_kept;

	ffntp_promise_move(&client->promise, bound->at, bound->reference);
	is_kept = ffntp_promise_fit(&client->promise, ahead_ticks, &claim->value_s, &claim->period_s);
	if (is_kept && is_credible(client, bound, &wanted, claim, ahead_ticks))
		return;
	break_promises(client);
	client->promise.at = bound->at;
	client->promise.reference = bound->reference;
	*claim = wanted;
}

/* The line to publish: the estimate, held inside the bound and what was promised; and how wrong it may be. */
static struct ffntp_claim make_claim(struct ffntp_client *client)
{
	const struct ffntp_estimate *estimate = &client->estimate;
	struct ffntp_bound bound = client->bound;
	struct ffntp_claim claim;

	ffntp_bound_age(&bound, estimate->at, estimate->reference, client->rate);
	claim = (struct ffntp_claim){
		.value_s = clamp(estimate->correction_s, bound.earliest_s, bound.latest_s),
		.period_s = estimate->period_s,
	};
	keep_promises(client, &bound, &claim);
	claim.before_s = claim.value_s - bound.earliest_s;
	claim.after_s = bound.latest_s - claim.value_s;
	claim.period_error_s =
		estimate->period_s * client->rate.max_error + magnitude(claim.period_s - estimate->period_s);
	return claim;
}

static void publish(struct ffntp_client *client)
{
	const struct ffntp_estimate *estimate = &client->estimate;
	uint8_t shift = ffntp_mapping_shift(client->config.period_hint_s);
	struct ffntp_claim claim = make_claim(client);
	struct ffntp_time reference = ffntp_time_from_ntp(estimate->reference, client->pivot_s);

	client->map = (struct ffntp_map){
		.counter_kind = client->config.counter_kind,
		.period_shift = shift,
		.disruption_marker = client->disruption_marker,
		.at = estimate->at,
		.time = ffntp_mapping_add(reference, claim.value_s),
		.period = ffntp_mapping_period(claim.period_s, shift),
		.period_esterror = ffntp_mapping_period(estimate->period_s * estimate->period_esterror, shift),
		.period_maxerror = ffntp_mapping_period(claim.period_error_s, shift) + 1,
		.esterror_ns =
			ffntp_mapping_ns(estimate->esterror_s + magnitude(claim.value_s - estimate->correction_s)),
		.maxerror_before_ns = ffntp_mapping_ns(claim.before_s) + 1,
		.maxerror_after_ns = ffntp_mapping_ns(claim.after_s) + 1,
		.stable_period = ffntp_mapping_period(estimate->stable_period_s, shift),
		.stable_esterror = ffntp_mapping_period(estimate->stable_period_s * estimate->stable_esterror, shift),
	};
	/* What the map says, which is rounded up. */
	claim.before_s += 1e-9;
	claim.after_s += 1e-9;
	ffntp_promise_add(&client->promise, &claim);
	client->pivot_s = client->map.time.s;
	client->has_map = true;
	client->is_disrupted = false;
}

/* The map from another reference: the same line, and its error there. */
static void move_map(struct ffntp_map *map, ffntp_counter at)
{
	struct ffntp_time time = ffntp_map_time(map, at);
	uint64_t ticks = at - map->at;
	uint64_t drift_ns = ffntp_error_ns(0, ticks, map->period_maxerror, map->period_shift);

	map->maxerror_before_ns += drift_ns;
	map->maxerror_after_ns += drift_ns;
	map->esterror_ns = ffntp_error_ns(map->esterror_ns, ticks, map->period_esterror, map->period_shift);
	map->at = at;
	map->time = time;
}

/* --- listening --- */

static void plan(struct ffntp_client *client)
{
	const struct ffntp_estimate *estimate = &client->estimate;
	const struct ffntp_outlook outlook = {
		.variance_s2 = estimate->esterror_s * estimate->esterror_s,
		.covariance_s = estimate->covariance_s,
		.rate_variance = estimate->period_esterror * estimate->period_esterror,
		.wander_per_s = estimate->wander_per_s,
		.exchange_esterror_s = estimate->exchange_esterror_s,
	};

	ffntp_polling_adapt(&client->polling, &outlook, client->rate.period_s);
}

/* The estimator's word after a stamp it accepted. */
static void learn(struct ffntp_client *client)
{
	double error = FFNTP_PERIOD_SIGMAS * client->estimate.period_esterror;

	client->has_estimate = true;
	client->rate.period_s = client->estimate.period_s;
	client->rate.max_error = smaller(error, client->config.period_hint_error) + client->config.max_drift;
	client->accepted_at = client->stamp.tf;
	if (client->accepted < UINT32_MAX)
		client->accepted++;
	client->dissent = (struct ffntp_dissent){ 0 };
	publish(client);
	plan(client);
}

/* Whether an estimate can be one. Written so that what is no number is none. */
static bool is_plausible(const struct ffntp_client *client)
{
	const struct ffntp_estimate *estimate = &client->estimate;
	double hint_s = client->config.period_hint_s;

	return is_within(estimate->correction_s, -1e9, 1e9) && is_within(estimate->esterror_s, 0, 1e9) &&
	       is_within(estimate->period_s, hint_s / 2, hint_s * 2) && is_within(estimate->period_esterror, 0, 1) &&
	       is_within(estimate->stable_period_s, hint_s / 2, hint_s * 2) &&
	       is_within(estimate->stable_esterror, 0, 1);
}

/* No counter and no server do what the exchanges said: all that is known is the hint. */
static enum ffntp_verdict start_over(struct ffntp_client *client, ffntp_counter now)
{
	break_promises(client);
	begin(client, client->config.period_hint_s, client->config.period_hint_error);
	client->is_disrupted = true;
	ffntp_polling_restart(&client->polling, now);
	return FFNTP_REFUSED_CONTRADICTION;
}

/* The dissenters were right: from here on time is theirs. */
static enum ffntp_verdict believe(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	struct ffntp_bound rival = client->dissent.rival;

	break_promises(client);
	ffntp_leap_jump(&client->leap);
	client->ops->restart(client->estimator);
	client->bound = rival;
	(void)client->ops->add(client->estimator, stamp, &client->estimate);
	if (!is_plausible(client))
		return start_over(client, stamp->tf);
	learn(client);
	return FFNTP_ACCEPTED;
}

/* The counter has another rate, which the dissenters' times have told. */
static enum ffntp_verdict believe_rate(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	const struct ffntp_dissent dissent = client->dissent;
	double period_s = (dissent.least_s + dissent.most_s) / 2;
	double error = (dissent.most_s - dissent.least_s) / 2 / period_s;

	break_promises(client);
	begin(client, period_s, error);
	ffntp_polling_restart(&client->polling, stamp->tf);
	client->stamp = *stamp;
	client->has_stamp = true;
	client->bound = ffntp_bound_from_stamp(stamp, client->rate);
	(void)client->ops->add(client->estimator, stamp, &client->estimate);
	if (!is_plausible(client))
		return start_over(client, stamp->tf);
	learn(client);
	return FFNTP_ACCEPTED;
}

/* By how many seconds the server is ahead, if it is one and nothing else. */
static int seconds_ahead(const struct ffntp_client *client)
{
	double ahead_s = -client->offset_s;

	if (!client->has_map || !is_within(magnitude(ahead_s), 1 - FFNTP_LEAP_TOLERANCE_S, 1 + FFNTP_LEAP_TOLERANCE_S))
		return 0;
	return ahead_s > 0 ? 1 : -1;
}

/* One second off since the end of a month, while a table knows better: that is a server's mistake, for a day. */
static bool has_missed_leap_second(const struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	double lasted_s = ffntp_counter_diff(stamp->tf, client->dissent.since) * client->rate.period_s;
	struct ffntp_time agreed = ffntp_map_time(&client->map, client->accepted_at);
	struct ffntp_time since = ffntp_map_time(&client->map, client->dissent.since);

	return seconds_ahead(client) != 0 && lasted_s < FFNTP_LEAP_PERSIST_S &&
	       ffntp_leap_is_certain(&client->leap, since) && ffntp_leap_is_month_end(&client->leap, agreed, since);
}

/* One second off since the end of a month: then it was a leap second that nobody announced, or none that somebody did.
 */
static bool revise_leap_second(struct ffntp_client *client)
{
	struct ffntp_time agreed = ffntp_map_time(&client->map, client->accepted_at);
	struct ffntp_time since = ffntp_map_time(&client->map, client->dissent.since);
	int ahead = seconds_ahead(client);

	if (ahead == 0 || !ffntp_leap_revise(&client->leap, agreed, since, ahead))
		return false;
	break_promises(client); /* those of UTC */
	client->dissent = (struct ffntp_dissent){ 0 };
	client->is_renumbered = true;
	return true;
}

static enum ffntp_verdict contradict(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	bool may_jump = client->config.counter_may_jump;

	switch (ffntp_dissent_add(&client->dissent, stamp, client->rate, may_jump)) {
	case FFNTP_DISSENT_BELIEVED:
		if (has_missed_leap_second(client, stamp))
			break;
		if (!revise_leap_second(client))
			return believe(client, stamp);
		break;
	case FFNTP_DISSENT_RATE:
		return believe_rate(client, stamp);
	case FFNTP_DISSENT_OPEN:
		break;
	}
	if (may_jump && client->dissent.exchanges == 1)
		ffntp_polling_restart(&client->polling, client->polling.next);
	else
		ffntp_polling_hurry(&client->polling, client->rate.period_s);
	return FFNTP_REFUSED_CONTRADICTION;
}

/* Whether an oscillator could have left its bound by as much since the last exchange that was believed. */
static bool could_wander(const struct ffntp_client *client, const struct ffntp_stamp *stamp, double gap_s)
{
	double elapsed_s = ffntp_counter_diff(stamp->tf, client->accepted_at) * client->rate.period_s;

	return magnitude(gap_s) <= FFNTP_WANDER_LIMIT * elapsed_s;
}

static double clock_minus_server_s(const struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	const struct ffntp_estimate *estimate = &client->estimate;
	double clock_s = ffntp_ntp_diff_s(estimate->reference, stamp->te) + estimate->correction_s +
			 ffntp_counter_diff(stamp->tf, estimate->at) * estimate->period_s;
	double rtt_s = (double)ffntp_stamp_rtt_ticks(stamp) * estimate->period_s;
	double residence_s = ffntp_ntp_diff_s(stamp->te, stamp->tb);

	return clock_s - (rtt_s - residence_s) / 2;
}

/* How far behind UTC a clock that smears is, at the time of a stamp. */
static double smear_behind_s(const struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	const struct ffntp_numbering *numbering = &client->leap.numbering;
	struct ffntp_time te = ffntp_time_from_ntp(stamp->te, client->pivot_s);
	struct ffntp_time utc = ffntp_numbering_tell(numbering, te, FFNTP_UTC);
	struct ffntp_time smeared = ffntp_numbering_tell(numbering, te, FFNTP_UTC_SMEARED);

	return (double)ffntp_time_diff_ns(utc, smeared) * 1e-9;
}

/* The line as it is, while nobody smears. */
static void watch_for_smear(struct ffntp_client *client, double behind_s)
{
	const struct ffntp_estimate *line = &client->smear.estimate;
	double age_s = ffntp_counter_diff(client->estimate.at, line->at) * client->rate.period_s;

	if (behind_s != 0 || client->accepted < FFNTP_TRUST_EXCHANGES ||
	    (client->smear.has_line && age_s < FFNTP_SMEAR_LINE_S))
		return;
	client->smear = (struct ffntp_smear_watch){
		.has_line = true,
		.estimate = client->estimate,
		.bound = client->bound,
		.rate = client->rate,
	};
}

/* What was learnt of the server since it began to smear is forgotten; the line from before goes on. */
static void forget_smear(struct ffntp_client *client, ffntp_counter now)
{
	const struct ffntp_smear_watch smear = client->smear;

	begin(client, smear.estimate.period_s, smear.rate.max_error);
	client->ops->warm(client->estimator, smear.estimate.period_s, smear.estimate.period_esterror);
	client->smear = smear;
	client->estimate = smear.estimate;
	client->bound = smear.bound;
	client->rate = smear.rate;
	client->has_estimate = client->has_stamp = true;
	publish(client);
	move_map(&client->map, now);
}

static bool is_smeared(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	bool was_smeared = client->smear.is_smeared;

	if (!ffntp_smear_judge(&client->smear, stamp, smear_behind_s(client, stamp)))
		return false;
	if (!was_smeared)
		forget_smear(client, stamp->tf);
	return true;
}

/* A stamp in the core's time scale, newer than all before it. */
static enum ffntp_verdict take(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	struct ffntp_bound bound = client->bound;
	double gap_s = ffntp_bound_add(&bound, stamp, client->rate);
	enum ffntp_verdict verdict;

	client->stamp = *stamp;
	client->has_stamp = true;
	if (ffntp_stamp_rtt_ticks(stamp) < client->rtt_min_ticks)
		client->rtt_min_ticks = ffntp_stamp_rtt_ticks(stamp);
	client->offset_s = client->has_estimate ? clock_minus_server_s(client, stamp) : 0;
	if (is_smeared(client, stamp))
		return FFNTP_REFUSED_SMEAR;
	if (gap_s != 0) {
		if (!could_wander(client, stamp, gap_s))
			return contradict(client, stamp);
		bound = ffntp_bound_from_stamp(stamp, client->rate);
	}
	verdict = client->ops->add(client->estimator, stamp, &client->estimate);
	if (!is_plausible(client))
		return start_over(client, stamp->tf);
	if (verdict != FFNTP_ACCEPTED)
		return contradict(client, stamp);
	client->bound = bound;
	learn(client);
	watch_for_smear(client, smear_behind_s(client, stamp));
	return FFNTP_ACCEPTED;
}

/* Where tb and te are to be expected: after ta, before tf, and a little more. */
static struct ffntp_leap_window expect(const struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	struct ffntp_bound bound = client->bound;
	double rtt_s = (double)ffntp_stamp_rtt_ticks(stamp) * client->rate.period_s;
	struct ffntp_time reference;

	if (!bound.is_known)
		return (struct ffntp_leap_window){ .is_known = false };
	ffntp_bound_age(&bound, stamp->tf, bound.reference, client->rate);
	reference = ffntp_time_from_ntp(bound.reference, client->pivot_s);
	return (struct ffntp_leap_window){
		.is_known = bound.latest_s - bound.earliest_s + rtt_s + 2 * FFNTP_LEAP_MARGIN_S < 1,
		.earliest = ffntp_mapping_add(reference, bound.earliest_s - rtt_s - FFNTP_LEAP_MARGIN_S),
		.latest = ffntp_mapping_add(reference, bound.latest_s + FFNTP_LEAP_MARGIN_S),
	};
}

/* What the leap indicator of a server announces. */
static int8_t announced(const struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	if (client->config.leap_trust != FFNTP_LEAP_TRUST_SERVER)
		return 0;
	return stamp->leap == 1 ? 1 : stamp->leap == 2 ? -1 : 0;
}

/* UTC on the wire becomes the core's time. False if a leap second makes that impossible. */
static bool to_core_time(struct ffntp_client *client, struct ffntp_stamp *stamp)
{
	const struct ffntp_leap_window window = expect(client, stamp);
	struct ffntp_time tb = ffntp_time_from_ntp(stamp->tb, client->pivot_s);
	struct ffntp_time te = ffntp_time_from_ntp(stamp->te, client->pivot_s);

	ffntp_leap_begin(&client->leap, te);
	if (!window.is_known && ffntp_leap_is_too_late(&client->leap, te, announced(client, stamp)))
		return false;
	if (!ffntp_leap_from_utc(&client->leap, tb, &window, &tb) ||
	    !ffntp_leap_from_utc(&client->leap, te, &window, &te))
		return false;
	stamp->tb = ffntp_ntp_from_time(tb);
	stamp->te = ffntp_ntp_from_time(te);
	return true;
}

/* What the server says of leap seconds, once it is believed to know the time. */
static void hear_leap(struct ffntp_client *client, const struct ffntp_stamp *stamp)
{
	struct ffntp_time te = ffntp_time_from_ntp(stamp->te, client->pivot_s);

	ffntp_leap_follow(&client->leap, te);
	if (client->config.leap_trust == FFNTP_LEAP_TRUST_SERVER)
		ffntp_leap_hear(&client->leap, te, (struct ffntp_leap_vote){ .sign = announced(client, stamp) });
}

/* A stamp in UTC. If it puts a leap second right it is looked at once more, by the new numbering. */
static enum ffntp_verdict take_from_wire(struct ffntp_client *client, const struct ffntp_stamp *wire)
{
	enum ffntp_verdict verdict;

	do {
		struct ffntp_stamp stamp = *wire;

		client->is_renumbered = false;
		if (!to_core_time(client, &stamp))
			return FFNTP_REFUSED_LEAP;
		verdict = take(client, &stamp);
	} while (client->is_renumbered);
	if (verdict == FFNTP_ACCEPTED)
		hear_leap(client, &client->stamp);
	return verdict;
}

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
	struct ffntp_stamp stamp;
	enum ffntp_verdict verdict = ffntp_exchange_finish(&client->exchange, bytes, length, tf, &limits, &stamp);

	if (verdict == FFNTP_ACCEPTED)
		verdict = take_from_wire(client, &stamp);
	count(client, verdict);
	if (was_waiting && !client->exchange.is_waiting)
		ffntp_polling_replied(&client->polling, verdict, client->rate.period_s);
	if (verdict == FFNTP_REFUSED_COUNTER)
		ffntp_client_disrupted(client, tf);
	return verdict;
}

/* --- what to say --- */

static enum ffntp_status status(const struct ffntp_client *client)
{
	if (!client->has_map)
		return client->is_disrupted ? FFNTP_STATUS_DISRUPTED : FFNTP_STATUS_INITIALISING;
	if (client->dissent.exchanges > 0)
		return client->config.counter_may_jump ? FFNTP_STATUS_DISRUPTED : FFNTP_STATUS_FREE_RUNNING;
	if (client->smear.is_smeared || client->polling.unanswered >= FFNTP_UNANSWERED_FREE_RUNNING)
		return FFNTP_STATUS_FREE_RUNNING;
	return FFNTP_STATUS_SYNCHRONISED;
}

/* Nothing may be read from it; it is whole all the same. */
static struct ffntp_map empty_map(const struct ffntp_client *client, ffntp_counter now)
{
	uint8_t shift = ffntp_mapping_shift(client->config.period_hint_s);

	return (struct ffntp_map){
		.counter_kind = client->config.counter_kind,
		.period_shift = shift,
		.disruption_marker = client->disruption_marker,
		.at = now,
		.period = ffntp_mapping_period(client->rate.period_s, shift),
		.maxerror_before_ns = UINT64_MAX,
		.maxerror_after_ns = UINT64_MAX,
	};
}

/*
 * What a map says of leap seconds holds at its 'at': that moves beyond each beginning and end of one, and to where
 * another one is the nearest.
 */
static void cross_leap_second(struct ffntp_client *client, ffntp_counter now)
{
	const struct ffntp_numbering *numbering = &client->leap.numbering;
	int64_t former_at_s = numbering->at_s;
	struct ffntp_time time;

	if ((int64_t)(now - client->map.at) <= 0)
		return;
	time = ffntp_map_time(&client->map, now);
	ffntp_leap_follow(&client->leap, time);
	if (numbering->at_s != former_at_s ||
	    ffntp_leap_phase(numbering, time) != ffntp_leap_phase(numbering, client->map.time))
		move_map(&client->map, now);
}

void ffntp_client_output(struct ffntp_client *client, ffntp_counter now, struct ffntp_map *map)
{
	double keep_s = larger(FFNTP_VOID_POLLS * client->polling.interval_s, FFNTP_VOID_S);

	expire_if_overdue(client, now);
	if (client->has_map)
		cross_leap_second(client, now);
	*map = client->has_map ? client->map : empty_map(client, now);
	if (client->has_map)
		ffntp_leap_describe(&client->leap, map);
	map->status = status(client);
	map->void_after = now + (ffntp_counter)(keep_s / client->rate.period_s);
}

static uint32_t saturated_ns(double s)
{
	uint64_t ns = ffntp_mapping_ns(s);

	return ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

/* 2^63 ns are 292 years: a counter may read as much, whatever it has counted. */
static int64_t saturated_signed_ns(double s)
{
	double ns = s * 1e9;

	if (!(ns > -0x1p63))
		return INT64_MIN;
	return ns < 0x1p63 ? (int64_t)ns : INT64_MAX;
}

static uint8_t log2_rounded_up(double interval_s)
{
	uint8_t log2 = 0;

	while ((double)(UINT64_C(1) << log2) < interval_s)
		log2++;
	return log2;
}

void ffntp_client_source(const struct ffntp_client *client, struct ffntp_source *source)
{
	*source = (struct ffntp_source){
		.reach = client->polling.reach,
		.poll_log2_s = log2_rounded_up(client->polling.interval_s),
	};
	for (unsigned i = 0; i < FFNTP_VERDICTS; i++)
		source->verdicts[i] = client->verdicts[i];
	if (!client->has_stamp)
		return;
	source->stratum = client->stamp.stratum;
	source->leap = client->stamp.leap;
	source->refid = client->stamp.refid;
	source->offset_ns = saturated_signed_ns(client->offset_s);
	source->rtt_ns = ffntp_mapping_ns((double)ffntp_stamp_rtt_ticks(&client->stamp) * client->rate.period_s);
	source->rtt_min_ns = ffntp_mapping_ns((double)client->rtt_min_ticks * client->rate.period_s);
	source->root_delay_ns = saturated_ns(client->stamp.root_delay_s);
	source->root_dispersion_ns = saturated_ns(client->stamp.root_dispersion_s);
	source->last_accepted = client->accepted_at;
}
