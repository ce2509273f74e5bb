#include "watchscreen.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REDRAW_KEY 12 /* Ctrl-L */

static SCREEN *screen;

static void begin_colours(void)
{
	const char *no_colour = getenv("NO_COLOR");

	if ((no_colour && no_colour[0] != '\0') || !has_colors())
		return;
	start_color();
	use_default_colors();
	init_pair(1 + WATCHSCREEN_GOOD, COLOR_GREEN, -1);
	init_pair(1 + WATCHSCREEN_DOUBT, COLOR_YELLOW, -1);
	init_pair(1 + WATCHSCREEN_BAD, COLOR_RED, -1);
}

static bool begin(void)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !term || strcmp(term, "dumb") == 0)
		return false;
	setlocale(LC_CTYPE, "");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return false;
	cbreak();
	noecho();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	curs_set(0);
	begin_colours();
	return true;
}

static void end(void)
{
	endwin();
	delscreen(screen);
	screen = NULL;
}

static void size(unsigned *rows, unsigned *columns)
{
	*rows = LINES > 0 ? (unsigned)LINES : 1;
	*columns = COLS > 0 ? (unsigned)COLS : 1;
}

static bool is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* A line that is too long runs into the next row, which is cleared then. */
static void show_line(int row, const char *text, size_t length)
{
	char line[1024];

	if (length >= sizeof(line))
		length = sizeof(line) - 1;
	memcpy(line, text, length);
	line[length] = '\0';
	move(row, 0);
	addstr(line);
	if (row + 1 < LINES) {
		move(row + 1, 0);
		clrtobot();
	}
}

static void show(const char *text, const char *help, enum watchscreen_tone tone, int column)
{
	erase();
	for (int row = 0; *text != '\0' && row < LINES - 1; row++) {
		size_t length = strcspn(text, "\n");

		show_line(row, text, length);
		text += length + (text[length] == '\n');
	}
	mvchgat(0, column, -1, A_BOLD, (short)(1 + tone), NULL);
	mvchgat(0, 0, column, A_BOLD, 0, NULL);
	move(LINES - 1, 0);
	clrtoeol();
	attron(A_DIM);
	addnstr(help, COLS - 1);
	attroff(A_DIM);
	refresh();
}

static enum watchscreen_key wait_for_key(int ms)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	int key;

	poll(&input, 1, ms);
	if ((input.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
		return WATCHSCREEN_QUIT;
	key = getch();
	if (key == 'q' || key == 'Q')
		return WATCHSCREEN_QUIT;
	if (key == REDRAW_KEY)
		clearok(curscr, TRUE);
	return key == ERR ? WATCHSCREEN_NOTHING : WATCHSCREEN_REDRAW;
}

__attribute__((visibility("default")))
const struct watchscreen watchscreen_module = { begin, end, size, is_utf8, show, wait_for_key };
