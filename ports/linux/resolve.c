#include "resolve.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "srv.h"
#include "thread.h"

#define HOST_SIZE 256

/* A name, split into host and port. */
struct host {
	char name[HOST_SIZE];
	char port[8];
};

static bool is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	long value = strtol(text, NULL, 10);

	return digits > 0 && digits <= 5 && text[digits] == '\0' && value >= 1 && value <= UINT16_MAX;
}

/* Return the ":PORT" at the end of the name, or NULL: it begins after a bracket, or at the only colon. */
static const char *port_begin(const char *name, const char *bracket)
{
	const char *colon = strchr(bracket != NULL ? bracket : name, ':');

	if (bracket == NULL && colon != NULL && strchr(colon + 1, ':') != NULL)
		return NULL;
	return colon;
}

static bool split(const char *name, uint16_t port, struct host *host)
{
	const char *bracket = name[0] == '[' ? strchr(name, ']') : NULL;
	const char *colon = port_begin(name, bracket);
	const char *begin = name + (bracket != NULL);
	const char *end = bracket != NULL ? bracket : colon != NULL ? colon : name + strlen(name);

	if (end == begin || end - begin >= HOST_SIZE || (bracket != NULL && bracket[1] != '\0' && colon != bracket + 1))
		return false;
	if (colon != NULL && !is_port(colon + 1))
		return false;
	memcpy(host->name, begin, (size_t)(end - begin));
	host->name[end - begin] = '\0';
	if (colon != NULL)
		snprintf(host->port, sizeof(host->port), "%s", colon + 1);
	else
		snprintf(host->port, sizeof(host->port), "%u", port);
	return true;
}

static void append_addresses(const struct addrinfo *list, struct ffntp_addresses *found)
{
	for (; list != NULL && found->count < FFNTP_RESOLVE_ADDRESSES; list = list->ai_next) {
		struct ffntp_address *address = &found->address[found->count];

		if ((list->ai_family != AF_INET && list->ai_family != AF_INET6) || list->ai_addrlen > sizeof(*address))
			continue;
		memcpy(address, list->ai_addr, list->ai_addrlen);
		found->count++;
	}
}

/* Append the addresses of a host. Returns NULL if there are any. */
static const char *lookup(const struct host *host, int flags, struct ffntp_addresses *found)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = flags };
	struct addrinfo *list = NULL;
	int error = getaddrinfo(host->name, host->port, &hints, &list);

	if (error != 0)
		return gai_strerror(error);
	append_addresses(list, found);
	freeaddrinfo(list);
	return found->count > 0 ? NULL : "no address";
}

static const char *lookup_host(const struct host *host, int flags, struct ffntp_addresses *found)
{
	struct ffntp_addresses addresses = { .count = 0 };
	const char *problem = lookup(host, flags, &addresses);

	if (problem == NULL)
		*found = addresses;
	return problem;
}

/* A host that has no address does not keep the others out. */
static const char *lookup_service(const char *name, struct ffntp_addresses *found)
{
	struct ffntp_addresses addresses = { .count = 0 };
	struct ffntp_srv_targets targets;
	const char *problem = ffntp_srv_find(name, &targets);

	for (size_t i = 0; problem == NULL && i < targets.count; i++) {
		struct host host;

		snprintf(host.name, sizeof(host.name), "%s", targets.target[i].host);
		snprintf(host.port, sizeof(host.port), "%u", targets.target[i].port);
		(void)lookup(&host, AI_NUMERICSERV | AI_ADDRCONFIG, &addresses);
	}
	if (problem == NULL && addresses.count == 0)
		return "no host of its SRV records has an address";
	if (problem == NULL)
		*found = addresses;
	return problem;
}

bool ffntp_resolve_has_zone(const char *name)
{
	return strchr(name, '%') != NULL; /* which no host's name contains */
}

/* Only link-local addresses have a zone: the interface that they are reached over. */
static bool is_zoned(const struct host *host)
{
	struct host bare = *host;
	char *zone = strchr(bare.name, '%');
	struct in6_addr address;

	*zone++ = '\0';
	return zone[0] != '\0' && strlen(zone) < IF_NAMESIZE && inet_pton(AF_INET6, bare.name, &address) == 1 &&
	       (IN6_IS_ADDR_LINKLOCAL(&address) || IN6_IS_ADDR_MC_LINKLOCAL(&address));
}

bool ffntp_resolve_numeric(const char *name, uint16_t port, struct ffntp_addresses *found)
{
	struct host host;

	return split(name, port, &host) && (!ffntp_resolve_has_zone(host.name) || is_zoned(&host)) &&
	       lookup_host(&host, AI_NUMERICHOST | AI_NUMERICSERV, found) == NULL;
}

