/* stdlib: the function of C's library that lwIP calls from version 2.2 on. A guest has it in ports/memory.h. */
#ifndef FFNTP_LWIP_STDLIB_H
#define FFNTP_LWIP_STDLIB_H

#include <stddef.h>

int atoi(const char *text);

#endif
