/* xen: see xen.h. */
#include "xen.h"
#include "resume.h"

#include <stddef.h>

#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/io/console.h>
#include <xen/memory.h>
#include <xen/sched.h>

#include "../../processor.h"
#include "../x86/cpu.h"

#define PAGE_SIZE 4096
#define NS_PER_S UINT64_C(1000000000)

/* Pages that Xen fills, or that it replaces. */
static _Alignas(PAGE_SIZE) uint8_t hypercalls[PAGE_SIZE];
static _Alignas(PAGE_SIZE) shared_info_t shared;
static _Alignas(PAGE_SIZE) grant_entry_v1_t grants[PAGE_SIZE / sizeof(grant_entry_v1_t)];

#define FIRST_GRANT 8 /* lower numbers are reserved */
#define GRANTS (sizeof grants / sizeof grants[0] - 1)
/* A grant entry that grants nothing, used as a mark: in another domain's table it is missing. */
#define OWN_MARK GRANTS
#define MARK 0x66666e74u

static struct xencons_interface *console;
static uint32_t console_port;
static evtchn_port_t ports[4];
static unsigned port_count;

/* --- hypercalls --- */

static long call(unsigned number, uintptr_t first, uintptr_t second, uintptr_t third)
{
	const void *entry = hypercalls + (size_t)number * 32;
	long result;

	__asm__ volatile("call *%[entry]"
			 : "=a"(result), "+D"(first), "+S"(second), "+d"(third)
			 : [entry] "r"(entry)
			 : "rcx", "r8", "r9", "r10", "r11", "memory");
	return result;
}

static uint32_t leaves(void)
{
	for (uint32_t base = 0x40000000; base < 0x40010000; base += 0x100) {
		struct cpuid r = cpuid(base);

		if (r.b == 0x566e6558 && r.c == 0x65584d4d && r.d == 0x4d4d566e) /* "XenVMMXenVMM" */
			return base;
	}
	return 0;
}

bool xen_is_here(void)
{
	return leaves() != 0;
}

/* Map a page of Xen in place of ours. */
static bool put_in_place(unsigned space, const void *page)
{
	struct xen_add_to_physmap where = {
		.domid = DOMID_SELF,
		.space = space,
		.gpfn = (uintptr_t)page / PAGE_SIZE,
	};

	return call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, (uintptr_t)&where, 0) == 0;
}

static uint64_t parameter(uint32_t index)
{
	struct xen_hvm_param asked = { .domid = DOMID_SELF, .index = index };

	return call(__HYPERVISOR_hvm_op, HVMOP_get_param, (uintptr_t)&asked, 0) == 0 ? asked.value : 0;
}

/* Set up the console, and map Xen's pages in place of ours. */
static void share_pages(void)
{
	write_msr(cpuid(leaves() + 2).b, (uintptr_t)hypercalls);
	console = (void *)(uintptr_t)(parameter(HVM_PARAM_CONSOLE_PFN) * PAGE_SIZE);
	console_port = (uint32_t)parameter(HVM_PARAM_CONSOLE_EVTCHN);
	if (!put_in_place(XENMAPSPACE_shared_info, &shared) || !put_in_place(XENMAPSPACE_grant_table, grants))
		xen_console_write("ffntp: Xen does not share its pages\r\n");
}

void xen_init(void)
{
	share_pages();
	grants[OWN_MARK].frame = MARK;
}

bool xen_resume(void)
{
	bool is_new;

	share_pages();
	is_new = grants[OWN_MARK].frame != MARK;
	grants[OWN_MARK].frame = MARK;
	if (is_new)
		port_count = 0;
	return is_new;
}

void xen_shutdown(unsigned reason)
{
	struct sched_shutdown shutdown = { .reason = reason };

	(void)call(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (uintptr_t)&shutdown, 0);
}

/* --- console --- */

static bool put_char(char c)
{
	XENCONS_RING_IDX end = __atomic_load_n(&console->out_prod, __ATOMIC_RELAXED);

	for (unsigned tries = 0; end - __atomic_load_n(&console->out_cons, __ATOMIC_ACQUIRE) >= sizeof console->out;
	     tries++)
		if (tries > 1000000)
			return false;
	console->out[MASK_XENCONS_IDX(end, console->out)] = c;
	__atomic_store_n(&console->out_prod, end + 1, __ATOMIC_RELEASE);
	return true;
}

/* Wait for a console that is not read once, not for each character: the rest of the text is dropped. */
void xen_console_write(const char *text)
{
	if (console == NULL)
		return;
	while (*text != 0 && put_char(*text))
		text++;
	xen_event_send(console_port);
}

/* --- time --- */

/* Read the CPU's time record consistently: its version is even, and the same before and after. */
static struct vcpu_time_info time_info(void)
{
	const volatile struct vcpu_time_info *shown = &shared.vcpu_info[0].time;
	struct vcpu_time_info seen;
	uint32_t version;

