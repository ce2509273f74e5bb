/* journal: lines written and read back, the digest, and lines that are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../ports/journal.h"
#include "count.h"
#include "prng.h"

#define HEAD "ffntp-journal 1 0.1.0"
#define CLIENT                                                                                        \
	" estimator=0 counter=0 period=3e112e0be826d695 "                                             \
	"period-error=3f40624dd2f1a9fc poll-min=64 poll-max=1024 adaptive=0 target=0000000000000000 " \
	"burst=4 history=0 max-drift=3eb0c6f7a0b5ed8d may-jump=0 max-distance=4008000000000000 "      \
	"pivot=1767225600 leap-trust=0 leap-table=none"
#define SESSION "session 00000000000003e8" CLIENT
#define ENSEMBLE "ensemble 00000000000003e8 members=4 least-sources=2" CLIENT
#define CONTINUES "continues 00000000000003e8 members=4 least-sources=2" CLIENT
#define MEMBER " preferred=0 trusted=1 required=0 unused=1" CLIENT

static enum ffntp_journal_kind read_text(struct ffntp_journal *journal, const char *text,
					 struct ffntp_journal_entry *entry)
{
	enum ffntp_journal_kind kind = ffntp_journal_read(journal, text, strlen(text), entry);

	assert_int_equal(kind == FFNTP_JOURNAL_INVALID, entry->problem != NULL);
	return kind;
}

static struct ffntp_journal begun(struct ffntp_journal_entry *entry)
{
	struct ffntp_journal journal = { 0 };

	assert_int_equal(read_text(&journal, HEAD, entry), FFNTP_JOURNAL_HEAD);
	assert_int_equal(read_text(&journal, SESSION, entry), FFNTP_JOURNAL_SESSION);
	return journal;
}

static struct ffntp_journal begun_ensemble(struct ffntp_journal_entry *entry)
{
	struct ffntp_journal journal = { 0 };

	assert_int_equal(read_text(&journal, HEAD, entry), FFNTP_JOURNAL_HEAD);
	assert_int_equal(read_text(&journal, ENSEMBLE, entry), FFNTP_JOURNAL_ENSEMBLE);
	return journal;
}

/* Write the line of an entry again. Returns its length; 0 if it is for people, or a map. */
static size_t write_again(struct ffntp_journal *writer, const struct ffntp_journal_entry *entry,
			  char line[FFNTP_JOURNAL_LINE_SIZE])
{
	switch (entry->kind) {
	case FFNTP_JOURNAL_SESSION:
		return ffntp_journal_write_session(writer, &entry->ensemble.client, entry->at, line);
	case FFNTP_JOURNAL_ENSEMBLE:
		return ffntp_journal_write_ensemble(writer, &entry->ensemble, entry->at, line);
	case FFNTP_JOURNAL_CONTINUES:
		writer->at = entry->at;
		return entry->ensemble.members == 1
			       ? ffntp_journal_write_continues(writer, &entry->ensemble.client, line)
			       : ffntp_journal_write_ensemble_continues(writer, &entry->ensemble, line);
	case FFNTP_JOURNAL_LISTED:
		return ffntp_journal_write_listed(writer, entry->number, &entry->member, line);
	case FFNTP_JOURNAL_ADDED:
		return ffntp_journal_write_added(writer, entry->number, &entry->member, entry->at, line);
	case FFNTP_JOURNAL_REMOVED:
		return ffntp_journal_write_removed(writer, entry->number, entry->at, line);
	case FFNTP_JOURNAL_INPUT:
		return ffntp_journal_write_member_input(writer, entry->number, &entry->input, line);
	case FFNTP_JOURNAL_INVALID:
	case FFNTP_JOURNAL_NOTHING:
	case FFNTP_JOURNAL_HEAD:
	case FFNTP_JOURNAL_MAP:
		break;
	}
	return 0;
}

/* Read a line, and write it again. */
static void check_line(struct ffntp_journal *journal, const char *line, enum ffntp_journal_kind kind,
		       struct ffntp_journal_entry *entry)
{
	struct ffntp_journal writer = *journal;
	char again[FFNTP_JOURNAL_LINE_SIZE];
	size_t length;

	assert_int_equal(read_text(journal, line, entry), kind);
	length = write_again(&writer, entry, again);
	assert_int_equal(length, strlen(line) + 1);
	assert_memory_equal(again, line, strlen(line));
	assert_int_equal(again[length - 1], '\n');
	assert_true(writer.at == journal->at);
}

/* Write an input in the state of 'begun', compare its line, and read it back into the entry. */
static void pass(const struct ffntp_input *input, const char *expected, struct ffntp_journal_entry *entry)
{
	struct ffntp_journal reader = begun(entry), writer = reader;
	char line[FFNTP_JOURNAL_LINE_SIZE];
	size_t length = ffntp_journal_write_input(&writer, input, line);

	assert_true(length > 0 && line[length - 1] == '\n');
	line[length - 1] = '\0';
	assert_string_equal(line, expected);
	assert_int_equal(read_text(&reader, line, entry), FFNTP_JOURNAL_INPUT);
	assert_int_equal(entry->input.kind, input->kind);
	assert_true(entry->input.at == input->at);
	assert_true(reader.at == writer.at && reader.at == input->at);
}

