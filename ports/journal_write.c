#include "journal.h"

#include "journal_fields.h"

/* A line that grows. Every line fits: FFNTP_JOURNAL_LINE_SIZE. */
struct line {
	char *at;
};

static void put(struct line *line, char c)
{
	*line->at++ = c;
}

static void put_text(struct line *line, const char *text)
{
	while (*text != '\0')
		put(line, *text++);
}

static void put_digit(struct line *line, unsigned digit)
{
	put(line, "0123456789abcdef"[digit & 15]);
}

/* Without leading zeros. */
static void put_hex(struct line *line, uint64_t value)
{
	unsigned shift = 60;

	while (shift > 0 && value >> shift == 0)
		shift -= 4;
	put_digit(line, (unsigned)(value >> shift));
	while (shift > 0) {
		shift -= 4;
		put_digit(line, (unsigned)(value >> shift));
	}
}

/* A difference of two counter readings, modulo 2^64: from -2^63 to 2^63 - 1. */
static void put_difference(struct line *line, uint64_t difference)
{
	if (difference >> 63 != 0) {
		put(line, '-');
		difference = -difference;
	}
	put_hex(line, difference);
}

static void put_decimal(struct line *line, int64_t value)
{
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[20];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (value < 0)
		put(line, '-');
	while (count > 0)
		put(line, digits[--count]);
}

/* All 64 bits, so that the value is exact and its width constant. */
static void put_word(struct line *line, uint64_t word)
{
	for (unsigned shift = 64; shift > 0; shift -= 4)
		put_digit(line, (unsigned)(word >> (shift - 4)));
}

static void put_real(struct line *line, double value)
{
	union {
		double real;
		uint64_t bits;
	} both = { .real = value };

	put_word(line, both.bits);
}

static void put_bytes(struct line *line, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		put_digit(line, bytes[i] >> 4);
		put_digit(line, bytes[i]);
	}
}

/* "none", or EXPIRES and then ,FROM:OFFSET for each entry. */
static void put_table(struct line *line, const struct ffntp_leap_table *table)
{
	if (table == NULL) {
		put_text(line, "none");
		return;
	}
	put_decimal(line, table->expires_s);
	for (uint32_t i = 0; i < table->count; i++) {
		put(line, ',');
		put_decimal(line, table->entry[i].from_s);
		put(line, ':');
		put_decimal(line, table->entry[i].tai_offset_s);
	}
}

static size_t end(struct line *line, const char *begin)
{
	put(line, '\n');
	return (size_t)(line->at - begin);
}

/* --- lines --- */

size_t ffntp_journal_write_head(struct ffntp_journal *journal, const char *program, char text[FFNTP_JOURNAL_LINE_SIZE])
{
	struct line line = { text };

	journal->has_head = true;
	put_text(&line, FFNTP_JOURNAL_BEGINNING);
	put_decimal(&line, FFNTP_JOURNAL_VERSION);
	put(&line, ' ');
	put_text(&line, program);
	return end(&line, text);
}

#define PUT_WHOLE(key, member, type, least, most) \
	put_text(line, " " key);                  \
	put_decimal(line, (int64_t)config->member);
#define PUT_REAL(key, member)    \
	put_text(line, " " key); \
	put_real(line, config->member);

