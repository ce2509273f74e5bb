/* string: the functions of C's library that a guest has (ports/memory.h) and lwIP calls. */
#ifndef FFNTP_LWIP_STRING_H
#define FFNTP_LWIP_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *a, const void *b, size_t length);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t length);
char *strncpy(char *restrict to, const char *restrict from, size_t length);

#endif
