#include "demotable.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER_EVERY 20 /* rows: a terminal has at least 24 */

#define BOLD "\033[1m"
#define GREEN "\033[32m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

/* no-color.org: any value that is not empty. */
static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return !(no_color && no_color[0]) && terminal && strcmp(terminal, "dumb") != 0;
}

void demotable_init(struct demotable *table)
{
	bool is_terminal = isatty(STDOUT_FILENO) == 1;

	*table = (struct demotable){ .is_terminal = is_terminal, .has_colour = is_terminal && wants_colour() };
}

static const char *paint(const struct demotable *table, const char *colour)
{
	return table->has_colour ? colour : "";
}

static void print_header(const struct demotable *table)
{
	printf("%s%6s %11s %12s %12s %11s %9s %10s%s\n", paint(table, BOLD), "time", "offset", "true error",
	       "est. error", "bound", "RTT", "rate", paint(table, PLAIN));
	printf("%6s %11s %12s %12s %11s %9s %10s\n", "s", "us", "us", "us", "us", "ms", "ppm");
}

void demotable_row(struct demotable *table, const struct demotable_row *row)
{
	char offset[32] = "-";

	if (table->rows == 0 || (table->is_terminal && table->rows % HEADER_EVERY == 0))
		print_header(table);
	table->rows++;
	if (!row->is_readable) {
		printf("%6.1f  not synchronised yet\n", row->elapsed_s);
		return;
	}
	if (isfinite(row->offset_us))
		snprintf(offset, sizeof(offset), "%+.1f", row->offset_us);
	printf("%6.1f %11s %s%+12.1f%s %12.1f %11.1f %9.3f %+10.3f%s\n", row->elapsed_s, offset,
	       paint(table, row->is_held ? GREEN : RED), row->error_us, paint(table, PLAIN), row->esterror_us,
	       row->bound_us, row->rtt_ms, row->rate_ppm, row->is_held ? "" : " !");
}
