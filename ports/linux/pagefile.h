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
	int kept;                /* the page's own file, locked as well; -1 if not open */
};

/*
 * Create or take over the page at path, readable for all users. A missing directory is created, one level deep.
 * former: the page's last map, if *is_adopted becomes true; else untouched.
 * Returns NULL; or a message without the path, then nothing is open and the file at path is unchanged. Among the
 * reasons: another daemon keeps this page; the file is no clock page.
 */
FFNTP_MUST_USE const char *ffntp_pagefile_open(struct ffntp_pagefile *file, const char *path,
					       const struct ffntp_page_identity *identity, struct ffntp_map *former,
					       bool *is_adopted);

/*
 * Return whether the page and its lock are still at this path, where somebody may have removed or replaced them. Costs
 * four system calls.
 */
FFNTP_MUST_USE bool ffntp_pagefile_is_there(const struct ffntp_pagefile *file, const char *path);

/*
 * Put page and lock back at their path. If the page is missing or was replaced, file->page becomes a different one with
 * the same content, and the former file is marked as over for readers that have it mapped. A lock that a starting
 * daemon holds for a moment is left to the next call, because the page's own lock ends that daemon.
 * Returns NULL; or a message, as ffntp_pagefile_open does: then readers cannot find the page, or another daemon keeps
 * the one at this path. The present page stays open.
 */
FFNTP_MUST_USE const char *ffntp_pagefile_renew(struct ffntp_pagefile *file, const char *path);

/* Close the page. The file stays: its readers use it until void_after, and the next daemon takes it over. */
void ffntp_pagefile_close(struct ffntp_pagefile *file);

#endif
