/* readall: reads a small file as a whole. The caller's buffer is the only one, so that a file of secrets has no copy.
 */
#ifndef FFNTP_LINUX_READALL_H
#define FFNTP_LINUX_READALL_H

#include <stdbool.h>
#include <stddef.h>

#include "../../include/ffntp/instant.h"

/*
 * Read to the end of the file, or until there is no more room. *length: how many bytes were read, which are not the
 * whole file if there is no room left. Returns false and errno if that failed.
 */
FFNTP_MUST_USE bool ffntp_read_all(int descriptor, char *text, size_t size, size_t *length);

#endif
