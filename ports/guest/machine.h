/*
 * machine: the machine below the guest, x86-64 or aarch64: console, counter, sleep, memory. One CPU, one thread;
 * virtual addresses equal physical ones. The architecture's machine_start fills in a struct machine and calls
 * guest_main.
 */
#ifndef GUEST_MACHINE_H
#define GUEST_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/ffntp/map.h"
#include "../processor.h"

/* The places where machines without PCI have their virtio devices: QEMU's microvm, and -M virt. */
#if defined(__aarch64__)
#define MACHINE_MMIO_FIRST UINT64_C(0x0a000000)
#define MACHINE_MMIO_COUNT 32
#else
#define MACHINE_MMIO_FIRST UINT64_C(0xfeb00000)
#define MACHINE_MMIO_COUNT 24
#endif

struct machine {
	const char *command_line;
	const char *name; /* the kind of machine, for the console */
	bool is_xen;
	enum ffntp_counter_kind counter_kind;
	uint64_t counter_hz;
	uint32_t counter_error_ppm;
	uint64_t image_bytes; /* code, data and stack included */
};

/* Run the guest program. Never returns. */
_Noreturn void guest_main(const struct machine *machine);

/* Print text on the console. If nobody reads the console, the rest of the text is dropped. */
void machine_print(const char *text);

/* Print a line on the console. */
void machine_print_line(const char *words);

static inline uint64_t machine_counter(void)
{
	return ffntp_processor_counter();
}

/* Sleep for at most this many ticks, or until something may have arrived. It may return early. */
void machine_idle(uint64_t ticks);

/* Rest for a moment in a loop that waits for another processor. */
void machine_relax(void);

/*
 * Return the seconds of a clock that continues while the counter may stand still, from any origin, to 1 s. Negative if
 * there is none.
 */
int64_t machine_calendar_s(void);

/* Return whether these bytes are memory that the guest does not use otherwise. */
bool machine_is_free(uint64_t address, uint64_t size);

/* Stop the machine, with a message on the console, or without. */
_Noreturn void machine_stop(const char *why);
_Noreturn void machine_halt(void);

#endif
