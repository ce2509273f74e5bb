/*
 * drive: connects a session to a port: it passes the port's counter, random bytes and datagrams to the session, and
 * publishes its maps. Its only I/O is the port's; it allocates nothing and has no static state. One thread at a time.
 *
 *   ffntp_drive_configure(&config, &port);
 *   problem = ffntp_drive_init(&drive, &port, &config, memory, sizeof memory, page);
 *   for (;;) {
 *           while ((event = ffntp_drive_timer(&drive)).kind != FFNTP_EVENT_NONE)
 *                   ...
 *           wait for a datagram, at most ffntp_drive_wait(&drive) ticks
 *           ffntp_drive_receive(&drive, bytes, length, counter when it arrived);
 *           while ((event = ffntp_drive_event(&drive)).kind != FFNTP_EVENT_NONE)
 *                   ...
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
#include "../include/ffntp/session.h"
#include "port.h"

struct ffntp_drive {
	/* For reading, valid after init: ffntp_session_map is the content of the page. */
	struct ffntp_session *session;

	/* Private. */
	const struct ffntp_port *port;
	struct ffntp_page *page;
	uint64_t epoch;
	uint64_t frequency_hz; /* the frequency hint given to the session */
	ffntp_counter now;     /* the counter, extended to 64 bits */
};

/*
 * Set the usual configuration for a client on this port: ffntp_client_config_default, with the port's counter, which
 * may jump.
 */
void ffntp_drive_configure(struct ffntp_client_config *config, const struct ffntp_port *port);

/*
 * Start a session over a port. The page is initialising from here on.
 * memory: ffntp_session_memory(config) bytes, aligned to 16. page: zeroed, or published by an earlier run. Both and the
 * port must outlive the drive.
 * Returns NULL, or a message and no drive was started: the port or the configuration is out of range, or the port has
 * no random bytes.
 */
FFNTP_MUST_USE const char *ffntp_drive_init(struct ffntp_drive *drive, const struct ffntp_port *port,
					    const struct ffntp_client_config *config, void *memory, size_t size,
					    struct ffntp_page *page);

/*
 * Name the server that the port sends to. The address, IPv6 or IPv4 mapped into it, is only copied to the page. If a
 * different server was named before, the path is forgotten and the oscillator is kept.
 */
void ffntp_drive_server(struct ffntp_drive *drive, const uint8_t address[16], uint16_t port);

/*
 * Do what is due now, sending included. Returns one event at a time; call it again until it returns FFNTP_EVENT_NONE.
 * The page has each map before FFNTP_EVENT_MAP is returned.
 */
FFNTP_MUST_USE struct ffntp_event ffntp_drive_timer(struct ffntp_drive *drive);

/* Return the ticks until ffntp_drive_timer has something to do, 0 for at once. The caller may sleep that long. */
uint64_t ffntp_drive_wait(struct ffntp_drive *drive);

/*
 * Process a datagram from the server. arrived: the port's counter, read as close to the arrival as possible. Take all
 * events of this call before the next one.
 */
void ffntp_drive_receive(struct ffntp_drive *drive, const uint8_t *bytes, size_t length, uint64_t arrived);

/* Return the next event of the last call, and publish the map if there is a new one. Sends nothing. */
struct ffntp_event ffntp_drive_event(struct ffntp_drive *drive);

/* Read the time from the page, as ffntp_clock_at does. */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_drive_now(struct ffntp_drive *drive, enum ffntp_timescale scale,
						       uint64_t max_bound_ns, struct ffntp_reading *reading);

/*
 * Connect a device to the drive's page and counter, for the code on this system that reads the time. Connecting does
 * not start the client: its owner continues to drive it. Use the device in the drive's thread. The drive
 * must outlive the connection.
 */
void ffntp_drive_device(struct ffntp_drive *drive, struct ffntp_page_device *device);

#endif
