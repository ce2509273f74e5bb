#include "leapfile.h"

#include <stdio.h>
#include <string.h>

/* Debian's file has 5 KiB; a table that reaches 2200 would have 10. */
#define LEAPFILE_SIZE_MAX 65536

struct table {
	bool has_expiry, has_entry;
	int64_t now_s, expires_s, last_s;
	bool is_covered;
	int16_t offset_s;
};

/* Reads decimal digits at *text, up to end, and moves past them. False if there are none, or more than 12. */
static bool parse_digits(const char **text, const char *end, int64_t *value)
{
	const char *begin = *text;
	int64_t sum = 0;

	while (*text < end && **text >= '0' && **text <= '9' && *text - begin < 12) {
		sum = sum * 10 + (**text - '0');
		++*text;
	}
	*value = sum;
	return *text > begin;
}

static void skip_blanks(const char **text, const char *end)
{
	while (*text < end && (**text == ' ' || **text == '\t'))
		++*text;
}

static bool parse_expiry(struct table *table, const char *text, const char *end)
{
	int64_t ntp_s;

	skip_blanks(&text, end);
	if (!parse_digits(&text, end, &ntp_s))
		return false;
	table->expires_s = ntp_s - FFNTP_NTP_UNIX_S;
	table->has_expiry = true;
	return true;
}

/* "3692217600  37  # 1 Jan 2017": from that NTP second on, TAI - UTC is 37 s. In ascending order. */
static bool parse_entry(struct table *table, const char *text, const char *end)
{
	int64_t ntp_s, offset_s, from_s;

	if (!parse_digits(&text, end, &ntp_s))
		return false;
	skip_blanks(&text, end);
	if (!parse_digits(&text, end, &offset_s) || offset_s > INT16_MAX)
		return false;
	from_s = ntp_s - FFNTP_NTP_UNIX_S;
	if (table->has_entry && from_s <= table->last_s)
		return false;
	table->last_s = from_s;
	table->has_entry = true;
	if (from_s <= table->now_s) {
		table->is_covered = true;
		table->offset_s = (int16_t)offset_s;
	}
	return true;
}

static bool parse_line(struct table *table, const char *text, const char *end)
{
	skip_blanks(&text, end);
	if (text == end || *text == '\r')
		return true;
	if (end - text >= 2 && text[0] == '#' && text[1] == '@')
		return parse_expiry(table, text + 2, end);
	return *text == '#' || parse_entry(table, text, end);
}

enum ffntp_leapfile_result ffntp_leapfile_parse(const char *text, size_t length, int64_t now_s, int16_t *tai_offset_s)
{
	struct table table = { .now_s = now_s };
	const char *end = text + length;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline != NULL ? newline : end;

		if (!parse_line(&table, text, stop))
			return FFNTP_LEAPFILE_MALFORMED;
		text = newline != NULL ? newline + 1 : end;
	}
	if (!table.has_expiry || !table.has_entry)
		return FFNTP_LEAPFILE_MALFORMED;
	if (now_s >= table.expires_s)
		return FFNTP_LEAPFILE_EXPIRED;
	if (!table.is_covered)
		return FFNTP_LEAPFILE_TOO_EARLY;
	*tai_offset_s = table.offset_s;
	return FFNTP_LEAPFILE_OK;
}

enum ffntp_leapfile_result ffntp_leapfile_read(const char *path, int64_t now_s, int16_t *tai_offset_s)
{
	char text[LEAPFILE_SIZE_MAX];
	size_t length;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return FFNTP_LEAPFILE_MISSING;
	length = fread(text, 1, sizeof(text), file);
	fclose(file);
	/* A file that fills the buffer may go on, and its last line may be half a line. */
	if (length == sizeof(text))
		return FFNTP_LEAPFILE_MALFORMED;
	return ffntp_leapfile_parse(text, length, now_s, tai_offset_s);
}

const char *ffntp_leapfile_result_text(enum ffntp_leapfile_result result)
{
	switch (result) {
	case FFNTP_LEAPFILE_OK:
		return "the table of leap seconds is in use";
	case FFNTP_LEAPFILE_MISSING:
		return "no such table of leap seconds";
	case FFNTP_LEAPFILE_MALFORMED:
		return "not a table of leap seconds";
	case FFNTP_LEAPFILE_EXPIRED:
		return "the table of leap seconds has expired";
	case FFNTP_LEAPFILE_TOO_EARLY:
		return "the date lies before the table of leap seconds begins";
	}
	return "unknown";
}
