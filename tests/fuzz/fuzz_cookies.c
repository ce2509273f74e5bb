/* A file of cookies: any bytes; and the same bytes with the sum that they should have, so that what is behind it is
 * reached. */
#include <stdlib.h>
#include <string.h>

#include "../../core/bits.h"
#include "../../nts/dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool is_text(const char *text, size_t room)
{
	return memchr(text, '\0', room) != NULL && text[0] != '\0';
}

/* A dump that is accepted is whole, and is written as it was read. */
static void check(const uint8_t *bytes, size_t size)
{
	uint8_t again[FFNTP_NTS_DUMP_MOST];
	struct ffntp_nts_dump dump;

	if (!ffntp_nts_dump_read(bytes, size, &dump))
		return;
	require(is_text(dump.host, sizeof(dump.host)) && is_text(dump.asked, sizeof(dump.asked)) &&
		is_text(dump.server, sizeof(dump.server)));
	require(dump.cookies >= 1 && dump.cookies <= FFNTP_NTS_COOKIES);
	for (unsigned i = 0; i < dump.cookies; i++)
		require(ffntp_nts_is_cookie(dump.cookie[i].size));
	require(ffntp_nts_dump_write(&dump, again) == size && memcmp(again, bytes, size) == 0);
}

static uint64_t sum_of(const uint8_t *bytes, size_t size)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	/* A copy of the exact size, so that AddressSanitizer sees reads past its end. */
	uint8_t *bytes = calloc(1, size > 0 ? size : 1);

	require(bytes != NULL);
	if (size > 0)
		memcpy(bytes, input, size);
	check(bytes, size);
	if (size >= 8) {
		ffntp_store_be(bytes + size - 8, 8, sum_of(bytes, size - 8));
		check(bytes, size);
	}
	free(bytes);
	return 0;
}
