/* watchscreen: the terminal as a screen, by ncurses. There is one; one thread uses it. */
#ifndef FFNTP_TOOL_WATCHSCREEN_H
#define FFNTP_TOOL_WATCHSCREEN_H

#include <stdbool.h>

/*
 * Take the terminal. Returns false, with the terminal as it was, if it cannot be a screen: it is none, TERM is not
 * known, or the program was built without ncurses.
 */
bool watchscreen_begin(void);

/* Give the terminal back as it was. */
void watchscreen_end(void);

void watchscreen_size(unsigned *rows, unsigned *columns);

/* Return whether the terminal shows UTF-8. */
bool watchscreen_is_utf8(void);

enum watchscreen_tone { WATCHSCREEN_GOOD, WATCHSCREEN_DOUBT, WATCHSCREEN_BAD };

/*
 * Show lines of text, cut at the edges of the screen, and 'help' in the last row. The first line has the tone, from
 * this column on.
 */
void watchscreen_show(const char *text, const char *help, enum watchscreen_tone tone, int column);

enum watchscreen_key {
	WATCHSCREEN_NOTHING, /* the time has passed, or a signal came */
	WATCHSCREEN_REDRAW,  /* the size has changed, or the user wants to see the screen again */
	WATCHSCREEN_QUIT,    /* the user typed q, or the terminal is gone */
};

/* Wait for a key, at most so long. */
enum watchscreen_key watchscreen_wait(int ms);

#endif
