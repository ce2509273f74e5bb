/* law_params: the delay-law estimator's constants as one value, so that a test can change one of them. See ../params.h.
 */
#ifndef FFNTP_CORE_LAW_PARAMS_H
#define FFNTP_CORE_LAW_PARAMS_H

#include "../params.h"

/* Units and reasons are those of the FFNTP_LAW_ constants of the same name. */
struct ffntp_law_params {
	/* the density of a law */
	double memory;
	double early;
	double wide_share;
	double wide_scale;
	double wide_distance;
	double split;
	double agree_sd;
	double slope_prior;
	double slope_most;
	double tail_mass;
	double tail_width;
	double generation;
	double smooth_growth;
	/* the floors */
	double shape_least;
	double shape_span;
	double shape_median;
	double shape_sd;
	double alike_sd;
	double alike_share;
	double gap_least;
	double gap_most;
	double count_share;
	double lepski_sd;
	double floor_blur;
	double end_doubt;
	double unlike_least;
	double gauge_modesty;
	double gauge_growth;
	/* the oscillator */
	double wander_start;
	double wander_least;
	double wander_most;
	double wander_slide;
	double wander_leak;
	double reach_sd;
	double narrow_points;
	double young;
	double correlation_sd;
	double sound_sd;
	/* congestion */
	double mute_on;
	double mute_off;
	double mute_exchanges;
	double mute_weight;
	double opposite;
	/* drift of both floors */
	double drift_exchanges;
	double drift_score;
	double drift_price;
	double drift_noise;
	/* changes */
	double fast_rank;
	double slow_rank;
	double open_score;
	double change_price;
	double congested_price;
	double congested_mean;
	double rate_step;
	double rate_jump;
	double trust;
	double trust_young;
	double close_exchanges;
	double close_score;
	double congested_score;
	double lead_score;
	double time_score;
	double time_sure;
	double contradiction_sd;
	double doubted_exchanges;
	double over_score;
	double rate_exchanges;
	double rate_doubt;
	double path_exchanges;
	double path_s;
	double return_sd;
	double trial_exchanges;
	double patience_exchanges;
	/* the estimate */
	double modesty;
	double learnt;
	double stable_s;
	double noise_guess;
	double noise_least_s;
};

