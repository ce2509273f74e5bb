/* reportsummary: the numbers of 'ffntp report': as JSON, and as tables of HTML with the same content. */
#ifndef FFNTP_TOOL_REPORTSUMMARY_H
#define FFNTP_TOOL_REPORTSUMMARY_H

#include <jansson.h>
#include <stdio.h>

#include "reportdata.h"

/*
 * Return the numbers as an object. Times are in s, frequencies in ppm; unknown values are null. A distribution has
 * count, least, median, p99, max and last; those of corrections and offsets are of absolute values.
 *   from, to: UTC, as text. duration_s.
 *   synchronised_percent: of the duration.
 *   bound_s, esterror_s, asymmetry_esterror_s, correction_s: distributions. within_2_esterror: share of the
 * corrections, 0 to 1. frequency_ppm: mean, min, max. servers: server, refid, stratum, rtt_s, forward_s, backward_s,
 * offset_s: distributions over the replies used. events: counts by name. Returns NULL if memory is short.
 */
json_t *report_summary(const struct report_data *data);

/* Write the tables: the clock, the servers, the counts of events, and the events that changed the clock. */
void report_tables(FILE *file, const struct report_data *data, const json_t *summary);

/* Write a text for HTML: characters that have a meaning there are replaced, and bytes that are no text. */
void report_escape(FILE *file, const char *text);

/* Return a time of the data as UTC text. */
const char *report_time(const struct report_data *data, double t, char text[OUTPUT_TIME_SIZE]);

#endif
