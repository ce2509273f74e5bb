/* serverkeys: the symmetric keys of the configured servers, from the file that the configuration names. */
#ifndef FFNTP_DAEMON_SERVERKEYS_H
#define FFNTP_DAEMON_SERVERKEYS_H

#include <stdbool.h>

#include "../ports/linux/keys.h"
#include "config.h"

/* The key of each server of a configuration, in its order; one with the identifier 0 is none. */
struct ffntp_serverkeys {
	struct ffntp_key *key; /* allocated; NULL: no server has one */
	size_t count;
};

/*
 * Read the keys. No file is read if no server has a key. Returns false if a key cannot be used; the reason was logged,
 * and there is nothing to wipe.
 */
FFNTP_MUST_USE bool ffntp_serverkeys_read(struct ffntp_serverkeys *keys, const struct ffntp_config *config);

/* Return the key of the server with this index; NULL if it has none. */
static inline const struct ffntp_key *ffntp_serverkeys_get(const struct ffntp_serverkeys *keys, size_t server)
{
	return server < keys->count && keys->key[server].id != 0 ? &keys->key[server] : NULL;
}

void ffntp_serverkeys_wipe(struct ffntp_serverkeys *keys);

#endif