/* clang-format off */
#define FFNTP_LAW_PARAMS \
	{ \
		.memory = FFNTP_LAW_MEMORY, \
		.early = FFNTP_LAW_EARLY, \
		.wide_share = FFNTP_LAW_WIDE_SHARE, \
		.wide_scale = FFNTP_LAW_WIDE_SCALE, \
		.wide_distance = FFNTP_LAW_WIDE_DISTANCE, \
		.split = FFNTP_LAW_SPLIT, \
		.agree_sd = FFNTP_LAW_AGREE_SD, \
		.slope_prior = FFNTP_LAW_SLOPE_PRIOR, \
		.slope_most = FFNTP_LAW_SLOPE_MOST, \
		.tail_mass = FFNTP_LAW_TAIL_MASS, \
		.tail_width = FFNTP_LAW_TAIL_WIDTH, \
		.generation = FFNTP_LAW_GENERATION, \
		.smooth_growth = FFNTP_LAW_SMOOTH_GROWTH, \
		.shape_least = FFNTP_LAW_SHAPE_LEAST, \
		.shape_span = FFNTP_LAW_SHAPE_SPAN, \
		.shape_median = FFNTP_LAW_SHAPE_MEDIAN, \
		.shape_sd = FFNTP_LAW_SHAPE_SD, \
		.alike_sd = FFNTP_LAW_ALIKE_SD, \
		.alike_share = FFNTP_LAW_ALIKE_SHARE, \
		.gap_least = FFNTP_LAW_GAP_LEAST, \
		.gap_most = FFNTP_LAW_GAP_MOST, \
		.count_share = FFNTP_LAW_COUNT_SHARE, \
		.lepski_sd = FFNTP_LAW_LEPSKI_SD, \
		.floor_blur = FFNTP_LAW_FLOOR_BLUR, \
		.end_doubt = FFNTP_LAW_END_DOUBT, \
		.unlike_least = FFNTP_LAW_UNLIKE_LEAST, \
		.gauge_modesty = FFNTP_LAW_GAUGE_MODESTY, \
		.gauge_growth = FFNTP_LAW_GAUGE_GROWTH, \
		.wander_start = FFNTP_LAW_WANDER_START, \
		.wander_least = FFNTP_LAW_WANDER_LEAST, \
		.wander_most = FFNTP_LAW_WANDER_MOST, \
		.wander_slide = FFNTP_LAW_WANDER_SLIDE, \
		.wander_leak = FFNTP_LAW_WANDER_LEAK, \
		.reach_sd = FFNTP_LAW_REACH_SD, \
		.narrow_points = FFNTP_LAW_NARROW_POINTS, \
		.young = FFNTP_LAW_YOUNG, \
		.correlation_sd = FFNTP_LAW_CORRELATION_SD, \
		.sound_sd = FFNTP_LAW_SOUND_SD, \
		.mute_on = FFNTP_LAW_MUTE_ON, \
		.mute_off = FFNTP_LAW_MUTE_OFF, \
		.mute_exchanges = FFNTP_LAW_MUTE_EXCHANGES, \
		.mute_weight = FFNTP_LAW_MUTE_WEIGHT, \
		.opposite = FFNTP_LAW_OPPOSITE, \
		.drift_exchanges = FFNTP_LAW_DRIFT_EXCHANGES, \
		.drift_score = FFNTP_LAW_DRIFT_SCORE, \
		.drift_price = FFNTP_LAW_DRIFT_PRICE, \
		.drift_noise = FFNTP_LAW_DRIFT_NOISE, \
		.fast_rank = FFNTP_LAW_FAST_RANK, \
		.slow_rank = FFNTP_LAW_SLOW_RANK, \
		.open_score = FFNTP_LAW_OPEN_SCORE, \
		.change_price = FFNTP_LAW_CHANGE_PRICE, \
		.congested_price = FFNTP_LAW_CONGESTED_PRICE, \
		.congested_mean = FFNTP_LAW_CONGESTED_MEAN, \
		.rate_step = FFNTP_LAW_RATE_STEP, \
		.rate_jump = FFNTP_LAW_RATE_JUMP, \
		.trust = FFNTP_LAW_TRUST, \
		.trust_young = FFNTP_LAW_TRUST_YOUNG, \
		.close_exchanges = FFNTP_LAW_CLOSE_EXCHANGES, \
		.close_score = FFNTP_LAW_CLOSE_SCORE, \
		.congested_score = FFNTP_LAW_CONGESTED_SCORE, \
		.lead_score = FFNTP_LAW_LEAD_SCORE, \
		.time_score = FFNTP_LAW_TIME_SCORE, \
		.time_sure = FFNTP_LAW_TIME_SURE, \
		.contradiction_sd = FFNTP_LAW_CONTRADICTION_SD, \
		.doubted_exchanges = FFNTP_LAW_DOUBTED_EXCHANGES, \
		.over_score = FFNTP_LAW_OVER_SCORE, \
		.rate_exchanges = FFNTP_LAW_RATE_EXCHANGES, \
		.rate_doubt = FFNTP_LAW_RATE_DOUBT, \
		.path_exchanges = FFNTP_LAW_PATH_EXCHANGES, \
		.path_s = FFNTP_LAW_PATH_S, \
		.return_sd = FFNTP_LAW_RETURN_SD, \
		.trial_exchanges = FFNTP_LAW_TRIAL_EXCHANGES, \
		.patience_exchanges = FFNTP_LAW_PATIENCE_EXCHANGES, \
		.modesty = FFNTP_LAW_MODESTY, \
		.learnt = FFNTP_LAW_LEARNT, \
		.stable_s = FFNTP_LAW_STABLE_S, \
		.noise_guess = FFNTP_LAW_NOISE_GUESS, \
		.noise_least_s = FFNTP_LAW_NOISE_LEAST_S, \
	}
/* clang-format on */

#endif
