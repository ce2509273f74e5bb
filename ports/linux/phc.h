/*
 * phc: reads a PTP hardware clock (/dev/ptpN) between two readings of the counter. It uses the most precise of the
 * ways that the device's driver and the kernel have; none of them touches the system clock, and none needs more than
 * the right to read the device.
 */
#ifndef FFNTP_LINUX_PHC_H
#define FFNTP_LINUX_PHC_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "../../include/ffntp/instant.h"
#include "counter.h"

/* The ways to read a clock, the most precise one first. */
enum ffntp_phc_method {
	FFNTP_PHC_PRECISE = 0,       /* a cross-timestamp that the hardware takes (PTP_SYS_OFFSET_PRECISE) */
	FFNTP_PHC_EXTENDED_RAW,      /* PTP_SYS_OFFSET_EXTENDED with CLOCK_MONOTONIC_RAW, of Linux 6.12 and later */
	FFNTP_PHC_EXTENDED_REALTIME, /* the same with CLOCK_REALTIME */
	FFNTP_PHC_BRACKET,           /* clock_gettime between two readings of the counter */
	FFNTP_PHC_METHODS            /* the number of ways */
};

/*
 * The calls of the system that reading a clock takes; a test has its own. Errors are errno values, 0 for success.
 */
struct ffntp_phc_calls {
	int (*open)(const char *path, int *descriptor);
	void (*close)(int descriptor);
	int (*control)(int descriptor, unsigned long request, void *argument);
	int (*gettime)(clockid_t clock, struct timespec *time);
	ffntp_counter (*counter)(const struct ffntp_counter_source *source); /* in program order */
};

/* The calls of Linux. */
extern const struct ffntp_phc_calls ffntp_phc_linux;

/* A clock that is read. */
struct ffntp_phc {
	const struct ffntp_phc_calls *calls;
	int descriptor;                    /* -1: it is not open */
	bool is_absent[FFNTP_PHC_METHODS]; /* the driver or the kernel does not have this way */
};

/* The clock showed s + ns * 1e-9 at some moment between the counter readings 'before' and 'after', before < after. */
struct ffntp_phc_reading {
	ffntp_counter before, after;
	int64_t s;
	uint32_t ns;
	enum ffntp_phc_method method;
};

/* Begin with a clock that is not open. calls: ffntp_phc_linux; it must outlive the clock. */
void ffntp_phc_init(struct ffntp_phc *phc, const struct ffntp_phc_calls *calls);

/* Open the device. Returns 0, or an errno value; then nothing is open. */
FFNTP_MUST_USE int ffntp_phc_open(struct ffntp_phc *phc, const char *path);

/* Close it; this may be called at any time. */
void ffntp_phc_close(struct ffntp_phc *phc);

/*
 * Read the open clock, as often as 'samples' states, 1 to 25, at once, and return the narrowest reading. Returns 0, or
 * an errno value, with *reading untouched. EINVAL and ENOTTY: the file is not a PTP hardware clock.
 */
FFNTP_MUST_USE int ffntp_phc_read(struct ffntp_phc *phc, const struct ffntp_counter_source *source, unsigned samples,
				  struct ffntp_phc_reading *reading);

/* Return a short text such as "precise cross-timestamps". Never NULL. */
const char *ffntp_phc_method_text(enum ffntp_phc_method method);

#endif
