/* Any bytes as a file of keys: a key signs and verifies, or an existing line's number comes with a printable text. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../../ports/linux/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_key(const struct ffntp_key *key)
{
	uint8_t packet[FFNTP_KEY_PACKET_SIZE] = { 0x24 };
	size_t length = ffntp_key_sign(key, packet, FFNTP_REQUEST_SIZE);

	check(key->id == 10 && key->bits > 0 && length <= sizeof(packet));
	check(ffntp_key_verify(key, packet, length));
	packet[length - 1] ^= 1;
	check(!ffntp_key_verify(key, packet, length));
}

static void check_error(const struct ffntp_keyfile *file, const struct ffntp_key *key,
			const struct ffntp_key_error *error)
{
	static const struct ffntp_key nothing;
	unsigned lines = 1;

	for (size_t i = 0; i < file->length; i++)
		lines += file->text[i] == '\n';
	check(error->line <= lines);
	check(error->text[0] != '\0' && memchr(error->text, '\0', sizeof(error->text)) != NULL);
	for (const char *c = error->text; *c != '\0'; c++)
		check(isprint((unsigned char)*c));
	check(memcmp(key, &nothing, sizeof(nothing)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct ffntp_keyfile file;
	struct ffntp_key key;
	struct ffntp_key_error error = { 0 };

	file.length = size < sizeof(file.text) ? size : sizeof(file.text) - 1;
	memcpy(file.text, bytes, file.length);
	if (ffntp_key_find(&file, 10, &key, &error))
		check_key(&key);
	else
		check_error(&file, &key, &error);
	return 0;
}
