/*
 * demotable: the table rows of a running demo. In colour on a terminal, unless NO_COLOR is set; plain lines elsewhere.
 */
#ifndef FFNTP_TOOL_DEMOTABLE_H
#define FFNTP_TOOL_DEMOTABLE_H

#include <stdbool.h>

struct demotable {
	bool is_terminal, has_colour;
	unsigned rows;
};

struct demotable_row {
	double elapsed_s;
	bool is_readable; /* the members below are set if true */
	double offset_us; /* NAN: none yet */
	double error_us, esterror_us, bound_us, rtt_ms, rate_ppm;
	bool is_held;
};

void demotable_init(struct demotable *table);

/* Print one row, and the header before the first; on a terminal the header is repeated before it scrolls away. */
void demotable_row(struct demotable *table, const struct demotable_row *row);

#endif
