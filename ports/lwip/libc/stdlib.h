/* stdlib: for lwIP, which includes it and uses nothing of it in our configuration. */
#ifndef FFNTP_LWIP_STDLIB_H
#define FFNTP_LWIP_STDLIB_H

#include <stddef.h>

int atoi(const char *text);

#endif