static void put_config(struct line *line, const struct ffntp_client_config *config)
{
	FFNTP_JOURNAL_CONFIG_FIELDS(PUT_WHOLE, PUT_REAL)
#define LATER_KEYWORD(member, usual, least, most, name, unit, scale) \
	if (config->member != (usual)) {                             \
		PUT_REAL(#name "=", member)                          \
	}
#define SERVER_WORD(member, usual, least, most, name, unit, scale) \
	LATER_KEYWORD(member, usual, least, most, name, unit, scale)
#include "../core/client_options.def"
	if (config->interleaved != 0)
		put_text(line, " " FFNTP_JOURNAL_INTERLEAVED);
	if (config->root_field == FFNTP_ROOT_FIELD_ASK)
		put_text(line, " " FFNTP_JOURNAL_ROOT_ASKED);
	else if (config->root_field == FFNTP_ROOT_FIELD_NEVER)
		put_text(line, " " FFNTP_JOURNAL_ROOT_NEVER);
	if (config->leap_expiry == FFNTP_LEAP_EXPIRY_KEEP)
		put_text(line, " " FFNTP_JOURNAL_KEEP);
	put_text(line, " " FFNTP_JOURNAL_TABLE_KEY);
	put_table(line, config->leap_table);
}

static void put_ensemble(struct line *line, const struct ffntp_ensemble_config *config)
{
	FFNTP_JOURNAL_ENSEMBLE_FIELDS(PUT_WHOLE)
	put_config(line, &config->client);
}

static void put_member(struct line *line, const struct ffntp_member_config *config)
{
	FFNTP_JOURNAL_MEMBER_FIELDS(PUT_WHOLE)
	put_config(line, &config->client);
}

#undef PUT_WHOLE
#undef PUT_REAL

static void put_beginning(struct line *line, const char *word, ffntp_counter at)
{
	put_text(line, word);
	put(line, ' ');
	put_word(line, at);
}

static size_t write_config(const char *word, const struct ffntp_client_config *config, ffntp_counter at,
			   char text[FFNTP_JOURNAL_LINE_SIZE])
{
	struct line line = { text };

	put_beginning(&line, word, at);
	put_config(&line, config);
	return end(&line, text);
}

size_t ffntp_journal_write_session(struct ffntp_journal *journal, const struct ffntp_client_config *config,
				   ffntp_counter at, char text[FFNTP_JOURNAL_LINE_SIZE])
{
	journal->at = at;
	journal->has_session = true;
	journal->room = 1;
	return write_config(FFNTP_JOURNAL_SESSION_WORD, config, at, text);
}

size_t ffntp_journal_write_continues(struct ffntp_journal *journal, const struct ffntp_client_config *config,
				     char text[FFNTP_JOURNAL_LINE_SIZE])
{
	return write_config(FFNTP_JOURNAL_CONTINUES_WORD, config, journal->at, text);
}

size_t ffntp_journal_write_ensemble(struct ffntp_journal *journal, const struct ffntp_ensemble_config *config,
				    ffntp_counter at, char text[FFNTP_JOURNAL_LINE_SIZE])
{
	struct line line = { text };

	journal->room = config->members;
	journal->has_session = config->members > 1;
	if (config->members == 1)
		return 0;
	journal->at = at;
	put_beginning(&line, FFNTP_JOURNAL_ENSEMBLE_WORD, at);
	put_ensemble(&line, config);
	return end(&line, text);
}

size_t ffntp_journal_write_ensemble_continues(struct ffntp_journal *journal, const struct ffntp_ensemble_config *config,
					      char text[FFNTP_JOURNAL_LINE_SIZE])
{
	struct line line = { text };

	if (config->members == 1)
		return 0;
	put_beginning(&line, FFNTP_JOURNAL_CONTINUES_WORD, journal->at);
	put_ensemble(&line, config);
	return end(&line, text);
}

size_t ffntp_journal_write_listed(struct ffntp_journal *journal, unsigned member,
				  const struct ffntp_member_config *config, char text[FFNTP_JOURNAL_LINE_SIZE])
{
	struct line line = { text };

	if (journal->room == 1)
		return ffntp_journal_write_continues(journal, &config->client, text);
	put_text(&line, FFNTP_JOURNAL_LISTED_WORD " ");
	put_decimal(&line, member);
	put_member(&line, config);
	return end(&line, text);
}

/* The reading of a line, as its difference from the line's before. */
static void put_reading(struct line *line, struct ffntp_journal *journal, ffntp_counter at)
{
	put_difference(line, at - journal->at);
	journal->at = at;
}

size_t ffntp_journal_write_added(struct ffntp_journal *journal, unsigned member,
				 const struct ffntp_member_config *config, ffntp_counter at,
				 char text[FFNTP_JOURNAL_LINE_SIZE])
{
	struct line line = { text };

	if (journal->room == 1)
		return ffntp_journal_write_session(journal, &config->client, at, text);
	put_text(&line, FFNTP_JOURNAL_ADDED_WORD " ");
	put_reading(&line, journal, at);
	put(&line, ' ');
	put_decimal(&line, member);
	put_member(&line, config);
	return end(&line, text);
}

size_t ffntp_journal_write_removed(struct ffntp_journal *journal, unsigned member, ffntp_counter at,
				   char text[FFNTP_JOURNAL_LINE_SIZE])
{
	struct line line = { text };

	if (journal->room == 1) {
		journal->has_session = false;
		return 0;
	}
	put_text(&line, FFNTP_JOURNAL_REMOVED_WORD " ");
	put_reading(&line, journal, at);
	put(&line, ' ');
	put_decimal(&line, member);
	return end(&line, text);
}

#define PUT_WHOLE(member, type, least, most) \
	put(line, ' ');                      \
	put_decimal(line, (int64_t)map->member);
#define PUT_WORD(member) \
	put(line, ' ');  \
	put_hex(line, map->member);

#define MEMBER_PLAIN(member) member
#define PUT_LATER(name, codec)                 \
	if (map->codec != 0) {                 \
		put_text(line, " " #name "="); \
		put_hex(line, map->codec);     \
	}

static void put_map(struct line *line, const struct ffntp_map *map)
{
	FFNTP_JOURNAL_MAP_FIELDS(PUT_WHOLE, PUT_WORD)
#define LATER_WORD(offset, type, NAME, name, unit, since, codec) PUT_LATER(name, MEMBER_##codec)
#include "../core/page_fields.def"
}

#undef PUT_WHOLE
#undef PUT_WORD
#undef PUT_LATER

static void put_measurement(struct line *line, const struct ffntp_measurement *measurement, ffntp_counter at)
{
	const int64_t numbers[] = { measurement->is_tai, measurement->leap, measurement->stratum, measurement->refid };
	const double reals[] = { measurement->max_error_s, measurement->root_delay_s, measurement->precision_s };

	put_difference(line, measurement->before - at);
	put(line, ' ');
	put_word(line, measurement->time.units);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		put(line, ' ');
		put_decimal(line, numbers[i]);
	}
	for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
		put(line, ' ');
		put_real(line, reals[i]);
	}
}

