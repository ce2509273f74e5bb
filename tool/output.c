#include "output.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A double holds at least this many digits. */
#define JSON_DIGITS 15

bool output_json(json_t *object)
{
	char *text = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(JSON_DIGITS))
			    : NULL;

	if (text)
		puts(text);
	else
		fputs("ffntp: out of memory\n", stderr);
	free(text);
	json_decref(object);
	return text != NULL;
}

json_t *output_json_real(double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6g", value);
	return isfinite(value) ? json_real(strtod(text, NULL)) : json_null();
}

json_t *output_json_text(const char *text)
{
	json_t *string = json_string(text);
	char *copy = string ? NULL : strdup(text);

	for (char *c = copy; c && *c; c++)
		*c = (unsigned char)*c < 128 ? *c : '?';
	if (copy)
		string = json_string(copy);
	free(copy);
	return string;
}

json_t *output_json_ns(uint64_t ns)
{
	return json_integer(ns < INT64_MAX ? (json_int_t)ns : INT64_MAX);
}

json_t *output_json_asymmetry(const struct ffntp_reading *reading)
{
	return reading->asymmetry_esterror_ns == 0 ? json_null() : output_json_ns(reading->asymmetry_esterror_ns);
}

json_t *output_json_summary(const struct score_summary *summary)
{
	json_t *object = json_object();

	json_object_set_new(object, "rms_us", output_json_real(summary->rms));
	json_object_set_new(object, "median_us", output_json_real(summary->median));
	json_object_set_new(object, "p99_us", output_json_real(summary->p99));
	json_object_set_new(object, "max_us", output_json_real(summary->max));
	return object;
}

const char *output_number(double value, char text[OUTPUT_NUMBER_SIZE])
{
	double magnitude = fabs(value);
	int decimals = magnitude < 1 ? 4 : magnitude < 9.9995 ? 3 : magnitude < 99.995 ? 2 : magnitude < 999.95 ? 1 : 0;

	if (!isfinite(value))
		snprintf(text, OUTPUT_NUMBER_SIZE, "-");
	else if (magnitude >= 1e9)
		snprintf(text, OUTPUT_NUMBER_SIZE, "%.3g", value);
	else
		snprintf(text, OUTPUT_NUMBER_SIZE, "%.*f", decimals, value);
	return text;
}

const char *output_duration(double seconds, char text[OUTPUT_NUMBER_SIZE])
{
	static const struct {
		double size;
		const char *name;
	} units[] = { { 1, "s" }, { 1e-3, "ms" }, { 1e-6, "us" } };
	char number[OUTPUT_NUMBER_SIZE];
	size_t i = 0;

	/* From a minute on all digits are printed, because the number is not a measure of quality then. */
	if (fabs(seconds) >= 60) {
		snprintf(text, OUTPUT_NUMBER_SIZE, "%.3f s", seconds);
		return text;
	}
	while (i < 3 && fabs(seconds) < units[i].size)
		i++;
	if (i == 3) {
		snprintf(text, OUTPUT_NUMBER_SIZE, "%d ns", (int)lround(seconds * 1e9));
		return text;
	}
	snprintf(text, OUTPUT_NUMBER_SIZE, "%.17s %s", output_number(seconds / units[i].size, number), units[i].name);
	return text;
}

void output_row(const char *name, double seconds, const char *comment)
{
	char text[OUTPUT_NUMBER_SIZE];

	printf("%-14s: %-14s %s\n", name, output_duration(seconds, text), comment);
}

const char *output_age(double seconds, char text[OUTPUT_NUMBER_SIZE])
{
	static const struct {
		double size, most;
		const char *name;
	} units[] = { { 1, 9999.5, "" }, { 60, 999.5, "m" }, { 3600, 99.5, "h" }, { 86400, 999.5, "d" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (fabs(seconds) / units[i].size < units[i].most) {
			snprintf(text, OUTPUT_NUMBER_SIZE, "%.0f%s", seconds / units[i].size, units[i].name);
			return text;
		}
	}
	snprintf(text, OUTPUT_NUMBER_SIZE, "%.0fy", seconds / (365.25 * 86400));
	return text;
}

const char *output_short(double seconds, char text[OUTPUT_NUMBER_SIZE])
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	double value = seconds * 1e9;
	size_t i = 0;

	if (fabs(seconds) >= 9999.5)
		return output_age(seconds, text);
	for (; i < 3 && fabs(value) >= 999.5; i++)
		value /= 1000;
	snprintf(text, OUTPUT_NUMBER_SIZE, "%.*f%s",
		 i == 0 || fabs(value) >= 99.95 ? 0
		 : fabs(value) >= 9.995         ? 1
						: 2,
		 value, units[i]);
	return text;
}

