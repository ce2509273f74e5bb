/* dissent: see dissent.h. */
#include "dissent.h"

#include "params.h"

/* Starts over with this exchange. */
static void begin(struct ffntp_dissent *dissent, const struct ffntp_stamp *stamp, struct ffntp_rate_bound rate)
{
	dissent->exchanges = 1;
	dissent->since = stamp->tf;
	dissent->rival = ffntp_bound_from_stamp(stamp, rate);
}

/* Which rates lead from the rival, as the exchange before left it, to this exchange; and from those before it. */
static void align(struct ffntp_dissent *dissent, const struct ffntp_bound *before, const struct ffntp_stamp *stamp,
		  struct ffntp_rate_bound rate)
{
	struct ffntp_bound after = ffntp_bound_from_stamp(stamp, rate);
	double least_s, most_s;

	ffntp_bound_rates(before, &after, &least_s, &most_s);
	if (dissent->aligned > 0 && (least_s > dissent->most_s || most_s < dissent->least_s))
		dissent->aligned = 0;
	if (dissent->aligned == 0 || least_s > dissent->least_s)
		dissent->least_s = least_s;
	if (dissent->aligned == 0 || most_s < dissent->most_s)
		dissent->most_s = most_s;
	dissent->aligned++;
}

enum ffntp_dissent_outcome ffntp_dissent_add(struct ffntp_dissent *dissent, const struct ffntp_stamp *stamp,
					     struct ffntp_rate_bound rate, bool may_jump)
{
	const struct ffntp_bound before = dissent->rival;
	double lasted_s;

	if (dissent->exchanges == 0) {
		begin(dissent, stamp, rate);
		return FFNTP_DISSENT_OPEN;
	}
	if (ffntp_bound_add(&dissent->rival, stamp, rate) != 0) {
		align(dissent, &before, stamp, rate);
		begin(dissent, stamp, rate);
		return dissent->aligned >= FFNTP_DISSENT_ALIGNED ? FFNTP_DISSENT_RATE : FFNTP_DISSENT_OPEN;
	}
	dissent->exchanges++;
	dissent->aligned = 0;
	lasted_s = ffntp_counter_diff(stamp->tf, dissent->since) * rate.period_s;
	if (may_jump && dissent->exchanges >= FFNTP_DISSENT_JUMP_EXCHANGES)
		return FFNTP_DISSENT_BELIEVED;
	if (dissent->exchanges >= FFNTP_DISSENT_EXCHANGES && lasted_s >= FFNTP_DISSENT_PERSIST_S)
		return FFNTP_DISSENT_BELIEVED;
	return FFNTP_DISSENT_OPEN;
}
