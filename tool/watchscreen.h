/*
 * watchscreen: the terminal as a screen, by ncurses. There is one; one thread uses it. It is a module that ffntp watch
 * loads, because loading ncurses takes a tenth of the time of a short command.
 */
#ifndef FFNTP_TOOL_WATCHSCREEN_H
#define FFNTP_TOOL_WATCHSCREEN_H

#include <stdbool.h>

enum watchscreen_tone { WATCHSCREEN_GOOD, WATCHSCREEN_DOUBT, WATCHSCREEN_BAD };

enum watchscreen_key {
	WATCHSCREEN_NOTHING, /* the time has passed, or a signal came */
	WATCHSCREEN_REDRAW,  /* the size has changed, or the user wants to see the screen again */
	WATCHSCREEN_QUIT,    /* the user typed q, or the terminal is gone */
};

struct watchscreen {
	/*
	 * Take the terminal. Returns false, with the terminal as it was, if it cannot be a screen: it is none, or TERM
	 * is not known.
	 */
	bool (*begin)(void);
	/* Give the terminal back as it was. */
	void (*end)(void);
	void (*size)(unsigned *rows, unsigned *columns);
	/* Return whether the terminal shows UTF-8. */
	bool (*is_utf8)(void);
	/*
	 * Show lines of text, cut at the edges of the screen, and 'help' in the last row. The first line has the tone,
	 * from this column on.
	 */
	void (*show)(const char *text, const char *help, enum watchscreen_tone tone, int column);
	/* Wait for a key, at most so long. */
	enum watchscreen_key (*wait)(int ms);
};

/* The module's file, and its one symbol (module.h). A build without ncurses has no such file. */
#define WATCHSCREEN_MODULE "ffntp-screen.so"
#define WATCHSCREEN_SYMBOL "watchscreen_module"

extern const struct watchscreen watchscreen_module;

#endif
