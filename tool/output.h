/* output: what subcommands share in saying things: JSON on one line, numbers and times for people. */
#ifndef FFNTP_TOOL_OUTPUT_H
#define FFNTP_TOOL_OUTPUT_H

#include <ffntp/client.h>
#include <ffntp/clock.h>
#include <ffntp/instant.h>
#include <ffntp/timescale.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "score.h"

#define OUTPUT_NUMBER_SIZE 32
#define OUTPUT_TIME_SIZE 64

/*
 * Prints the object on one line of stdout and releases it. Returns false, after a line on stderr, if memory was short.
 */
bool output_json(json_t *object);

/* A number to six significant digits; null where it is not finite. */
json_t *output_json_real(double value);

/* Nanoseconds, as JSON's integers can hold them: saturated at 2^63 - 1. */
json_t *output_json_ns(uint64_t ns);

/* The error from the path's asymmetry, in nanoseconds; null where it is unknown. */
json_t *output_json_asymmetry(const struct ffntp_reading *reading);

/* Errors in us: rms_us, median_us, p99_us, max_us. */
json_t *output_json_summary(const struct score_summary *summary);

/* Four significant digits, no exponent below 10^9: "0.01234", "12.34", "150000". "-" where it is not finite. */
const char *output_number(double value, char text[OUTPUT_NUMBER_SIZE]);

/* With the unit that fits: "1.234 us", "-15.00 ms", "-1234.567 s". */
const char *output_duration(double seconds, char text[OUTPUT_NUMBER_SIZE]);

/* ISO 8601 with nanoseconds, without a zone: "2026-01-01T00:00:02.004179219". */
const char *output_time(struct ffntp_time time, char text[OUTPUT_TIME_SIZE]);

/* The same of UTC, whose leap second is 23:59:60. */
const char *output_utc(struct ffntp_utc utc, char text[OUTPUT_TIME_SIZE]);

/* "2026-06-28" of POSIX time; "-" outside the years 1 to 9999. */
const char *output_date(int64_t utc_s, char text[OUTPUT_TIME_SIZE]);

/* "none", or what becomes of UTC at the end of which month. Never NULL. */
const char *output_leap(enum ffntp_leap leap);

/* A name in a column of so many characters, behind so many others. One that is too long has a line of its own. */
void output_name(const char *name, int before, int width);

#define OUTPUT_REFID_SIZE 16

/* What a server calls its own source: up to four letters at stratum 1, else, or where they are none, an IPv4 address or
 * what stands for one. */
const char *output_refid(const struct ffntp_source *source, char text[OUTPUT_REFID_SIZE]);

/* What people call it. Never NULL. */
const char *output_counter_name(enum ffntp_counter_kind kind);

#endif
