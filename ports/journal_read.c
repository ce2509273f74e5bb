#include "journal.h"

#include "journal_fields.h"

/* The part of a line that was not read yet. */
struct rest {
	const char *at, *end;
};

/* If this text comes next, take it. */
static bool take_text(struct rest *rest, const char *text)
{
	const char *at = rest->at;

	for (; *text != '\0'; text++, at++) {
		if (at == rest->end || *at != *text)
			return false;
	}
	rest->at = at;
	return true;
}

static bool is_at_end(const struct rest *rest)
{
	return rest->at == rest->end;
}

/* Return the value of the next hexadecimal digit, or -1 if there is none. */
static int peek_digit(const struct rest *rest)
{
	char c = rest->at < rest->end ? *rest->at : '\0';

	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Take up to 16 hexadecimal digits. Returns how many. */
static unsigned take_digits(struct rest *rest, uint64_t *value)
{
	unsigned count = 0;
	int digit;

	*value = 0;
	for (; count < 16 && (digit = peek_digit(rest)) >= 0; count++, rest->at++)
		*value = *value << 4 | (uint64_t)digit;
	return count;
}

/* Take exactly 16 digits. */
static bool take_word(struct rest *rest, uint64_t *value)
{
	return take_digits(rest, value) == 16 && peek_digit(rest) < 0;
}

/* Take digits without leading zeros. */
static bool take_hex(struct rest *rest, uint64_t *value)
{
	bool begins_with_zero = peek_digit(rest) == 0;
	unsigned count = take_digits(rest, value);

	return count > 0 && (count == 1 || !begins_with_zero) && peek_digit(rest) < 0;
}

static bool take_difference(struct rest *rest, uint64_t *value)
{
	bool is_negative = take_text(rest, "-");
	uint64_t size, most = (UINT64_C(1) << 63) - !is_negative;

	if (!take_hex(rest, &size) || size > most || (is_negative && size == 0))
		return false;
	*value = is_negative ? -size : size;
	return true;
}

static bool is_decimal(const struct rest *rest)
{
	return rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9';
}

/* Take digits without leading zeros, up to 'most'. */
static bool take_natural(struct rest *rest, uint64_t most, uint64_t *value)
{
	bool begins_with_zero = rest->at < rest->end && *rest->at == '0';
	unsigned count = 0;

	for (*value = 0; is_decimal(rest); count++, rest->at++) {
		uint64_t digit = (uint64_t)(*rest->at - '0');

		if (digit > most || *value > (most - digit) / 10)
			return false;
		*value = *value * 10 + digit;
	}
	return count > 0 && (count == 1 || !begins_with_zero);
}

static bool take_decimal(struct rest *rest, int64_t least, int64_t most, int64_t *value)
{
	bool is_negative = take_text(rest, "-");
	uint64_t size;

	if (!take_natural(rest, (UINT64_C(1) << 63) - !is_negative, &size) || (is_negative && size == 0))
		return false;
	*value = is_negative ? -(int64_t)(size - 1) - 1 : (int64_t)size;
	return *value >= least && *value <= most;
}

static bool take_real(struct rest *rest, double *value)
{
	union {
		uint64_t bits;
		double real;
	} both;

	if (!take_word(rest, &both.bits))
		return false;
	*value = both.real;
	return true;
}

static bool take_byte(struct rest *rest, uint8_t *byte)
{
	int high = peek_digit(rest), low;

	if (high < 0)
		return false;
	rest->at++;
	low = peek_digit(rest);
	if (low < 0)
		return false;
	rest->at++;
	*byte = (uint8_t)(high << 4 | low);
	return true;
}

/* --- values of several fields --- */

static bool take_leap_entry(struct rest *rest, struct ffntp_leap_entry *entry)
{
	int64_t offset_s;

	if (!take_decimal(rest, INT64_MIN, INT64_MAX, &entry->from_s) || !take_text(rest, ":") ||
	    !take_decimal(rest, INT16_MIN, INT16_MAX, &offset_s))
		return false;
	entry->tai_offset_s = (int16_t)offset_s;
	return true;
}

/* Read "none", or a table that is valid, because the functions of timescale.h assume that it is. */
static bool take_table(struct rest *rest, struct ffntp_leap_table *table, const struct ffntp_leap_table **result)
{
	*result = NULL;
	if (take_text(rest, "none"))
		return true;
	*table = (struct ffntp_leap_table){ 0 };
	if (!take_decimal(rest, INT64_MIN, INT64_MAX, &table->expires_s))
		return false;
	while (take_text(rest, ",")) {
		if (table->count == FFNTP_LEAP_TABLE_SIZE || !take_leap_entry(rest, &table->entry[table->count]))
			return false;
		table->count++;
	}
	*result = table;
	return ffntp_leap_table_check(table) == FFNTP_TIMESCALE_OK;
}

#define TAKE_WHOLE(member, type, least, most)                                       \
	if (!take_text(rest, " ") || !take_decimal(rest, (least), (most), &number)) \
		return false;                                                       \
	map->member = (type)number;
#define TAKE_WORD(member)                                           \
	if (!take_text(rest, " ") || !take_hex(rest, &map->member)) \
		return false;

#define MEMBER_PLAIN(member) member
#define TAKE_LATER(name, codec)                                                                  \
	if (take_text(rest, " " #name "=") && (!take_hex(rest, &map->codec) || map->codec == 0)) \
		return false;

static bool take_map(struct rest *rest, struct ffntp_map *map)
{
	int64_t number;

	*map = (struct ffntp_map){ 0 };
	FFNTP_JOURNAL_MAP_FIELDS(TAKE_WHOLE, TAKE_WORD)
#define LATER_WORD(offset, type, NAME, name, unit, since, codec) TAKE_LATER(name, MEMBER_##codec)
#include "../core/page_fields.def"
	return map->period > 0;
}

#undef TAKE_WHOLE
#undef TAKE_WORD
#undef TAKE_LATER

#define TAKE_WHOLE(key, member, type, least, most)                                      \
	if (!take_text(rest, " " key) || !take_decimal(rest, (least), (most), &number)) \
		return false;                                                           \
	config->member = (type)number;
#define TAKE_REAL(key, member)                                              \
	if (!take_text(rest, " " key) || !take_real(rest, &config->member)) \
		return false;

#define TAKE_OPTION(name, member)                                                \
	if (take_text(rest, " " #name "=") && !take_real(rest, &config->member)) \
		return false;

static enum ffntp_root_field take_root_field(struct rest *rest)
{
	if (take_text(rest, " " FFNTP_JOURNAL_ROOT_ASKED))
		return FFNTP_ROOT_FIELD_ASK;
	return take_text(rest, " " FFNTP_JOURNAL_ROOT_NEVER) ? FFNTP_ROOT_FIELD_NEVER : FFNTP_ROOT_FIELD_PROBE;
}

static bool take_config(struct rest *rest, struct ffntp_client_config *config, struct ffntp_leap_table *table)
{
	int64_t number;

	ffntp_client_config_default(config);
	FFNTP_JOURNAL_CONFIG_FIELDS(TAKE_WHOLE, TAKE_REAL)
#define LATER_KEYWORD(member, usual, least, most, name, unit, scale) TAKE_OPTION(name, member)
#define SERVER_WORD(member, usual, least, most, name, unit, scale) TAKE_OPTION(name, member)
#include "../core/client_options.def"
	config->interleaved = take_text(rest, " " FFNTP_JOURNAL_INTERLEAVED);
	config->root_field = take_root_field(rest);
	config->leap_expiry =
		take_text(rest, " " FFNTP_JOURNAL_KEEP) ? FFNTP_LEAP_EXPIRY_KEEP : FFNTP_LEAP_EXPIRY_STRICT;
	return take_text(rest, " " FFNTP_JOURNAL_TABLE_KEY) && take_table(rest, table, &config->leap_table);
}

static bool take_ensemble(struct rest *rest, struct ffntp_ensemble_config *config, struct ffntp_leap_table *table)
{
	int64_t number;

	FFNTP_JOURNAL_ENSEMBLE_FIELDS(TAKE_WHOLE)
	return take_config(rest, &config->client, table);
}

static bool take_member(struct rest *rest, struct ffntp_member_config *config, struct ffntp_leap_table *table)
{
	int64_t number;

	FFNTP_JOURNAL_MEMBER_FIELDS(TAKE_WHOLE)
	return take_config(rest, &config->client, table);
}

#undef TAKE_WHOLE
#undef TAKE_REAL

/* --- inputs --- */

static bool take_error(struct rest *rest, struct ffntp_input *input)
{
	int64_t error;

	if (!take_decimal(rest, INT32_MIN, INT32_MAX, &error))
		return false;
	input->error = (int32_t)error;
	return true;
}

static bool take_datagram(struct rest *rest, struct ffntp_journal_entry *entry)
{
	struct ffntp_input *input = &entry->input;

	input->bytes = entry->bytes;
	while (!is_at_end(rest)) {
		if (input->length == FFNTP_JOURNAL_DATAGRAM_MAX || !take_byte(rest, &entry->bytes[input->length]))
			return false;
		input->length++;
	}
	return true;
}

static bool take_server(struct rest *rest, struct ffntp_input *input)
{
	int64_t port;

	for (size_t i = 0; i < sizeof(input->address); i++) {
		if (!take_byte(rest, &input->address[i]))
			return false;
	}
	if (!take_text(rest, " ") || !take_decimal(rest, 0, UINT16_MAX, &port))
		return false;
	input->port = (uint16_t)port;
	return true;
}

static bool take_vote(struct rest *rest, struct ffntp_leap_vote *vote)
{
	int64_t sign, is_unanimous;

	if (!take_decimal(rest, -1, 1, &sign) || !take_text(rest, " ") || !take_decimal(rest, 0, 1, &is_unanimous))
		return false;
	*vote = (struct ffntp_leap_vote){ .sign = (int8_t)sign, .is_unanimous = is_unanimous != 0 };
	return true;
}

/* Take a counter reading that is given as its difference from the input's. */
static bool take_later(struct rest *rest, const struct ffntp_input *input, ffntp_counter *later)
{
	uint64_t difference;

	if (!take_difference(rest, &difference))
		return false;
	*later = input->at + difference;
	return true;
}

/* Take a number that a member of this type holds, with the blank before it. */
static bool take_number_of(struct rest *rest, uint64_t most, uint64_t *number)
{
	return take_text(rest, " ") && take_natural(rest, most, number);
}

static bool take_spaced_real(struct rest *rest, double *value)
{
	return take_text(rest, " ") && take_real(rest, value);
}

static bool take_measurement(struct rest *rest, const struct ffntp_input *input, struct ffntp_measurement *measurement)
{
	uint64_t is_tai, leap, stratum, refid;

	*measurement = (struct ffntp_measurement){ 0 };
	if (!take_later(rest, input, &measurement->before) || !take_text(rest, " ") ||
	    !take_word(rest, &measurement->time.units) || !take_number_of(rest, 1, &is_tai) ||
	    !take_number_of(rest, UINT8_MAX, &leap) || !take_number_of(rest, UINT8_MAX, &stratum) ||
	    !take_number_of(rest, UINT32_MAX, &refid))
		return false;
	measurement->is_tai = is_tai != 0;
	measurement->leap = (uint8_t)leap;
	measurement->stratum = (uint8_t)stratum;
	measurement->refid = (uint32_t)refid;
	return take_spaced_real(rest, &measurement->max_error_s) &&
	       take_spaced_real(rest, &measurement->root_delay_s) && take_spaced_real(rest, &measurement->precision_s);
}

/* Take the fields of the input's kind, with the blank before them. */
static bool take_value(struct rest *rest, struct ffntp_journal_entry *entry)
{
	struct ffntp_input *input = &entry->input;

	switch (input->kind) {
	case FFNTP_INPUT_TIMEOUT:
	case FFNTP_INPUT_DISRUPTED:
	case FFNTP_INPUT_PUBLISH:
	case FFNTP_INPUT_BURST:
		return true;
	case FFNTP_INPUT_REQUEST:
		return take_text(rest, " ") && take_word(rest, &input->nonce);
	case FFNTP_INPUT_SENT:
		return take_text(rest, " ") && take_later(rest, input, &input->stamp);
	case FFNTP_INPUT_PAUSE:
		return take_text(rest, " ") && take_later(rest, input, &input->until);
	case FFNTP_INPUT_LIMITED:
		return take_text(rest, " ") && take_later(rest, input, &input->until) && take_text(rest, " ") &&
		       take_later(rest, input, &input->stamp);
	case FFNTP_INPUT_NOT_SENT:
	case FFNTP_INPUT_ERROR:
	case FFNTP_INPUT_NOT_MEASURED:
		return take_text(rest, " ") && take_error(rest, input);
	case FFNTP_INPUT_DATAGRAM:
		return take_text(rest, " ") && take_datagram(rest, entry);
	case FFNTP_INPUT_COUNTER_REPLACED:
		return take_text(rest, " ") && take_real(rest, &input->period_hint_s) && take_text(rest, " ") &&
		       take_real(rest, &input->period_hint_error);
	case FFNTP_INPUT_SERVER:
		return take_text(rest, " ") && take_server(rest, input);
	case FFNTP_INPUT_LEAP_TABLE:
		return take_text(rest, " ") && take_table(rest, &entry->table, &input->leap_table);
	case FFNTP_INPUT_LEAP_VOTE:
		return take_text(rest, " ") && take_vote(rest, &input->vote);
	case FFNTP_INPUT_FORMER:
		input->map = &entry->map;
		return take_map(rest, &entry->map);
	case FFNTP_INPUT_MEASURED:
		input->measurement = &entry->measurement;
		return take_text(rest, " ") && take_measurement(rest, input, &entry->measurement);
	case FFNTP_INPUTS:
		break;
	}
	return false;
}

static bool take_kind(struct rest *rest, enum ffntp_input_kind *kind)
{
	for (unsigned i = 0; i < FFNTP_INPUTS; i++) {
		struct rest after = *rest;

		*kind = (enum ffntp_input_kind)i;
		if (take_text(&after, ffntp_input_name(*kind)) && take_text(&after, " ")) {
			*rest = after;
			return true;
		}
	}
	return false;
}

/* --- lines --- */

static const char *read_head(struct ffntp_journal *journal, struct rest *rest, struct ffntp_journal_entry *entry)
{
	int64_t version;

	if (!take_decimal(rest, 0, INT64_MAX, &version) || !take_text(rest, " "))
		return "the first line of a journal has no version";
	if (version != FFNTP_JOURNAL_VERSION)
		return "a version of the journal's format that this program does not read";
	entry->program = rest->at;
	while (!is_at_end(rest) && *rest->at > ' ' && *rest->at < 0x7f)
		rest->at++;
	if (!is_at_end(rest))
		return "the program's version is not a printable word";
	entry->program_length = (size_t)(rest->at - entry->program);
	entry->kind = FFNTP_JOURNAL_HEAD;
	journal->has_head = true;
	return NULL;
}

/* No listed member may have this number. */
#define NONE_LISTED FFNTP_ENSEMBLE_MEMBERS

/* Read the rest of a line that begins a session, or an ensemble. */
static const char *read_beginning(struct ffntp_journal *journal, struct rest *rest, enum ffntp_journal_kind kind,
				  bool is_ensemble, struct ffntp_journal_entry *entry)
{
	struct ffntp_ensemble_config *config = &entry->ensemble;

	*config = (struct ffntp_ensemble_config){ .members = 1 };
	if (!(is_ensemble ? take_ensemble(rest, config, &entry->table)
			  : take_config(rest, &config->client, &entry->table)) ||
	    !is_at_end(rest))
		return "the session's configuration is malformed or out of range";
	entry->kind = kind;
	journal->at = entry->at;
	journal->has_session = true;
	journal->room = config->members;
	journal->next_listed = is_ensemble && kind == FFNTP_JOURNAL_CONTINUES ? 0 : NONE_LISTED;
	return NULL;
}

static const char *read_session(struct ffntp_journal *journal, struct rest *rest, enum ffntp_journal_kind kind,
				struct ffntp_journal_entry *entry)
{
	bool is_ensemble = kind == FFNTP_JOURNAL_ENSEMBLE;
	struct rest after;

	if (!take_word(rest, &entry->at))
		return "the session's counter reading is not 16 hexadecimal digits";
	after = *rest;
	is_ensemble |= kind == FFNTP_JOURNAL_CONTINUES && take_text(&after, " " FFNTP_JOURNAL_MEMBERS_KEY);
	return read_beginning(journal, rest, kind, is_ensemble, entry);
}

/* Take the number of a member for which the ensemble has room. Only an ensemble with room for several has numbers. */
static bool take_number(const struct ffntp_journal *journal, struct rest *rest, unsigned *member)
{
	uint64_t number;

	if (journal->room < 2 || !take_natural(rest, journal->room - 1, &number))
		return false;
	*member = (unsigned)number;
	return true;
}

static const char no_number[] = "the member's number is malformed, or the ensemble has no room for it";

static const char *read_listed(struct ffntp_journal *journal, struct rest *rest, struct ffntp_journal_entry *entry)
{
	if (!take_number(journal, rest, &entry->number))
		return no_number;
	if (entry->number < journal->next_listed)
		return "a listed member that is not behind 'continues', in the order of the numbers";
	if (!take_member(rest, &entry->member, &entry->table) || !is_at_end(rest))
		return "the member's configuration is malformed or out of range";
	entry->kind = FFNTP_JOURNAL_LISTED;
	journal->next_listed = entry->number + 1;
	return NULL;
}

/* Read the rest of a line about a member that comes or goes. */
static const char *read_change(struct ffntp_journal *journal, struct rest *rest, enum ffntp_journal_kind kind,
			       struct ffntp_journal_entry *entry)
{
	uint64_t difference;

	if (!take_difference(rest, &difference) || !take_text(rest, " "))
		return "the counter's difference is not a hexadecimal number";
	if (!take_number(journal, rest, &entry->number))
		return no_number;
	if (kind == FFNTP_JOURNAL_ADDED && !take_member(rest, &entry->member, &entry->table))
		return "the member's configuration is malformed or out of range";
	if (!is_at_end(rest))
		return "the line about a member has something behind it";
	entry->kind = kind;
	entry->at = journal->at + difference;
	journal->at = entry->at;
	journal->next_listed = NONE_LISTED;
	return NULL;
}

static const char *read_map(struct ffntp_journal *journal, struct rest *rest, struct ffntp_journal_entry *entry)
{
	if (!journal->has_session)
		return "a map before the first session";
	if (!take_word(rest, &entry->digest) || !is_at_end(rest))
		return "the map's digest is not 16 hexadecimal digits";
	entry->kind = FFNTP_JOURNAL_MAP;
	journal->next_listed = NONE_LISTED;
	return NULL;
}

static const char *read_input(struct ffntp_journal *journal, struct rest *rest, struct ffntp_journal_entry *entry)
{
	struct ffntp_input *input = &entry->input;
	uint64_t difference;

	entry->number = FFNTP_ENSEMBLE_ALL;
	if (is_decimal(rest) && (!take_number(journal, rest, &entry->number) || !take_text(rest, " ")))
		return no_number;
	if (!take_kind(rest, &input->kind))
		return "not a kind of line that a journal has";
	if (!journal->has_session)
		return "an input before the first session";
	if (!take_difference(rest, &difference))
		return "the counter's difference is not a hexadecimal number";
	input->at = journal->at + difference;
	if (!take_value(rest, entry) || !is_at_end(rest))
		return "the input's values are malformed, missing, out of range or too many";
	entry->kind = FFNTP_JOURNAL_INPUT;
	journal->at = input->at;
	journal->next_listed = NONE_LISTED;
	return NULL;
}

static const char *read_line(struct ffntp_journal *journal, struct rest *rest, struct ffntp_journal_entry *entry)
{
	if (take_text(rest, FFNTP_JOURNAL_BEGINNING))
		return read_head(journal, rest, entry);
	if (!journal->has_head)
		return "not a journal: the first line does not begin with " FFNTP_JOURNAL_BEGINNING;
	if (is_at_end(rest) || *rest->at == '#') {
		entry->kind = FFNTP_JOURNAL_NOTHING;
		return NULL;
	}
	if (take_text(rest, FFNTP_JOURNAL_SESSION_WORD " "))
		return read_session(journal, rest, FFNTP_JOURNAL_SESSION, entry);
	if (take_text(rest, FFNTP_JOURNAL_ENSEMBLE_WORD " "))
		return read_session(journal, rest, FFNTP_JOURNAL_ENSEMBLE, entry);
	if (take_text(rest, FFNTP_JOURNAL_CONTINUES_WORD " "))
		return read_session(journal, rest, FFNTP_JOURNAL_CONTINUES, entry);
	if (take_text(rest, FFNTP_JOURNAL_LISTED_WORD " "))
		return read_listed(journal, rest, entry);
	if (take_text(rest, FFNTP_JOURNAL_ADDED_WORD " "))
		return read_change(journal, rest, FFNTP_JOURNAL_ADDED, entry);
	if (take_text(rest, FFNTP_JOURNAL_REMOVED_WORD " "))
		return read_change(journal, rest, FFNTP_JOURNAL_REMOVED, entry);
	if (take_text(rest, FFNTP_JOURNAL_MAP_WORD " "))
		return read_map(journal, rest, entry);
	return read_input(journal, rest, entry);
}

enum ffntp_journal_kind ffntp_journal_read(struct ffntp_journal *journal, const char *line, size_t length,
					   struct ffntp_journal_entry *entry)
{
	struct rest rest = { line, line + length };

	entry->kind = FFNTP_JOURNAL_INVALID;
	entry->input = (struct ffntp_input){ 0 };
	entry->problem = read_line(journal, &rest, entry);
	return entry->kind;
}
