/* xenstore: names and values by which domains find each other. Each call waits for the answer, a second at most. */
#ifndef GUEST_XEN_XENSTORE_H
#define GUEST_XEN_XENSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void xenstore_init(uint64_t counter_hz);

/* folder/name; false, and an empty value, if there is none, or it does not fit. */
bool xenstore_read(const char *folder, const char *name, char *value, size_t size);
bool xenstore_read_number(const char *folder, const char *name, uint64_t *number);

bool xenstore_write(const char *folder, const char *name, const char *value);
bool xenstore_write_number(const char *folder, const char *name, uint64_t number);

#endif