bool ffntp_resolve_is_name(const char *name)
{
	struct ffntp_addresses found;
	struct host host;

	if (!split(name, 1, &host) || strpbrk(host.name, "[]") != NULL)
		return false;
	if (ffntp_srv_is_name(host.name))
		return strchr(name, ':') == NULL;
	if (ffntp_resolve_has_zone(host.name))
		return is_zoned(&host);
	return strchr(host.name, ':') == NULL || lookup_host(&host, AI_NUMERICHOST | AI_NUMERICSERV, &found) == NULL;
}

const char *ffntp_resolve(const char *name, uint16_t port, struct ffntp_addresses *found)
{
	struct host host;

	if (ffntp_resolve_numeric(name, port, found))
		return NULL;
	if (ffntp_srv_is_name(name))
		return lookup_service(name, found);
	if (!split(name, port, &host) || ffntp_resolve_has_zone(name))
		return "neither a name nor an address";
	return lookup_host(&host, AI_NUMERICSERV | AI_ADDRCONFIG, found);
}

/* --- resolving in a thread --- */

enum progress {
	RUNNING,
	DONE,      /* the answer is there; the waiting side frees the memory */
	ABANDONED, /* no longer wanted; the thread frees the memory */
};

struct ffntp_resolver {
	_Atomic enum progress progress;
	uint16_t port;
	const char *problem;
	struct ffntp_addresses found;
	char name[];
};

static void *resolve_thread(void *argument)
{
	struct ffntp_resolver *resolver = argument;
	enum progress expected = RUNNING;

	resolver->problem = ffntp_resolve(resolver->name, resolver->port, &resolver->found);
	if (!atomic_compare_exchange_strong(&resolver->progress, &expected, DONE))
		free(resolver);
	return NULL;
}

static bool start_thread(struct ffntp_resolver *resolver)
{
	pthread_t thread;

	if (ffntp_thread_start(&thread, resolve_thread, resolver) != 0)
		return false;
	pthread_detach(thread);
	return true;
}

struct ffntp_resolver *ffntp_resolver_start(const char *name, uint16_t port)
{
	size_t size = strlen(name) + 1;
	struct ffntp_resolver *resolver = calloc(1, sizeof(*resolver) + size);

	if (resolver == NULL)
		return NULL;
	atomic_init(&resolver->progress, RUNNING);
	resolver->port = port;
	memcpy(resolver->name, name, size);
	if (!start_thread(resolver)) {
		free(resolver);
		return NULL;
	}
	return resolver;
}

bool ffntp_resolver_finish(struct ffntp_resolver *resolver, struct ffntp_addresses *found, const char **problem)
{
	if (atomic_load(&resolver->progress) != DONE)
		return false;
	*problem = resolver->problem;
	if (*problem == NULL)
		*found = resolver->found;
	free(resolver);
	return true;
}

void ffntp_resolver_abandon(struct ffntp_resolver *resolver)
{
	enum progress expected = RUNNING;

	if (!atomic_compare_exchange_strong(&resolver->progress, &expected, ABANDONED))
		free(resolver);
}

/* --- addresses --- */

void ffntp_address_set_port(struct ffntp_address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET6)
		address->v6.sin6_port = htons(port);
	else
		address->v4.sin_port = htons(port);
}

static uint16_t address_port(const struct ffntp_address *address)
{
	return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}

/* Append "%eth0", the interface of a link-local address; its index if it is gone. */
static void append_zone(uint32_t index, char *host, size_t size)
{
	size_t length = strlen(host);
	char name[IF_NAMESIZE];

	if (index == 0)
		return;
	if (if_indextoname(index, name) != NULL)
		snprintf(host + length, size - length, "%%%s", name);
	else
		snprintf(host + length, size - length, "%%%u", (unsigned)index);
}

void ffntp_address_text(const struct ffntp_address *address, char text[FFNTP_ADDRESS_TEXT_SIZE])
{
	char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 1] = "?";
	bool is_v6 = address->any.sa_family == AF_INET6;

	if (is_v6) {
		inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
		append_zone(address->v6.sin6_scope_id, host, sizeof(host));
	} else {
		inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
	}
	snprintf(text, FFNTP_ADDRESS_TEXT_SIZE, is_v6 ? "[%s]:%u" : "%s:%u", host, address_port(address));
}

bool ffntp_address_is_equal(const struct ffntp_address *a, const struct ffntp_address *b)
{
	if (a->any.sa_family != b->any.sa_family || address_port(a) != address_port(b))
		return false;
	if (a->any.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return IN6_ARE_ADDR_EQUAL(&a->v6.sin6_addr, &b->v6.sin6_addr) && a->v6.sin6_scope_id == b->v6.sin6_scope_id;
}

void ffntp_address_bytes(const struct ffntp_address *address, uint8_t bytes[16], uint16_t *port)
{
	*port = address_port(address);
	if (address->any.sa_family == AF_INET6) {
		memcpy(bytes, &address->v6.sin6_addr, 16);
		return;
	}
	memset(bytes, 0, 10);
	bytes[10] = bytes[11] = 0xff;
	memcpy(bytes + 12, &address->v4.sin_addr, 4);
}

socklen_t ffntp_address_length(const struct ffntp_address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}
