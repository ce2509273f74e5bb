/*
 * Any text as the name of a server, as it stands in files, commands, and the messages of key exchange: an
 * address is a valid name, and the same when it is printed and read. No name server is asked.
 */
#include <stdlib.h>
#include <string.h>

#include "../../ports/linux/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_address(const struct ffntp_address *address)
{
	char text[FFNTP_ADDRESS_TEXT_SIZE];
	struct ffntp_addresses again;
	uint8_t raw[16];
	uint16_t port;

	ffntp_address_text(address, text);
	ffntp_address_bytes(address, raw, &port);
	require(ffntp_address_is_some(address) && memchr(text, '\0', sizeof(text)) != NULL);
	require(ffntp_resolve_numeric(text, 1, &again) && again.count == 1);
	require(ffntp_address_is_equal(address, &again.address[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *name = malloc(size + 1);
	struct ffntp_addresses found = { .count = 0 };
	bool is_name;

	require(name != NULL);
	memcpy(name, bytes, size);
	name[size] = '\0';
	is_name = ffntp_resolve_is_name(name);
	if (ffntp_resolve_numeric(name, 123, &found)) {
		require(found.count >= 1 && found.count <= FFNTP_RESOLVE_ADDRESSES);
		require(is_name);
		for (size_t i = 0; i < found.count; i++)
			check_address(&found.address[i]);
	}
	free(name);
	return 0;
}