static void inputs_without_values(void **state)
{
	struct ffntp_journal_entry entry;

	(void)state;
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = 1016 }, "timeout 10", &entry);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_DISRUPTED, .at = 999 }, "disrupted -1", &entry);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_PUBLISH, .at = 1000 }, "publish 0", &entry);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_BURST, .at = 1000 }, "burst 0", &entry);
}

static void differences_wrap(void **state)
{
	struct ffntp_journal_entry entry;

	(void)state;
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = UINT64_MAX }, "timeout -3e9", &entry);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = 999 + (UINT64_C(1) << 63) },
	     "timeout 7fffffffffffffff", &entry);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = 1000 + (UINT64_C(1) << 63) },
	     "timeout -8000000000000000", &entry);
}

static void an_exchange(void **state)
{
	uint8_t bytes[48] = { 0x24, 1, 6, 0xec };
	struct ffntp_journal_entry entry;

	(void)state;
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_REQUEST, .at = 1000, .nonce = 0x123 },
	     "request 0 0000000000000123", &entry);
	assert_true(entry.input.nonce == 0x123);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_SENT, .at = 1001, .stamp = 1003 }, "sent 1 2", &entry);
	assert_true(entry.input.stamp == 1003);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_SENT, .at = 1003, .stamp = 1001 }, "sent 3 -2", &entry);
	assert_true(entry.input.stamp == 1001);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_DATAGRAM, .at = 1001, .bytes = bytes, .length = 48 },
	     "datagram 1 240106ec"
	     "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
	     &entry);
	assert_int_equal(entry.input.length, 48);
	assert_memory_equal(entry.input.bytes, bytes, 48);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_DATAGRAM, .at = 1001, .bytes = bytes }, "datagram 1 ", &entry);
	assert_int_equal(entry.input.length, 0);
}

static void errors_and_pauses(void **state)
{
	struct ffntp_journal_entry entry;

	(void)state;
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_NOT_SENT, .at = 1000, .error = 101 }, "not-sent 0 101", &entry);
	assert_int_equal(entry.input.error, 101);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_ERROR, .at = 1000, .error = INT32_MIN }, "error 0 -2147483648",
	     &entry);
	assert_int_equal(entry.input.error, INT32_MIN);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_PAUSE, .at = 1000, .until = 2000 }, "pause 0 3e8", &entry);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_LIMITED, .at = 1000, .until = 2000, .stamp = 999 },
	     "limited 0 3e8 -1", &entry);
	assert_true(entry.input.until == 2000 && entry.input.stamp == 999);
	assert_int_equal(entry.input.until, 2000);
}

static void measurements(void **state)
{
	struct ffntp_measurement measurement = {
		.before = 900,
		.time = { 0x123 },
		.is_tai = true,
		.leap = 3,
		.stratum = 255,
		.refid = UINT32_MAX,
		.max_error_s = 1,
		.root_delay_s = 0,
		.precision_s = -2,
	};
	struct ffntp_input input = { .kind = FFNTP_INPUT_MEASURED, .at = 1001, .measurement = &measurement };
	struct ffntp_journal_entry entry;
	struct ffntp_journal journal = begun(&entry);
	char line[FFNTP_JOURNAL_LINE_SIZE];

	(void)state;
	pass(&input,
	     "measured 1 -65 0000000000000123 1 3 255 4294967295 3ff0000000000000 0000000000000000 c000000000000000",
	     &entry);
	assert_true(entry.input.measurement == &entry.measurement);
	assert_true(entry.measurement.before == 900 && entry.measurement.time.units == 0x123);
	assert_true(entry.measurement.is_tai && entry.measurement.leap == 3 && entry.measurement.stratum == 255);
	assert_true(entry.measurement.refid == UINT32_MAX && entry.measurement.max_error_s == 1);
	assert_true(entry.measurement.root_delay_s == 0 && entry.measurement.precision_s == -2);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_NOT_MEASURED, .at = 1000, .error = 19 }, "not-measured 0 19",
	     &entry);
	assert_int_equal(entry.input.error, 19);
	input.measurement = NULL;
	assert_int_equal(ffntp_journal_write_input(&journal, &input, line), 0);
}

static void servers_and_counters(void **state)
{
	struct ffntp_input input = { .kind = FFNTP_INPUT_SERVER, .at = 1000, .port = 123 };
	struct ffntp_journal_entry entry;

	(void)state;
	memcpy(input.address, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1", 16);
	pass(&input, "server 0 00000000000000000000ffff7f000001 123", &entry);
	assert_memory_equal(entry.input.address, input.address, 16);
	assert_int_equal(entry.input.port, 123);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_COUNTER_REPLACED,
				    .at = 1000,
				    .period_hint_s = 0.5,
				    .period_hint_error = -0.1 },
	     "counter-replaced 0 3fe0000000000000 bfb999999999999a", &entry);
	assert_true(entry.input.period_hint_s == 0.5);
	assert_true(entry.input.period_hint_error == -0.1);
}

