/* stdlib: of C's library, what a guest has (ports/memory.h) and lwIP calls from version 2.2 on. */
#ifndef FFNTP_LWIP_STDLIB_H
#define FFNTP_LWIP_STDLIB_H

#include <stddef.h>

int atoi(const char *text);

#endif
