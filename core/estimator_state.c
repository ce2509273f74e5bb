/* estimator_state: see estimator_state.h. */
#include "estimator_state.h"

#include "maths.h"
#include "page_words.h"

const char *ffntp_hypothesis_text(enum ffntp_hypothesis hypothesis)
{
	switch (hypothesis) {
	case FFNTP_HYPOTHESIS_NONE:
		break;
	case FFNTP_HYPOTHESIS_UNCHANGED:
		return "nothing has changed";
	case FFNTP_HYPOTHESIS_PATH_FORWARD:
		return "the path to the server has changed";
	case FFNTP_HYPOTHESIS_PATH_BACKWARD:
		return "the path from the server has changed";
	case FFNTP_HYPOTHESIS_PATH_BOTH:
		return "the path has changed in both directions";
	case FFNTP_HYPOTHESIS_TIME:
		return "the server's time or the counter has stepped";
	case FFNTP_HYPOTHESIS_RATE:
		return "the counter's rate has changed";
	case FFNTP_HYPOTHESIS_CONGESTION_FORWARD:
		return "requests are delayed by new queues";
	case FFNTP_HYPOTHESIS_CONGESTION_BACKWARD:
		return "replies are delayed by new queues";
	case FFNTP_HYPOTHESIS_CONGESTION:
		return "requests and replies are delayed by new queues";
	}
	return "unknown";
}

void ffntp_estimator_state_add(struct ffntp_estimator_state *state, enum ffntp_hypothesis hypothesis, uint8_t percent)
{
	for (int i = 0; i < FFNTP_HYPOTHESES_SHOWN && percent > 0; i++) {
		enum ffntp_hypothesis less = state->hypothesis[i];
		uint8_t less_percent = state->probability_percent[i];

		if (less_percent >= percent)
			continue;
		state->hypothesis[i] = hypothesis;
		state->probability_percent[i] = percent;
		hypothesis = less;
		percent = less_percent;
	}
}

uint8_t ffntp_estimator_state_percent(double probability)
{
	return ffntp_is_within(probability, 0, 1) ? (uint8_t)(100 * probability + 0.5) : 0;
}

uint64_t ffntp_estimator_state_wander(double wander_per_s)
{
	return ffntp_is_within(wander_per_s, 0, 1) ? (uint64_t)(ffntp_sqrt(wander_per_s) * 1e15 + 0.5) : 0;
}

/* --- a byte for a number: 8 to 15 times a power of two, or less than 8 --- */

#define ROUGH_DIGITS 3
#define ROUGH_MOST 0xff

static uint8_t pack_rough(uint64_t value)
{
	unsigned power = 0;

	for (; value >> (ROUGH_DIGITS + 1) != 0; power++)
		value = (value >> 1) + (value & 1);
	/* Here value is below 16, or 8 times more than the power of two. */
	value = power == 0 && value < 8 ? value : ((uint64_t)power + 1) << ROUGH_DIGITS | (value & 7);
	return value < ROUGH_MOST ? (uint8_t)value : ROUGH_MOST;
}

static uint64_t unpack_rough(uint8_t byte)
{
	unsigned power = (unsigned)byte >> ROUGH_DIGITS;

	return power == 0 ? byte : (uint64_t)(8 + (byte & 7)) << (power - 1);
}

/* --- a byte for a hypothesis: its number and its probability in fifteenths --- */

static uint8_t pack_hypothesis(enum ffntp_hypothesis hypothesis, uint8_t percent)
{
	unsigned fifteenths = (percent * 15u + 50) / 100;

	return fifteenths > 0 ? (uint8_t)((unsigned)hypothesis << 4 | fifteenths) : 0;
}

void ffntp_estimator_state_pack(const struct ffntp_estimator_state *state, struct ffntp_source *source)
{
	source->estimator = (uint8_t)state->kind;
	source->floor_coarse[0] = (uint16_t)ffntp_page_pack_coarse(state->floor_forward_ns);
	source->floor_coarse[1] = (uint16_t)ffntp_page_pack_coarse(state->floor_backward_ns);
	source->noise_rough[0] = pack_rough(state->noise_forward_ns);
	source->noise_rough[1] = pack_rough(state->noise_backward_ns);
	source->wander_rough = pack_rough(state->wander_1e15);
	for (int i = 0; i < FFNTP_HYPOTHESES_SHOWN; i++)
		source->hypothesis[i] = pack_hypothesis(state->hypothesis[i], state->probability_percent[i]);
}

bool ffntp_source_estimator(const struct ffntp_source *source, struct ffntp_estimator_state *state)
{
	*state = (struct ffntp_estimator_state){
		.kind = (enum ffntp_estimator_kind)source->estimator,
		.floor_forward_ns = ffntp_page_unpack_coarse(source->floor_coarse[0]),
		.floor_backward_ns = ffntp_page_unpack_coarse(source->floor_coarse[1]),
		.noise_forward_ns = unpack_rough(source->noise_rough[0]),
		.noise_backward_ns = unpack_rough(source->noise_rough[1]),
		.wander_1e15 = unpack_rough(source->wander_rough),
	};
	for (int i = 0; i < FFNTP_HYPOTHESES_SHOWN; i++)
		ffntp_estimator_state_add(state, (enum ffntp_hypothesis)(source->hypothesis[i] >> 4),
					  (uint8_t)(((source->hypothesis[i] & 15) * 100u + 7) / 15));
	return state->kind != FFNTP_ESTIMATOR_DEFAULT;
}
