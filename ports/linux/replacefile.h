/* replacefile: writes small files as a whole, so that a reader finds the former file or the new one. */
#ifndef FFNTP_LINUX_REPLACEFILE_H
#define FFNTP_LINUX_REPLACEFILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Replace the file 'name' in a directory by one of these bytes, which its owner alone may read. A symbolic link of that
 * name is replaced itself; the file behind it stays. is_synced: wait until the file has reached the disk.
 * Returns 0, or the error; then the former file is as it was.
 */
int ffntp_replace_file(int directory, const char *name, const void *bytes, size_t length, bool is_synced);

#endif
