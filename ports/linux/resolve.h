/*
 * resolve: names to addresses. Numeric addresses are converted at once. Names are resolved by the system's
 * getaddrinfo(), which heeds /etc/hosts, nsswitch.conf and multicast DNS, and needs no library. A name of SRV records
 * stands for the hosts that they name. It may take many seconds: a daemon calls it in a separate thread, so that the
 * clock is not delayed.
 */
#ifndef FFNTP_LINUX_RESOLVE_H
#define FFNTP_LINUX_RESOLVE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "../../include/ffntp/instant.h"

#define FFNTP_RESOLVE_ADDRESSES 16 /* of one name; further ones are dropped */

/* Zeroed: none. */
struct ffntp_address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};

struct ffntp_addresses {
	struct ffntp_address address[FFNTP_RESOLVE_ADDRESSES];
	size_t count;
};

/*
 * name: "ntp.example.org", "192.0.2.1", "2001:db8::1", "[2001:db8::1]", "fe80::1%eth0", "[fe80::1%eth0]"; all but the
 * bare IPv6 address may end in ":PORT". port: used if the name has none. Or "_ntp._udp.example.org": the servers of
 * its SRV records, which state their ports, in the order in which to ask them.
 * Returns NULL and at least one address; or a static message, and *found is untouched.
 */
FFNTP_MUST_USE const char *ffntp_resolve(const char *name, uint16_t port, struct ffntp_addresses *found);

/*
 * Convert a numeric address without the resolver. Returns false if name is none, or if it has the zone of an interface
 * that does not exist now. Never blocks.
 */
FFNTP_MUST_USE bool ffntp_resolve_numeric(const char *name, uint16_t port, struct ffntp_addresses *found);

/* Return whether the name has the format of ffntp_resolve. Neither the resolver nor any interface is asked. */
FFNTP_MUST_USE bool ffntp_resolve_is_name(const char *name);

/* Return whether the name is an address with a zone, such as "fe80::1%eth0". */
FFNTP_MUST_USE bool ffntp_resolve_has_zone(const char *name);

/* A name being resolved in a separate thread. */
struct ffntp_resolver;

/* Start resolving. Returns NULL if there is no memory or no thread. */
FFNTP_MUST_USE struct ffntp_resolver *ffntp_resolver_start(const char *name, uint16_t port);

/*
 * Return false while there is no answer. Returns true once, with *problem as ffntp_resolve returns it, and frees the
 * resolver.
 */
FFNTP_MUST_USE bool ffntp_resolver_finish(struct ffntp_resolver *resolver, struct ffntp_addresses *found,
					  const char **problem);

/* Abandon the resolver; the answer is not needed any more. */
void ffntp_resolver_abandon(struct ffntp_resolver *resolver);

#define FFNTP_ADDRESS_TEXT_SIZE 80

/*
 * Write "192.0.2.1:123", "[2001:db8::1]:123" or "[fe80::1%eth0]:123". The zone is a number if there is no such
 * interface any more.
 */
void ffntp_address_text(const struct ffntp_address *address, char text[FFNTP_ADDRESS_TEXT_SIZE]);

/* Return whether it is an address at all. */
static inline bool ffntp_address_is_some(const struct ffntp_address *address)
{
	return address->any.sa_family != AF_UNSPEC;
}

void ffntp_address_set_port(struct ffntp_address *address, uint16_t port);

bool ffntp_address_is_equal(const struct ffntp_address *a, const struct ffntp_address *b);

/* Return the address as it is stored in a page: IPv6, or IPv4 mapped into it. */
void ffntp_address_bytes(const struct ffntp_address *address, uint8_t bytes[16], uint16_t *port);

socklen_t ffntp_address_length(const struct ffntp_address *address);

#endif
