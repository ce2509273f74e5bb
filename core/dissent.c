/* dissent: see dissent.h. */
#include "dissent.h"

#include "maths.h"
#include "params.h"

static void count(uint32_t *counter, bool is_counted)
{
	if (is_counted && *counter < UINT32_MAX)
		++*counter;
}

/* --- candidates --- */

static void drop(struct ffntp_dissent *dissent, unsigned index)
{
	dissent->count--;
	for (unsigned i = index; i < dissent->count; i++)
		dissent->candidate[i] = dissent->candidate[i + 1];
}

/* Return whether the stamp agrees with the candidate. If it does, it narrows the candidate's bound and rate range. */
static bool agrees(struct ffntp_candidate *candidate, const struct ffntp_stamp *stamp)
{
	struct ffntp_rate_bound rate = ffntp_rate_range_now(&candidate->range);
	const struct ffntp_bound interval = ffntp_bound_from_stamp(stamp, rate);

	if (!ffntp_bound_meets(&candidate->bound, &interval, rate, FFNTP_DISSENT_OVERLAP))
		return false;
	if (ffntp_bound_add(&candidate->bound, &interval, rate) != 0)
		return false;
	candidate->until = stamp->tf;
	(void)ffntp_rate_range_add(&candidate->range, &candidate->bound);
	return true;
}

/* Count the exchange for each candidate. Returns whether any candidate agrees with it. */
static bool count_all(struct ffntp_dissent *dissent, const struct ffntp_dissent_case *fact)
{
	bool is_placed = false;

	for (unsigned i = 0; i < dissent->count; i++) {
		struct ffntp_candidate *candidate = &dissent->candidate[i];
		bool is_mine = agrees(candidate, fact->stamp);

		count(&candidate->all, true);
		count(&candidate->agreed, is_mine);
		count(&candidate->alone, is_mine && !fact->agrees);
		count(&candidate->clock_alone, fact->agrees && !is_mine);
		candidate->run = fact->agrees ? candidate->run : 0;
		count(&candidate->run, fact->agrees);
		candidate->excludes_clock |= is_mine && fact->is_outside;
		is_placed |= is_mine;
	}
	return is_placed;
}

static unsigned weakest(const struct ffntp_dissent *dissent)
{
	unsigned index = 0;

	for (unsigned i = 1; i < dissent->count; i++)
		if (dissent->candidate[i].alone <= dissent->candidate[index].alone)
			index = i;
	return index;
}

static void begin_candidate(struct ffntp_dissent *dissent, const struct ffntp_dissent_case *fact)
{
	struct ffntp_candidate *candidate;

	if (dissent->count == FFNTP_DISSENT_CANDIDATES)
		drop(dissent, weakest(dissent));
	candidate = &dissent->candidate[dissent->count++];
	*candidate = (struct ffntp_candidate){
		.first = *fact->stamp,
		.until = fact->stamp->tf,
		.excludes_clock = fact->is_outside,
		.all = 1,
		.agreed = 1,
		.alone = 1,
	};
	ffntp_rate_range_begin(&candidate->range, fact->hint, fact->max_drift);
	candidate->bound = ffntp_bound_from_stamp(fact->stamp, ffntp_rate_range_now(&candidate->range));
	(void)ffntp_rate_range_add(&candidate->range, &candidate->bound);
}

/* --- rates beyond the hint --- */

/*
 * Intersect the rates that lead from the former contradicting exchange to this one with those of the steps before;
 * start again if they are disjoint. Rates that no counter has are left out, so that steps of such rates are disjoint.
 */
static void align(struct ffntp_dissent *dissent, const struct ffntp_bound *interval, bool is_placed)
{
	double least_s, most_s;

	if (!dissent->newest.is_known || is_placed) {
		dissent->aligned = 0;
		dissent->newest = *interval;
		return;
	}
	ffntp_bound_rates(&dissent->newest, interval, &least_s, &most_s);
	dissent->newest = *interval;
	least_s = ffntp_fmax(least_s, FFNTP_PERIOD_LEAST_S);
	most_s = ffntp_fmin(most_s, FFNTP_PERIOD_MOST_S);
	if (dissent->aligned > 0 && (least_s > dissent->most_s || most_s < dissent->least_s))
		dissent->aligned = 0;
	if (dissent->aligned == 0 || least_s > dissent->least_s)
		dissent->least_s = least_s;
	if (dissent->aligned == 0 || most_s < dissent->most_s)
		dissent->most_s = most_s;
	dissent->aligned++;
}