static void leap_seconds(void **state)
{
	const struct ffntp_leap_table table = { .expires_s = 1782604800,
						.count = 2,
						.entry = { { 1435708800, 36 }, { 1483228800, 37 } } };
	struct ffntp_journal_entry entry;

	(void)state;
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_LEAP_TABLE, .at = 1000, .leap_table = &table },
	     "leap-table 0 1782604800,1435708800:36,1483228800:37", &entry);
	assert_int_equal(entry.input.leap_table->expires_s, 1782604800);
	assert_int_equal(entry.input.leap_table->count, 2);
	assert_int_equal(entry.input.leap_table->entry[1].from_s, 1483228800);
	assert_int_equal(entry.input.leap_table->entry[1].tai_offset_s, 37);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_LEAP_TABLE, .at = 1000 }, "leap-table 0 none", &entry);
	assert_null(entry.input.leap_table);
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_LEAP_VOTE, .at = 1000, .vote = { -1, true } },
	     "leap-vote 0 -1 1", &entry);
	assert_int_equal(entry.input.vote.sign, -1);
	assert_true(entry.input.vote.is_unanimous);
}

/* Every field has a value of its own, with its top bit set where the type has no sign. */
static struct ffntp_map full_map(void)
{
	return (struct ffntp_map){
		.status = FFNTP_STATUS_FREE_RUNNING,
		.counter_kind = FFNTP_COUNTER_TSC,
		.leap = FFNTP_LEAP_PRE_NEGATIVE,
		.period_shift = 33,
		.tai_is_known = true,
		.tai_offset_s = -1234,
		.leap_sign = -1,
		.leap_at_s = -5000000000,
		.tai_expires_s = 1782604800,
		.disruption_marker = UINT64_C(0xf123456789abcdef),
		.counter_marker = 0xf0f0f0f0,
		.at = UINT64_C(0xfedcba9876543210),
		.time = { .s = -1, .frac = UINT64_C(0x8000000000000001) },
		.period = UINT64_C(0x89705f4136b4a597),
		.period_esterror = 11,
		.period_maxerror = 12,
		.esterror_ns = 13,
		.asymmetry_esterror_ns = 14,
		.maxerror_before_ns = 15,
		.maxerror_after_ns = UINT64_MAX,
		.stable_period = 17,
		.stable_esterror = 18,
		.void_after = 19,
	};
}

#define FULL_MAP                                                                                   \
	"3 1 2 33 1 -1234 -1 -5000000000 1782604800 f123456789abcdef 4042322160 fedcba9876543210 " \
	"-1 8000000000000001 89705f4136b4a597 b c d e f ffffffffffffffff 11 12 13"

static void former_maps(void **state)
{
	struct ffntp_map map = full_map();
	struct ffntp_journal_entry entry;

	(void)state;
	pass(&(struct ffntp_input){ .kind = FFNTP_INPUT_FORMER, .at = 1000, .map = &map }, "former 0 " FULL_MAP,
	     &entry);
	assert_true(ffntp_journal_digest(entry.input.map) == ffntp_journal_digest(&map));
	assert_true(entry.input.map->maxerror_after_ns == UINT64_MAX);
	assert_int_equal(entry.input.map->tai_offset_s, -1234);
	assert_true(entry.input.map->void_after == 19);
}

/* The expected value was computed in Python: FNV-1a over the fields as 64 bits each, little-endian. */
static void the_digest_is_the_same_on_every_machine(void **state)
{
	struct ffntp_map map = full_map();

	(void)state;
	assert_true(ffntp_journal_digest(&map) == UINT64_C(0x528bcd4e51e46a2f));
}

#define DIFFERS(member, value)                                                             \
	{                                                                                  \
		struct ffntp_map changed = map;                                            \
		changed.member = (value);                                                  \
		assert_true(ffntp_journal_digest(&changed) != ffntp_journal_digest(&map)); \
	}

static void the_digest_covers_every_field(void **state)
{
	struct ffntp_map map = full_map();

	(void)state;
	DIFFERS(status, FFNTP_STATUS_SYNCHRONISED)
	DIFFERS(counter_kind, FFNTP_COUNTER_OTHER)
	DIFFERS(leap, FFNTP_LEAP_NONE)
	DIFFERS(period_shift, 34)
	DIFFERS(tai_is_known, false)
	DIFFERS(tai_offset_s, 37)
	DIFFERS(leap_sign, 1)
	DIFFERS(leap_at_s, 1)
	DIFFERS(tai_expires_s, 1)
	DIFFERS(disruption_marker, 1)
	DIFFERS(counter_marker, 1)
	DIFFERS(at, 1)
	DIFFERS(time.s, 1)
	DIFFERS(time.frac, 1)
	DIFFERS(period, 1)
	DIFFERS(period_esterror, 1)
	DIFFERS(period_maxerror, 1)
	DIFFERS(esterror_ns, 1)
	DIFFERS(asymmetry_esterror_ns, 1)
	DIFFERS(maxerror_before_ns, 1)
	DIFFERS(maxerror_after_ns, 1)
	DIFFERS(stable_period, 1)
	DIFFERS(stable_esterror, 1)
	DIFFERS(void_after, 1)
}

