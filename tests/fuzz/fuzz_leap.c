/* A table of leap seconds: any bytes; a table that is accepted is one that the core accepts. */
#include <stdlib.h>
#include <string.h>

#include "../../ports/linux/leapfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	/* A copy of the exact size, so that AddressSanitizer sees reads past its end. */
	char *text = calloc(1, size > 0 ? size : 1);
	struct ffntp_leap_table table, before;
	const char *problem;

	require(text != NULL);
	if (size > 0)
		memcpy(text, input, size);
	memset(&table, 0x5a, sizeof(table));
	memcpy(&before, &table, sizeof(table));
	problem = ffntp_leapfile_parse(text, size, &table);
	if (problem == NULL)
		require(ffntp_leap_table_check(&table) == FFNTP_TIMESCALE_OK);
	else
		require(problem[0] != '\0' && memcmp(&table, &before, sizeof(table)) == 0);
	free(text);
	return 0;
}
