/* options: the options on a unikernel's command line. */
#ifndef FFNTP_OPTIONS_H
#define FFNTP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_TEXT 256
#define OPTIONS_NO_DOMAIN UINT64_MAX

struct options {
	char server[OPTIONS_TEXT]; /* name or address, without port; empty if none was given */
	uint16_t port;
	uint32_t poll_s;
	uint64_t page;    /* physical address for the clock page; 0: the guest chooses */
	uint64_t probe;   /* physical address of the page for probes from outside; 0: none */
	bool follows;     /* follow a page instead of a server: the host's, on an ivshmem device */
	bool follows_xen; /* or that of another domain, on Xen */
	uint64_t domain;  /* that domain, or OPTIONS_NO_DOMAIN */
	char ipv4[OPTIONS_TEXT], gateway[OPTIONS_TEXT], dns[OPTIONS_TEXT], ipv6[OPTIONS_TEXT]; /* empty if not given */
};

#define OPTIONS_PROBLEM 128

/* Parse the command line. Returns false, with a message in 'problem', if it is invalid; do not use the options then. */
bool options_read(struct options *options, const char *line, char problem[OPTIONS_PROBLEM]);

#endif
