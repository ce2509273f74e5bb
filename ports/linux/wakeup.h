/*
 * wakeup: the signs of a disruption besides the counter's own (counter.h), and descriptors that wake a program when
 * one comes:
 *
 *   a timer      that the kernel ends when CLOCK_REALTIME is set, as it is when a suspend ends
 *   VMClock      the page of a hypervisor, /dev/vmclock0: its disruption marker, and the generation of the machine
 *   the RTC      the machine's battery clock, in guests only: it goes on while a hypervisor stops the machine
 *
 * What a system lacks is left out. One thread.
 *
 *   count = ffntp_wakeup_descriptors(&wakeup, ready);
 *   poll(ready, count, 1000);
 *   ffntp_wakeup_rearm(&wakeup, ready, count);
 *   if (ffntp_wakeup_look(&wakeup, counter)) the counter was disrupted
 */
#ifndef FFNTP_LINUX_WAKEUP_H
#define FFNTP_LINUX_WAKEUP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../standstill.h"
#include "counter.h"

/* The most descriptors that ffntp_wakeup_descriptors sets. */
#define FFNTP_WAKEUP_DESCRIPTORS 2

struct ffntp_wakeup {
	int timer;                     /* a timerfd; -1: none */
	int vmclock;                   /* the device, if it can be polled; -1: none */
	const volatile uint8_t *page;  /* VMClock's; NULL: none */
	uint64_t marker, generation;   /* as last seen there */
	bool has_calendar;             /* the RTC is read */
	struct ffntp_standstill stall; /* the counter against the RTC */
	uint64_t stalls;               /* its epoch as last seen */
	int64_t looked_ns;             /* when the RTC was read last */
};

/* Open what the system has. source: opened. Without any of them there is nothing to poll, and nothing is found. */
void ffntp_wakeup_open(struct ffntp_wakeup *wakeup, const struct ffntp_counter_source *source);

/*
 * Return how often to look at least (ms), so that a disruption is found within a second: a reading of the RTC, which
 * only guests have, is not repeated for 0.1 s.
 */
static inline int ffntp_wakeup_period_ms(const struct ffntp_wakeup *wakeup)
{
	return wakeup->has_calendar ? 900 : 1000;
}

/* Close it. A zeroed struct that was never opened must not be closed. */
void ffntp_wakeup_close(struct ffntp_wakeup *wakeup);

/* Set the descriptors to poll for POLLIN. ready: room for FFNTP_WAKEUP_DESCRIPTORS. Returns their number. */
size_t ffntp_wakeup_descriptors(const struct ffntp_wakeup *wakeup, struct pollfd *ready);

/* Let the descriptors that were ready wait for the next sign. Call it after poll(), which has set ready's revents. */
void ffntp_wakeup_rearm(const struct ffntp_wakeup *wakeup, const struct pollfd *ready, size_t count);

/*
 * Return whether a sign of a disruption came since the last call; each one is returned once. Call it at each wake-up.
 * It takes a few us, and ten times a second at most the time of reading the RTC, if that is read. now: the counter.
 */
FFNTP_MUST_USE bool ffntp_wakeup_look(struct ffntp_wakeup *wakeup, ffntp_counter now);

/*
 * Forget the past of the RTC, because the counter was disrupted as the caller knows: it is not found once more. source:
 * with the counter's rate from now on.
 */
void ffntp_wakeup_disrupted(struct ffntp_wakeup *wakeup, const struct ffntp_counter_source *source);

#endif
