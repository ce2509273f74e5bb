/* options: what a unikernel's command line says. */
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
	uint64_t page;    /* physical address for the clock page; 0: the guest's own choice */
	uint64_t probe;   /* physical address of a page where the counter can be asked for from outside; 0: none */
	bool follows;     /* another's page instead of a server: the host's, on an ivshmem device */
	bool follows_xen; /* or a neighbour's, on Xen */
	uint64_t domain;  /* the neighbour's number, or OPTIONS_NO_DOMAIN */
	char ipv4[OPTIONS_TEXT], gateway[OPTIONS_TEXT], dns[OPTIONS_TEXT], ipv6[OPTIONS_TEXT]; /* empty if not given */
};

#define OPTIONS_PROBLEM 128

/* False, and one line for people in 'problem', if the line makes no sense; then the options are not to be used. */
bool options_read(struct options *options, const char *line, char problem[OPTIONS_PROBLEM]);

#endif
