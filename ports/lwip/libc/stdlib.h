/* stdlib: included by lwIP, which uses nothing of it as we build it. */
#ifndef FFNTP_LWIP_STDLIB_H
#define FFNTP_LWIP_STDLIB_H

#include <stddef.h>

int atoi(const char *text);

#endif
