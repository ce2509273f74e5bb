#include "log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_SIZE 512
#define PREFIX_SIZE 16
#define LIMIT_S 60

static bool is_journal, is_socket;
static int outlet = STDERR_FILENO;
static uint64_t lost;  /* lines that could not be written since the last one that was */
static bool is_broken; /* the last line was written in part */
static enum ffntp_log_level shown = FFNTP_LOG_DEFAULT;
static char *watched;
static size_t watched_size;

/*
 * Open /dev/null in place of a standard stream that is closed. Otherwise the next file that is opened would take its
 * number, such as the page's lock or a socket, and get the lines of the log.
 */
static void fill_standard_streams(void)
{
	for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
		if (fcntl(descriptor, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDWR | O_NOCTTY); /* the least number that is free */
	}
}

/* systemd.exec(5): "DEVICE:INODE", in decimal. A program between systemd and this one may have replaced the stream. */
static bool is_stream_of_journal(const struct stat *status)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char text[64];

	snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)status->st_dev, (uintmax_t)status->st_ino);
	return stream != NULL && strcmp(stream, text) == 0;
}

/*
 * Return a descriptor of a pipe of our own that does not wait. The one that was inherited is shared with other
 * processes, which may not expect that it does not wait. Returns the inherited one if the pipe is another user's.
 */
static int open_pipe(void)
{
	int own = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	return own >= 0 ? own : STDERR_FILENO;
}

void ffntp_log_begin(void)
{
	struct stat status;

	fill_standard_streams();
	if (fstat(STDERR_FILENO, &status) != 0)
		return;
	is_journal = is_stream_of_journal(&status);
	is_socket = S_ISSOCK(status.st_mode);
	if (S_ISFIFO(status.st_mode))
		outlet = open_pipe();
}

void ffntp_log_show(enum ffntp_log_level level)
{
	shown = level;
}

bool ffntp_log_is_shown(enum ffntp_log_level level)
{
	return level <= shown;
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

/* --- writing without waiting --- */

/*
 * Write, if a pipe or terminal takes a line now. A line is shorter than PIPE_BUF, so that a pipe takes it whole.
 * Returns what write() returns; -1 and EAGAIN if it takes none.
 */
static ssize_t write_now(const char *text, size_t length)
{
	struct pollfd ready = { .fd = outlet, .events = POLLOUT };
	int count;

	if (is_socket)
		return send(outlet, text, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	count = poll(&ready, 1, 0);
	if (count == 1 && (ready.revents & POLLOUT) != 0)
		return write(outlet, text, length);
	if (count >= 0)
		errno = EAGAIN;
	return -1;
}

/* Write with one call, so that lines of several processes do not mix. Returns whether all of it was written. */
static bool put(enum ffntp_log_level level, const char *line)
{
	char text[LINE_SIZE + PREFIX_SIZE];
	const char *end = is_broken ? "\n" : ""; /* of the line before */
	int length = is_journal ? snprintf(text, sizeof(text), "%s<%d>%s\n", end, (int)level, line)
				: snprintf(text, sizeof(text), "%sffntpd: %s\n", end, line);
	ssize_t written;

	do
		written = write_now(text, (size_t)length);
	while (written < 0 && errno == EINTR);
	if (written > 0)
		is_broken = written < length;
	return written == length;
}

/* The number of lost lines comes before the first line that can be written again. */
static bool put_lost(void)
{
	char line[LINE_SIZE];

	if (lost == 0)
		return true;
	snprintf(line, sizeof(line), "%" PRIu64 " line%s lost here: standard error could not be written", lost,
		 lost == 1 ? " was" : "s were");
	return put(FFNTP_LOG_WARNING, line);
}

/* A line that cannot be written at once is lost, because the clock must not wait for a reader of its log. */
static void write_line(enum ffntp_log_level level, char line[LINE_SIZE])
{
	make_printable(line);
	if (level == FFNTP_LOG_ERROR && watched != NULL && *watched == '\0')
		snprintf(watched, watched_size, "%s", line);
	if (!put_lost()) {
		lost++;
		return;
	}
	lost = put(level, line) ? 0 : 1;
}

/* --- lines --- */

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
