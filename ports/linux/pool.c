/* pool: see pool.h. */
#include "pool.h"

static bool is_rejected(const struct ffntp_pool *pool, const struct ffntp_address *address)
{
	for (size_t i = 0; i < pool->rejections && i < FFNTP_POOL_REJECTED; i++) {
		if (ffntp_address_is_equal(&pool->rejected[i], address))
			return true;
	}
	return false;
}

const struct ffntp_address *ffntp_pool_choose(const struct ffntp_pool *pool, const struct ffntp_addresses *found,
					      ffntp_pool_is_used *is_used, const void *context)
{
	for (size_t i = 0; i < found->count; i++) {
		const struct ffntp_address *address = &found->address[i];

		if (!is_rejected(pool, address) && !is_used(context, address))
			return address;
	}
	return NULL;
}

void ffntp_pool_reject(struct ffntp_pool *pool, const struct ffntp_address *address)
{
	pool->rejected[pool->rejections % FFNTP_POOL_REJECTED] = *address;
	pool->rejections++;
}

void ffntp_pool_reset(struct ffntp_pool *pool)
{
	pool->rejections = 0;
}
