/*
 * Any bytes as lines of a trace: each line is a row, empty, or an error in words; a row that was read prints and reads
 * the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tool/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void must_read_back(const struct trace_row *row)
{
	struct trace_row again;
	const char *error;
	char line[TRACE_MAX_LINE];
	int length = snprintf(line, sizeof(line), "%" PRIu64 " %" PRId64 " %" PRId64 " %" PRIu64, row->ta, row->tb_ns,
			      row->te_ns, row->tf);

	if (row->has_truth)
		length += snprintf(line + length, sizeof(line) - (size_t)length, " %" PRId64 " %" PRId64,
				   row->truth_tf_ns, row->truth_ta_ns);
	require(trace_parse(line, (size_t)length, &again, &error) == TRACE_ROW);
	require(again.ta == row->ta && again.tb_ns == row->tb_ns && again.te_ns == row->te_ns && again.tf == row->tf);
	require(again.has_truth == row->has_truth && again.truth_tf_ns == row->truth_tf_ns &&
		again.truth_ta_ns == row->truth_ta_ns);
}

static void parse_line(const char *line, size_t length)
{
	/* A copy of the exact size, so that AddressSanitizer sees reads past its end. */
	char *copy = malloc(length > 0 ? length : 1);
	struct trace_row row;
	const char *error = NULL;
	enum trace_line kind;

	require(copy != NULL);
	memcpy(copy, line, length);
	kind = trace_parse(copy, length, &row, &error);
	require((kind == TRACE_ERROR) == (error != NULL));
	if (kind == TRACE_ROW)
		must_read_back(&row);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *at = (const char *)bytes, *end = at + size;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);

		parse_line(at, length);
		at += length + 1;
	}
	return 0;
}
