/* watch: shows the clock again and again: on a terminal as a screen, otherwise a line each time. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../ports/linux/module.h"
#include "commands.h"
#include "watchscreen.h"
#include "watchview.h"

#define INTERVAL_LEAST_S 0.1
#define INTERVAL_MOST_S 3600
#define HELP "q quits, Ctrl-L draws again; ffntp sources -v explains the table"

struct watch {
	const struct tool_command *command;
	const struct watchscreen *screen; /* NULL: lines are printed */
	const char *path;
	double interval_s;
	int64_t count; /* 0: no limit */
	struct snapshot snapshot;
	struct watch_history history;
	struct pageuse_outcome outcome; /* of the newest try */
	bool is_read;
};

static volatile sig_atomic_t stopped_by; /* the handler has no other context */

static void stop(int number)
{
	stopped_by = number;
}

/* Without SA_RESTART, so that waiting ends. */
static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = stop };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

/* End by the same signal, so that the parent process gets to know it. */
static void end_by_signal(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	fflush(stdout);
	sigemptyset(&action.sa_mask);
	sigaction(stopped_by, &action, NULL);
	raise(stopped_by);
}

static double now_s(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int64_t minute_now(void)
{
	return (int64_t)floor(now_s() / 60);
}

/* --- the last hour, as far as the page has it --- */

static void add_past(struct watch *watch, const struct ffntp_linux_reader *reader, int minutes)
{
	ffntp_counter then = watch->snapshot.now - (ffntp_counter)llround(minutes * 60 / watch->snapshot.period_s);
	struct watch_minute values = { .offset_s = (double)NAN };
	struct ffntp_reading reading;
	struct ffntp_map map;

	if (ffntp_page_read_past(reader->page, then, &map) != FFNTP_CLOCK_OK ||
	    ffntp_clock_at(&map, then, FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK)
		return;
	values.bound_s = (double)reading.bound_ns * 1e-9;
	values.esterror_s = (double)reading.esterror_ns * 1e-9;
	watch_history_add(&watch->history, watch->history.minute - minutes, &values);
}

static enum ffntp_clock_result read_past(const struct ffntp_linux_reader *reader, void *context)
{
	struct watch *watch = context;

	for (int minutes = 1; minutes < WATCH_MINUTES; minutes++)
		add_past(watch, reader, minutes);
	return FFNTP_CLOCK_OK;
}

static bool begin(struct watch *watch)
{
	struct pageuse_outcome unused;

	if (!snapshot_take(watch->command, watch->path, &watch->snapshot))
		return false;
	watch_history_begin(&watch->history, minute_now());
	if (watch->snapshot.result == FFNTP_CLOCK_OK)
		(void)pageuse_try(watch->path, read_past, watch, &unused);
	return true;
}

/* --- once --- */

/* After a failure the former snapshot stays. */
static void look(struct watch *watch)
{
	struct snapshot newest;
	struct watch_minute values;

	watch->is_read = snapshot_try(watch->path, &newest, &watch->outcome);
	if (watch->is_read)
		watch->snapshot = newest;
	if (!watch->is_read)
		return;
	values = watch_values(&watch->snapshot);
	watch_history_add(&watch->history, minute_now(), &values);
}

static const char *problem_of(const struct watch *watch)
{
	if (watch->is_read)
		return NULL;
	return watch->outcome.page != FFNTP_PAGE_OK ? ffntp_page_result_text(watch->outcome.page)
						    : ffntp_clock_result_text(watch->outcome.clock);
}

static enum watchscreen_tone tone_of(const struct watch *watch)
{
	if (!watch->is_read || watch->snapshot.map.status == FFNTP_STATUS_DISRUPTED)
		return WATCHSCREEN_BAD;
	return watch->snapshot.map.status == FFNTP_STATUS_SYNCHRONISED ? WATCHSCREEN_GOOD : WATCHSCREEN_DOUBT;
}

static void show(const struct watch *watch)
{
	struct watch_view view = {
		.snapshot = &watch->snapshot,
		.history = &watch->history,
		.problem = problem_of(watch),
		.is_utf8 = watch->screen->is_utf8(),
	};
	char *text;

	watch->screen->size(&view.rows, &view.columns);
	text = watch_view_text(&view);
	if (text)
		watch->screen->show(text, HELP, tone_of(watch), WATCH_STATUS_COLUMN);
	free(text);
}

/* --- again and again --- */

/* Returns false if the user wants to quit. */
static bool wait_on_screen(const struct watch *watch, double until_s)
{
	enum watchscreen_key key;
	double left_s;

	while ((left_s = until_s - now_s()) > 0 && stopped_by == 0) {
		key = watch->screen->wait((int)ceil(left_s * 1e3));
		if (key == WATCHSCREEN_QUIT)
			return false;
		if (key == WATCHSCREEN_REDRAW)
			show(watch);
	}
	return true;
}

static void wait_plainly(double until_s)
{
	struct timespec until = { .tv_sec = (time_t)until_s, .tv_nsec = (long)((until_s - floor(until_s)) * 1e9) };

	if (stopped_by == 0)
		clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL);
}

static void print(const struct watch *watch)
{
	char line[WATCH_LINE_SIZE];
	const char *problem = problem_of(watch);

	if (problem)
		printf("no clock: %s\n", problem);
	else
		printf("%s\n", watch_line(&watch->snapshot, line));
	fflush(stdout);
}

static void run(struct watch *watch)
{
	double next_s = now_s();
	bool goes_on = true;

	for (int64_t i = 1; goes_on && stopped_by == 0; i++) {
		look(watch);
		if (watch->screen)
			show(watch);
		else
			print(watch);
		if (i == watch->count || (!watch->screen && ferror(stdout)))
			break;
		next_s = fmax(next_s + watch->interval_s, now_s());
		if (watch->screen)
			goes_on = wait_on_screen(watch, next_s);
		else
			wait_plainly(next_s);
	}
}

/* Return the screen, with the terminal taken; NULL if there is none. */
static const struct watchscreen *begin_screen(void)
{
	const struct watchscreen *screen =
		ffntp_module_load(WATCHSCREEN_MODULE, FFNTP_MODULE_DIR "/" WATCHSCREEN_MODULE, WATCHSCREEN_SYMBOL);

	return screen && screen->begin() ? screen : NULL;
}

int tool_watch(const struct tool_command *command, int argc, char **argv)
{
	static struct watch watch;
	const struct tool_option options[] = {
		tool_text("page", "FILE", &watch.path, "the clock page [the one that ffntpd keeps]"),
		tool_real("interval", "S", &watch.interval_s, INTERVAL_LEAST_S, INTERVAL_MOST_S,
			  "seconds between two looks [1]"),
		tool_integer("count", "N", &watch.count, 0, 0x1p53, "end after N looks [0: never]"),
		{ 0 },
	};
	int code;

	watch = (struct watch){ .command = command, .interval_s = 1 };
	if (!tool_options_alone(command, options, argc, argv, &code))
		return code;
	if (!begin(&watch))
		return TOOL_FAILED;
	catch_signals();
	watch.screen = begin_screen();
	run(&watch);
	if (watch.screen)
		watch.screen->end();
	if (stopped_by != 0)
		end_by_signal();
	return watch.is_read ? TOOL_OK : TOOL_FAILED;
}
