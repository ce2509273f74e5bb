/* publisher: see publisher.h. */
#include "publisher.h"

#include "assert.h"
#include "clock.h"
#include "mapping.h"
#include "maths.h"
#include "params.h"

/*
 * Derive the next marker from the counter. A marker that counts up by one would repeat when a machine is restored into
 * its past while its counter goes on.
 */
static uint64_t marker_after(uint64_t former, ffntp_counter now)
{
	return (int64_t)(now - former) > 0 ? now : former + 1;
}

void ffntp_publisher_break(struct ffntp_publisher *publisher, ffntp_counter now)
{
	publisher->disruption_marker = marker_after(publisher->disruption_marker, now);
	publisher->promise = (struct ffntp_promise){ 0 };
}

void ffntp_publisher_break_counter(struct ffntp_publisher *publisher, ffntp_counter now)
{
	uint32_t former = publisher->counter_marker;

	ffntp_publisher_break(publisher, now);
	publisher->counter_marker = (uint32_t)publisher->disruption_marker;
	if (publisher->counter_marker == former)
		publisher->counter_marker++;
}

void ffntp_publisher_continue(struct ffntp_publisher *publisher, const struct ffntp_map *former)
{
	double unit_s = ffntp_mapping_period_s(1, former->period_shift);
	struct ffntp_claim claim = {
		.value_s = 0,
		.before_s = (double)former->maxerror_before_ns * 1e-9,
		.after_s = (double)former->maxerror_after_ns * 1e-9,
		.period_s = (double)former->period * unit_s,
		.period_error_s = (double)former->period_maxerror * unit_s,
	};

	publisher->promise.at = former->at;
	publisher->promise.reference = ffntp_ntp_from_time(former->time);
	ffntp_promise_add(&publisher->promise, &claim);
}

/*
 * Return the standard deviation of the estimate at its 'at' (s); until the estimate has settled, at least a quarter of
 * the bound's width.
 */
static double trusted_esterror_s(const struct ffntp_finding *finding)
{
	double esterror_s = finding->estimate->esterror_s;
	double width_s = finding->bound.latest_s - finding->bound.earliest_s;

	return finding->is_settled ? esterror_s : ffntp_fmax(esterror_s, width_s / 4);
}

/* Return whether the estimate's error allows a line, now and ahead_ticks later. */
static bool is_credible(const struct ffntp_finding *finding, const struct ffntp_claim *wanted,
			const struct ffntp_claim *kept, double ahead_ticks)
{
	double ahead_s = ahead_ticks * wanted->period_s;
	double esterror_s = trusted_esterror_s(finding);
	double moved_s = kept->value_s - wanted->value_s;
	double moved_ahead_s = moved_s + (kept->period_s - wanted->period_s) * ahead_ticks;

	return ffntp_is_within(kept->value_s, finding->bound.earliest_s, finding->bound.latest_s) &&
	       ffntp_fabs(moved_s) <= FFNTP_PROMISE_SIGMAS * esterror_s &&
	       ffntp_fabs(moved_ahead_s) <=
		       FFNTP_PROMISE_SIGMAS * (esterror_s + ahead_s * finding->estimate->period_esterror);
}

/*
 * Hold the line inside all bounds published before. If no line is inside, or only one that the estimate excludes, a
 * published bound was wrong, because the oscillator exceeded its assumed limits or the counter jumped unnoticed. Then
 * drop the bounds.
 */
static void keep_promises(struct ffntp_publisher *publisher, const struct ffntp_finding *finding,
			  struct ffntp_claim *claim)
{
	const struct ffntp_claim wanted = *claim;
	double ahead_ticks = FFNTP_PROMISE_POLLS * finding->poll_s / claim->period_s;
	struct ffntp_promise *promise = &publisher->promise;
	bool is_kept;

	ffntp_promise_move(promise, finding->bound.at, finding->bound.reference);
	is_kept = ffntp_promise_fit(promise, ahead_ticks, &claim->value_s, &claim->period_s);
	if (is_kept && is_credible(finding, &wanted, claim, ahead_ticks))
		return;
	if (publisher->has_map)
		ffntp_publisher_break(publisher, finding->bound.at);
	else
		ffntp_publisher_break_counter(publisher, finding->bound.at);
	promise->at = finding->bound.at;
	promise->reference = finding->bound.reference;
	*claim = wanted;
}

/*
 * Return the linear function to publish: the estimate, limited to the bound and to all bounds published before, with
 * its error.
 */
static struct ffntp_claim make_claim(struct ffntp_publisher *publisher, const struct ffntp_finding *finding)
{
	const struct ffntp_estimate *estimate = finding->estimate;
	const struct ffntp_bound *bound = &finding->bound;
	struct ffntp_claim claim = {
		.value_s = ffntp_clamp(estimate->correction_s, bound->earliest_s, bound->latest_s),
		.period_s = estimate->period_s,
	};

	keep_promises(publisher, finding, &claim);
	claim.before_s = claim.value_s - bound->earliest_s;
	claim.after_s = bound->latest_s - claim.value_s;
	claim.period_error_s =
		finding->rate.period_s * finding->rate.max_error + ffntp_fabs(claim.period_s - finding->rate.period_s);
	FFNTP_ASSERT(claim.before_s >= 0 && claim.after_s >= 0);
	FFNTP_ASSERT(claim.period_s > 0);
	return claim;
}

