/* pc: the PC devices that QEMU's microvm and q35 have: serial line, interval timer, APIC timer, calendar. */
#ifndef GUEST_X86_PC_H
#define GUEST_X86_PC_H

#include <stdbool.h>
#include <stdint.h>

/* The interrupt vectors in use. */
#define TIMER_VECTOR 0x20
#define SPURIOUS_VECTOR 0xff

void pc_serial_write(const char *text);

/* Mask other interrupts, and prepare the timer that wakes the machine. */
void pc_init(void);

/*
 * Measure the counter's frequency, and the wake-up timer with it. *error_ppm: its error. Returns 0 without an interval
 * timer.
 */
uint64_t pc_measure_counter_hz(uint32_t *error_ppm);

/*
 * Sleep for at most this many ticks. Returns at once if that is less than the timer's minimum of 65536 ticks, or if the
 * timer was not measured.
 */
void pc_idle(uint64_t ticks);

/* Return the seconds since 2000 of the battery-backed clock, in whatever time zone it keeps; -1 if there is none. */
int64_t pc_calendar_s(void);

#endif
