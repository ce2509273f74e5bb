/*
 * pool: chooses which addresses of a name to ask, where several are asked at once. Addresses that were given up are
 * tried again only when the name has no others. Pure.
 */
#ifndef FFNTP_LINUX_POOL_H
#define FFNTP_LINUX_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "resolve.h"

/* Addresses that a pool remembers to have given up; the oldest is forgotten first. */
#define FFNTP_POOL_REJECTED 32

/* Zeroed: nothing was given up. */
struct ffntp_pool {
	struct ffntp_address rejected[FFNTP_POOL_REJECTED];
	size_t rejections; /* so far */
};

/* Return whether an address is asked already. */
typedef bool ffntp_pool_is_used(const void *context, const struct ffntp_address *address);

/*
 * Choose an address that is neither asked nor given up. found: the addresses of the name.
 * Returns NULL if there is none: resolve the name again.
 */
const struct ffntp_address *ffntp_pool_choose(const struct ffntp_pool *pool, const struct ffntp_addresses *found,
					      ffntp_pool_is_used *is_used, const void *context);

/* Give an address up. */
void ffntp_pool_reject(struct ffntp_pool *pool, const struct ffntp_address *address);

/* Forget which addresses were given up, because the name has no others. */
void ffntp_pool_reset(struct ffntp_pool *pool);

#endif
