/*
 * commitwait: timestamps for transactions on several machines, after Spanner's commit wait (Corbett et al. 2012). A
 * transaction that begins after the commit of an earlier transaction returned gets the later timestamp, on whichever
 * machines the two run.
 */
#ifndef COMMITWAIT_H
#define COMMITWAIT_H

#include <ffntp/device.h>
#include <stdint.h>

/*
 * Take a timestamp and wait until it is certainly in the past. Call this with all locks held, and release them once it
 * has returned FFNTP_CLOCK_OK. wait_ns is called to let that time pass. timestamp_ns counts from 1970. A clock whose
 * bound exceeds max_bound_ns is an error, because the wait would be long.
 */
enum ffntp_clock_result commit_wait(struct ffntp_device *clock, uint64_t max_bound_ns, void (*wait_ns)(int64_t ns),
				    int64_t *timestamp_ns);

#endif
