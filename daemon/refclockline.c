#include "refclockline.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Readings at each poll unless dpoll states them, and the most, which is the kernel's for one request. */
#define SAMPLES_USUAL 16
#define SAMPLES_MOST 25

/* The options as they are written. */
struct options_written {
#define REFCLOCK_NUMBER(member, usual, least, most, name) int32_t member;
#define REFCLOCK_REAL(member, usual, least, most, name, unit) double member;
#define REFCLOCK_FLAG(member, name) bool member;
#include "refclock_options.def"
	bool has_dpoll;
	const char *refid; /* NULL: not written */
};

struct option {
	const char *name;
	enum { OPTION_NUMBER, OPTION_REAL, OPTION_FLAG, OPTION_REFUSED } kind;
	const char *why; /* if it is refused */
	size_t offset;
	double least, most;
};

/* Versions of clang-format differ on a macro that is a pair of braces. */
/* clang-format off */
#define OPTION(kind, member, least, most, name) \
	{ #name, kind, NULL, offsetof(struct options_written, member), least, most }
#define REFUSED(name, why) { name, OPTION_REFUSED, why, 0, 0, 0 }
/* clang-format on */

static const char estimator_does_it[] = "the estimator judges and remembers readings by itself";
static const char no_pulses[] = "pulses and external timestamps are not implemented";

static const struct option options[] = {
#define REFCLOCK_NUMBER(member, usual, least, most, name) OPTION(OPTION_NUMBER, member, least, most, name),
#define REFCLOCK_REAL(member, usual, least, most, name, unit) OPTION(OPTION_REAL, member, least, most, name),
#define REFCLOCK_FLAG(member, name) OPTION(OPTION_FLAG, member, 0, 1, name),
#include "refclock_options.def"
	REFUSED("filter", estimator_does_it),
	REFUSED("minsamples", estimator_does_it),
	REFUSED("maxsamples", estimator_does_it),
	REFUSED("maxdispersion", "state the largest error with maxerror"),
	REFUSED("lock", no_pulses),
	REFUSED("rate", no_pulses),
	REFUSED("pps", no_pulses),
	REFUSED("width", no_pulses),
	REFUSED("maxlockage", no_pulses),
	REFUSED("local", "it is not implemented"),
};

__attribute__((format(printf, 2, 3))) static bool refuse(char text[FFNTP_REFCLOCKLINE_TEXT_SIZE], const char *format,
							 ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, FFNTP_REFCLOCKLINE_TEXT_SIZE, format, arguments);
	va_end(arguments);
	return false;
}

/* Read a finite decimal number; "inf", "nan" and hexadecimal, which strtod accepts, are rejected. */
static bool parse_real(const char *word, double *value)
{
	char *end;

	if (*word == '\0' || word[strspn(word, "0123456789.eE+-")] != '\0')
		return false;
	*value = strtod(word, &end);
	return *end == '\0';
}

static bool is_whole(double value)
{
	return value >= -1000 && value <= 1000 && (double)(int32_t)value == value;
}

static const struct option *find_option(const char *name)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcasecmp(name, options[i].name) == 0)
			return &options[i];
	}
	return NULL;
}

/* Store the value of an option that has one. */
static bool store_value(struct options_written *written, const struct option *option, const char *word,
			char text[FFNTP_REFCLOCKLINE_TEXT_SIZE])
{
	void *member = (char *)written + option->offset;
	bool must_be_whole = option->kind == OPTION_NUMBER;
	int32_t number;
	double value;

	if (!parse_real(word, &value) || !(value >= option->least) || !(value <= option->most) ||
	    (must_be_whole && !is_whole(value)))
		return refuse(text, "'%s %s' is not %s from %g to %g", option->name, word,
			      must_be_whole ? "a whole number" : "a number", option->least, option->most);
	number = must_be_whole ? (int32_t)value : 0;
	if (must_be_whole)
		memcpy(member, &number, sizeof(number));
	else
		memcpy(member, &value, sizeof(value));
	return true;
}

static void store_flag(struct options_written *written, const struct option *option)
{
	const bool is_set = true;

	memcpy((char *)written + option->offset, &is_set, sizeof(is_set));
}

static bool parse_refid(struct options_written *written, const char *word, char text[FFNTP_REFCLOCKLINE_TEXT_SIZE])
{
	size_t length = strlen(word);

	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)word[i]))
			length = 0;
	}
	if (length < 1 || length >= FFNTP_REFCLOCK_NAME_SIZE)
		return refuse(text, "'refid %s' is not one to four letters and digits", word);
	written->refid = word;
	return true;
}

/* Read the option at word *at, and move *at past it. */
static bool parse_option(struct options_written *written, char *const *word, size_t words, size_t *at,
			 char text[FFNTP_REFCLOCKLINE_TEXT_SIZE])
{
	const char *name = word[*at];
	const struct option *option = find_option(name);
	bool is_refid = strcasecmp(name, "refid") == 0;

	if (option == NULL && !is_refid)
		return refuse(text, "unknown option '%s'", name);
	if (option != NULL && option->kind == OPTION_REFUSED)
		return refuse(text, "unsupported option '%s': %s", option->name, option->why);
	++*at;
	if (option != NULL && option->kind == OPTION_FLAG) {
		store_flag(written, option);
		return true;
	}
	if (*at >= words)
		return refuse(text, "'%s' needs a value", name);
	written->has_dpoll |= strcasecmp(name, "dpoll") == 0;
	return is_refid ? parse_refid(written, word[(*at)++], text) : store_value(written, option, word[(*at)++], text);
}

