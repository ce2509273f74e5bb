/* readall: reads small files as a whole. */
#ifndef FFNTP_LINUX_READALL_H
#define FFNTP_LINUX_READALL_H

#include <stdbool.h>
#include <stddef.h>

#include "../../include/ffntp/instant.h"

/*
 * Read to the end of the file, or until there is no more room, without any other buffer, which would keep secrets.
 * *length: how many bytes were read, which are not the whole file if there is no room left. Returns false and errno if
 * that failed.
 */
FFNTP_MUST_USE bool ffntp_read_all(int descriptor, char *text, size_t size, size_t *length);

/*
 * Read a file of less than 'most' bytes. Returns its text, which the caller frees; NULL and errno if that failed: EFBIG
 * if the file is larger. The text is not for the stack of a program that runs for long, which would keep its size.
 */
FFNTP_MUST_USE char *ffntp_read_whole(int descriptor, size_t most, size_t *length);

#endif
