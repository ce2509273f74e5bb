/*
 * udp: one request and its reply over a socket of their own: a fresh source port for each request, connected, so that
 * nobody else is heard, and stamped by the kernel where it does.
 * Errors are errno values; none of them is the end of anything.
 */
#ifndef FFNTP_LINUX_UDP_H
#define FFNTP_LINUX_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counter.h"
#include "resolve.h"
#include "stamping.h"

/* A reply with everything that RFC 7822 and NTS allow stays below an Ethernet frame. */
#define FFNTP_UDP_SIZE 2048

struct ffntp_udp {
	int descriptor; /* to be polled for POLLIN; -1: none */
	bool is_stamped_by_kernel;
	struct ffntp_stamping stamping;
};

/* Nothing open. */
void ffntp_udp_init(struct ffntp_udp *udp);

/* Opens a new socket to address; one that was open is closed. Returns 0, or an errno value and nothing is open. */
FFNTP_MUST_USE int ffntp_udp_open(struct ffntp_udp *udp, const struct ffntp_address *address);

/* Takes the bracket before sending. Returns the counter now: the first estimate of when the request leaves. */
ffntp_counter ffntp_udp_prepare(struct ffntp_udp *udp, const struct ffntp_counter_source *source);

/* Sends at once. Returns 0 or an errno value. */
FFNTP_MUST_USE int ffntp_udp_send(struct ffntp_udp *udp, const uint8_t *bytes, size_t length);

enum ffntp_udp_arrival {
	FFNTP_UDP_NOTHING,
	FFNTP_UDP_DATAGRAM,
	FFNTP_UDP_ERROR, /* of the network: ICMP, a link that went down; *error says which */
};

/*
 * Takes what arrived, after poll() reported events: 0 if it has been asked for already. woke: the counter just after
 * poll(), which is when the datagram had come by if events has POLLIN. length: of the datagram; 0 also for one longer
 * than FFNTP_UDP_SIZE, which no NTP reply is.
 */
enum ffntp_udp_arrival ffntp_udp_receive(struct ffntp_udp *udp, const struct ffntp_counter_source *source, int events,
					 ffntp_counter woke, uint8_t bytes[FFNTP_UDP_SIZE], size_t *length, int *error);

void ffntp_udp_close(struct ffntp_udp *udp);

/*
 * The kernel begins to stamp what arrives when the first socket asks for it, but not at once, and stops with the last:
 * a socket for each request comes too late for a quick reply. Returns a descriptor of a socket without a port, which
 * keeps it stamping until it is closed; -1 if there is none to be had.
 */
int ffntp_udp_keep_stamping(void);

#endif
