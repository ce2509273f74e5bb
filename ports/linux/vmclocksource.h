/*
 * vmclocksource: the time of a VMClock page (/dev/vmclock0, or a file) as a reference clock reads it: by VMClock's own
 * fields, with the bound that they state. The counter of the page is read, so that a reading costs no system call.
 */
#ifndef FFNTP_LINUX_VMCLOCKSOURCE_H
#define FFNTP_LINUX_VMCLOCKSOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/ffntp/linux.h"
#include "counter.h"

/* Errors besides errno values: these plus an enum ffntp_page_result, or an enum ffntp_clock_result. */
#define FFNTP_VMCLOCKSOURCE_PAGE 1000
#define FFNTP_VMCLOCKSOURCE_TIME 2000
/* The page is a file of ffntpd, by which a clock would follow itself. */
#define FFNTP_VMCLOCKSOURCE_OWN 3000

/* A page that is read. Zeroed: it is not open. */
struct ffntp_vmclocksource {
	struct ffntp_linux_reader reader;
	bool is_open;
};

/* UTC was 'time', give or take bound_ns, at some moment between the counter readings 'before' and 'after'. */
struct ffntp_vmclocksource_reading {
	ffntp_counter before, after;
	struct ffntp_time time;
	uint64_t bound_ns;
	enum ffntp_leap leap;
};

/* Open the page. Returns 0, or an error; then nothing is open. */
FFNTP_MUST_USE int ffntp_vmclocksource_open(struct ffntp_vmclocksource *source, const char *path);

/* Close it; this may be called at any time. */
void ffntp_vmclocksource_close(struct ffntp_vmclocksource *source);

/* Read the open page. counter: the one to read beside it. Returns 0, or an error, with *reading untouched. */
FFNTP_MUST_USE int ffntp_vmclocksource_read(const struct ffntp_vmclocksource *source,
					    const struct ffntp_counter_source *counter,
					    struct ffntp_vmclocksource_reading *reading);

#endif
