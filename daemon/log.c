#include "log.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_SIZE 512
#define LIMIT_S 60

static bool is_journal;
static enum ffntp_log_level shown = FFNTP_LOG_DEFAULT;
static char *watched;
static size_t watched_size;

/* systemd.exec(5): "DEVICE:INODE", in decimal. A program between systemd and this one may have replaced the stream. */
void ffntp_log_begin(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	char text[64];

	if (stream == NULL || fstat(STDERR_FILENO, &status) != 0)
		return;
	snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
	is_journal = strcmp(stream, text) == 0;
}

void ffntp_log_show(enum ffntp_log_level level)
{
	shown = level;
}

void ffntp_log_watch(char *text, size_t size)
{
	watched = text;
	watched_size = size;
	if (text != NULL)
		*text = '\0';
}

static void make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if (!isprint((unsigned char)*text))
			*text = '?';
	}
}

/* One write call per line, so that lines of several threads or processes do not mix. */
static void write_line(enum ffntp_log_level level, char line[LINE_SIZE])
{
	make_printable(line);
	if (level == FFNTP_LOG_ERROR && watched != NULL && *watched == '\0')
		snprintf(watched, watched_size, "%s", line);
	if (is_journal)
		fprintf(stderr, "<%d>%s\n", (int)level, line);
	else
		fprintf(stderr, "ffntpd: %s\n", line);
}

void ffntp_log(enum ffntp_log_level level, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	if (level > shown)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	write_line(level, line);
}

/* Return whether this is the first line of its kind within a minute. */
static bool is_due(struct ffntp_log_limit *limit, int64_t now_s)
{
	if (limit->has_spoken && now_s - limit->last_s < LIMIT_S)
		return false;
	limit->has_spoken = true;
	limit->last_s = now_s;
	return true;
}

static void add_withheld(struct ffntp_log_limit *limit, char line[LINE_SIZE])
{
	size_t length = strlen(line);

	if (limit->withheld > 0)
		snprintf(line + length, LINE_SIZE - length, " (and %" PRIu64 " like it before)", limit->withheld);
	limit->withheld = 0;
}

void ffntp_log_limited(struct ffntp_log_limit *limit, int64_t now_s, struct ffntp_log_levels levels, const char *format,
		       ...)
{
	bool is_first = is_due(limit, now_s);
	enum ffntp_log_level level = is_first ? levels.level : levels.more;
	char line[LINE_SIZE];
	va_list arguments;

	if (level > shown) {
		limit->withheld++;
		return;
	}
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	add_withheld(limit, line);
	write_line(level, line);
}
