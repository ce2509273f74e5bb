/*
 * drive: a client run over a port: it asks when it is time to, keeps the page, and tells what happened. No I/O but the
 * port's, no allocation, nothing static. One thread at a time.
 *
 *   ffntp_drive_configure(&config, &port);
 *   problem = ffntp_drive_init(&drive, &port, &config, memory, sizeof memory, page);
 *   for (;;) {
 *           while ((news = ffntp_drive_timer(&drive)).event != FFNTP_DRIVE_NOTHING)
 *                   ...
 *           wait for a datagram, at most ffntp_drive_wait(&drive) ticks
 *           news = ffntp_drive_receive(&drive, bytes, length, counter when it arrived);
 *   }
 */
#ifndef FFNTP_DRIVE_H
#define FFNTP_DRIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/client.h"
#include "../include/ffntp/clock.h"
#include "../include/ffntp/device.h"
#include "../include/ffntp/page.h"
#include "port.h"

struct ffntp_drive {
	/* for reading, from init on: what the page says */
	struct ffntp_map map;
	struct ffntp_source source;

	/* its own */
	const struct ffntp_port *port;
	struct ffntp_client *client;
	struct ffntp_page *page;
	uint64_t epoch;
	uint64_t frequency_hz; /* the hint that the client knows */
	ffntp_counter now;     /* the counter, made 64 bits wide */
	ffntp_counter until;
	ffntp_counter sent_at;
	bool is_awaiting; /* a request has left, and no reply to it was accepted yet */
	bool is_held;     /* there was no nonce: nothing is done before 'until' */
	bool is_named;    /* the server has an address */
};

enum ffntp_drive_event {
	FFNTP_DRIVE_NOTHING,
	FFNTP_DRIVE_SENT,
	FFNTP_DRIVE_NOT_SENT,      /* the port could not; the request counts as unanswered */
	FFNTP_DRIVE_NO_RANDOM,     /* the port had no nonce: tried again after a second */
	FFNTP_DRIVE_REPLY,         /* a datagram, and what became of it: 'verdict' */
	FFNTP_DRIVE_UNANSWERED,    /* no reply was accepted in time */
	FFNTP_DRIVE_CHANGE_SERVER, /* FFNTP_CHANGE_SERVER of client.h */
	FFNTP_DRIVE_DISRUPTED,     /* the port's epoch changed, or the counter ran backwards */
};

/* A short lower-case name such as "not-sent"; "unknown" beyond the last. Never NULL. */
const char *ffntp_drive_event_name(enum ffntp_drive_event event);

struct ffntp_drive_news {
	enum ffntp_drive_event event;
	enum ffntp_verdict verdict;
};

/*
 * The usual configuration for a client on this port: ffntp_client_config_default, the port's counter, which may jump.
 */
void ffntp_drive_configure(struct ffntp_client_config *config, const struct ffntp_port *port);

/*
 * memory: ffntp_client_memory(config) bytes, aligned to 16, and page: zeroed, or one that was published before. Both
 * and the port must outlive the drive. The page says initialising from here on.
 * Returns NULL, or one line for people, and there is no drive: the port or the configuration is out of range, or the
 * port has no random bytes.
 */
FFNTP_MUST_USE const char *ffntp_drive_init(struct ffntp_drive *drive, const struct ffntp_port *port,
					    const struct ffntp_client_config *config, void *memory, size_t size,
					    struct ffntp_page *page);

/*
 * Names the server that the port sends to; the address, IPv6 or IPv4 mapped into it, is for the page alone. Where
 * another was named before, the path is forgotten and the oscillator is not.
 */
void ffntp_drive_server(struct ffntp_drive *drive, const uint8_t address[16], uint16_t port);

/* What is due now, sending included; one piece of news at a time, to be called again until there is none. */
FFNTP_MUST_USE struct ffntp_drive_news ffntp_drive_timer(struct ffntp_drive *drive);

/* Ticks until ffntp_drive_timer has something to do: the caller may sleep as long, and no longer. 0: at once. */
uint64_t ffntp_drive_wait(struct ffntp_drive *drive);

/* A datagram from the server. arrived: the port's counter when it did, as close to arrival as can be had. */
FFNTP_MUST_USE struct ffntp_drive_news ffntp_drive_receive(struct ffntp_drive *drive, const uint8_t *bytes,
							   size_t length, uint64_t arrived);

/* The counter as map and page mean it: the port's, made 64 bits wide. */
ffntp_counter ffntp_drive_counter(struct ffntp_drive *drive);

/* The time, from the page: ffntp_clock_at. */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_drive_now(struct ffntp_drive *drive, enum ffntp_timescale scale,
						       uint64_t max_bound_ns, struct ffntp_reading *reading);

/*
 * The clock that code on this system is handed: a device over the drive's page and counter. The drive is driven by
 * whoever drives it; connecting starts nothing. In the drive's thread. The drive must outlive the connection.
 */
void ffntp_drive_device(struct ffntp_drive *drive, struct ffntp_page_device *device);

#endif