static void maps_and_heads(void **state)
{
	struct ffntp_map map = full_map();
	struct ffntp_journal_entry entry;
	struct ffntp_journal journal = begun(&entry), writer = { 0 };
	char line[FFNTP_JOURNAL_LINE_SIZE];
	size_t length = ffntp_journal_write_map(&map, line);

	(void)state;
	assert_int_equal(length, 21);
	assert_int_equal(ffntp_journal_read(&journal, line, length - 1, &entry), FFNTP_JOURNAL_MAP);
	assert_true(entry.digest == ffntp_journal_digest(&map));
	length = ffntp_journal_write_head(&writer, "0.1.0", line);
	assert_int_equal(length, strlen(HEAD "\n"));
	assert_memory_equal(line, HEAD "\n", length);
	assert_true(writer.has_head);
}

static void configurations(void **state)
{
	struct ffntp_client_config config;
	struct ffntp_journal_entry entry;
	struct ffntp_journal writer = { 0 }, reader = begun(&entry);
	char line[FFNTP_JOURNAL_LINE_SIZE], again[FFNTP_JOURNAL_LINE_SIZE];
	size_t length;

	(void)state;
	ffntp_client_config_default(&config);
	config.estimator = FFNTP_ESTIMATOR_RADCLOCK;
	config.counter_kind = FFNTP_COUNTER_MONOTONIC_RAW;
	config.period_hint_s = 1.0 / 3e9;
	config.poll_is_adaptive = true;
	config.counter_may_jump = true;
	config.history = 77;
	config.pivot_s = -5;
	config.leap_trust = FFNTP_LEAP_TRUST_CALLER;
	config.leap_table = ffntp_leap_table_builtin();
	length = ffntp_journal_write_session(&writer, &config, UINT64_MAX, line);
	assert_int_equal(ffntp_journal_read(&reader, line, length - 1, &entry), FFNTP_JOURNAL_SESSION);
	assert_true(entry.at == UINT64_MAX && reader.at == UINT64_MAX);
	assert_int_equal(entry.ensemble.client.size, config.size);
	assert_int_equal(entry.ensemble.client.estimator, FFNTP_ESTIMATOR_RADCLOCK);
	assert_true(entry.ensemble.client.period_hint_s == config.period_hint_s);
	assert_true(entry.ensemble.client.poll_is_adaptive && entry.ensemble.client.counter_may_jump);
	assert_int_equal(entry.ensemble.client.pivot_s, -5);
	assert_memory_equal(entry.ensemble.client.leap_table, config.leap_table, sizeof(*config.leap_table));
	assert_int_equal(ffntp_journal_write_session(&writer, &entry.ensemble.client, entry.at, again), length);
	assert_memory_equal(line, again, length);
	assert_int_equal(entry.ensemble.client.leap_expiry, FFNTP_LEAP_EXPIRY_KEEP);
	assert_true(entry.ensemble.client.interleaved == 0 && strstr(line, "interleaved") == NULL);
	config.interleaved = 1;
	length = ffntp_journal_write_session(&writer, &config, UINT64_MAX, line);
	assert_int_equal(ffntp_journal_read(&reader, line, length - 1, &entry), FFNTP_JOURNAL_SESSION);
	assert_true(entry.ensemble.client.interleaved == 1);
	config.interleaved = 0;
	config.leap_expiry = FFNTP_LEAP_EXPIRY_STRICT; /* as in a journal of a program without the choice */
	length = ffntp_journal_write_continues(&writer, &config, line);
	assert_int_equal(ffntp_journal_read(&reader, line, length - 1, &entry), FFNTP_JOURNAL_CONTINUES);
	assert_int_equal(entry.ensemble.client.leap_expiry, FFNTP_LEAP_EXPIRY_STRICT);
	assert_true(entry.at == UINT64_MAX);
}

static void comments_are_nothing(void **state)
{
	struct ffntp_journal_entry entry;
	struct ffntp_journal journal = begun(&entry);

	(void)state;
	assert_int_equal(read_text(&journal, "", &entry), FFNTP_JOURNAL_NOTHING);
	assert_int_equal(read_text(&journal, "# 2026", &entry), FFNTP_JOURNAL_NOTHING);
}

static void refuse_before(const char *line, const struct ffntp_journal *before, const char *word)
{
	struct ffntp_journal journal = *before;
	struct ffntp_journal_entry entry;

	if (read_text(&journal, line, &entry) != FFNTP_JOURNAL_INVALID)
		fail_msg("accepted: %s", line);
	if (entry.problem == NULL || strstr(entry.problem, word) == NULL)
		fail_msg("'%s': the reason does not contain '%s'", line, word);
	assert_true(journal.at == before->at && journal.has_head == before->has_head &&
		    journal.has_session == before->has_session);
}

static void lines_in_the_wrong_place(void **state)
{
	struct ffntp_journal none = { 0 }, head = { .has_head = true };

	(void)state;
	refuse_before("", &none, "not a journal");
	refuse_before("1 2 3 4", &none, "not a journal");
	refuse_before(SESSION, &none, "not a journal");
	refuse_before("timeout 1", &head, "before the first session");
	refuse_before("map 0000000000000000", &head, "before the first session");
	refuse_before("ffntp-journal 2 0.1.0", &none, "version");
	refuse_before("ffntp-journal 0 0.1.0", &none, "version");
	refuse_before("ffntp-journal 01 0.1.0", &none, "version");
	refuse_before("ffntp-journal 1", &none, "version");
	refuse_before("ffntp-journal 1 a b", &none, "printable word");
	refuse_before("ffntp-journal 1 a\r", &none, "printable word");
}

