/* assertion: the hook of core/assert.h on Linux. */
#include <stdio.h>
#include <stdlib.h>

#include "../../core/assert.h"

void ffntp_assert_failed(const char *condition, const char *file, int line)
{
	fflush(stdout);
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
	abort();
}
