/* report: describes an event of a drive in one line for a console. No libc; the same text on every port. */
#ifndef FFNTP_REPORT_H
#define FFNTP_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "drive.h"

#define FFNTP_REPORT_SIZE 160

/* A text that grows at its end; text that does not fit is dropped. */
struct ffntp_text {
	char *at;
	size_t left; /* the final 0 not counted */
};

/* Begin an empty text in 'size' bytes, at least 1. It ends in 0 after each of the functions below. */
struct ffntp_text ffntp_text_begin(char *bytes, size_t size);
void ffntp_text_add(struct ffntp_text *text, const char *words);
/* Add a number, padded with zeros to at least 'digits' digits. */
void ffntp_text_add_number(struct ffntp_text *text, uint64_t number, unsigned digits);
void ffntp_text_add_hex(struct ffntp_text *text, uint64_t number);
/* Add "12.345 us". sign: "+", "-" or "". UINT64_MAX is "unknown". */
void ffntp_text_add_us(struct ffntp_text *text, const char *sign, uint64_t ns);
/* Add "2026-11-22T23:00:00.123456789Z". */
void ffntp_text_add_utc(struct ffntp_text *text, struct ffntp_time utc);

/*
 * Describe the event in a line without its end: "2026-11-22T23:00:00.123456789Z +- 91.300 us, offset +0.412 us, RTT
 * 150.100 us".
 * Returns false, and an empty line, for events that need no line: a request was sent, or a map published.
 */
bool ffntp_report(char line[FFNTP_REPORT_SIZE], struct ffntp_drive *drive, struct ffntp_event event);

#endif
