/* xen: a guest of Xen: whether it is one, its console, its sleep, its counter. */
#ifndef GUEST_XEN_XEN_H
#define GUEST_XEN_XEN_H

#include <stdbool.h>
#include <stdint.h>

bool xen_is_here(void);

/* Before anything below. */
void xen_init(void);

void xen_console_write(const char *text);

/* Until an event comes, or so many ticks have passed; UINT64_MAX: for ever. */
void xen_wait(uint64_t ticks);

/* The hypervisor's word on the counter's frequency. */
uint64_t xen_counter_hz(void);

#endif
