/* client_config: default values and ranges of a client's configuration. */
#include "client.h"

#include "maths.h"
#include "params.h"
#include "wire.h"

/*
 * Bytes up to the end of the first version's last field. A field that is added begins behind the padding that follows
 * it, because callers of the first version leave that undefined.
 */
#define FIRST_SIZE (offsetof(struct ffntp_client_config, leap_trust) + sizeof(enum ffntp_leap_trust))

static const struct ffntp_client_config usual = {
	.size = sizeof(struct ffntp_client_config),
	.estimator = FFNTP_ESTIMATOR_DEFAULT,
	.counter_kind = FFNTP_COUNTER_NONE,
	.period_hint_s = 1e-9,
	.period_hint_error = 500e-6,
	.poll_min_s = 16,
	.poll_max_s = 1024,
	.burst = 8,
	.pivot_s = FFNTP_PIVOT_S,
#define KEYWORD(member, usual, least, most, name, unit, scale) .member = (usual),
#define SERVER_WORD(member, usual, least, most, name, unit, scale) .member = (usual),
#include "client_options.def"
};

void ffntp_client_config_init(struct ffntp_client_config *config, size_t size)
{
	const unsigned char *from = (const unsigned char *)&usual;
	unsigned char *to = (unsigned char *)config;

	for (size_t i = 0; i < size; i++)
		to[i] = i < sizeof usual ? from[i] : 0;
	if (size >= sizeof config->size)
		config->size = size;
}

bool ffntp_client_config_take(struct ffntp_client_config *config, const struct ffntp_client_config *given)
{
	const unsigned char *from = (const unsigned char *)given;
	unsigned char *to = (unsigned char *)config;

	if (given->size < FIRST_SIZE)
		return false;
	for (size_t i = sizeof *config; i < given->size; i++) {
		if (from[i] != 0)
			return false;
	}
	*config = usual;
	for (size_t i = 0; i < sizeof *config && i < given->size; i++)
		to[i] = from[i];
	config->size = sizeof *config;
	return true;
}

static bool are_options_valid(const struct ffntp_client_config *config)
{
	bool is_valid = true;

#define KEYWORD(member, usual, least, most, name, unit, scale) \
	is_valid = is_valid && ffntp_is_within(config->member, least, most);
#define SERVER_WORD(member, usual, least, most, name, unit, scale) \
	is_valid = is_valid && ffntp_is_within(config->member, least, most);
#include "client_options.def"
	return is_valid;
}

bool ffntp_client_config_is_valid(const struct ffntp_client_config *config)
{
	return ffntp_estimator_choose(config->estimator) != NULL &&
	       ffntp_is_within(config->period_hint_s, FFNTP_PERIOD_LEAST_S, FFNTP_PERIOD_MOST_S) &&
	       ffntp_is_within(config->period_hint_error, 0, FFNTP_PERIOD_ERROR_MOST) && config->poll_min_s >= 1 &&
	       config->poll_max_s >= config->poll_min_s && config->poll_max_s <= FFNTP_POLL_MOST_S &&
	       config->burst >= 1 && config->burst <= 16 && are_options_valid(config) &&
	       (unsigned)config->leap_expiry <= FFNTP_LEAP_EXPIRY_STRICT && config->interleaved <= 1 &&
	       (!FFNTP_CAN_REFINE || config->root_field <= FFNTP_ROOT_FIELD_NEVER) &&
	       (config->leap_table == NULL || ffntp_leap_table_check(config->leap_table) == FFNTP_TIMESCALE_OK);
}

struct ffntp_estimator_config ffntp_client_config_estimator(const struct ffntp_client_config *config)
{
	return (struct ffntp_estimator_config){
		.period_hint_s = config->period_hint_s,
		.period_hint_error = config->period_hint_error,
		.poll_s = config->poll_min_s,
		.history = config->history,
	};
}

struct ffntp_polling_config ffntp_client_config_polling(const struct ffntp_client_config *config)
{
	return (struct ffntp_polling_config){
		.min_s = config->poll_min_s,
		.max_s = config->poll_max_s,
		.is_adaptive = config->poll_is_adaptive,
		.accuracy_s = config->accuracy_target_s,
		.burst = config->burst,
	};
}