/* Set the map's fields; status and leap fields stay as they are. */
static void set_map(struct ffntp_publisher *publisher, const struct ffntp_finding *finding,
		    const struct ffntp_claim *claim)
{
	const struct ffntp_estimate *estimate = finding->estimate;
	struct ffntp_time reference = ffntp_time_from_ntp(estimate->reference, finding->pivot_s);
	double moved_s = ffntp_fabs(claim->value_s - estimate->correction_s);
	double bound_s = ffntp_fmax(claim->before_s, claim->after_s);
	struct ffntp_map *map = &publisher->map;
	uint8_t shift = publisher->period_shift;

	map->counter_kind = publisher->counter_kind;
	map->period_shift = publisher->period_shift;
	map->disruption_marker = publisher->disruption_marker;
	map->counter_marker = publisher->counter_marker;
	map->at = estimate->at;
	map->time = ffntp_mapping_add(reference, claim->value_s);
	map->period = ffntp_mapping_period(claim->period_s, shift);
	map->period_esterror = ffntp_mapping_period(estimate->period_s * estimate->period_esterror, shift);
	map->period_maxerror = ffntp_mapping_period(claim->period_error_s, shift) + 1;
	/* No error exceeds the bound, and so no standard deviation of it. */
	map->esterror_ns = ffntp_mapping_ns(ffntp_fmin(estimate->esterror_s + moved_s, bound_s));
	map->asymmetry_esterror_ns = ffntp_mapping_ns(estimate->asymmetry_esterror_s);
	map->maxerror_before_ns = ffntp_mapping_ns(claim->before_s) + 1;
	map->maxerror_after_ns = ffntp_mapping_ns(claim->after_s) + 1;
	map->stable_period = ffntp_mapping_period(estimate->stable_period_s, shift);
	map->stable_esterror = ffntp_mapping_period(estimate->stable_period_s * estimate->stable_esterror, shift);
}

void ffntp_publisher_publish(struct ffntp_publisher *publisher, struct ffntp_finding *finding)
{
	struct ffntp_claim claim;

	FFNTP_ASSERT(finding->bound.is_known);
	FFNTP_ASSERT(finding->estimate->period_s > 0 && finding->estimate->esterror_s >= 0);
	ffntp_bound_age(&finding->bound, finding->estimate->at, finding->estimate->reference, finding->rate);
	claim = make_claim(publisher, finding);
	set_map(publisher, finding, &claim);
	publisher->has_map = true;
	FFNTP_ASSERT(publisher->map.period > 0);
	/* The map rounds its errors up to whole nanoseconds. */
	claim.before_s += 1e-9;
	claim.after_s += 1e-9;
	ffntp_promise_add(&publisher->promise, &claim);
}

void ffntp_publisher_move(struct ffntp_publisher *publisher, ffntp_counter at)
{
	struct ffntp_map *map = &publisher->map;
	struct ffntp_time time = ffntp_map_time(map, at);
	uint64_t ticks = at - map->at;
	uint64_t drift_ns = ffntp_map_maxerror_ns(map, 0, ticks);

	map->maxerror_before_ns += drift_ns;
	map->maxerror_after_ns += drift_ns;
	map->esterror_ns = ffntp_map_esterror_ns(map, ticks);
	map->at = at;
	map->time = time;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Return the error that the map needs at its 'at' to reach error_s after growing by drift_s. */
static uint64_t needed_ns(double error_s, double drift_s)
{
	return error_s > drift_s ? ffntp_mapping_ns(error_s - drift_s) + 1 : 0;
}

void ffntp_publisher_admit(struct ffntp_map *map, struct ffntp_bound bound, struct ffntp_rate_bound rate)
{
	double period_s = ffntp_mapping_period_s(map->period, map->period_shift);
	double period_error_s = rate.period_s * rate.max_error + ffntp_fabs(period_s - rate.period_s);
	ffntp_counter from = ffntp_counter_diff(bound.at, map->at) > 0 ? bound.at : map->at;
	double drift_s;

	map->period_maxerror =
		larger(map->period_maxerror, ffntp_mapping_period(period_error_s, map->period_shift) + 1);
	drift_s = (double)(from - map->at) * ffntp_mapping_period_s(map->period_maxerror, map->period_shift);
	ffntp_bound_age(&bound, from, ffntp_ntp_from_time(ffntp_map_time(map, from)), rate);
	map->maxerror_before_ns = larger(map->maxerror_before_ns, needed_ns(-bound.earliest_s, drift_s));
	map->maxerror_after_ns = larger(map->maxerror_after_ns, needed_ns(bound.latest_s, drift_s));
}

struct ffntp_map ffntp_publisher_nothing(const struct ffntp_publisher *publisher, double period_s, ffntp_counter now)
{
	return (struct ffntp_map){
		.counter_kind = publisher->counter_kind,
		.period_shift = publisher->period_shift,
		.disruption_marker = publisher->disruption_marker,
		.counter_marker = publisher->counter_marker,
		.at = now,
		.period = ffntp_mapping_period(period_s, publisher->period_shift),
		.maxerror_before_ns = UINT64_MAX,
		.maxerror_after_ns = UINT64_MAX,
	};
}
