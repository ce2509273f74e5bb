/*
 * xen: what a PVH guest asks of Xen, whose public headers say how: hypercalls, event channels, grants, time, and a
 * console. See xenstore.h for the store.
 */
#ifndef GUEST_XEN_XEN_H
#define GUEST_XEN_XEN_H

#include <stdbool.h>
#include <stdint.h>

bool xen_is_here(void);

/* Before anything below. */
void xen_init(void);

/* SHUTDOWN_* of Xen's sched.h. Returns if that was SHUTDOWN_suspend, and the guest goes on. */
void xen_shutdown(unsigned reason);

void xen_console_write(const char *text);

/* Until an event comes, or so many ticks have passed; UINT64_MAX: for ever. */
void xen_wait(uint64_t ticks);

/* The hypervisor's word on the counter's frequency. */
uint64_t xen_counter_hz(void);

/* Seconds since 1970, as Xen believes; for noticing that the guest was saved and restored. */
int64_t xen_calendar_s(void);

/*
 * When Xen last looked at the counter of the processor that we run on: its own time, and what that was by our counter.
 * Guests on the same processor are told of the same moment, each by its own counter.
 */
struct xen_stamp {
	uint64_t system_ns, counter;
};
struct xen_stamp xen_stamp(void);

/* A port of an event channel that the other domain can bind to; xen_wait wakes up for it. 0: none. */
uint32_t xen_event_open(uint16_t domain);
void xen_event_send(uint32_t port);
void xen_event_close(uint32_t port);

/* The other domain may read, and write unless is_readonly, this page. The grant's number; 0: none, there is no more
 * room. */
uint32_t xen_grant(uint16_t domain, const void *page, bool is_readonly);

/* The grant is no more; or false, as long as the other domain has the page mapped. 0 is no grant, and has ended. */
bool xen_grant_end(uint32_t number);

/* The page is memory no more: a place for xen_map. */
bool xen_give_up(const void *page);

/* Another domain's page, as it granted it, to be read at 'place' until it is unmapped; then there is nothing. */
bool xen_map(const void *place, uint16_t domain, uint32_t grant, uint32_t *handle);
bool xen_unmap(const void *place, uint32_t handle);

/* The store's page and port, for xenstore. */
void *xen_store_ring(uint32_t *port);

#endif
