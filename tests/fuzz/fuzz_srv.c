/* Any bytes as a DNS message: the hosts of its SRV records are names, and ordering them loses none. */
#include <stdlib.h>
#include <string.h>

#include "../../ports/linux/srv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

static unsigned sum_of_ports(const struct ffntp_srv_targets *found)
{
	unsigned sum = 0;

	for (size_t i = 0; i < found->count; i++)
		sum += found->target[i].port;
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ffntp_srv_targets found;
	uint32_t bits[FFNTP_SRV_TARGETS] = { 0 };
	unsigned sum;

	if (size > UINT16_MAX || !ffntp_srv_read(bytes, size, &found))
		return 0;
	check(found.count <= FFNTP_SRV_TARGETS);
	for (size_t i = 0; i < found.count; i++)
		check(found.target[i].host[0] != '\0' &&
		      memchr(found.target[i].host, '\0', FFNTP_SRV_HOST_SIZE) != NULL);
	memcpy(bits, bytes, size < sizeof(bits) ? size : sizeof(bits));
	sum = sum_of_ports(&found);
	ffntp_srv_order(&found, bits);
	check(sum_of_ports(&found) == sum);
	for (size_t i = 1; i < found.count; i++)
		check(found.target[i - 1].priority <= found.target[i].priority);
	return 0;
}
