/*
 * srv: the hosts that a domain names as its NTP servers, in SRV records (RFC 2782) of a name such as
 * "_ntp._udp.example.org". The system's resolver asks for them.
 */
#ifndef FFNTP_LINUX_SRV_H
#define FFNTP_LINUX_SRV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/ffntp/instant.h"

#define FFNTP_SRV_TARGETS 16 /* of one name; further ones are dropped */
#define FFNTP_SRV_HOST_SIZE 256

struct ffntp_srv_target {
	uint16_t priority; /* the least is asked first */
	uint16_t weight;   /* among those of a priority: the share of clients that ask it first */
	uint16_t port;
	char host[FFNTP_SRV_HOST_SIZE];
};

struct ffntp_srv_targets {
	struct ffntp_srv_target target[FFNTP_SRV_TARGETS];
	size_t count;
};

/* Return whether the name is one of SRV records: no host's name begins with an underscore. */
static inline bool ffntp_srv_is_name(const char *name)
{
	return name[0] == '_';
}

/*
 * Ask the resolver, which may take many seconds. Returns NULL and at least one target, in the order in which to ask
 * them; or a static message, and *found is untouched. Any thread.
 */
FFNTP_MUST_USE const char *ffntp_srv_find(const char *name, struct ffntp_srv_targets *found);

/*
 * Read the SRV records of a DNS message of 'size' bytes, which may hold anything. A target "." means that there is no
 * server, and is left out, as are targets without a port and targets whose names are no names of hosts.
 * Returns false if the message is malformed; *found may have changed.
 */
FFNTP_MUST_USE bool ffntp_srv_read(const uint8_t *message, size_t size, struct ffntp_srv_targets *found);

/*
 * Put the targets in the order in which to ask them: by priority, then at random by weight (RFC 2782).
 * bits: a random number for each of them.
 */
void ffntp_srv_order(struct ffntp_srv_targets *found, const uint32_t bits[FFNTP_SRV_TARGETS]);

#endif
