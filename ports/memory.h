/* memory: the four functions that compilers call, and the few that lwIP calls, for systems without libc. */
#ifndef FFNTP_MEMORY_H
#define FFNTP_MEMORY_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *a, const void *b, size_t length);
size_t strlen(const char *text);

/* Return the number that the text begins with, from at most nine decimal digits; 0 if there are none. */
int atoi(const char *text);

#endif
