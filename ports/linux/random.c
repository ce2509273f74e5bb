#include "random.h"

#include <errno.h>
#include <sys/random.h>

bool ffntp_random_nonce(uint64_t *nonce)
{
	uint64_t bits = 0;

	while (bits == 0) {
		ssize_t got = getrandom(&bits, sizeof(bits), 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got != sizeof(bits))
			return false;
	}
	*nonce = bits;
	return true;
}
