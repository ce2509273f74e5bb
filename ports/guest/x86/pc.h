/* pc: the devices of a PC that QEMU's microvm and q35 have: serial line, interval timer, APIC timer, calendar. */
#ifndef GUEST_X86_PC_H
#define GUEST_X86_PC_H

#include <stdbool.h>
#include <stdint.h>

/* The interrupts that there are. */
#define TIMER_VECTOR 0x20
#define SPURIOUS_VECTOR 0xff

void pc_serial_write(const char *text);

/* Turns off what would interrupt, and readies the timer that wakes. */
void pc_init(void);

/* Measures the counter, and the timer that wakes with it. 0 if there is no interval timer; *error_ppm: how far off. */
uint64_t pc_measure_counter_hz(uint32_t *error_ppm);

/*
 * Sleeps for at most so many ticks; returns at once where that is less than the timer can be set to, which is 65536
 * ticks, or where the timer was not measured.
 */
void pc_idle(uint64_t ticks);

/* Seconds since 2000, as the battery-backed clock has them, in whatever time zone; -1 if there is none. */
int64_t pc_calendar_s(void);

#endif
