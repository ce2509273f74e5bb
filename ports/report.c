/* report: see report.h. */
#include "report.h"

/* --- text --- */

struct ffntp_text ffntp_text_begin(char *bytes, size_t size)
{
	bytes[0] = 0;
	return (struct ffntp_text){ bytes, size - 1 };
}

static void add_char(struct ffntp_text *text, char c)
{
	if (text->left == 0)
		return;
	*text->at++ = c;
	*text->at = 0;
	text->left--;
}

void ffntp_text_add(struct ffntp_text *text, const char *words)
{
	while (*words != 0)
		add_char(text, *words++);
}

static void add_in_base(struct ffntp_text *text, uint64_t number, unsigned digits, unsigned base)
{
	char reversed[20]; /* 2^64 has this many digits */
	unsigned count = 0;

	while (number > 0 || (count < digits && count < sizeof reversed)) {
		reversed[count++] = "0123456789abcdef"[number % base];
		number /= base;
	}
	while (count > 0)
		add_char(text, reversed[--count]);
}

void ffntp_text_add_number(struct ffntp_text *text, uint64_t number, unsigned digits)
{
	add_in_base(text, number, digits > 0 ? digits : 1, 10);
}

void ffntp_text_add_hex(struct ffntp_text *text, uint64_t number)
{
	ffntp_text_add(text, "0x");
	add_in_base(text, number, 1, 16);
}

void ffntp_text_add_us(struct ffntp_text *text, const char *sign, uint64_t ns)
{
	if (ns == UINT64_MAX) {
		ffntp_text_add(text, "unknown");
		return;
	}
	ffntp_text_add(text, sign);
	ffntp_text_add_number(text, ns / 1000, 1);
	add_char(text, '.');
	ffntp_text_add_number(text, ns % 1000, 3);
	ffntp_text_add(text, " us");
}

/* --- dates: years that begin in March, so that a leap day is the last day; 400 of them are a cycle --- */

#define CYCLE_DAYS (400 * 365 + 97)
/* Days from 0000-03-01 to 1970-01-01. */
#define EPOCH_DAYS (1970 * 365 + 1970 / 4 - 1970 / 100 + 1970 / 400 - 31 - 28)

struct date {
	int64_t year;
	unsigned month, day;
};

static struct date date_of(int64_t days_since_1970)
{
	int64_t days = days_since_1970 + EPOCH_DAYS;
	int64_t cycle = (days >= 0 ? days : days - CYCLE_DAYS + 1) / CYCLE_DAYS;
	unsigned left = (unsigned)(days - cycle * CYCLE_DAYS);
	unsigned year = (left - left / 1460 + left / 36524 - left / 146096) / 365;
	unsigned month;

	left -= year * 365 + year / 4 - year / 100;
	month = (5 * left + 2) / 153; /* from March on, every five months have 153 days */
	return (struct date){
		.year = cycle * 400 + year + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = left - (153 * month + 2) / 5 + 1,
	};
}

static void add_pair(struct ffntp_text *text, char before, uint64_t number)
{
	add_char(text, before);
	ffntp_text_add_number(text, number, 2);
}

void ffntp_text_add_utc(struct ffntp_text *text, struct ffntp_time utc)
{
	int64_t days = (utc.s >= 0 ? utc.s : utc.s - 86399) / 86400;
	uint64_t second = (uint64_t)(utc.s - days * 86400);
	struct date date = date_of(days);

	ffntp_text_add_number(text, (uint64_t)date.year, 4);
	add_pair(text, '-', date.month);
	add_pair(text, '-', date.day);
	add_pair(text, 'T', second / 3600);
	add_pair(text, ':', second / 60 % 60);
	add_pair(text, ':', second % 60);
	add_char(text, '.');
	/* The upper 32 bits are enough for nanoseconds, and their product with 10^9 fits. */
	ffntp_text_add_number(text, (utc.frac >> 32) * UINT64_C(1000000000) >> 32, 9);
	add_char(text, 'Z');
}

/* --- events --- */

static void add_offset(struct ffntp_text *text, int64_t ns)
{
	ffntp_text_add_us(text, ns < 0 ? "-" : "+", ns < 0 ? -(uint64_t)ns : (uint64_t)ns);
}

static void add_exchange(struct ffntp_text *text, struct ffntp_drive *drive)
{
	const struct ffntp_source *source = ffntp_session_source(drive->session);
	struct ffntp_reading now;
	enum ffntp_clock_result result = ffntp_drive_now(drive, FFNTP_UTC, UINT64_MAX, &now);

	if (result != FFNTP_CLOCK_OK) {
		ffntp_text_add(text, ffntp_clock_result_text(result));
		return;
	}
	ffntp_text_add_utc(text, now.estimate);
	ffntp_text_add(text, " +- ");
	ffntp_text_add_us(text, "", now.bound_ns);
	ffntp_text_add(text, ", offset ");
	add_offset(text, source->offset_ns);
	ffntp_text_add(text, ", RTT ");
	ffntp_text_add_us(text, "", source->rtt_ns);
}

static void add_status(struct ffntp_text *text, const struct ffntp_drive *drive)
{
	ffntp_text_add(text, "; ");
	ffntp_text_add(text, ffntp_status_name(ffntp_session_map(drive->session)->status));
}

static void add_reply(struct ffntp_text *text, struct ffntp_drive *drive, enum ffntp_verdict verdict)
{
	if (verdict == FFNTP_ACCEPTED) {
		add_exchange(text, drive);
		return;
	}
	ffntp_text_add(text, "reply refused: ");
	ffntp_text_add(text, ffntp_verdict_name(verdict));
	add_status(text, drive);
}

/* Return the words for an event; NULL if it needs no line, or has one of its own. */
static const char *words_of(enum ffntp_event_kind kind)
{
	switch (kind) {
	case FFNTP_EVENT_NOT_SENT:
		return "the network did not take the request";
	case FFNTP_EVENT_NO_NONCE:
		return "no random bytes, so no request was sent";
	case FFNTP_EVENT_UNANSWERED:
		return "no usable reply";
	case FFNTP_EVENT_CHANGE_SERVER:
		return "no usable reply from the server for long";
	case FFNTP_EVENT_DISRUPTED:
		return "the counter stood still or jumped";
	case FFNTP_EVENT_NONE:
	case FFNTP_EVENT_SENT:
	case FFNTP_EVENT_REPLY:
	case FFNTP_EVENT_ERROR:
	case FFNTP_EVENT_SERVER:
	case FFNTP_EVENT_MAP:
	case FFNTP_EVENT_SELECTION:
	case FFNTP_EVENTS:
		break;
	}
	return NULL;
}

bool ffntp_report(char line[FFNTP_REPORT_SIZE], struct ffntp_drive *drive, struct ffntp_event event)
{
	struct ffntp_text text = ffntp_text_begin(line, FFNTP_REPORT_SIZE);
	const char *words = words_of(event.kind);

	if (event.kind == FFNTP_EVENT_REPLY) {
		add_reply(&text, drive, event.verdict);
		return true;
	}
	if (words == NULL)
		return false;
	ffntp_text_add(&text, words);
	add_status(&text, drive);
	return true;
}
