/*
 * ratelimits: the servers that asked for fewer requests (kiss-o'-death RATE), by their addresses, so that the daemon
 * asks them no more often after a restart, a reload, or when a pool returns to an address. Pure; the text is that of
 * the state file (statefile.h).
 */
#ifndef FFNTP_DAEMON_RATELIMITS_H
#define FFNTP_DAEMON_RATELIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the addresses of all servers, and as many of pools that have given theirs up. */
#define FFNTP_RATELIMITS 128

/* A server that has not asked for fewer requests for this long (s) is forgotten: a week. */
#define FFNTP_RATELIMITS_AGE_S 604800

/* The longest wait for the first request (s): without a request there is no time. */
#define FFNTP_RATELIMITS_WAIT_S 64

#define FFNTP_RATELIMITS_ADDRESS_SIZE 80

/* Room for the longest text. */
#define FFNTP_RATELIMITS_TEXT_SIZE (64 + FFNTP_RATELIMITS * (FFNTP_RATELIMITS_ADDRESS_SIZE + 64))

/* Times are POSIX times by the system's clock, which may be wrong. */
struct ffntp_ratelimit {
	char address[FFNTP_RATELIMITS_ADDRESS_SIZE]; /* ffntp_address_text */
	uint32_t interval_s;                         /* the least one */
	int64_t kissed_s;                            /* when it last asked for that */
	int64_t asked_s;                             /* when the last request left, as far as known */
	bool is_read;                                /* from a file, and no request has left since */
};

struct ffntp_ratelimits {
	size_t count;
	struct ffntp_ratelimit limit[FFNTP_RATELIMITS];
};

/* Return the limit of an address; NULL if there is none. */
struct ffntp_ratelimit *ffntp_ratelimits_find(struct ffntp_ratelimits *limits, const char *address);

/* Add or renew a limit that was asked for now. If there is no room, it takes the place of the one asked for first. */
void ffntp_ratelimits_add(struct ffntp_ratelimits *limits, const char *address, uint32_t interval_s, int64_t now_s);

/* Remove a limit of these. */
void ffntp_ratelimits_remove(struct ffntp_ratelimits *limits, struct ffntp_ratelimit *limit);

/* Remove the limits that nothing has confirmed for FFNTP_RATELIMITS_AGE_S. Those of a future date stay. */
void ffntp_ratelimits_expire(struct ffntp_ratelimits *limits, int64_t now_s);

/* Return the time until the next request may leave (s); at most FFNTP_RATELIMITS_WAIT_S. */
double ffntp_ratelimits_wait_s(const struct ffntp_ratelimit *limit, int64_t now_s);

/* Write the text. text: FFNTP_RATELIMITS_TEXT_SIZE bytes. Returns its length, without the NUL behind it. */
size_t ffntp_ratelimits_write(const struct ffntp_ratelimits *limits, char *text);

/*
 * Read a text, which may hold anything. Returns NULL; or what is wrong with it, a static message, and there are no
 * limits then.
 */
const char *ffntp_ratelimits_read(struct ffntp_ratelimits *limits, const char *text, size_t length);

#endif