/* Civil dates never come from the C library, because its UTC has leap seconds under TZ=right/UTC. */
static const char *format_date(struct ffntp_utc utc, char text[OUTPUT_TIME_SIZE])
{
	/* 2^-64 s to ns: the product with the upper half fits, and is truncated in the same way. */
	uint64_t ns = ((utc.time.frac >> 32) * UINT64_C(1000000000)) >> 32;
	struct ffntp_calendar date;

	if (ffntp_calendar_from_utc(utc, &date) == FFNTP_TIMESCALE_OK)
		snprintf(text, OUTPUT_TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%09u", (int)date.year, (int)date.month,
			 (int)date.day, (int)date.hour, (int)date.minute, (int)date.second, (unsigned)ns);
	else
		snprintf(text, OUTPUT_TIME_SIZE, "-");
	return text;
}

const char *output_time(struct ffntp_time time, char text[OUTPUT_TIME_SIZE])
{
	return format_date((struct ffntp_utc){ .time = time }, text);
}

/* A leap second where none can be is shown as the second before it. */
const char *output_utc(struct ffntp_utc utc, char text[OUTPUT_TIME_SIZE])
{
	struct ffntp_calendar date;

	utc.is_leap = utc.is_leap && ffntp_calendar_from_utc(utc, &date) == FFNTP_TIMESCALE_OK;
	return format_date(utc, text);
}

const char *output_date(int64_t utc_s, char text[OUTPUT_TIME_SIZE])
{
	struct ffntp_calendar date;

	if (ffntp_calendar_from_utc((struct ffntp_utc){ .time.s = utc_s }, &date) == FFNTP_TIMESCALE_OK)
		snprintf(text, OUTPUT_TIME_SIZE, "%04d-%02u-%02u", (int)date.year, (unsigned)date.month,
			 (unsigned)date.day);
	else
		snprintf(text, OUTPUT_TIME_SIZE, "-");
	return text;
}

const char *output_leap(enum ffntp_leap leap)
{
	switch (leap) {
	case FFNTP_LEAP_NONE:
		return "none";
	case FFNTP_LEAP_PRE_POSITIVE:
		return "a second inserted at the end of this month";
	case FFNTP_LEAP_PRE_NEGATIVE:
		return "a second left out at the end of this month";
	case FFNTP_LEAP_POSITIVE:
		return "a second is being inserted";
	case FFNTP_LEAP_POST_POSITIVE:
		return "a second was inserted at the end of last month";
	case FFNTP_LEAP_POST_NEGATIVE:
		return "a second was left out at the end of last month";
	}
	return "unknown";
}

void output_name(FILE *file, const char *name, int before, int width)
{
	fprintf(file, "%-*s", width, name);
	if (strlen(name) > (size_t)width)
		fprintf(file, "\n%*s", before + width, "");
}

static bool is_letter(uint32_t byte)
{
	return byte > ' ' && byte < 127;
}

/* Return whether the reference id is text: up to four letters, padded with zeros (RFC 5905, figure 12). */
static bool has_letters(uint32_t refid)
{
	uint32_t rest = refid;

	while (is_letter(rest >> 24))
		rest <<= 8;
	return rest == 0 && refid != 0;
}

const char *output_refid(const struct ffntp_source *source, char text[OUTPUT_REFID_SIZE])
{
	uint32_t refid = source->refid;
	unsigned bytes[] = { refid >> 24, refid >> 16 & 255, refid >> 8 & 255, refid & 255 };

	if ((source->stratum <= 1 || output_is_refclock(source)) && has_letters(refid))
		snprintf(text, OUTPUT_REFID_SIZE, "%c%c%c%c", bytes[0], bytes[1], bytes[2], bytes[3]);
	else
		snprintf(text, OUTPUT_REFID_SIZE, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
	return text;
}

bool output_is_refclock(const struct ffntp_source *source)
{
	static const uint8_t none[16] = { 0 };

	return memcmp(source->address, none, sizeof(none)) == 0 && source->port == 0;
}

unsigned output_stratum(const struct ffntp_source *source)
{
	return output_is_refclock(source) && source->stratum > 0 ? source->stratum - 1u : source->stratum;
}

const char *output_address(const struct ffntp_source *source, char text[OUTPUT_ADDRESS_SIZE])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char address[INET6_ADDRSTRLEN] = "?";

	if (output_is_refclock(source)) {
		snprintf(text, OUTPUT_ADDRESS_SIZE, "%s", output_refid(source, address));
		return text;
	}
	if (memcmp(source->address, mapped, sizeof(mapped)) == 0) {
		inet_ntop(AF_INET, source->address + 12, address, sizeof(address));
		snprintf(text, OUTPUT_ADDRESS_SIZE, "%s:%u", address, source->port);
	} else {
		inet_ntop(AF_INET6, source->address, address, sizeof(address));
		snprintf(text, OUTPUT_ADDRESS_SIZE, "[%s]:%u", address, source->port);
	}
	return text;
}
