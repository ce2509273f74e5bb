/* port: implements the functions of ffntp's port with the functions of Brook. */
#include "port_brook.h"

#include "brook.h"

static uint64_t counter(void *context)
{
	(void)context;
	return brook_ticks();
}

static uint64_t epoch(void *context)
{
	(void)context;
	return brook_sleeps();
}

static bool random(void *context, uint8_t *bytes, size_t length)
{
	(void)context;
	return brook_entropy(bytes, (uint32_t)length);
}

static bool send(void *context, const uint8_t *bytes, size_t length, uint64_t *sent)
{
	(void)context;
	*sent = brook_ticks();
	return brook_send(bytes, (uint32_t)length);
}

const struct ffntp_port ffntp_port_brook = {
	.about = { .kind = FFNTP_COUNTER_OTHER, .width = 32, .frequency_hz = 1000000, .frequency_error_ppm = 1000 },
	.counter = counter,
	.epoch = epoch,
	.random = random,
	.send = send,
};