static void malformed_lines(void **state)
{
	static const char *const lines[] = {
		"timeout",
		"timeout ",
		"timeout  1",
		"timeout 01",
		"timeout 0x1",
		"timeout 1 ",
		"timeout A",
		"timeout -0",
		"timeout +1",
		"timeout 8000000000000000",
		"timeout -8000000000000001",
		"timeout 11111111111111111",
		"timeout 1\r",
		"timeout 1 1",
		"Timeout 1",
		"timeouts 1",
		" timeout 1",
		"request 1",
		"measured 1",
		"measured 1 -65",
		"measured 1 -65 123 1 3 1 4294967295 3ff0000000000000 0000000000000000 c000000000000000",
		"measured 1 -65 0000000000000123 2 3 1 4294967295 3ff0000000000000 0000000000000000 c000000000000000",
		"measured 1 -65 0000000000000123 1 256 1 4294967295 3ff0000000000000 0000000000000000 c000000000000000",
		"measured 1 -65 0000000000000123 1 3 256 4294967295 3ff0000000000000 0000000000000000 c000000000000000",
		"measured 1 -65 0000000000000123 1 3 1 4294967296 3ff0000000000000 0000000000000000 c000000000000000",
		"measured 1 -65 0000000000000123 1 3 1 4294967295 3ff0000000000000 0000000000000000 c00000000000000",
		"measured 1 -65 0000000000000123 1 3 1 4294967295 3ff0000000000000 0000000000000000 c000000000000000 ",
		"measured 1 -65 0000000000000123 1 3 1 4294967295 3ff0000000000000 0000000000000000 c000000000000000 1",
		"not-measured 1",
		"not-measured 1 2147483648",
		"request 1 1",
		"request 1 000000000000012",
		"request 1 00000000000000123",
		"request 1 000000000000012G",
		"request 1  0000000000000123",
		"sent 1",
		"sent 1 ",
		"sent 1 01",
		"pause 1 -0",
		"limited 1 2",
		"limited 1 2 ",
		"not-sent 1",
		"not-sent 1 2147483648",
		"error 1 -2147483649",
		"error 1 18446744073709551617",
		"error 1 1.0",
		"error 1 -0",
		"error 1 00",
		"datagram 1",
		"datagram 1 0",
		"datagram 1 000",
		"datagram 1 0G",
		"datagram 1 AB",
		"datagram 1 00 00",
		"server 1 00000000000000000000ffff7f0000 123",
		"server 1 00000000000000000000ffff7f000001",
		"server 1 00000000000000000000ffff7f000001 65536",
		"server 1 00000000000000000000ffff7f000001 -1",
		"counter-replaced 1 3fe0000000000000",
		"counter-replaced 1 0.5 0.1",
		"leap-vote 1 2 0",
		"leap-vote 1 1 2",
		"leap-vote 1 1",
		"leap-table 1",
		"leap-table 1 nothing",
		"leap-table 1 1782604800",
		"leap-table 1 1782604800,",
		"leap-table 1 1782604800,1435708800",
		"leap-table 1 1782604800,1435708800:40000",
		"leap-table 1 1782604800,1483228800:37,1435708800:36", /* out of order */
		"leap-table 1 1782604800,1483228801:37",               /* not the beginning of a month */
		"former 1 3",
		"former 1 " FULL_MAP " 1",
		"former 1 5" FULL_MAP,
		"former 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", /* a period of 0 */

		"map 1",
		"map 00000000000000000",
		"map 0000000000000000 ",
		"map",
		"continues 1",
		"session 1",
		SESSION " ",
		SESSION " leap-expiry=0",
		SESSION " x=1",
	};
	struct ffntp_journal_entry entry;
	struct ffntp_journal journal = begun(&entry);

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		refuse_before(lines[i], &journal, "");
}

/* One byte of the session's line is changed; the values that it may have then are those of another valid line. */
static void a_changed_byte_is_refused_or_read_as_written(void **state)
{
	static const char *const lines[] = { SESSION,
					     "former 1 " FULL_MAP,
					     "request 1 0000000000000123",
					     ENSEMBLE,
					     CONTINUES,
					     "added 1 2" MEMBER,
					     "removed 1 2",
					     "3 sent 1 -2" };
	struct ffntp_journal_entry entry;
	size_t refused = 0, accepted = 0;

	(void)state;
	for (size_t line = 0; line < COUNT(lines); line++) {
		size_t length = strlen(lines[line]);

		for (size_t i = 0; i < length; i++) {
			struct ffntp_journal journal = begun_ensemble(&entry), writer = journal;
			char changed[FFNTP_JOURNAL_LINE_SIZE], again[FFNTP_JOURNAL_LINE_SIZE] = { 0 };
			size_t written;

			memcpy(changed, lines[line], length);
			changed[i] ^= 1;
			(void)ffntp_journal_read(&journal, changed, length, &entry);
			written = write_again(&writer, &entry, again);
			if (written == 0) {
				refused++;
				continue;
			}
			accepted++;
			assert_int_equal(written, length + 1);
			assert_memory_equal(again, changed, length);
		}
	}
	assert_true(refused > 100 && accepted > 100);
}