static bool check_line(const struct options_written *written, char text[FFNTP_REFCLOCKLINE_TEXT_SIZE])
{
	if (written->is_tai && written->is_utc)
		return refuse(text, "'tai' and 'utc' exclude each other");
	if (written->is_unused && (written->is_preferred || written->is_trusted || written->is_required))
		return refuse(text, "'noselect' excludes prefer, trust and require");
	return true;
}

/* chronyd reads the device each 2^dpoll s, and filters the readings of 2^poll s. Here they are taken together. */
static unsigned samples_of(const struct options_written *written)
{
	int32_t log2 = written->poll_log2_s - written->dpoll_log2_s;

	if (!written->has_dpoll)
		return SAMPLES_USUAL;
	if (log2 <= 0)
		return 1;
	return log2 > 4 ? SAMPLES_MOST : 1u << log2;
}

/* The driver's letters and the number of the clock; two letters leave room for a number of two digits. */
static void set_name(struct ffntp_refclock_config *refclock, size_t index, const char *refid)
{
	const char *driver = refclock->kind == FFNTP_REFCLOCK_VMCLOCK ? "VMC" : "PHC";

	if (refid != NULL) {
		snprintf(refclock->name, sizeof(refclock->name), "%.4s", refid);
		return;
	}
	memcpy(refclock->name, driver, 3);
	if (index >= 10)
		refclock->name[2] = (char)('0' + index / 10 % 10);
	refclock->name[3] = (char)('0' + index % 10);
	refclock->name[4] = '\0';
}

static void set_line(struct ffntp_refclockline *line, size_t index, const struct options_written *written)
{
	line->poll_log2_s = (uint8_t)written->poll_log2_s;
	line->is_preferred = written->is_preferred;
	line->is_trusted = written->is_trusted;
	line->is_required = written->is_required;
	line->is_unused = written->is_unused;
	line->refclock = (struct ffntp_refclock_config){
		.kind = line->refclock.kind,
		.is_tai = written->is_tai,
		.samples = samples_of(written),
		.stratum = (uint8_t)written->stratum,
		.offset_s = written->offset_s,
		.delay_s = written->delay_s,
		.max_error_s = written->max_error_s,
		.precision_s = written->precision_s,
	};
	set_name(&line->refclock, index, written->refid);
}

/* Check the driver and the device, and store the device. */
static bool parse_device(struct ffntp_refclockline *line, char *const *word, size_t words,
			 char text[FFNTP_REFCLOCKLINE_TEXT_SIZE])
{
	static const char usage[] = "needs a driver and a device: PHC /dev/ptp0, or VMCLOCK /dev/vmclock0";
	bool is_vmclock = words > 1 && strcasecmp(word[1], "VMCLOCK") == 0;

	if (words < 3)
		return refuse(text, usage);
	if (!is_vmclock && strcasecmp(word[1], "PHC") != 0)
		return refuse(text, "the driver '%s' is not implemented: PHC and VMCLOCK are", word[1]);
	if (strchr(word[2], ':') != NULL)
		return refuse(text, "'%s': options behind the device's name are not implemented", word[2]);
	if (word[2][0] != '/')
		return refuse(text, "'%s' is not the path of a device, such as /dev/ptp0", word[2]);
	line->device = word[2];
	line->refclock.kind = is_vmclock ? FFNTP_REFCLOCK_VMCLOCK : FFNTP_REFCLOCK_PHC;
	return true;
}

bool ffntp_refclockline_parse(struct ffntp_refclockline *line, size_t index, char *const *word, size_t words,
			      char text[FFNTP_REFCLOCKLINE_TEXT_SIZE])
{
	struct options_written written = {
#define REFCLOCK_NUMBER(member, usual, least, most, name) .member = (usual),
#define REFCLOCK_REAL(member, usual, least, most, name, unit) .member = (usual),
#include "refclock_options.def"
	};

	if (!parse_device(line, word, words, text))
		return false;
	for (size_t at = 3; at < words;) {
		if (!parse_option(&written, word, words, &at, text))
			return false;
	}
	if (!check_line(&written, text))
		return false;
	if (written.is_tai && line->refclock.kind == FFNTP_REFCLOCK_VMCLOCK)
		return refuse(text, "a VMClock page states its own time scale: remove 'tai'");
	set_line(line, index, &written);
	return true;
}

bool ffntp_refclockline_is_same(const struct ffntp_refclock_config *a, const struct ffntp_refclock_config *b)
{
	return a->kind == b->kind && strcmp(a->name, b->name) == 0 && a->is_tai == b->is_tai &&
	       a->samples == b->samples && a->stratum == b->stratum && a->offset_s == b->offset_s &&
	       a->delay_s == b->delay_s && a->max_error_s == b->max_error_s && a->precision_s == b->precision_s;
}
