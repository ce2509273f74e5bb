#include "servertext.h"

#include <stdio.h>
#include <string.h>

static struct ffntp_server_text refclock_text(const struct ffntp_refclock *refclock)
{
	struct ffntp_server_text text;

	snprintf(text.is, sizeof(text.is), "%s (%s)", refclock->config.name, refclock->path);
	return text;
}

struct ffntp_server_text ffntp_server_text(const struct ffntp_sync *sync, unsigned member)
{
	const struct ffntp_peer *peer = ffntp_sync_peer(sync, member);
	const char *name = ffntp_sync_name(sync, member);
	char address[FFNTP_ADDRESS_TEXT_SIZE];
	struct ffntp_server_text text;

	if (peer != NULL && peer->refclock != NULL)
		return refclock_text(peer->refclock);
	if (peer == NULL || !ffntp_address_is_some(&peer->address)) {
		snprintf(text.is, sizeof(text.is), "%s", name);
		return text;
	}
	ffntp_address_text(&peer->address, address);
	snprintf(text.is, sizeof(text.is), strcmp(name, address) == 0 ? "%s" : "%s (%s)", name, address);
	return text;
}