/* Each beginning of a line is read from memory that ends there; AddressSanitizer finds a byte read beyond. */
static void nothing_beyond_the_length_is_read(void **state)
{
	static const char *const lines[] = { HEAD,
					     SESSION,
					     "former 1 " FULL_MAP,
					     "request 1 0000000000000123",
					     "datagram 1 0011223344",
					     "server 1 00000000000000000000ffff7f000001 123",
					     "map 0000000000000000",
					     "leap-table 1 1782604800,1483228800:37",
					     ENSEMBLE,
					     CONTINUES,
					     "added 1 2" MEMBER,
					     "removed 1 2",
					     "3 sent 1 -2" };
	struct ffntp_journal_entry entry;

	(void)state;
	for (size_t line = 0; line < COUNT(lines); line++) {
		for (size_t length = 0; length <= strlen(lines[line]); length++) {
			struct ffntp_journal journal = begun_ensemble(&entry);
			char *copy = malloc(length + 1);

			assert_non_null(copy);
			memcpy(copy + 1, lines[line], length);
			(void)ffntp_journal_read(&journal, copy + 1, length, &entry);
			free(copy);
		}
	}
}

static void too_long_a_datagram_is_not_written(void **state)
{
	static uint8_t bytes[FFNTP_JOURNAL_DATAGRAM_MAX + 1];
	struct ffntp_input input = { .kind = FFNTP_INPUT_DATAGRAM, .at = 1, .bytes = bytes, .length = sizeof(bytes) };
	struct ffntp_journal_entry entry;
	struct ffntp_journal journal = begun(&entry);
	char line[FFNTP_JOURNAL_LINE_SIZE];
	size_t length;

	(void)state;
	assert_int_equal(ffntp_journal_write_input(&journal, &input, line), 0);
	assert_true(journal.at == 1000);
	input.length--;
	length = ffntp_journal_write_input(&journal, &input, line);
	assert_true(length > 0 && length <= sizeof(line));
	journal.at = 1000;
	assert_int_equal(ffntp_journal_read(&journal, line, length - 1, &entry), FFNTP_JOURNAL_INPUT);
	assert_int_equal(entry.input.length, FFNTP_JOURNAL_DATAGRAM_MAX);
	memcpy(line + length - 1, "00", 2);
	assert_int_equal(ffntp_journal_read(&journal, line, length + 1, &entry), FFNTP_JOURNAL_INVALID);
}

static void too_many_leap_seconds(void **state)
{
	char line[FFNTP_JOURNAL_LINE_SIZE] = "leap-table 0 253402300799";
	struct ffntp_journal_entry entry;
	struct ffntp_journal journal = begun(&entry);

	(void)state;
	for (size_t i = 0; i < 300; i++) /* as many as leave the whole entry */
		strcat(line, ",63072000:10");
	refuse_before(line, &journal, "values");
}

static void the_longest_table_fits(void **state)
{
	struct ffntp_leap_table table = { .expires_s = INT64_MIN, .count = FFNTP_LEAP_TABLE_SIZE };
	struct ffntp_client_config config;
	struct ffntp_journal journal = { 0 };
	char line[FFNTP_JOURNAL_LINE_SIZE];

	(void)state;
	for (size_t i = 0; i < FFNTP_LEAP_TABLE_SIZE; i++)
		table.entry[i] = (struct ffntp_leap_entry){ INT64_MIN, INT16_MIN };
	ffntp_client_config_default(&config);
	config.leap_table = &table;
	assert_true(ffntp_journal_write_session(&journal, &config, UINT64_MAX, line) < sizeof(line));
	journal.room = FFNTP_ENSEMBLE_MEMBERS;
	assert_true(ffntp_journal_write_added(&journal, FFNTP_ENSEMBLE_MEMBERS - 1,
					      &(struct ffntp_member_config){ .client = config },
					      journal.at + (UINT64_C(1) << 63), line) < sizeof(line));
}

static void random_inputs_read_back(void **state)
{
	struct prng prng = { 3 };
	struct ffntp_journal_entry entry;
	struct ffntp_journal writer = begun(&entry), reader = writer;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char line[FFNTP_JOURNAL_LINE_SIZE], again[FFNTP_JOURNAL_LINE_SIZE];
		uint8_t bytes[64];
		struct ffntp_map map = full_map();
		struct ffntp_measurement measurement = {
			.before = prng_any_size(&prng),
			.time = { prng_any_size(&prng) },
			.is_tai = prng_below(&prng, 2) > 0,
			.leap = (uint8_t)prng_next(&prng),
			.stratum = (uint8_t)prng_next(&prng),
			.refid = (uint32_t)prng_any_size(&prng),
			.max_error_s = (double)prng_next(&prng),
			.precision_s = 1 / (double)prng_next(&prng),
		};
		struct ffntp_input input = {
			.kind = (enum ffntp_input_kind)prng_below(&prng, FFNTP_INPUTS),
			.at = prng_any_size(&prng),
			.nonce = prng_any_size(&prng),
			.stamp = prng_next(&prng),
			.until = prng_any_size(&prng),
			.bytes = bytes,
			.length = prng_below(&prng, sizeof(bytes)),
			.error = (int32_t)prng_next(&prng),
			.period_hint_s = (double)prng_next(&prng),
			.port = (uint16_t)prng_next(&prng),
			.vote = { .sign = (int8_t)prng_below(&prng, 2) },
			.leap_table = prng_below(&prng, 2) > 0 ? ffntp_leap_table_builtin() : NULL,
			.map = &map,
			.measurement = &measurement,
		};
		struct ffntp_journal third = writer;
		size_t length;

		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = (uint8_t)prng_next(&prng);
		map.void_after = prng_any_size(&prng);
		map.time.s = (int64_t)prng_any_size(&prng);
		length = ffntp_journal_write_input(&writer, &input, line);
		assert_int_equal(ffntp_journal_read(&reader, line, length - 1, &entry), FFNTP_JOURNAL_INPUT);
		assert_true(entry.input.at == input.at);
		assert_int_equal(ffntp_journal_write_input(&third, &entry.input, again), length);
		assert_memory_equal(line, again, length);
	}
}

