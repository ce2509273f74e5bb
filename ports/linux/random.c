#include "random.h"

#include <errno.h>
#include <sys/random.h>

bool ffntp_random_bytes(uint8_t *bytes, size_t size)
{
	ssize_t got;

	do {
		got = getrandom(bytes, size, 0);
	} while (got < 0 && errno == EINTR);
	return got == (ssize_t)size;
}

bool ffntp_random_nonce(uint64_t *nonce)
{
	uint64_t bits = 0;

	while (bits == 0) {
		if (!ffntp_random_bytes((uint8_t *)&bits, sizeof(bits)))
			return false;
	}
	*nonce = bits;
	return true;
}
