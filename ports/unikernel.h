/*
 * unikernel: keeps UTC in a unikernel over lwIP, on any system: waits for an address, resolves the server, drives the
 * client, and reports events on the console. Not reentrant; there is one instance, as of lwIP.
 *
 *   problem = ffntp_unikernel_begin(&system, "server=192.0.2.1 ip=dhcp poll=16", page);
 *   for (;;) {
 *           pass each received frame to ffntp_lwip_frame
 *           sleep until a frame comes, at most for the time that ffntp_unikernel_step() returns
 *   }
 */
#ifndef FFNTP_UNIKERNEL_H
#define FFNTP_UNIKERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/page.h"
#include "lwip/udp.h"
#include "options.h"
#include "port.h"

struct ffntp_unikernel_system {
	const struct ffntp_port *port; /* its random() serves lwIP, too */
	uint8_t mac[6];
	bool (*transmit)(const void *frame, size_t length, uint64_t *sent); /* see struct ffntp_lwip_system */
	uint64_t (*counter)(void);
	void (*print)(const char *words); /* Print a line for people, without its end. */
};

/*
 * Start. command_line: its words are in docs/guests.md; page=, probe= and follow= are not handled here. page: zeroed.
 * 'system' and 'page' are used from then on.
 * Returns NULL; or a message, and there is no clock.
 */
FFNTP_MUST_USE const char *ffntp_unikernel_begin(const struct ffntp_unikernel_system *system, const char *command_line,
						 struct ffntp_page *page);

/* Start with options that were read already; follow= is not handled here. */
FFNTP_MUST_USE const char *ffntp_unikernel_start(const struct ffntp_unikernel_system *system,
						 const struct options *options, struct ffntp_page *page);

/* Do what is due. Returns the nanoseconds until there is something to do again unless a frame comes: 0 to 10^8. */
uint64_t ffntp_unikernel_step(void);

/*
 * Return whether a reply may arrive at any moment. A system that wakes up late for frames should not sleep then, so
 * that the timestamp is right.
 */
bool ffntp_unikernel_is_listening(void);

#endif
