/*
 * trace: parses one line of a recorded trace. Pure: takes a line, and returns a row or the reason why it is invalid.
 * The format is in docs/ffntp.md.
 */
#ifndef FFNTP_TOOL_TRACE_H
#define FFNTP_TOOL_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer line does not belong to a trace: it would have room for six numbers of 20 digits several times. */
#define TRACE_MAX_LINE 512

/* Server times and truth in nanoseconds since 1970, UTC. */
struct trace_row {
	uint64_t ta;
	int64_t tb_ns, te_ns;
	uint64_t tf;
	bool has_truth;
	int64_t truth_tf_ns, truth_ta_ns;
};

enum trace_line {
	TRACE_ROW,
	TRACE_NOTHING, /* blank, or a comment */
	TRACE_ERROR,
};

/*
 * Read one line of 'length' bytes, without its newline; no terminating zero is needed.
 * TRACE_ROW: *row is set. TRACE_ERROR: *error is a static text. Otherwise both are untouched.
 */
enum trace_line trace_parse(const char *line, size_t length, struct trace_row *row, const char **error);

#endif
