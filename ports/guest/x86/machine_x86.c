/* machine on x86-64: see machine.h. For QEMU's microvm and q35, and for Xen's PVH guests. */
#include "../machine.h"

#include <xen/arch-x86/hvm/start_info.h>

#include "../../report.h"
#include "../xen/xen.h"
#include "../xen/xenstore.h"
#include "cpu.h"
#include "pc.h"

#define TRAPS 32

extern char image_start[], image_end[];
extern const uint64_t trap_table[TRAPS];
void timer_interrupt(void);
void spurious_interrupt(void);
_Noreturn void machine_start(const struct hvm_start_info *info);
_Noreturn void machine_trapped(uint64_t number, uint64_t code, uint64_t where);

static struct machine self;
static const struct hvm_start_info *start_info;
static bool has_calendar;

/* --- the console --- */

void machine_print(const char *text)
{
	if (self.is_xen)
		xen_console_write(text);
	else
		pc_serial_write(text);
}

/* --- traps --- */

struct gate {
	uint16_t offset_low, selector;
	uint16_t flags;
	uint16_t offset_middle;
	uint32_t offset_high, unused;
};

static struct gate gates[256];

static void set_gate(unsigned vector, uint64_t handler)
{
	gates[vector] = (struct gate){
		.offset_low = (uint16_t)handler,
		.selector = 8,
		.flags = 0x8e00, /* present, interrupt gate */
		.offset_middle = (uint16_t)(handler >> 16),
		.offset_high = (uint32_t)(handler >> 32),
	};
}

static void set_traps(void)
{
	const struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} pointer = { sizeof gates - 1, (uintptr_t)gates };

	for (unsigned vector = 0; vector < TRAPS; vector++)
		set_gate(vector, trap_table[vector]);
	set_gate(TIMER_VECTOR, (uintptr_t)timer_interrupt);
	set_gate(SPURIOUS_VECTOR, (uintptr_t)spurious_interrupt);
	__asm__ volatile("lidt %0" : : "m"(pointer));
}

_Noreturn void machine_trapped(uint64_t number, uint64_t code, uint64_t where)
{
	char line[FFNTP_REPORT_SIZE];
	struct ffntp_text text = ffntp_text_begin(line, sizeof line);

	ffntp_text_add(&text, "exception ");
	ffntp_text_add_number(&text, number, 1);
	ffntp_text_add(&text, ", code ");
	ffntp_text_add_hex(&text, code);
	ffntp_text_add(&text, ", at ");
	ffntp_text_add_hex(&text, where);
	machine_stop(line);
}

_Noreturn void machine_halt(void)
{
	for (;;) {
		if (self.is_xen)
			xen_wait(UINT64_MAX);
		else
			__asm__ volatile("cli\n\thlt");
	}
}

/* --- the functions of machine.h --- */

void machine_relax(void)
{
	__builtin_ia32_pause();
}

void machine_idle(uint64_t ticks)
{
	if (self.is_xen)
		xen_wait(ticks);
	else
		pc_idle(ticks);
}

int64_t machine_calendar_s(void)
{
	if (self.is_xen)
		return xen_calendar_s();
	return has_calendar ? pc_calendar_s() : -1;
}

static uint64_t ram_end_around(uint64_t address)
{
	const struct hvm_memmap_table_entry *map = (const void *)(uintptr_t)start_info->memmap_paddr;

	if (start_info->version < 1 || start_info->memmap_paddr == 0)
		return 0;
	for (uint32_t i = 0; i < start_info->memmap_entries; i++)
		if (map[i].type == 1 && address >= map[i].addr && address - map[i].addr < map[i].size)
			return map[i].addr + map[i].size;
	return 0;
}

bool machine_is_free(uint64_t address, uint64_t size)
{
	uint64_t end = ram_end_around(address);
	bool is_ours = address < (uintptr_t)image_end && address + size > (uintptr_t)image_start;

	return address + size >= address && address + size <= end && end - address >= size && !is_ours &&
	       address >= 0x100000 && end <= UINT64_C(1) << 32;
}

/* --- start --- */

static void know_counter(void)
{
	if (self.is_xen) {
		self.counter_hz = xen_counter_hz();
		xenstore_init(self.counter_hz);
		self.counter_error_ppm = 20000; /* 11500 was measured where Xen was started on a busy machine */
	} else {
		self.counter_hz = pc_measure_counter_hz(&self.counter_error_ppm);
	}
	if (self.counter_hz < 1000000)
		machine_stop("there is no timer to measure the counter with");
}

_Noreturn void machine_start(const struct hvm_start_info *info)
{
	start_info = info;
	self = (struct machine){
		.command_line = info->cmdline_paddr != 0 ? (const char *)(uintptr_t)info->cmdline_paddr : "",
		.counter_kind = FFNTP_COUNTER_TSC,
		.image_bytes = (uint64_t)(image_end - image_start),
		.is_xen = xen_is_here(),
	};
	self.name = self.is_xen ? "Xen PVH" : "x86-64";
	set_traps();
	if (self.is_xen) {
		xen_init();
	} else {
		pc_init();
		has_calendar = pc_calendar_s() >= 0;
	}
	know_counter();
	guest_main(&self);
}