/* --- ensembles --- */

static void members(void **state)
{
	struct ffntp_journal_entry entry;
	struct ffntp_journal journal = begun_ensemble(&entry);

	(void)state;
	assert_int_equal(entry.ensemble.members, 4);
	assert_int_equal(entry.ensemble.least_sources, 2);
	assert_int_equal(entry.ensemble.client.poll_max_s, 1024);
	check_line(&journal, "added 10 3" MEMBER, FFNTP_JOURNAL_ADDED, &entry);
	assert_true(entry.at == 1016 && entry.number == 3);
	assert_true(entry.member.is_trusted && entry.member.is_unused);
	assert_false(entry.member.is_preferred || entry.member.is_required);
	assert_int_equal(entry.member.client.poll_max_s, 1024);
	check_line(&journal, "added -1 0 preferred=1 trusted=0 required=1 unused=0" CLIENT, FFNTP_JOURNAL_ADDED,
		   &entry);
	assert_true(entry.member.is_preferred && entry.member.is_required && entry.at == 1015);
	assert_false(entry.member.is_trusted || entry.member.is_unused);
	check_line(&journal, "removed 1 3", FFNTP_JOURNAL_REMOVED, &entry);
	assert_true(entry.at == 1016 && entry.number == 3 && journal.at == 1016);
	check_line(&journal, ENSEMBLE, FFNTP_JOURNAL_ENSEMBLE, &entry);
	assert_true(journal.at == 1000);
}

static void inputs_of_members(void **state)
{
	struct ffntp_journal_entry entry;
	struct ffntp_journal journal = begun_ensemble(&entry);

	(void)state;
	check_line(&journal, "3 request 10 0000000000000123", FFNTP_JOURNAL_INPUT, &entry);
	assert_true(entry.number == 3 && entry.input.nonce == 0x123 && entry.input.at == 1016);
	check_line(&journal, "0 datagram -1 ", FFNTP_JOURNAL_INPUT, &entry);
	assert_true(entry.number == 0 && entry.input.at == 1015);
	check_line(&journal, "publish 0", FFNTP_JOURNAL_INPUT, &entry);
	assert_true(entry.number == FFNTP_ENSEMBLE_ALL);
	check_line(&journal, SESSION, FFNTP_JOURNAL_SESSION, &entry);
	assert_int_equal(entry.ensemble.members, 1);
	check_line(&journal, "publish 0", FFNTP_JOURNAL_INPUT, &entry);
	assert_true(entry.number == FFNTP_ENSEMBLE_ALL);
}

static void ensembles_continue_with_their_members(void **state)
{
	struct ffntp_journal_entry entry;
	struct ffntp_journal journal = begun_ensemble(&entry);

	(void)state;
	refuse_before("member 0" MEMBER, &journal, "behind 'continues'");
	check_line(&journal, CONTINUES, FFNTP_JOURNAL_CONTINUES, &entry);
	assert_int_equal(entry.ensemble.least_sources, 2);
	check_line(&journal, "member 1" MEMBER, FFNTP_JOURNAL_LISTED, &entry);
	assert_true(entry.number == 1 && entry.member.is_trusted && !entry.member.is_required);
	refuse_before("member 0" MEMBER, &journal, "order");
	refuse_before("member 1" MEMBER, &journal, "order");
	assert_int_equal(read_text(&journal, "# a comment", &entry), FFNTP_JOURNAL_NOTHING);
	check_line(&journal, "member 3" MEMBER, FFNTP_JOURNAL_LISTED, &entry);
	refuse_before("member 4" MEMBER, &journal, "no room");
	check_line(&journal, CONTINUES, FFNTP_JOURNAL_CONTINUES, &entry);
	check_line(&journal, "1 timeout 1", FFNTP_JOURNAL_INPUT, &entry);
	refuse_before("member 2" MEMBER, &journal, "behind 'continues'");
}

