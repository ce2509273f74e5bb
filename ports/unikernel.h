/*
 * unikernel: what a unikernel over lwIP does to keep UTC, whatever system it runs on: waits for an address, looks for
 * the server, drives the client, and says what happens. Not reentrant, and one of it, as lwIP is.
 *
 *   problem = ffntp_unikernel_begin(&system, "server=192.0.2.1 ip=dhcp poll=16", page);
 *   for (;;) {
 *           each frame that came: ffntp_lwip_frame
 *           rest until another comes, for ffntp_unikernel_step() at most
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
	const struct ffntp_port *port; /* its random() is lwIP's, too */
	uint8_t mac[6];
	bool (*transmit)(const void *frame, size_t length, uint64_t *sent); /* ffntp_lwip_system's */
	uint64_t (*counter)(void);
	void (*say)(const char *words); /* a line for people, without its end */
};

/*
 * command_line: docs/guests.md has its words; page=, probe= and follow= are not for here. page: zeroed, and kept from
 * then on; so is 'system'. Returns NULL, or one line for people, and there is no clock.
 */
FFNTP_MUST_USE const char *ffntp_unikernel_begin(const struct ffntp_unikernel_system *system, const char *command_line,
						 struct ffntp_page *page);

/* The same for who has read the command line; follow= is not for here. */
FFNTP_MUST_USE const char *ffntp_unikernel_start(const struct ffntp_unikernel_system *system,
						 const struct options *options, struct ffntp_page *page);

/* Does what is due, and returns for how many nanoseconds there is nothing to do unless a frame comes: 0 to 10^8. */
uint64_t ffntp_unikernel_step(void);

/* Whether a reply may come any moment now: a system that wakes up late for frames had better not sleep, to stamp it. */
bool ffntp_unikernel_is_listening(void);

#endif
