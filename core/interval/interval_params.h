/* interval_params: the interval filter's numbers as one value, so that a test
 * can change one of them. See ../params.h. */
#ifndef FFNTP_CORE_INTERVAL_PARAMS_H
#define FFNTP_CORE_INTERVAL_PARAMS_H

#include <stdint.h>

#include "../params.h"

/* Units and reasons are those of the FFNTP_INTERVAL_ constants of the same
 * name. */
struct ffntp_interval_params {
	/* the oscillator */
	double wander_start, wander_step, wander_least, wander_most;
	double wander_slide, wander_leak;
	/* the noise of a path */
	double noise_guess, noise_gain, noise_least_s, noise_tail, burst_noise, burst_gain;
	double soft_start, soft_least, soft_most, soft_gain, soft_young;
	/* its floor and its levels */
	uint32_t path_settled;
	double fall_sd, fall_noise;
	uint32_t run_least, run_short, run_doubt, run_recall, window;
	double run_noise, run_tail, run_spread, run_mixed, window_noise;
	double recall_sd, recall_noise, divide_any, quieter;
	/* contradictions */
	double contradiction_sd;
	double kick_least, kick_most, kick_reach, time_gap, both_skew, both_share, server_turns;
	double true_share, rate_share, rate_sd, skew_sd;
	uint32_t rate_stamps, small_stamps;
	double small_noise, small_sd;
	/* what is put out */
	double modesty, learnt, stable_s;
};

/* clang-format off */
#define FFNTP_INTERVAL_PARAMS \
	{ \
		.wander_start = FFNTP_INTERVAL_WANDER_START, \
		.wander_step = FFNTP_INTERVAL_WANDER_STEP, \
		.wander_least = FFNTP_INTERVAL_WANDER_LEAST, \
		.wander_most = FFNTP_INTERVAL_WANDER_MOST, \
		.wander_slide = FFNTP_INTERVAL_WANDER_SLIDE, \
		.wander_leak = FFNTP_INTERVAL_WANDER_LEAK, \
		.noise_guess = FFNTP_INTERVAL_NOISE_GUESS, \
		.noise_gain = FFNTP_INTERVAL_NOISE_GAIN, \
		.noise_least_s = FFNTP_INTERVAL_NOISE_LEAST_S, \
		.noise_tail = FFNTP_INTERVAL_NOISE_TAIL, \
		.burst_noise = FFNTP_INTERVAL_BURST_NOISE, \
		.burst_gain = FFNTP_INTERVAL_BURST_GAIN, \
		.soft_start = FFNTP_INTERVAL_SOFT_START, \
		.soft_least = FFNTP_INTERVAL_SOFT_LEAST, \
		.soft_most = FFNTP_INTERVAL_SOFT_MOST, \
		.soft_gain = FFNTP_INTERVAL_SOFT_GAIN, \
		.soft_young = FFNTP_INTERVAL_SOFT_YOUNG, \
		.path_settled = FFNTP_INTERVAL_PATH_SETTLED, \
		.fall_noise = FFNTP_INTERVAL_FALL_NOISE, \
		.fall_sd = FFNTP_INTERVAL_FALL_SD, \
		.run_least = FFNTP_INTERVAL_RUN_LEAST, \
		.run_short = FFNTP_INTERVAL_RUN_SHORT, \
		.run_recall = FFNTP_INTERVAL_RUN_RECALL, \
		.window = FFNTP_INTERVAL_WINDOW, \
		.run_doubt = FFNTP_INTERVAL_RUN_DOUBT, \
		.run_noise = FFNTP_INTERVAL_RUN_NOISE, \
		.run_tail = FFNTP_INTERVAL_RUN_TAIL, \
		.run_spread = FFNTP_INTERVAL_RUN_SPREAD, \
		.run_mixed = FFNTP_INTERVAL_RUN_MIXED, \
		.window_noise = FFNTP_INTERVAL_WINDOW_NOISE, \
		.recall_sd = FFNTP_INTERVAL_RECALL_SD, \
		.recall_noise = FFNTP_INTERVAL_RECALL_NOISE, \
		.divide_any = FFNTP_INTERVAL_DIVIDE_ANY, \
		.quieter = FFNTP_INTERVAL_QUIETER, \
		.contradiction_sd = FFNTP_INTERVAL_CONTRADICTION_SD, \
		.kick_least = FFNTP_INTERVAL_KICK_LEAST, \
		.kick_most = FFNTP_INTERVAL_KICK_MOST, \
		.kick_reach = FFNTP_INTERVAL_KICK_REACH, \
		.time_gap = FFNTP_INTERVAL_TIME_GAP, \
		.both_skew = FFNTP_INTERVAL_BOTH_SKEW, \
		.both_share = FFNTP_INTERVAL_BOTH_SHARE, \
		.server_turns = FFNTP_INTERVAL_SERVER_TURNS, \
		.true_share = FFNTP_INTERVAL_TRUE_SHARE, \
		.rate_share = FFNTP_INTERVAL_RATE_SHARE, \
		.rate_sd = FFNTP_INTERVAL_RATE_SD, \
		.skew_sd = FFNTP_INTERVAL_SKEW_SD, \
		.rate_stamps = FFNTP_INTERVAL_RATE_STAMPS, \
		.small_stamps = FFNTP_INTERVAL_SMALL_STAMPS, \
		.small_noise = FFNTP_INTERVAL_SMALL_NOISE, \
		.small_sd = FFNTP_INTERVAL_SMALL_SD, \
		.modesty = FFNTP_INTERVAL_MODESTY, \
		.learnt = FFNTP_INTERVAL_LEARNT, \
		.stable_s = FFNTP_INTERVAL_STABLE_S, \
	}
/* clang-format on */

#endif
