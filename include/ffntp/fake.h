/*
 * fake: a clock for tests. It says what it is told to, nothing happens unless the test makes it happen, and what is
 * read goes the way that every reading goes: a page, a counter, the same arithmetic. One thread.
 *
 *   struct ffntp_fake fake;
 *
 *   ffntp_fake_init(&fake, INT64_C(1767225600) * FFNTP_NS_PER_S);
 *   code_under_test(ffntp_fake_device(&fake));
 */
#ifndef FFNTP_FAKE_H
#define FFNTP_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "device.h"
#include "linkage.h"
#include "map.h"
#include "page.h"

FFNTP_BEGIN_DECLARATIONS

/* Its fields are for the functions below alone. Neither moved nor copied once it is made: the device refers to it. */
struct ffntp_fake {
	struct ffntp_page_device over_page;
	struct ffntp_page page;
	struct ffntp_map map;
	ffntp_counter counter; /* nanoseconds, of a perfect counter */
	uint64_t tick_ns;
	uint8_t boots;
};

/*
 * A clock that says utc_ns (nanoseconds since 1970), synchronised, right to 1 us for ever, with TAI known: 37 s ahead.
 * Not connected. Its counter stands still until it is told otherwise.
 */
void ffntp_fake_init(struct ffntp_fake *fake, int64_t utc_ns);

/* The clock, for the code under test; which may connect and disconnect it as any other. */
struct ffntp_device *ffntp_fake_device(struct ffntp_fake *fake);

/* Time passes: the counter goes on. FFNTP_CLOCK_NEGATIVE if ns is negative, and nothing happens. */
enum ffntp_clock_result ffntp_fake_advance(struct ffntp_fake *fake, int64_t ns);

/* From now on each reading is ns later than the one before, so that code which waits comes to an end. 0: no more. */
void ffntp_fake_tick(struct ffntp_fake *fake, uint64_t ns);

/*
 * From now on the clock gains gain_ppb nanoseconds per second that passes; it loses them if negative. Its periods say
 * so too: so does elapsed. FFNTP_CLOCK_RANGE beyond +-10^8, a tenth, and nothing happens.
 */
enum ffntp_clock_result ffntp_fake_run(struct ffntp_fake *fake, int64_t gain_ppb);

/*
 * The clock is corrected: from now on it says ns more, or less; or it says utc_ns. Elapsed and durations go on as they
 * were, steady UTC comes after. A correction beyond the bound also changes the disruption marker, as a client would.
 */
void ffntp_fake_step(struct ffntp_fake *fake, int64_t ns);
/* The same, to an absolute time. */
void ffntp_fake_set(struct ffntp_fake *fake, int64_t utc_ns);

/*
 * From now on readings may be wrong by bound_ns, which grows by growth_ppb nanoseconds per second that passes.
 * Estimated errors are a quarter of each.
 */
void ffntp_fake_bound(struct ffntp_fake *fake, uint64_t bound_ns, uint32_t growth_ppb);

/*
 * Becomes unsynchronised (initialising, unknown), free-running, disrupted; or synchronised again. Disrupted, its
 * counter is in doubt: marks from before mean nothing from then on.
 */
void ffntp_fake_status(struct ffntp_fake *fake, enum ffntp_status status);

/*
 * The UTC day that it is now ends with a leap second: 1 inserts 23:59:60, -1 leaves out 23:59:59; 0: without one, after
 * all. FFNTP_CLOCK_RANGE for others, and nothing happens. Advance the clock to see it come.
 */
enum ffntp_clock_result ffntp_fake_leap(struct ffntp_fake *fake, int sign);

/* TAI - UTC, as far as this clock knows; UTC stays what it is. */
void ffntp_fake_tai(struct ffntp_fake *fake, bool is_known, int16_t tai_offset_s);

/*
 * The machine starts again: another boot, the counter at 0, initialising; marks from before mean nothing to the device
 * once it is connected anew.
 */
void ffntp_fake_reboot(struct ffntp_fake *fake);

FFNTP_END_DECLARATIONS

#endif
