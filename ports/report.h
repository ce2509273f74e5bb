/* report: one line for a console about what a drive did. No libc; the same words on every port. */
#ifndef FFNTP_REPORT_H
#define FFNTP_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "drive.h"

#define FFNTP_REPORT_SIZE 160

/* A text that grows at its end; what does not fit is left out. */
struct ffntp_text {
	char *at;
	size_t left; /* the final 0 not counted */
};

/* An empty text in 'size' bytes, at least 1; it ends in 0 after each of the functions below. */
struct ffntp_text ffntp_text_begin(char *bytes, size_t size);
void ffntp_text_add(struct ffntp_text *text, const char *words);
/* At least 'digits' of them. */
void ffntp_text_add_number(struct ffntp_text *text, uint64_t number, unsigned digits);
void ffntp_text_add_hex(struct ffntp_text *text, uint64_t number);
/* "12.345 us"; sign: "+" or "-" or "". UINT64_MAX is "unknown". */
void ffntp_text_add_us(struct ffntp_text *text, const char *sign, uint64_t ns);
/* "2026-11-22T23:00:00.123456789Z" */
void ffntp_text_add_utc(struct ffntp_text *text, struct ffntp_time utc);

/*
 * The news as a line without its end: "2026-11-22T23:00:00.123456789Z +- 91.300 us, offset +0.412 us, RTT 150.100 us".
 * Returns false, and an empty line, if there is nothing that anyone wants to read: a request left, or nothing happened.
 */
bool ffntp_report(char line[FFNTP_REPORT_SIZE], struct ffntp_drive *drive, struct ffntp_drive_news news);

#endif
