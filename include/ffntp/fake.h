/*
 * fake: a deterministic clock for tests. The test sets its time, its errors and its status, and time passes only when
 * the test advances it. Readings use the same page and the same arithmetic as those of a real clock. A fake is for one
 * thread.
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

/* Only the functions below use the fields. A fake must not be moved or copied, because its device points into it. */
struct ffntp_fake {
	struct ffntp_page_device over_page;
	struct ffntp_page page;
	struct ffntp_map map;
	ffntp_counter counter; /* nanoseconds; the counter has no rate error */
	uint64_t tick_ns;
	uint8_t boots;
};

/*
 * Make a fake clock: synchronised, at utc_ns (nanoseconds since 1970), with a constant error bound of 1 us and TAI
 * known to be 37 s ahead of UTC. The device is not connected, and its counter stands still until the test advances it.
 */
void ffntp_fake_init(struct ffntp_fake *fake, int64_t utc_ns);

/* Return the device to pass to the code under test, which may connect and disconnect it like any other device. */
struct ffntp_device *ffntp_fake_device(struct ffntp_fake *fake);

/* Advance the counter by ns nanoseconds. Fails with FFNTP_CLOCK_NEGATIVE, without effect, if ns is negative. */
enum ffntp_clock_result ffntp_fake_advance(struct ffntp_fake *fake, int64_t ns);

/* Advance the counter by ns nanoseconds at each later reading, so that code which waits in a loop ends. 0: stop that.
 */
void ffntp_fake_tick(struct ffntp_fake *fake, uint64_t ns);

/*
 * Let the clock gain gain_ppb nanoseconds per second from now on, or lose them if negative. The map's periods and the
 * elapsed time follow. Fails with FFNTP_CLOCK_RANGE, without effect, beyond +-10^8 (10 %).
 */
enum ffntp_clock_result ffntp_fake_run(struct ffntp_fake *fake, int64_t gain_ppb);

/*
 * Step the clock by ns nanoseconds, forwards or, if negative, backwards. Elapsed time and durations do not step, and
 * monotonic UTC slews to the new time. A step that exceeds the error bound also changes the disruption marker, as a
 * client does.
 */
void ffntp_fake_step(struct ffntp_fake *fake, int64_t ns);
/* Step the clock to utc_ns (nanoseconds since 1970), as ffntp_fake_step does. */
void ffntp_fake_set(struct ffntp_fake *fake, int64_t utc_ns);

/*
 * Set the error bound of readings to bound_ns nanoseconds, growing by growth_ppb nanoseconds per second. The estimated
 * errors become a quarter of each.
 */
void ffntp_fake_bound(struct ffntp_fake *fake, uint64_t bound_ns, uint32_t growth_ppb);

/*
 * Set the status of the clock. FFNTP_STATUS_DISRUPTED also changes the counter marker, so that durations from earlier
 * marks fail.
 */
void ffntp_fake_status(struct ffntp_fake *fake, enum ffntp_status status);

/*
 * Let the present UTC day end with a leap second: sign 1 inserts 23:59:60, -1 leaves out 23:59:59, 0 withdraws it.
 * Advance the clock to reach it. Fails with FFNTP_CLOCK_RANGE, without effect, for other values of sign.
 */
enum ffntp_clock_result ffntp_fake_leap(struct ffntp_fake *fake, int sign);

/* Set whether TAI is known, and TAI - UTC in seconds. UTC does not change. */
void ffntp_fake_tai(struct ffntp_fake *fake, bool is_known, int16_t tai_offset_s);

/*
 * Restart the machine: a new boot, the counter at 0, status initialising. Once the device is connected again, marks of
 * the former boot fail with FFNTP_CLOCK_OTHER_BOOT.
 */
void ffntp_fake_reboot(struct ffntp_fake *fake);

FFNTP_END_DECLARATIONS

#endif
