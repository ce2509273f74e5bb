/* output: the output functions that subcommands share: JSON on one line, numbers and times as text. */
#ifndef FFNTP_TOOL_OUTPUT_H
#define FFNTP_TOOL_OUTPUT_H

#include <ffntp/client.h>
#include <ffntp/clock.h>
#include <ffntp/instant.h>
#include <ffntp/timescale.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>

#include "score.h"

#define OUTPUT_NUMBER_SIZE 32
#define OUTPUT_TIME_SIZE 64

/* Print the object on one line of stdout and release it. Returns false, after a line on stderr, if memory was short. */
bool output_json(json_t *object);

/* Return a number with six significant digits; null if it is not finite. */
json_t *output_json_real(double value);

/* Return a text; in one that is not UTF-8, bytes that are not ASCII are '?'. */
json_t *output_json_text(const char *text);

/* Return nanoseconds, saturated at JSON's largest integer, 2^63 - 1. */
json_t *output_json_ns(uint64_t ns);

/* Return the error from the path's asymmetry, in nanoseconds; null if unknown. */
json_t *output_json_asymmetry(const struct ffntp_reading *reading);

/* Return errors in us: rms_us, median_us, p99_us, max_us. */
json_t *output_json_summary(const struct score_summary *summary);

/* Format four significant digits, without an exponent below 10^9: "0.01234", "12.34", "150000"; "-" if not finite. */
const char *output_number(double value, char text[OUTPUT_NUMBER_SIZE]);

/* Format with a suitable unit: "1.234 us", "-15.00 ms", "-1234.567 s". */
const char *output_duration(double seconds, char text[OUTPUT_NUMBER_SIZE]);

/* Print a duration in a line of its own: "Bound         : 1.940 ms       largest possible error". */
void output_row(const char *name, double seconds, const char *comment);

/* Format three significant digits without a space: "484us", "-1.25ms"; at most 7 characters; output_age from 9999.5 s
 * on. */
const char *output_short(double seconds, char text[OUTPUT_NUMBER_SIZE]);

/* Format in at most 5 characters: seconds without a unit below 10000, else minutes, hours, days or years: "377",
 * "167m". */
const char *output_age(double seconds, char text[OUTPUT_NUMBER_SIZE]);

/* Format as ISO 8601 with nanoseconds, without a zone: "2026-01-01T00:00:02.004179219"; "-" outside the years 1 to
 * 9999. */
const char *output_time(struct ffntp_time time, char text[OUTPUT_TIME_SIZE]);

/* Format UTC in the same way; a leap second is 23:59:60. */
const char *output_utc(struct ffntp_utc utc, char text[OUTPUT_TIME_SIZE]);

/* Format the date of a POSIX time, "2026-06-28"; "-" outside the years 1 to 9999. */
const char *output_date(int64_t utc_s, char text[OUTPUT_TIME_SIZE]);

/* Describe a leap second and its month, or "none". Never NULL. */
const char *output_leap(enum ffntp_leap leap);

/* Print a name in a column of this width, 'before' columns from the left. A longer name gets a line of its own. */
void output_name(FILE *file, const char *name, int before, int width);

#define OUTPUT_REFID_SIZE 16

/*
 * Format the reference id: up to four letters at stratum 1, otherwise an IPv4 address or the value that stands for one.
 */
const char *output_refid(const struct ffntp_source *source, char text[OUTPUT_REFID_SIZE]);

#define OUTPUT_ADDRESS_SIZE (INET6_ADDRSTRLEN + 8)

/* Return whether the source is a reference clock, which has no address. */
bool output_is_refclock(const struct ffntp_source *source);

/* Return the stratum: that of a reference clock is 0, and the page has that of a server with it. */
unsigned output_stratum(const struct ffntp_source *source);

/*
 * Format the server's address and port: "192.0.2.1:123", "[2001:db8::1]:123"; or the name of a reference clock, which
 * is its reference id: "PHC0".
 */
const char *output_address(const struct ffntp_source *source, char text[OUTPUT_ADDRESS_SIZE]);

#endif
