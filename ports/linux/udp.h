/*
 * udp: one request and its reply over a socket of their own. Each request uses a new source port. The socket is
 * connected, so that datagrams from other addresses are not received, and the kernel timestamps it if it can. Errors
 * are errno values; none of them is fatal.
 */
#ifndef FFNTP_LINUX_UDP_H
#define FFNTP_LINUX_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counter.h"
#include "resolve.h"
#include "stamping.h"

/* A reply with everything that RFC 7822 and NTS allow is smaller than an Ethernet frame. */
#define FFNTP_UDP_SIZE 2048

struct ffntp_udp {
	int descriptor; /* to poll for POLLIN; -1: none */
	bool is_stamped_by_kernel;
	struct ffntp_stamping stamping;
};

/* Initialise without a socket. */
void ffntp_udp_init(struct ffntp_udp *udp);

/* Open a new socket to address, and close the old one. Returns 0; or an errno value, and nothing is open. */
FFNTP_MUST_USE int ffntp_udp_open(struct ffntp_udp *udp, const struct ffntp_address *address);

/* Take the cross-timestamp before sending. Returns the counter: the first estimate of the departure. */
ffntp_counter ffntp_udp_prepare(struct ffntp_udp *udp, const struct ffntp_counter_source *source);

/* Send at once. Returns 0 or an errno value. */
FFNTP_MUST_USE int ffntp_udp_send(struct ffntp_udp *udp, const uint8_t *bytes, size_t length);

enum ffntp_udp_arrival {
	FFNTP_UDP_NOTHING,
	FFNTP_UDP_DATAGRAM,
	FFNTP_UDP_ERROR, /* the network reported an error: ICMP, a link that went down; see *error */
};

/*
 * Receive a datagram after poll() reported 'events'; 0 if those were processed already. woke: the counter just after
 * poll(), which is when the datagram had arrived if events has POLLIN. length: of the datagram; also 0 for one longer
 * than FFNTP_UDP_SIZE, which no NTP reply is.
 */
enum ffntp_udp_arrival ffntp_udp_receive(struct ffntp_udp *udp, const struct ffntp_counter_source *source, int events,
					 ffntp_counter woke, uint8_t bytes[FFNTP_UDP_SIZE], size_t *length, int *error);

void ffntp_udp_close(struct ffntp_udp *udp);

/* Return whether the system has a route to an address. Nothing is sent. */
FFNTP_MUST_USE bool ffntp_udp_has_route(const struct ffntp_address *address);

/*
 * Keep the kernel's timestamping of arrivals switched on. The kernel switches it on with a delay when the first socket
 * asks for it, and off with the last, so that a socket per request would be too late for a quick reply.
 * Returns the descriptor of a socket without a port, to be kept open; -1 if there is none to be had.
 */
int ffntp_udp_keep_stamping(void);

#endif
