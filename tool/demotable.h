/* demotable: the rows that a demo shows while it runs. In colour on a terminal, unless NO_COLOR is set; plain lines
 * elsewhere. */
#ifndef FFNTP_TOOL_DEMOTABLE_H
#define FFNTP_TOOL_DEMOTABLE_H

#include <stdbool.h>

struct demotable {
	bool is_terminal, has_colour;
	unsigned rows;
};

struct demotable_row {
	double elapsed_s;
	bool is_readable; /* the rest is set if so */
	double offset_us; /* NAN: there is none yet */
	double error_us, esterror_us, bound_us, rtt_ms, rate_ppm;
	bool is_held;
};

void demotable_init(struct demotable *table);

/* Prints one row, and the header before the first; on a terminal again before it scrolls away. */
void demotable_row(struct demotable *table, const struct demotable_row *row);

#endif