static void put_value(struct line *line, const struct ffntp_input *input)
{
	switch (input->kind) {
	case FFNTP_INPUT_REQUEST:
		put_word(line, input->nonce);
		break;
	case FFNTP_INPUT_SENT:
		put_difference(line, input->stamp - input->at);
		break;
	case FFNTP_INPUT_PAUSE:
		put_difference(line, input->until - input->at);
		break;
	case FFNTP_INPUT_NOT_SENT:
	case FFNTP_INPUT_ERROR:
	case FFNTP_INPUT_NOT_MEASURED:
		put_decimal(line, input->error);
		break;
	case FFNTP_INPUT_DATAGRAM:
		put_bytes(line, input->bytes, input->length);
		break;
	case FFNTP_INPUT_COUNTER_REPLACED:
		put_real(line, input->period_hint_s);
		put(line, ' ');
		put_real(line, input->period_hint_error);
		break;
	case FFNTP_INPUT_SERVER:
		put_bytes(line, input->address, sizeof(input->address));
		put(line, ' ');
		put_decimal(line, input->port);
		break;
	case FFNTP_INPUT_LEAP_TABLE:
		put_table(line, input->leap_table);
		break;
	case FFNTP_INPUT_LEAP_VOTE:
		put_decimal(line, input->vote.sign);
		put(line, ' ');
		put_decimal(line, input->vote.is_unanimous);
		break;
	case FFNTP_INPUT_LIMITED:
		put_difference(line, input->until - input->at);
		put(line, ' ');
		put_difference(line, input->stamp - input->at);
		break;
	case FFNTP_INPUT_MEASURED:
		put_measurement(line, input->measurement, input->at);
		break;
	case FFNTP_INPUT_TIMEOUT:
	case FFNTP_INPUT_DISRUPTED:
	case FFNTP_INPUT_FORMER:
	case FFNTP_INPUT_PUBLISH:
	case FFNTP_INPUT_BURST:
	case FFNTP_INPUTS:
		break;
	}
}

static bool has_value(enum ffntp_input_kind kind)
{
	return kind != FFNTP_INPUT_TIMEOUT && kind != FFNTP_INPUT_DISRUPTED && kind != FFNTP_INPUT_FORMER &&
	       kind != FFNTP_INPUT_PUBLISH && kind != FFNTP_INPUT_BURST;
}

size_t ffntp_journal_write_input(struct ffntp_journal *journal, const struct ffntp_input *input,
				 char text[FFNTP_JOURNAL_LINE_SIZE])
{
	return ffntp_journal_write_member_input(journal, FFNTP_ENSEMBLE_ALL, input, text);
}

size_t ffntp_journal_write_member_input(struct ffntp_journal *journal, unsigned member, const struct ffntp_input *input,
					char text[FFNTP_JOURNAL_LINE_SIZE])
{
	struct line line = { text };

	if ((unsigned)input->kind >= FFNTP_INPUTS)
		return 0;
	if (input->kind == FFNTP_INPUT_DATAGRAM && input->length > FFNTP_JOURNAL_DATAGRAM_MAX)
		return 0;
	if (input->kind == FFNTP_INPUT_MEASURED && input->measurement == NULL)
		return 0;
	if (member != FFNTP_ENSEMBLE_ALL && journal->room > 1) {
		put_decimal(&line, member);
		put(&line, ' ');
	}
	put_text(&line, ffntp_input_name(input->kind));
	put(&line, ' ');
	put_reading(&line, journal, input->at);
	if (input->kind == FFNTP_INPUT_FORMER)
		put_map(&line, input->map);
	if (has_value(input->kind))
		put(&line, ' ');
	put_value(&line, input);
	return end(&line, text);
}

size_t ffntp_journal_write_map(const struct ffntp_map *map, char text[FFNTP_JOURNAL_LINE_SIZE])
{
	struct line line = { text };

	put_text(&line, FFNTP_JOURNAL_MAP_WORD " ");
	put_word(&line, ffntp_journal_digest(map));
	return end(&line, text);
}

/* --- the digest --- */

/* FNV-1a, 64 bits, over the eight bytes of each field, the lowest first. */
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t digest_word(uint64_t digest, uint64_t word)
{
	for (unsigned shift = 0; shift < 64; shift += 8)
		digest = (digest ^ (word >> shift & 0xff)) * FNV_PRIME;
	return digest;
}

#define DIGEST_WHOLE(member, type, least, most) digest = digest_word(digest, (uint64_t)(int64_t)map->member);
#define DIGEST_WORD(member) digest = digest_word(digest, map->member);

uint64_t ffntp_journal_digest(const struct ffntp_map *map)
{
	uint64_t digest = FNV_BASIS;

	FFNTP_JOURNAL_MAP_FIELDS(DIGEST_WHOLE, DIGEST_WORD)
	return digest;
}
