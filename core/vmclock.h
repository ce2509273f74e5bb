/*
 * vmclock: read a VMClock page (UAPI.13, Linux's vmclock-abi.h) of any writer, by VMClock's own fields alone. Nothing
 * in the page is trusted: sizes, shifts, flags and numbers are judged before they are used. Integers only, no state,
 * any thread. The page is mapped memory that another program may be writing, of which FFNTP_PAGE_SIZE bytes are
 * readable.
 *
 *   if (ffntp_vmclock_check(page, size) == FFNTP_PAGE_OK && ffntp_vmclock_read(page, &state) == FFNTP_CLOCK_OK &&
 *       state.result == FFNTP_CLOCK_OK)
 *           result = ffntp_clock_at(&state.map, counter, FFNTP_UTC, UINT64_MAX, &reading);
 */
#ifndef FFNTP_CORE_VMCLOCK_H
#define FFNTP_CORE_VMCLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/clock.h"
#include "../include/ffntp/linkage.h"
#include "../include/ffntp/map.h"
#include "../include/ffntp/page.h"

/* The contents of a VMClock page at one moment. */
struct ffntp_vmclock {
	uint64_t disruption_marker; /* changes when the counter was disrupted: forget what was measured before */
	uint64_t generation;        /* if has_generation: changes when the machine was restored from a saved state */
	bool has_generation;
	bool notifies;            /* poll() on Linux's device returns when the page has changed */
	enum ffntp_status status; /* FFNTP_STATUS_UNKNOWN also for numbers that the specification does not define */
	/*
	 * FFNTP_CLOCK_OK: the map has the time with a bound. Otherwise the reason why there is none:
	 * FFNTP_CLOCK_UNSYNCHRONISED (by the status, or because the page has no time at all),
	 * FFNTP_CLOCK_DISRUPTED (VMClock's "unreliable"), FFNTP_CLOCK_NO_BOUND, FFNTP_CLOCK_TAI_UNKNOWN (the time is
	 * TAI and the offset from UTC is not stated) or FFNTP_CLOCK_INVALID.
	 */
	enum ffntp_clock_result result;
	/*
	 * For ffntp_clock_at, if the result is FFNTP_CLOCK_OK. The bound is VMClock's: time_maxerror and the growth by
	 * counter_period_maxerror. void_after is half an hour to an hour after counter_value, because VMClock does not
	 * state how long a map is valid, and a writer that was killed leaves the status as it was.
	 */
	struct ffntp_map map;
};

/*
 * Check that the page has VMClock's structure, in the version known here, and at least its flags.
 * size: the number of readable bytes, at least FFNTP_PAGE_SIZE; fewer are too short.
 * Returns FFNTP_PAGE_OK, FFNTP_PAGE_FOREIGN, FFNTP_PAGE_TRUNCATED or FFNTP_PAGE_VERSION.
 */
FFNTP_MUST_USE enum ffntp_page_result ffntp_vmclock_check(const struct ffntp_page *page, size_t size);

/*
 * Check by the constant fields of a page that passed ffntp_vmclock_check whether it may ever have the time.
 * kind: the counter in terms of which the time is; untouched unless the result is FFNTP_PAGE_OK.
 * Returns FFNTP_PAGE_OK; FFNTP_PAGE_NO_TIME, as QEMU's own device, which signals disruptions alone; or
 * FFNTP_PAGE_TIMESCALE.
 */
FFNTP_MUST_USE enum ffntp_page_result ffntp_vmclock_check_time(const struct ffntp_page *page,
							       enum ffntp_counter_kind *kind);

/*
 * Try once to read the page. Returns false, with *state untouched, if an update was under way or ended meanwhile.
 * begun: the result of ffntp_page_begin. Read the counter after it and before this call, so that a map and a reading
 * from different sides of a disruption are never combined.
 */
FFNTP_MUST_USE bool ffntp_vmclock_try_read(const struct ffntp_page *page, uint32_t begun, struct ffntp_vmclock *state);

/*
 * Read the page. Returns FFNTP_CLOCK_OK; or FFNTP_CLOCK_BUSY, with *state untouched, if an update was under way at each
 * of a limited number of tries.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_vmclock_read(const struct ffntp_page *page, struct ffntp_vmclock *state);

#endif
