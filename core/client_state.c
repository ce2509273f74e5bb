/* client_state: the estimator's state in the source that a client publishes. */
#include "client.h"
#include "estimator_state.h"

void ffntp_client_describe(const struct ffntp_client *client, struct ffntp_source *source)
{
#ifndef FFNTP_DEFAULT_ESTIMATOR_ONLY
	struct ffntp_estimator_state state = { .kind = client->clock.ops->kind };

	if (client->clock.ops->describe != NULL)
		client->clock.ops->describe(client->association.estimator, &state);
	ffntp_estimator_state_pack(&state, source);
#else
	(void)client;
	(void)source;
#endif
}
