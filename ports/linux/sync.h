/*
 * sync: a client that keeps a page in this process's memory: a counter, servers being asked, and when to do what. No
 * thread: the caller waits for the descriptor and the timeout, and calls step. One thread at a time.
 */
#ifndef FFNTP_LINUX_SYNC_H
#define FFNTP_LINUX_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/ffntp/linuxdevice.h"
#include "../../include/ffntp/page.h"
#include "counter.h"
#include "peer.h"
#include "servers.h"

struct ffntp_sync {
	struct ffntp_page page; /* for readers in any thread */
	struct ffntp_counter_source source;
	struct ffntp_server_name names[FFNTP_SERVERS_MAX];
	struct ffntp_servers servers;
	struct ffntp_leap_table leap_table;
	struct ffntp_peer peer;
	uint32_t poll_min_s, poll_max_s;
	double pause_s; /* the next pause */
	bool is_paused; /* nobody answers: no request before pause_until */
	bool is_lost;   /* the counter is not to be used any more: nothing is told until all begins anew */
	ffntp_counter pause_until;
	ffntp_counter published_at;
};

/*
 * Resolves the names, which may take seconds, opens the counter, and publishes a page that says initialising. config:
 * as linuxdevice.h has it; its names must outlive the sync. Returns NULL; or one line for people, and there is nothing
 * to close.
 */
FFNTP_MUST_USE const char *ffntp_sync_open(struct ffntp_sync *sync, const struct ffntp_linux_ntp_config *config);

void ffntp_sync_close(struct ffntp_sync *sync);

/* To be polled for POLLIN; -1 while nothing is awaited. Changes with each request. */
int ffntp_sync_descriptor(const struct ffntp_sync *sync);

/* How long the caller may wait before it steps: 1 to 1000. */
int ffntp_sync_timeout_ms(const struct ffntp_sync *sync);

/* What is due. revents: what poll() reported for the descriptor; 0 if nothing. */
void ffntp_sync_step(struct ffntp_sync *sync, int revents);

#endif
