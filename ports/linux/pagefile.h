/*
 * pagefile: the clock page as a file, for the one daemon that keeps it. A file that is there and fits is taken over in
 * place, so that readers that mapped it go on; else a whole new one is renamed into its place. It never shrinks.
 */
#ifndef FFNTP_LINUX_PAGEFILE_H
#define FFNTP_LINUX_PAGEFILE_H

#include <stdbool.h>

#include "../../include/ffntp/instant.h"
#include "../../include/ffntp/map.h"
#include "../../include/ffntp/page.h"

struct ffntp_pagefile {
	struct ffntp_page *page; /* to be published to; NULL if not open */
	int lock;                /* held as long as the page is kept; -1 if not open */
};

/*
 * Makes or takes over the page at path, readable for everyone. A directory that is missing is made, one level of it.
 * former:    what the page said, to go on from, if *is_adopted becomes true; else untouched.
 * Returns NULL, or one line for people, without the path; then nothing is open and what was at path is as it was. Among
 * the reasons: another daemon keeps this page; what is there is no clock page.
 */
FFNTP_MUST_USE const char *ffntp_pagefile_open(struct ffntp_pagefile *file, const char *path,
					       const struct ffntp_page_identity *identity, struct ffntp_map *former,
					       bool *is_adopted);

/* The file stays: its readers go on with it until void_after, and the next daemon takes it over. */
void ffntp_pagefile_close(struct ffntp_pagefile *file);

#endif
