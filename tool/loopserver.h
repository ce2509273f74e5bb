/* loopserver: an NTP server inside this process, on the loopback, with a known time and an artificially slow path. */
#ifndef FFNTP_TOOL_LOOPSERVER_H
#define FFNTP_TOOL_LOOPSERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* In each direction a packet takes the minimum plus an exponentially distributed queueing time. */
#define LOOPSERVER_DELAY_MIN_S 2e-3
#define LOOPSERVER_QUEUE_S 1e-3

struct loopserver {
	int socket, stop; /* descriptors */
	uint16_t port;    /* on 127.0.0.1 */
	int64_t ahead_ns; /* its time minus CLOCK_REALTIME */
	uint64_t random;
	pthread_t thread;
};

/*
 * Start the server in a thread of its own, which blocks all signals. Returns 0; or an errno value, and there is nothing
 * to stop.
 */
int loopserver_start(struct loopserver *server, int64_t ahead_ns);

void loopserver_stop(struct loopserver *server);

#endif
