#include "progress.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 2.0
#define AGAIN_S 0.2

#define LINE_SIZE 80 /* one less is shown, because some terminals wrap after the last column */
#define NAME_WIDTH 40

static struct {
	const char *name; /* NULL: there is no work, or no terminal */
	double begun_s, shown_s;
	int length; /* of the line that is shown */
} present;

/* To a few milliseconds, for less than the time of a line of a journal. */
static double now_s(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void progress_begin(const char *name)
{
	progress_end();
	if (!isatty(STDERR_FILENO))
		return;
	present.name = name;
	present.begun_s = present.shown_s = now_s();
}

/* The end of a long name distinguishes it from others. */
static const char *tail(const char *name)
{
	size_t length = strlen(name);

	return length > NAME_WIDTH ? name + length - NAME_WIDTH : name;
}

static void print(double done, double took_s)
{
	char line[LINE_SIZE];

	if (isfinite(done) && done > 0 && done <= 1)
		snprintf(line, sizeof(line), "%s: %.0f %%, %.0f s left", tail(present.name), floor(done * 100),
			 ceil(took_s / done - took_s));
	else
		snprintf(line, sizeof(line), "%s: %.0f s", tail(present.name), took_s);
	for (char *c = line; *c; c++)
		*c = (unsigned char)*c < ' ' || *c == 127 ? '?' : *c;
	fprintf(stderr, "\r%-*s\r%s", present.length, "", line);
	present.length = (int)strlen(line);
}

void progress_show(double done)
{
	double now;

	if (!present.name)
		return;
	now = now_s();
	if (now - present.begun_s < PATIENCE_S || now - present.shown_s < AGAIN_S)
		return;
	present.shown_s = now;
	print(done, now - present.begun_s);
}

void progress_end(void)
{
	if (present.length > 0)
		fprintf(stderr, "\r%*s\r", present.length, "");
	present.name = NULL;
	present.length = 0;
}