/* --- decisions --- */

/*
 * Return whether the candidate's exchanges have persisted for long enough, are numerous enough, and are more than half
 * of all.
 */
static bool persists(const struct ffntp_candidate *candidate)
{
	double period_s = ffntp_rate_range_now(&candidate->range).period_s;
	double lasted_s = ffntp_counter_diff(candidate->until, candidate->first.tf) * period_s;

	return lasted_s >= FFNTP_DISSENT_PERSIST_S && candidate->agreed >= FFNTP_DISSENT_EXCHANGES &&
	       candidate->agreed > candidate->all / 2;
}

/*
 * Return whether few exchanges suffice. Where the counter may jump, a burst that agrees with itself does. Against a
 * young clock, more exchanges do than have ever agreed with it.
 */
static bool prevails(const struct ffntp_candidate *candidate, const struct ffntp_dissent_case *fact)
{
	if (fact->may_jump && candidate->alone >= FFNTP_DISSENT_JUMP_EXCHANGES && candidate->alone > candidate->all / 2)
		return true;
	return fact->clock_exchanges < FFNTP_DISSENT_YOUNG && candidate->agreed > fact->clock_exchanges;
}

/*
 * Return whether exchanges that all agree with one another prove a rate that the clock's range excludes. Where each of
 * them may lie in the clock's bound it takes more of them, because a single one contradicts nothing.
 */
static bool has_other_rate(const struct ffntp_candidate *candidate, const struct ffntp_dissent_case *fact)
{
	uint32_t needed = candidate->excludes_clock ? FFNTP_DISSENT_RATE_EXCHANGES : FFNTP_DISSENT_EXCHANGES;

	return candidate->alone == candidate->all && candidate->alone >= needed &&
	       ffntp_rate_range_excludes(&candidate->range, fact->rate);
}

/*
 * Return whether the clock's exchanges outweigh the candidate's: by number, or because only the clock's have come of
 * late.
 */
static bool is_over(const struct ffntp_candidate *candidate)
{
	unsigned both = candidate->agreed - candidate->alone;
	unsigned clock = candidate->clock_alone > 0 ? candidate->clock_alone : both;

	return clock >= candidate->alone || candidate->run >= FFNTP_DISSENT_EXCHANGES;
}

static enum ffntp_dissent_outcome judge(const struct ffntp_candidate *candidate, const struct ffntp_dissent_case *fact)
{
	if (fact->agrees && is_over(candidate))
		return candidate->excludes_clock && candidate->clock_alone == 0 ? FFNTP_DISSENT_MERGED
										: FFNTP_DISSENT_NONE;
	if (candidate->until != fact->stamp->tf)
		return FFNTP_DISSENT_OPEN;
	if (has_other_rate(candidate, fact))
		return FFNTP_DISSENT_RATE;
	return persists(candidate) || prevails(candidate, fact) ? FFNTP_DISSENT_BELIEVED : FFNTP_DISSENT_OPEN;
}

enum ffntp_dissent_outcome ffntp_dissent_add(struct ffntp_dissent *dissent, const struct ffntp_dissent_case *fact,
					     struct ffntp_candidate *decided)
{
	bool is_placed = count_all(dissent, fact);
	struct ffntp_bound interval = ffntp_bound_from_stamp(fact->stamp, fact->hint);

	if (fact->agrees) {
		dissent->newest.is_known = false;
	} else {
		align(dissent, &interval, is_placed);
		if (!is_placed)
			begin_candidate(dissent, fact);
	}
	for (unsigned i = 0; i < dissent->count;) {
		enum ffntp_dissent_outcome outcome = judge(&dissent->candidate[i], fact);

		if (outcome == FFNTP_DISSENT_OPEN) {
			i++;
			continue;
		}
		*decided = dissent->candidate[i];
		drop(dissent, i);
		if (outcome != FFNTP_DISSENT_NONE)
			return outcome;
	}
	if (!fact->agrees && dissent->aligned >= FFNTP_DISSENT_ALIGNED_STEPS)
		return FFNTP_DISSENT_ALIGNED;
	if (dissent->count == 0)
		*dissent = (struct ffntp_dissent){ 0 };
	return dissent->count == 0 ? FFNTP_DISSENT_NONE : FFNTP_DISSENT_OPEN;
}
