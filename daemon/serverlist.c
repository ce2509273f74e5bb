#include "serverlist.h"

#include "log.h"
#include "nts.h"
#include "serverkeys.h"

bool ffntp_serverlist_make(const struct ffntp_config *config, struct ffntp_lineup *lineup)
{
	struct ffntp_serverkeys keys;
	bool is_named;

	if (!ffntp_serverkeys_read(&keys, config))
		return false;
	is_named = ffntp_lineup_init(lineup, config->servers);
	for (size_t i = 0; is_named && i < config->servers; i++) {
		const struct ffntp_server_name name = { config->server[i].name, config->server[i].port,
							ffntp_serverkeys_get(&keys, i) };

		is_named = ffntp_lineup_name(&lineup->server[i], &name, 1) &&
			   (!config->server[i].is_refclock ||
			    ffntp_lineup_set_refclock(&lineup->server[i], &config->server[i].refclock));
		lineup->server[i].is_offline = config->server[i].is_offline;
	}
	ffntp_serverkeys_wipe(&keys);
	if (!is_named)
		ffntp_log(FFNTP_LOG_ERROR, "out of memory");
	is_named = is_named && ffntp_nts_apply(config, lineup);
	if (!is_named)
		ffntp_lineup_close(lineup);
	return is_named;
}

/* Return the place in the former configuration of a server of the next one, if no other has it; or -1. */
static int former_place(const struct ffntp_config *next, const struct ffntp_lineup *next_lineup, size_t place,
			const struct ffntp_config *former, const struct ffntp_lineup *former_lineup,
			const bool is_taken[FFNTP_CONFIG_SERVERS])
{
	for (size_t i = 0; i < former->servers; i++) {
		if (!is_taken[i] && ffntp_config_is_same_server(&next->server[place], &former->server[i]) &&
		    ffntp_lineup_is_same_key(&next_lineup->server[place], &former_lineup->server[i]))
			return (int)i;
	}
	return -1;
}

void ffntp_serverlist_match(const struct ffntp_config *next, struct ffntp_lineup *next_lineup,
			    const struct ffntp_config *former, const struct ffntp_lineup *former_lineup, bool can_stay)
{
	bool is_taken[FFNTP_CONFIG_SERVERS] = { false };

	for (size_t i = 0; i < next->servers; i++) {
		int place = former_place(next, next_lineup, i, former, former_lineup, is_taken);

		if (place < 0)
			continue;
		is_taken[place] = true;
		next_lineup->server[i].is_offline = former_lineup->server[place].is_offline;
		if (can_stay)
			next_lineup->server[i].former = place;
	}
}
