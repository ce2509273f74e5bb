/*
 * scrape: answers HTTP requests for one text, from one thread. It serves Prometheus and a curious browser, and is no
 * general server: a connection has one request and one answer. Connections, their time, and the size of a request are
 * limited, so that no client can use more than 16 connections for 5 s each. One more ends the oldest of them.
 *
 * libmicrohttpd would do, but Debian's is linked with GnuTLS and nine more libraries, which every start of ffntp would
 * load: 1.6 ms, more than all that ffntp metrics does.
 */
#ifndef FFNTP_TOOL_SCRAPE_H
#define FFNTP_TOOL_SCRAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "../ports/linux/resolve.h"
#include "exposition.h"

/* Return the present text, which scrape_serve frees; NULL if memory is short. */
typedef char *scrape_render(void *context, enum exposition_format format, size_t *length);

/* Return a socket that listens at this address; -1, with errno set, if there is none. */
int scrape_listen(const struct ffntp_address *address);

/*
 * Answer requests for /metrics until SIGTERM or SIGINT arrives. Closes the socket. Returns false, with errno set, if
 * waiting failed. The caller must have no other thread.
 */
bool scrape_serve(int listener, scrape_render *render, void *context);

#endif
