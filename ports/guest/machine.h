/*
 * machine: what a guest runs on, x86-64 or aarch64: console, counter, sleep, memory. One CPU, one thread; memory is
 * mapped one to one. machine_start of the architecture finds out and calls guest_main.
 */
#ifndef GUEST_MACHINE_H
#define GUEST_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/ffntp/map.h"
#include "../processor.h"

/* Where machines without PCI have their virtio devices: QEMU's microvm, and -M virt. */
#if defined(__aarch64__)
#define MACHINE_MMIO_FIRST UINT64_C(0x0a000000)
#define MACHINE_MMIO_COUNT 32
#else
#define MACHINE_MMIO_FIRST UINT64_C(0xfeb00000)
#define MACHINE_MMIO_COUNT 24
#endif

struct machine {
	const char *command_line;
	const char *name; /* of the kind, for the console */
	bool is_xen;
	enum ffntp_counter_kind counter_kind;
	uint64_t counter_hz;
	uint32_t counter_error_ppm;
	uint64_t image_bytes; /* code, data, stack and all */
};

/* The program. Never returns. */
_Noreturn void guest_main(const struct machine *machine);

/* Text on the console. One that nobody reads is given up, with the rest of the text. */
void machine_print(const char *text);

/* A line on the console. */
void machine_say(const char *words);

static inline uint64_t machine_counter(void)
{
	return ffntp_processor_counter();
}

/* Sleeps for at most so many ticks, or until something may have come; may return early. */
void machine_idle(uint64_t ticks);

/* A moment's rest in a loop that waits for another processor. */
void machine_relax(void);

/*
 * Seconds of a clock that goes on while the counter may stand still; from anywhere, to 1 s. Negative if there is none.
 */
int64_t machine_calendar_s(void);

/* Whether these bytes are memory that nothing else of the guest uses. */
bool machine_is_free(uint64_t address, uint64_t size);

/* Does nothing any more, and says so. */
_Noreturn void machine_stop(const char *why);
_Noreturn void machine_halt(void);

#endif