static void lines_of_ensembles_that_are_refused(void **state)
{
	static const char *const lines[] = {
		"4 timeout 1",
		"03 timeout 1",
		"-1 timeout 1",
		"+1 timeout 1",
		"1  timeout 1",
		"1timeout 1",
		"1 ",
		"1",
		"4294967295 timeout 1",
		"4294967297 timeout 1",
		"1 1 timeout 1",
		"1 map 0000000000000000",
		"1 added 1 2" MEMBER,
		"added 1 4" MEMBER,
		"added 01 2" MEMBER,
		"added 1 02" MEMBER,
		"added 2" MEMBER,
		"added 1 2" CLIENT,
		"added 1 2 preferred=2 trusted=0 required=0 unused=0" CLIENT,
		"added 1 2 trusted=0 preferred=0 required=0 unused=0" CLIENT,
		"added 1 2" MEMBER " ",
		"removed 1 4",
		"removed 1",
		"removed 1 2 ",
		"removed 1 2" MEMBER,
		"ensemble 00000000000003e8" CLIENT,
		"ensemble 00000000000003e8 members=1 least-sources=2" CLIENT,
		"ensemble 00000000000003e8 members=65 least-sources=2" CLIENT,
		"ensemble 00000000000003e8 members=4 least-sources=65" CLIENT,
		"ensemble 00000000000003e8 members=4" CLIENT,
		ENSEMBLE " ",
		"continues 00000000000003e8 members=1 least-sources=2" CLIENT,
		"session 00000000000003e8 members=4 least-sources=2" CLIENT,
	};
	static const char *const not_of_sessions[] = { "0 timeout 1", "added 1 0" MEMBER, "removed 1 0",
						       "member 0" MEMBER };
	struct ffntp_journal none = { .has_head = true };
	struct ffntp_journal_entry entry;
	struct ffntp_journal journal = begun_ensemble(&entry), session = begun(&entry);

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		refuse_before(lines[i], &journal, "");
	for (size_t i = 0; i < COUNT(not_of_sessions); i++) {
		refuse_before(not_of_sessions[i], &session, "no room");
		refuse_before(not_of_sessions[i], &none, "no room");
	}
	check_line(&session, "continues 00000000000003e8" CLIENT, FFNTP_JOURNAL_CONTINUES, &entry);
	refuse_before("member 0" MEMBER, &session, "no room");
}

/* The lines of an ensemble with room for one member are those of a session, as long as it has the member. */
static void room_for_one(void **state)
{
	struct ffntp_ensemble_config config = { .members = 1 };
	struct ffntp_input input = { .kind = FFNTP_INPUT_PUBLISH, .at = 1000 };
	struct ffntp_journal_entry entry;
	struct ffntp_journal writer = { 0 };
	struct ffntp_member_config member = { .is_required = true };
	char line[FFNTP_JOURNAL_LINE_SIZE];

	(void)state;
	(void)begun(&entry);
	config.client = member.client = entry.ensemble.client;
	assert_int_equal(ffntp_journal_write_ensemble(&writer, &config, 999, line), 0);
	assert_false(ffntp_journal_is_member_recorded(&writer, NULL, FFNTP_ENSEMBLE_ALL, &input));
	assert_int_equal(ffntp_journal_write_added(&writer, 0, &member, 1000, line), strlen(SESSION) + 1);
	assert_memory_equal(line, SESSION, strlen(SESSION));
	assert_true(ffntp_journal_is_member_recorded(&writer, NULL, FFNTP_ENSEMBLE_ALL, &input));
	assert_int_equal(ffntp_journal_write_member_input(&writer, 0, &input, line), strlen("publish 0\n"));
	assert_int_equal(ffntp_journal_write_ensemble_continues(&writer, &config, line), 0);
	assert_int_equal(ffntp_journal_write_listed(&writer, 0, &member, line),
			 strlen("continues 00000000000003e8" CLIENT "\n"));
	assert_memory_equal(line, "continues 00000000000003e8" CLIENT "\n", strlen(CLIENT));
	assert_int_equal(ffntp_journal_write_removed(&writer, 0, 1001, line), 0);
	assert_false(ffntp_journal_is_member_recorded(&writer, NULL, FFNTP_ENSEMBLE_ALL, &input));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inputs_without_values),
		cmocka_unit_test(differences_wrap),
		cmocka_unit_test(an_exchange),
		cmocka_unit_test(errors_and_pauses),
		cmocka_unit_test(measurements),
		cmocka_unit_test(servers_and_counters),
		cmocka_unit_test(leap_seconds),
		cmocka_unit_test(former_maps),
		cmocka_unit_test(the_digest_is_the_same_on_every_machine),
		cmocka_unit_test(the_digest_covers_every_field),
		cmocka_unit_test(maps_and_heads),
		cmocka_unit_test(configurations),
		cmocka_unit_test(comments_are_nothing),
		cmocka_unit_test(lines_in_the_wrong_place),
		cmocka_unit_test(malformed_lines),
		cmocka_unit_test(a_changed_byte_is_refused_or_read_as_written),
		cmocka_unit_test(nothing_beyond_the_length_is_read),
		cmocka_unit_test(too_long_a_datagram_is_not_written),
		cmocka_unit_test(too_many_leap_seconds),
		cmocka_unit_test(the_longest_table_fits),
		cmocka_unit_test(random_inputs_read_back),
		cmocka_unit_test(members),
		cmocka_unit_test(inputs_of_members),
		cmocka_unit_test(ensembles_continue_with_their_members),
		cmocka_unit_test(lines_of_ensembles_that_are_refused),
		cmocka_unit_test(room_for_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
