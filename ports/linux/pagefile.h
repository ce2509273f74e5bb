/*
 * pagefile: the clock page as a file, for the daemon that keeps it. An existing compatible file is taken over in place,
 * so that readers which have mapped it continue; otherwise a complete new file is renamed into its place. The file
 * never shrinks.
 */
#ifndef FFNTP_LINUX_PAGEFILE_H
#define FFNTP_LINUX_PAGEFILE_H

#include <stdbool.h>

#include "../../include/ffntp/instant.h"
#include "../../include/ffntp/map.h"
#include "../../include/ffntp/page.h"

struct ffntp_pagefile {
	struct ffntp_page *page; /* the page to publish to; NULL if not open */
	int lock;                /* held while the page is kept; -1 if not open */
};

/*
 * Create or take over the page at path, readable for all users. A missing directory is created, one level deep.
 * former: the page's last map, if *is_adopted becomes true; else untouched.
 * A guest's page (identity->is_guests) is kept in its file, which may be empty, and is not adopted: if the file
 * existed, the caller lays out the page again. Returns NULL; or a message without the path, then nothing is open and
 * the file at path is unchanged. Among the reasons: another daemon keeps this page; the file is no clock page.
 */
FFNTP_MUST_USE const char *ffntp_pagefile_open(struct ffntp_pagefile *file, const char *path,
					       const struct ffntp_page_identity *identity, struct ffntp_map *former,
					       bool *is_adopted);

/* Close the page. The file stays: its readers use it until void_after, and the next daemon takes it over. */
void ffntp_pagefile_close(struct ffntp_pagefile *file);

#endif
