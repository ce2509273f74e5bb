#include "log.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_SIZE 512
#define LIMIT_S 60

static void make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if (!isprint((unsigned char)*text))
			*text = '?';
	}
}

/* One write call per line, so that lines of several threads or processes do not mix. */
static void write_line(char line[LINE_SIZE])
{
	make_printable(line);
	fprintf(stderr, "ffntpd: %s\n", line);
}

void ffntp_log(const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	write_line(line);
}

bool ffntp_log_may(struct ffntp_log_limit *limit, int64_t now_s)
{
	if (limit->has_spoken && now_s - limit->last_s < LIMIT_S) {
		limit->withheld++;
		return false;
	}
	limit->has_spoken = true;
	limit->last_s = now_s;
	return true;
}

void ffntp_log_limited(struct ffntp_log_limit *limit, const char *format, ...)
{
	char line[LINE_SIZE];
	size_t length;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	length = strlen(line);
	if (limit->withheld > 0)
		snprintf(line + length, sizeof(line) - length, " (and %" PRIu64 " like it before)", limit->withheld);
	limit->withheld = 0;
	write_line(line);
}
