/* Any bytes as a state file: it is refused with a reason, and without limits; or it is written again as it was read. */
#include <stdlib.h>
#include <string.h>

#include "../../daemon/ratelimits.h"
#include "../../include/ffntp/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void require_sound(const struct ffntp_ratelimits *limits)
{
	static struct ffntp_ratelimits again;
	static char text[FFNTP_RATELIMITS_TEXT_SIZE];

	require(limits->count <= FFNTP_RATELIMITS);
	for (size_t i = 0; i < limits->count; i++) {
		const struct ffntp_ratelimit *limit = &limits->limit[i];
		double wait_s = ffntp_ratelimits_wait_s(limit, 1796000000);

		require(memchr(limit->address, '\0', sizeof(limit->address)) != NULL);
		require(limit->interval_s >= 1 && limit->interval_s <= FFNTP_POLL_MOST_S);
		require(wait_s >= 0 && wait_s <= FFNTP_RATELIMITS_WAIT_S);
	}
	require(ffntp_ratelimits_read(&again, text, ffntp_ratelimits_write(limits, text)) == NULL);
	require(again.count == limits->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static struct ffntp_ratelimits limits;
	/* A copy of the exact size, so that AddressSanitizer sees reads past its end. */
	char *text = calloc(1, size > 0 ? size : 1);
	const char *problem;

	require(text != NULL);
	if (size > 0)
		memcpy(text, input, size);
	problem = ffntp_ratelimits_read(&limits, text, size);
	if (problem == NULL)
		require_sound(&limits);
	else
		require(problem[0] != '\0' && limits.count == 0);
	free(text);
	return 0;
}
