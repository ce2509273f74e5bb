#include "leapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha1.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "readall.h"

/* Debian's file has 5 KiB; a table up to the year 2200 would have 10. */
#define LEAPFILE_SIZE_MAX 65536

#define HASH_WORDS 5

struct parser {
	struct ffntp_leap_table table;
	bool has_expiry, has_hash;
	int64_t issued_s;
	struct sha1_ctx sha1; /* over all significant digits: dates of issue and of expiry, and entries */
	uint32_t hash[HASH_WORDS];
};

static const char malformed[] = "not a table of leap seconds";

/*
 * Read decimal digits at *text, up to end, move past them and add them to the hash. Returns false for none, or for more
 * than 12.
 */
static bool parse_digits(struct parser *parser, const char **text, const char *end, int64_t *value)
{
	const char *begin = *text;
	int64_t sum = 0;

	for (; *text < end && **text >= '0' && **text <= '9'; ++*text) {
		if (*text - begin == 12)
			return false;
		sum = sum * 10 + (**text - '0');
	}
	*value = sum;
	sha1_update(&parser->sha1, (size_t)(*text - begin), (const uint8_t *)begin);
	return *text > begin;
}

static void skip_blanks(const char **text, const char *end)
{
	while (*text < end && (**text == ' ' || **text == '\t'))
		++*text;
}

/* Read NTP seconds. */
static bool parse_date(struct parser *parser, const char **text, const char *end, int64_t *utc_s)
{
	skip_blanks(text, end);
	if (!parse_digits(parser, text, end, utc_s))
		return false;
	*utc_s -= FFNTP_NTP_UNIX_S;
	return true;
}

static bool parse_expiry(struct parser *parser, const char *text, const char *end)
{
	parser->has_expiry = true;
	return parse_date(parser, &text, end, &parser->table.expires_s);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Parse "49db2447 571e5e1b 2f002a53 9c8da8e4 39b8e49e", whose words may lack leading zeros. */
static bool parse_hash(struct parser *parser, const char *text, const char *end)
{
	for (size_t i = 0; i < HASH_WORDS; i++) {
		const char *begin;

		skip_blanks(&text, end);
		for (begin = text; text < end && text - begin < 8 && hex_digit(*text) >= 0; text++)
			parser->hash[i] = parser->hash[i] << 4 | (uint32_t)hex_digit(*text);
		if (text == begin)
			return false;
	}
	parser->has_hash = true;
	return true;
}

/* Parse "3692217600 37 # 1 Jan 2017": TAI - UTC is 37 s from that NTP second on. */
static bool parse_entry(struct parser *parser, const char *text, const char *end)
{
	struct ffntp_leap_entry entry;
	int64_t offset_s;

	if (!parse_date(parser, &text, end, &entry.from_s))
		return false;
	skip_blanks(&text, end);
	if (!parse_digits(parser, &text, end, &offset_s) || offset_s > INT16_MAX)
		return false;
	entry.tai_offset_s = (int16_t)offset_s;
	if (parser->table.count < FFNTP_LEAP_TABLE_SIZE)
		parser->table.entry[parser->table.count] = entry;
	parser->table.count++;
	return true;
}

static bool parse_line(struct parser *parser, const char *text, const char *end)
{
	skip_blanks(&text, end);
	if (text == end || *text == '\r')
		return true;
	if (*text != '#')
		return parse_entry(parser, text, end);
	if (end - text < 2)
		return true;
	text += 2;
	switch (text[-1]) {
	case '$':
		return parse_date(parser, &text, end, &parser->issued_s);
	case '@':
		return parse_expiry(parser, text, end);
	case 'h':
		return parse_hash(parser, text, end);
	default:
		return true;
	}
}

static bool is_hash_right(struct parser *parser)
{
	uint8_t digest[SHA1_DIGEST_SIZE];

	sha1_digest(&parser->sha1, sizeof(digest), digest);
	for (size_t i = 0; i < HASH_WORDS; i++) {
		uint32_t word = (uint32_t)digest[4 * i] << 24 | (uint32_t)digest[4 * i + 1] << 16 |
				(uint32_t)digest[4 * i + 2] << 8 | digest[4 * i + 3];

		if (word != parser->hash[i])
			return false;
	}
	return true;
}

const char *ffntp_leapfile_parse(const char *text, size_t length, struct ffntp_leap_table *table)
{
	struct parser parser = { 0 };
	const char *end = text + length;
	enum ffntp_timescale_result result;

	sha1_init(&parser.sha1);
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline != NULL ? newline : end;

		if (!parse_line(&parser, text, stop))
			return malformed;
		text = newline != NULL ? newline + 1 : end;
	}
	if (!parser.has_expiry)
		return malformed;
	result = ffntp_leap_table_check(&parser.table);
	if (result != FFNTP_TIMESCALE_OK)
		return ffntp_timescale_result_text(result);
	if (!parser.has_hash)
		return "a table of leap seconds without a checksum (#h): it may have lost its end";
	if (!is_hash_right(&parser))
		return "a table of leap seconds whose checksum (#h) is wrong";
	*table = parser.table;
	return NULL;
}

const char *ffntp_leapfile_read(const char *path, struct ffntp_leap_table *table)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	const char *problem;
	size_t length;
	char *text;

	if (descriptor < 0)
		return strerror(errno);
	text = ffntp_read_whole(descriptor, LEAPFILE_SIZE_MAX, &length);
	if (text != NULL)
		problem = ffntp_leapfile_parse(text, length, table);
	else
		problem = errno == EFBIG ? malformed : strerror(errno);
	free(text);
	close(descriptor);
	return problem;
}