	do {
		version = __atomic_load_n(&shown->version, __ATOMIC_ACQUIRE);
		seen = *shown;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((version & 1) != 0 || version != __atomic_load_n(&shown->version, __ATOMIC_RELAXED));
	return seen;
}

static uint64_t system_time_ns(void)
{
	struct vcpu_time_info info = time_info();
	uint64_t ticks = ffntp_processor_counter() - info.tsc_timestamp;

	ticks = info.tsc_shift >= 0 ? ticks << info.tsc_shift : ticks >> -info.tsc_shift;
	return info.system_time + (uint64_t)((__extension__(unsigned __int128) ticks * info.tsc_to_system_mul) >> 32);
}

struct xen_stamp xen_stamp(void)
{
	struct vcpu_time_info info = time_info();

	return (struct xen_stamp){ info.system_time, info.tsc_timestamp };
}

uint64_t xen_counter_hz(void)
{
	struct vcpu_time_info info = time_info();
	uint64_t hz;

	if (info.tsc_to_system_mul == 0)
		return 0;
	hz = (NS_PER_S << 32) / info.tsc_to_system_mul;
	return info.tsc_shift >= 0 ? hz >> info.tsc_shift : hz << -info.tsc_shift;
}

int64_t xen_calendar_s(void)
{
	return (int64_t)(shared.wc_sec + system_time_ns() / NS_PER_S);
}

/*
 * Clear pending events, so that an event from now on ends the next wait at once; what the earlier ones announced is
 * examined now.
 */
static void take_events(void)
{
	for (unsigned i = 0; i < port_count; i++)
		__atomic_fetch_and(&shared.evtchn_pending[ports[i] / 64], ~(UINT64_C(1) << ports[i] % 64),
				   __ATOMIC_SEQ_CST);
}

void xen_wait(uint64_t ticks)
{
	struct sched_poll poll = { .nr_ports = port_count };

	set_xen_guest_handle(poll.ports, ports);
	if (ticks != UINT64_MAX) {
		uint64_t hz = xen_counter_hz();

		poll.timeout = system_time_ns() + (hz < 1000 ? 0 : ticks * 1000 / (hz / 1000) * 1000);
	}
	(void)call(__HYPERVISOR_sched_op, SCHEDOP_poll, (uintptr_t)&poll, 0);
	take_events();
}

/* --- events and grants --- */

uint32_t xen_event_open(uint16_t domain)
{
	struct evtchn_alloc_unbound wanted = { .dom = DOMID_SELF, .remote_dom = domain };

	if (port_count == sizeof ports / sizeof ports[0] ||
	    call(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, (uintptr_t)&wanted, 0) != 0)
		return 0;
	ports[port_count++] = wanted.port;
	return wanted.port;
}

void xen_event_send(uint32_t port)
{
	struct evtchn_send send = { .port = port };

	(void)call(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (uintptr_t)&send, 0);
}

void xen_event_close(uint32_t port)
{
	struct evtchn_close close = { .port = port };

	for (unsigned i = 0; i < port_count; i++)
		if (ports[i] == port)
			ports[i] = ports[--port_count];
	(void)call(__HYPERVISOR_event_channel_op, EVTCHNOP_close, (uintptr_t)&close, 0);
}

uint32_t xen_grant(uint16_t domain, const void *page, bool is_readonly)
{
	uint32_t number = FIRST_GRANT;

	while (number < GRANTS && grants[number].flags != 0)
		number++;
	if (number == GRANTS)
		return 0;
	grants[number].domid = domain;
	grants[number].frame = (uint32_t)((uintptr_t)page / PAGE_SIZE);
	__atomic_store_n(&grants[number].flags, (uint16_t)(GTF_permit_access | (is_readonly ? GTF_readonly : 0)),
			 __ATOMIC_RELEASE);
	return number;
}

bool xen_grant_end(uint32_t number)
{
	uint16_t flags = __atomic_load_n(&grants[number].flags, __ATOMIC_ACQUIRE);

	if (number == 0)
		return true;
	do {
		if ((flags & (GTF_reading | GTF_writing)) != 0)
			return false;
	} while (!__atomic_compare_exchange_n(&grants[number].flags, &flags, 0, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE));
	return true;
}

bool xen_give_up(const void *page)
{
	xen_pfn_t frame = (uintptr_t)page / PAGE_SIZE;
	struct xen_memory_reservation reservation = { .nr_extents = 1, .domid = DOMID_SELF };

	set_xen_guest_handle(reservation.extent_start, &frame);
	return call(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, (uintptr_t)&reservation, 0) == 1;
}

bool xen_map(const void *place, uint16_t domain, uint32_t grant, uint32_t *handle)
{
	struct gnttab_map_grant_ref map = {
		.host_addr = (uintptr_t)place,
		.flags = GNTMAP_host_map | GNTMAP_readonly,
		.ref = grant,
		.dom = domain,
	};

	if (call(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, (uintptr_t)&map, 1) != 0 ||
	    map.status != GNTST_okay)
		return false;
	*handle = map.handle;
	return true;
}

bool xen_unmap(const void *place, uint32_t handle)
{
	struct gnttab_unmap_grant_ref unmap = { .host_addr = (uintptr_t)place, .handle = handle };

	return call(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, (uintptr_t)&unmap, 1) == 0 &&
	       unmap.status == GNTST_okay;
}

void *xen_store_ring(uint32_t *port)
{
	*port = (uint32_t)parameter(HVM_PARAM_STORE_EVTCHN);
	return (void *)(uintptr_t)(parameter(HVM_PARAM_STORE_PFN) * PAGE_SIZE);
}
