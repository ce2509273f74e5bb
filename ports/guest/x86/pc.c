/* pc: see pc.h. */
#include "pc.h"

#include "../../processor.h"
#include "cpu.h"

/* --- serial line: COM1 --- */

#define COM1 0x3f8
#define COM1_STATUS (COM1 + 5)
#define COM1_IS_EMPTY 0x20

/* Wait for a stalled line once, not for each character: the rest of the text is dropped. */
void pc_serial_write(const char *text)
{
	for (; *text != 0; text++) {
		for (unsigned tries = 0; (in8(COM1_STATUS) & COM1_IS_EMPTY) == 0; tries++)
			if (tries > 100000)
				return;
		out8(COM1, (uint8_t)*text);
	}
}

/* --- the local APIC's timer: it wakes the machine; no measurement depends on it --- */

#define APIC UINT64_C(0xfee00000)
#define APIC_SPURIOUS (APIC + 0xf0)
#define APIC_LVT_TIMER (APIC + 0x320)
#define APIC_TIMER_INITIAL (APIC + 0x380)
#define APIC_TIMER_CURRENT (APIC + 0x390)
#define APIC_TIMER_DIVIDE (APIC + 0x3e0)
#define APIC_ENABLED 0x100
#define APIC_DIVIDE_BY_1 0xb

static uint64_t apic_per_counter; /* timer ticks per counter tick, in 2^-32 */

void pc_init(void)
{
	/* Mask the old interrupt controllers, if there are any. */
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	*register_at(APIC_SPURIOUS) = APIC_ENABLED | SPURIOUS_VECTOR;
	*register_at(APIC_TIMER_DIVIDE) = APIC_DIVIDE_BY_1;
	*register_at(APIC_LVT_TIMER) = TIMER_VECTOR; /* one-shot mode */
}

void pc_idle(uint64_t ticks)
{
	uint64_t count = apic_per_counter == 0 ? 0 : (ticks >> 16) * apic_per_counter >> 16;

	if (count == 0)
		return;
	*register_at(APIC_TIMER_INITIAL) = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
	__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
	*register_at(APIC_TIMER_INITIAL) = 0;
}

/* --- measuring the counter with channel 0 of the interval timer, which counts down at 1.193182 MHz --- */

#define PIT_HZ 1193182u
#define PIT_CHANNEL_0 0x40
#define PIT_COMMAND 0x43
#define PIT_COUNT_DOWN_ONCE 0x30
#define PIT_LATCH_COUNT 0xd2
#define PIT_LATCH_STATUS 0xe2
#define PIT_IS_OUT 0x80
#define PIT_SPAN 47727u /* 40 ms of the 55 ms that 16 bits hold */

struct instant {
	uint64_t counter;
	uint64_t width; /* of the cross-timestamp: ticks between the counter readings before and after the timer's */
	uint32_t apic;
	uint16_t pit;
};

static struct instant look(void)
{
	struct instant seen;
	uint64_t before = ffntp_processor_counter();

	out8(PIT_COMMAND, PIT_LATCH_COUNT);
	seen.counter = ffntp_processor_counter();
	seen.width = seen.counter - before;
	seen.counter = before + seen.width / 2;
	seen.apic = *register_at(APIC_TIMER_CURRENT);
	seen.pit = in8(PIT_CHANNEL_0);
	seen.pit = (uint16_t)(seen.pit | in8(PIT_CHANNEL_0) << 8);
	return seen;
}

/* Return the narrowest of a few cross-timestamps, because the host takes the processor away now and then. */
static struct instant look_well(void)
{
	struct instant best = look();

	for (int i = 0; i < 20; i++) {
		struct instant seen = look();

		if (seen.width < best.width)
			best = seen;
	}
	return best;
}

static void start_interval_timer(void)
{
	out8(PIT_COMMAND, PIT_COUNT_DOWN_ONCE);
	out8(PIT_CHANNEL_0, 0xff);
	out8(PIT_CHANNEL_0, 0xff);
}

static bool has_wrapped(void)
{
	out8(PIT_COMMAND, PIT_LATCH_STATUS);
	return (in8(PIT_CHANNEL_0) & PIT_IS_OUT) != 0;
}

/* Returns false if the timer does not count, or if the host was away until it ran out. */
static bool measure(struct instant *from, struct instant *to)
{
	start_interval_timer();
	*from = look_well();
	do {
		*to = look();
		if (to->counter - from->counter > UINT64_C(10000000000))
			return false; /* seconds, at any CPU's rate: there is no timer */
	} while ((uint16_t)(from->pit - to->pit) < PIT_SPAN && !has_wrapped());
	*to = look_well();
	return !has_wrapped() && from->pit > to->pit;
}

uint64_t pc_measure_counter_hz(uint32_t *error_ppm)
{
	struct instant from, to;
	uint64_t ticks, span;

	*register_at(APIC_TIMER_INITIAL) = UINT32_MAX;
	for (int tries = 0; tries < 8; tries++) {
		if (!measure(&from, &to))
			continue;
		ticks = to.counter - from.counter;
		span = (uint16_t)(from.pit - to.pit);
		apic_per_counter = ((uint64_t)(from.apic - to.apic) << 32) / ticks;
		/* The sum of half of each cross-timestamp's width, of a timer step at each end, and of 100 ppm. */
		*error_ppm = (uint32_t)((from.width + to.width) / 2 * 1000000 / ticks + UINT64_C(2000000) / span + 100);
		*register_at(APIC_TIMER_INITIAL) = 0;
		return ticks * PIT_HZ / span;
	}
	return 0;
}

/* --- the calendar --- */

enum { CMOS_SECOND = 0, CMOS_MINUTE = 2, CMOS_HOUR = 4, CMOS_DAY = 7, CMOS_MONTH = 8, CMOS_YEAR = 9 };
enum { CMOS_STATUS_A = 10, CMOS_STATUS_B = 11 };
#define CMOS_IS_UPDATING 0x80
#define CMOS_IS_BINARY 4

static uint8_t cmos(uint8_t index)
{
	out8(0x70, index);
	return in8(0x71);
}

static unsigned cmos_number(uint8_t index, bool is_binary)
{
	unsigned value = cmos(index);

	return is_binary ? value : (value >> 4) * 10 + (value & 15);
}

/* Return the days before the first of a month, 1 to 12; February has 28. */
static unsigned days_before(unsigned month)
{
	static const uint16_t days[12] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };

	return days[month >= 1 && month <= 12 ? month - 1 : 0];
}

static int64_t read_calendar(void)
{
	bool is_binary = (cmos(CMOS_STATUS_B) & CMOS_IS_BINARY) != 0;
	unsigned year = cmos_number(CMOS_YEAR, is_binary), month = cmos_number(CMOS_MONTH, is_binary);
	unsigned days = year * 365 + (year + 3) / 4 + days_before(month) + cmos_number(CMOS_DAY, is_binary) +
			(year % 4 == 0 && month > 2);
	unsigned minutes = cmos_number(CMOS_HOUR, is_binary) * 60 + cmos_number(CMOS_MINUTE, is_binary);

	return (int64_t)days * 86400 + (int64_t)minutes * 60 + cmos_number(CMOS_SECOND, is_binary);
}

/* The calendar is read until two readings agree, because digits may change between them. */
int64_t pc_calendar_s(void)
{
	int64_t last, s = -1;

	if (cmos(CMOS_STATUS_A) == 0xff)
		return -1;
	do {
		last = s;
		s = read_calendar();
	} while (s != last || (cmos(CMOS_STATUS_A) & CMOS_IS_UPDATING) != 0);
	return s;
}
