/* watchview: the contents of the screen of 'ffntp watch', as lines of text. No I/O. */
#ifndef FFNTP_TOOL_WATCHVIEW_H
#define FFNTP_TOOL_WATCHVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot.h"

#define WATCH_MINUTES 60

/* The largest values of one minute (s); NAN: none. */
struct watch_minute {
	double offset_s, esterror_s, bound_s;
};

/* The last hour; the newest minute is the last one. */
struct watch_history {
	int64_t minute; /* number of the newest one */
	struct watch_minute of[WATCH_MINUTES];
};

/* Begin an empty history. minute: the number of the present one. */
void watch_history_begin(struct watch_history *history, int64_t minute);

/* Count values in this minute, which is not later than the newest one by WATCH_MINUTES or more, or is newer. */
void watch_history_add(struct watch_history *history, int64_t minute, const struct watch_minute *values);

/* Return the snapshot's values: the clock's, and the offset from the server that is followed. */
struct watch_minute watch_values(const struct snapshot *snapshot);

/*
 * Return the bars of the last 'columns' minutes, at most WATCH_MINUTES, as text: a minute's value in proportion to the
 * largest of them, which is set in *most (NAN: none). is_utf8: in eighths of a block, else in ASCII.
 */
#define WATCH_BARS_SIZE (WATCH_MINUTES * 3 + 1)
const char *watch_bars(const double values[WATCH_MINUTES], unsigned columns, bool is_utf8, double *most,
		       char text[WATCH_BARS_SIZE]);

struct watch_view {
	const struct snapshot *snapshot; /* the newest one that could be read */
	const struct watch_history *history;
	const char *problem; /* why there is none now; NULL: there is */
	unsigned rows, columns;
	bool is_utf8;
};

/*
 * Return the lines, each with a newline, to be freed; NULL if memory is short. Lines may be longer than the screen is
 * wide. The first line has the status; without a problem, it stands at WATCH_STATUS_COLUMN.
 */
char *watch_view_text(const struct watch_view *view);

#define WATCH_STATUS_COLUMN 13

/* Return one line for a log, without a newline: time, status, offset, errors, server. */
#define WATCH_LINE_SIZE 256
const char *watch_line(const struct snapshot *snapshot, char text[WATCH_LINE_SIZE]);

#endif
