/* association: see association.h. */
#include "association.h"

#include "maths.h"

void ffntp_association_init(struct ffntp_association *association, void *estimator,
			    const struct ffntp_polling_config *polling, double max_root_distance_s, ffntp_counter now)
{
	*association = (struct ffntp_association){ 0 };
	association->estimator = estimator;
	association->max_root_distance_s = max_root_distance_s;
	association->rtt_min_ticks = UINT64_MAX;
	ffntp_polling_init(&association->polling, polling, now);
}

void ffntp_association_change_server(struct ffntp_association *association, ffntp_counter now)
{
	const struct ffntp_polling_config config = association->polling.config;

	association->is_smeared = false;
	association->rtt_min_ticks = UINT64_MAX;
	association->has_stamp = false;
	for (unsigned i = 0; i < FFNTP_VERDICTS; i++)
		association->verdicts[i] = 0;
	ffntp_exchange_expire(&association->exchange);
	if (FFNTP_CAN_INTERLEAVE)
		ffntp_exchange_forget(&association->exchange);
	association->exchange.grain = (struct ffntp_grain){ 0 };
	if (FFNTP_CAN_REFINE) {
		ffntp_rootfield_forget(&association->exchange.root_field);
		association->accepted_clock.is_known = false;
	}
	ffntp_polling_init(&association->polling, &config, now);
}

void ffntp_association_disrupted(struct ffntp_association *association)
{
	ffntp_exchange_expire(&association->exchange);
	association->exchange.has_last_tf = association->exchange.has_former = false;
	ffntp_grain_break(&association->exchange.grain);
}

void ffntp_association_correct(const struct ffntp_association *association, struct ffntp_stamp *stamp)
{
	uint64_t units = (uint64_t)(int64_t)(association->correction_s * 0x1p32);

	stamp->tb.units += units;
	stamp->te.units += units;
	stamp->root_dispersion_s += ffntp_fabs(association->correction_s);
}

void ffntp_association_observe(struct ffntp_association *association, const struct ffntp_stamp *stamp, double offset_s)
{
	association->stamp = *stamp;
	association->has_stamp = true;
	association->offset_s = offset_s;
	if (ffntp_stamp_rtt_ticks(stamp) < association->rtt_min_ticks)
		association->rtt_min_ticks = ffntp_stamp_rtt_ticks(stamp);
}

double ffntp_association_excess_ticks(const struct ffntp_association *association, const struct ffntp_stamp *stamp)
{
	return ffntp_ticks(ffntp_stamp_rtt_ticks(stamp) - association->rtt_min_ticks);
}

bool ffntp_association_server_has_moved(const struct ffntp_association *association, double offset_s)
{
	return FFNTP_CAN_REFINE && ffntp_rootfield_has_moved(&association->accepted_clock,
							     &association->exchange.server_clock, ffntp_fabs(offset_s));
}

void ffntp_association_count(struct ffntp_association *association, enum ffntp_verdict verdict)
{
	if (association->verdicts[verdict] < UINT32_MAX)
		association->verdicts[verdict]++;
}
