/* memory: see memory.h. Built with flags that keep the compiler from replacing a loop by a call of the function that it
 * is in.
 */
#include "memory.h"

#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	unsigned char *target = to;
	const unsigned char *source = from;

	while (length-- > 0)
		*target++ = *source++;
	return to;
}

void *memmove(void *to, const void *from, size_t length)
{
	unsigned char *target = to;
	const unsigned char *source = from;

	if ((uintptr_t)to <= (uintptr_t)from) {
		while (length-- > 0)
			*target++ = *source++;
		return to;
	}
	while (length-- > 0)
		target[length] = source[length];
	return to;
}

void *memset(void *to, int value, size_t length)
{
	unsigned char *target = to;

	while (length-- > 0)
		*target++ = (unsigned char)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t length)
{
	const unsigned char *left = a, *right = b;

	for (size_t i = 0; i < length; i++)
		if (left[i] != right[i])
			return left[i] - right[i];
	return 0;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length] != 0)
		length++;
	return length;
}

int atoi(const char *text)
{
	int value = 0;

	for (int digits = 0; digits < 9 && text[digits] >= '0' && text[digits] <= '9'; digits++)
		value = value * 10 + (text[digits] - '0');
	return value;
}
