/* wakeup: see wakeup.h. */
#include "wakeup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define VMCLOCK_PATH "/dev/vmclock0"
#define RTC_PATH "/sys/class/rtc/rtc0/since_epoch"

/* VMClock's page (UAPI.13): its magic number, "VCLK", and where the fields are that are watched. */
#define VMCLOCK_MAGIC UINT32_C(0x4b4c4356)
enum { VMCLOCK_SIZE = 4096, AT_MAGIC = 0x00, AT_MARKER = 0x10, AT_GENERATION = 0x68 };

/*
 * The RTC is read at most once in this time (ns), because a reading makes the guest exit to its hypervisor many times.
 * ffntp_wakeup_period_ms() allows for it.
 */
#define CALENDAR_NS (FFNTP_NS_PER_S / 10)

/* A date that no timer reaches, and that the kernel's arithmetic can hold: the year 4147 (s since 1970). */
#define NEVER_S (INT64_C(1) << 36)

/* --- the timer --- */

/* The timer never expires: it is cancelled when CLOCK_REALTIME is set, and its descriptor is readable then. */
static int open_timer(void)
{
	const struct itimerspec never = { .it_value.tv_sec = NEVER_S };
	int timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (timer < 0)
		return -1;
	if (timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) == 0)
		return timer;
	close(timer);
	return -1;
}

/* A read that fails with ECANCELED makes the descriptor wait for the next change; the timer stays set. */
static void rearm_timer(const struct ffntp_wakeup *wakeup)
{
	uint64_t unused;

	if (wakeup->timer >= 0)
		(void)!read(wakeup->timer, &unused, sizeof unused);
}

/* --- VMClock --- */

/* Numbers are little-endian on every machine. An aligned word is loaded as a whole where words are of 64 bits. */
static uint64_t load(const struct ffntp_wakeup *wakeup, size_t at)
{
	uint64_t word = *(const volatile uint64_t *)(const volatile void *)(wakeup->page + at);

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* Return whether a word of VMClock changed. */
static bool has_changed(const struct ffntp_wakeup *wakeup, size_t at, uint64_t *stored)
{
	uint64_t former = *stored;

	*stored = load(wakeup, at);
	return *stored != former;
}

static bool has_vm_changed(struct ffntp_wakeup *wakeup)
{
	bool is_disrupted, is_other;

	if (wakeup->page == NULL)
		return false;
	is_disrupted = has_changed(wakeup, AT_MARKER, &wakeup->marker);
	is_other = has_changed(wakeup, AT_GENERATION, &wakeup->generation);
	return is_disrupted || is_other;
}

/* The device is readable from a change of the page until it is read. */
static void rearm_vmclock(const struct ffntp_wakeup *wakeup)
{
	uint8_t unused[8];

	if (wakeup->vmclock >= 0)
		(void)!pread(wakeup->vmclock, unused, sizeof unused, 0);
}

/* A driver that cannot be polled is always ready, and the device would wake the program at once, for ever. */
static bool can_be_polled(int device)
{
	struct pollfd ready = { .fd = device, .events = POLLIN };
	uint8_t unused[8];

	return pread(device, unused, sizeof unused, 0) > 0 && poll(&ready, 1, 0) == 0;
}

static void open_vmclock(struct ffntp_wakeup *wakeup)
{
	int device = open(VMCLOCK_PATH, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	void *page;

	if (device < 0)
		return;
	page = mmap(NULL, VMCLOCK_SIZE, PROT_READ, MAP_SHARED, device, 0);
	if (page != MAP_FAILED) {
		wakeup->page = page;
		if ((uint32_t)load(wakeup, AT_MAGIC) != VMCLOCK_MAGIC) {
			munmap(page, VMCLOCK_SIZE);
			wakeup->page = NULL;
		}
	}
	(void)has_vm_changed(wakeup);
	if (wakeup->page != NULL && can_be_polled(device))
		wakeup->vmclock = device;
	else
		close(device);
}

/* --- the RTC --- */

/* Return the RTC's date; -1 if it cannot be read. */
static int64_t read_rtc(void)
{
	int descriptor = open(RTC_PATH, O_RDONLY | O_CLOEXEC);
	char text[24];
	ssize_t length;

	if (descriptor < 0)
		return -1;
	length = read(descriptor, text, sizeof text - 1);
	close(descriptor);
	if (length <= 0)
		return -1;
	text[length] = '\0';
	return strtoll(text, NULL, 10);
}

static uint64_t frequency_hz(const struct ffntp_counter_source *source)
{
	return (uint64_t)(1 / source->period_hint_s);
}

static int64_t boottime_ns(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * FFNTP_NS_PER_S + now.tv_nsec;
}

static bool has_stalled(struct ffntp_wakeup *wakeup, ffntp_counter now)
{
	int64_t now_ns = boottime_ns();
	uint64_t former = wakeup->stalls;

	if (!wakeup->has_calendar || now_ns - wakeup->looked_ns < CALENDAR_NS)
		return false;
	wakeup->looked_ns = now_ns;
	wakeup->stalls = ffntp_standstill_epoch(&wakeup->stall, now);
	return wakeup->stalls != former;
}

/* --- all of them --- */

void ffntp_wakeup_open(struct ffntp_wakeup *wakeup, const struct ffntp_counter_source *source)
{
	*wakeup = (struct ffntp_wakeup){ .timer = open_timer(), .vmclock = -1, .looked_ns = boottime_ns() };
	open_vmclock(wakeup);
	wakeup->has_calendar = source->may_jump && read_rtc() > 0;
	if (wakeup->has_calendar)
		ffntp_standstill_begin(&wakeup->stall, read_rtc, frequency_hz(source), ffntp_counter_read(source));
}

void ffntp_wakeup_close(struct ffntp_wakeup *wakeup)
{
	union {
		const volatile uint8_t *page;
		void *memory;
	} mapped = { .page = wakeup->page };

	if (wakeup->timer >= 0)
		close(wakeup->timer);
	if (wakeup->vmclock >= 0)
		close(wakeup->vmclock);
	if (wakeup->page != NULL)
		munmap(mapped.memory, VMCLOCK_SIZE);
	*wakeup = (struct ffntp_wakeup){ .timer = -1, .vmclock = -1 };
}

size_t ffntp_wakeup_descriptors(const struct ffntp_wakeup *wakeup, struct pollfd *ready)
{
	size_t count = 0;

	if (wakeup->timer >= 0)
		ready[count++] = (struct pollfd){ .fd = wakeup->timer, .events = POLLIN };
	if (wakeup->vmclock >= 0)
		ready[count++] = (struct pollfd){ .fd = wakeup->vmclock, .events = POLLIN };
	return count;
}

/* VMClock's device is read before the words of its page are, so that no change is missed. */
void ffntp_wakeup_rearm(const struct ffntp_wakeup *wakeup, const struct pollfd *ready, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ready[i].revents == 0)
			continue;
		if (ready[i].fd == wakeup->timer)
			rearm_timer(wakeup);
		else
			rearm_vmclock(wakeup);
	}
}

bool ffntp_wakeup_look(struct ffntp_wakeup *wakeup, ffntp_counter now)
{
	bool has_vm = has_vm_changed(wakeup), has_stall = has_stalled(wakeup, now);

	return has_vm || has_stall;
}

void ffntp_wakeup_disrupted(struct ffntp_wakeup *wakeup, const struct ffntp_counter_source *source)
{
	if (!wakeup->has_calendar)
		return;
	ffntp_standstill_disrupted(&wakeup->stall, frequency_hz(source), ffntp_counter_read(source));
	wakeup->stalls = wakeup->stall.epoch;
}
