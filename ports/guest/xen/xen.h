/*
 * xen: the services of Xen that a PVH guest uses, as defined by Xen's public headers: hypercalls, event channels,
 * grants, time, and a console. The store is in xenstore.h.
 */
#ifndef GUEST_XEN_XEN_H
#define GUEST_XEN_XEN_H

#include <stdbool.h>
#include <stdint.h>

bool xen_is_here(void);

/* Call it before anything below. */
void xen_init(void);

/* reason: SHUTDOWN_* of Xen's sched.h. Returns after SHUTDOWN_suspend only, when the guest continues. */
void xen_shutdown(unsigned reason);

void xen_console_write(const char *text);

/* Wait for an event, or for this many ticks; UINT64_MAX: without limit. */
void xen_wait(uint64_t ticks);

/* Return the counter's frequency as the hypervisor states it. */
uint64_t xen_counter_hz(void);

/* Return the seconds since 1970 of Xen's clock. Use it only to notice that the guest was saved and restored. */
int64_t xen_calendar_s(void);

/*
 * The moment at which Xen last read the counter of the processor that we run on: Xen's own time, and our counter.
 * Guests on the same processor see the same moment, each with its own counter.
 */
struct xen_stamp {
	uint64_t system_ns, counter;
};
struct xen_stamp xen_stamp(void);

/* Open an event channel that the other domain can bind to, and whose events end xen_wait. Returns its port; 0: none. */
uint32_t xen_event_open(uint16_t domain);
void xen_event_send(uint32_t port);
void xen_event_close(uint32_t port);

/*
 * Let the other domain read this page, and write it unless is_readonly. Returns the grant's number; 0 if the table is
 * full.
 */
uint32_t xen_grant(uint16_t domain, const void *page, bool is_readonly);

/*
 * End a grant. Returns false while the other domain has the page mapped. The number 0 is no grant and counts as ended.
 */
bool xen_grant_end(uint32_t number);

/* Give the page's memory back to Xen, which makes room for xen_map. */
bool xen_give_up(const void *page);

/* Map another domain's granted page at 'place', for reading, until it is unmapped; after that nothing is there. */
bool xen_map(const void *place, uint16_t domain, uint32_t grant, uint32_t *handle);
bool xen_unmap(const void *place, uint32_t handle);

/* Return the store's page and event port, for xenstore. */
void *xen_store_ring(uint32_t *port);

#endif
