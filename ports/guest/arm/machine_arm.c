/* machine on aarch64: see machine.h. For QEMU's -M virt, whose devices have fixed addresses. */
#include "../machine.h"

#include "../../report.h"
#include "tree.h"

#define TREE UINT64_C(0x40000000)
#define SERIAL UINT64_C(0x09000000) /* PL011 */
#define SERIAL_FLAGS (SERIAL + 0x18)
#define SERIAL_IS_FULL 0x20
#define CALENDAR UINT64_C(0x09010000)    /* PL031: seconds since 1970 */
#define DISTRIBUTOR UINT64_C(0x08000000) /* GIC, version 2 */
#define DISTRIBUTOR_ENABLE (DISTRIBUTOR + 0x100)
#define PROCESSOR_INTERFACE UINT64_C(0x08010000)
#define PRIORITY_MASK (PROCESSOR_INTERFACE + 4)
#define VIRTUAL_TIMER 27
#define TIMER_ENABLED 1

extern char image_start[], image_end[];
_Noreturn void machine_start(void);
_Noreturn void machine_trapped(uint64_t syndrome, uint64_t where);

static struct machine self;
static struct tree tree;

static volatile uint32_t *at(uint64_t address)
{
	return (volatile uint32_t *)(uintptr_t)address;
}

void machine_print(const char *text)
{
	for (; *text != 0; text++) {
		for (unsigned tries = 0; (*at(SERIAL_FLAGS) & SERIAL_IS_FULL) != 0; tries++)
			if (tries > 100000)
				return;
		*at(SERIAL) = (uint8_t)*text;
	}
}

_Noreturn void machine_halt(void)
{
	for (;;)
		__asm__ volatile("wfi");
}

_Noreturn void machine_trapped(uint64_t syndrome, uint64_t where)
{
	char line[FFNTP_REPORT_SIZE];
	struct ffntp_text text = ffntp_text_begin(line, sizeof line);

	ffntp_text_add(&text, "exception, syndrome ");
	ffntp_text_add_hex(&text, syndrome);
	ffntp_text_add(&text, ", at ");
	ffntp_text_add_hex(&text, where);
	machine_stop(line);
}

void machine_relax(void)
{
	__asm__ volatile("yield");
}

/* The timer's interrupt stays pending and masked: it wakes the processor, and is gone once the timer is off. */
void machine_idle(uint64_t ticks)
{
	uint64_t until = machine_counter() + ticks;

	if (ticks == 0)
		return;
	__asm__ volatile("msr cntv_cval_el0, %0\n\tmsr cntv_ctl_el0, %1\n\tisb\n\twfi\n\tmsr cntv_ctl_el0, xzr\n\tisb"
			 :
			 : "r"(until), "r"((uint64_t)TIMER_ENABLED)
			 : "memory");
}

int64_t machine_calendar_s(void)
{
	return *at(CALENDAR);
}

bool machine_is_free(uint64_t address, uint64_t size)
{
	bool is_ours = address < (uintptr_t)image_end && address + size > (uintptr_t)image_start;

	return address + size >= address && address >= (uintptr_t)image_start && !is_ours &&
	       address + size <= tree.ram_start + tree.ram_bytes;
}

static void know_processor(void)
{
	self.counter_hz = ffntp_processor_counter_hz();
	if (self.counter_hz < 1000000)
		machine_stop("the counter's frequency is not known");
}

_Noreturn void machine_start(void)
{
	tree = tree_read((const void *)(uintptr_t)TREE);
	self = (struct machine){
		.command_line = tree.command_line,
		.name = "aarch64",
		.counter_kind = FFNTP_COUNTER_ARM_VIRTUAL,
		.counter_error_ppm = 200, /* crystals are off by less */
		.image_bytes = (uint64_t)(image_end - image_start),
	};
	know_processor();
	*at(DISTRIBUTOR) = 1;
	*at(DISTRIBUTOR_ENABLE) = UINT32_C(1) << VIRTUAL_TIMER;
	*at(PRIORITY_MASK) = 0xff;
	*at(PROCESSOR_INTERFACE) = 1;
	guest_main(&self);
}
