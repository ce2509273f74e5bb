/*
 * commitwait: timestamps for transactions on several machines, after Spanner's commit wait (Corbett et al. 2012): a
 * transaction that begins anywhere after another one's commit returned gets the later timestamp, whatever machines they
 * run on.
 */
#ifndef COMMITWAIT_H
#define COMMITWAIT_H

#include <ffntp/device.h>
#include <stdint.h>

/*
 * Takes a timestamp and waits until it certainly lies in the past. To be called with all locks held, which are released
 * after it has returned FFNTP_CLOCK_OK. wait_ns: called to let that much time pass. timestamp_ns: since 1970.
 * max_bound_ns: a clock that is worse is an error: it would be waited for long.
 */
enum ffntp_clock_result commit_wait(struct ffntp_device *clock, uint64_t max_bound_ns, void (*wait_ns)(int64_t ns),
				    int64_t *timestamp_ns);

#endif
