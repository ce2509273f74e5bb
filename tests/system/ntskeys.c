/*
 * ntskeys: NTS for programs that have their own AEAD algorithm, or no TLS. All numbers are hexadecimal.
 *   ntskeys vectors COUNT                       lines "KEY NONCE ASSOCIATED TEXT SEALED" of nettle's AES-SIV-CMAC-256,
 *                                               of all lengths; "-" is an empty text
 *   ntskeys keys ADDRESS NTSPORT CERTIFICATES   the result of a key exchange: a line "C2S-KEY S2C-KEY COOKIE ..."
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../ports/linux/aead.h"
#include "../../ports/linux/ntstls.h"

static void fail(const char *what)
{
	fprintf(stderr, "ntskeys: %s\n", what);
	exit(1);
}

static void print_hex(const uint8_t *bytes, size_t size, const char *end)
{
	for (size_t i = 0; i < size; i++)
		printf("%02x", bytes[i]);
	printf("%s%s", size == 0 ? "-" : "", end);
}

/* --- vectors --- */

#define LONGEST 400

static void fill(uint8_t *bytes, size_t size)
{
	static uint64_t state = 1;

	for (size_t i = 0; i < size; i++) {
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		bytes[i] = (uint8_t)(state >> 56);
	}
}

static void print_vector(unsigned number)
{
	const struct ffntp_nts_aead *aead = ffntp_aead_find(FFNTP_NTS_AES_SIV_CMAC_256);
	uint8_t key[FFNTP_NTS_KEY_MOST], nonce[64], associated[LONGEST], text[LONGEST], sealed[LONGEST + FFNTP_NTS_TAG];
	size_t nonce_size = 1 + number % sizeof(nonce), associated_size = number * 7 % LONGEST, size = number % LONGEST;

	fill(key, sizeof(key));
	fill(nonce, nonce_size);
	fill(associated, associated_size);
	fill(text, size);
	aead->seal(key, nonce, nonce_size, associated, associated_size, text, size, sealed);
	print_hex(key, aead->key_size, " ");
	print_hex(nonce, nonce_size, " ");
	print_hex(associated, associated_size, " ");
	print_hex(text, size, " ");
	print_hex(sealed, size + FFNTP_NTS_TAG, "\n");
}

/* --- keys --- */

static void print_keys(const struct ffntp_nts *nts)
{
	print_hex(nts->request_key, nts->aead->key_size, " ");
	print_hex(nts->reply_key, nts->aead->key_size, "");
	for (unsigned i = 0; i < nts->cookies; i++) {
		printf(" ");
		print_hex(nts->cookie[i].bytes, nts->cookie[i].size, "");
	}
	printf("\n");
}

static void exchange_keys(const char *host, uint16_t port, const char *certificates)
{
	const struct ffntp_nts_exchange_ops *ops = &ffntp_ntstls_module.ops;
	const char *problem, *failed;
	struct ffntp_nts_outcome outcome;
	struct ffntp_nts_exchange *exchange;
	struct ffntp_addresses found;
	struct ffntp_nts_order order = { .host = host, .time_s = INT64_MIN, .is_siv_only = true };

	if (!ffntp_resolve_numeric(host, port, &found))
		fail("no address");
	order.address = found.address[0];
	order.context = ffntp_ntstls_module.read_trust(&certificates, 1, false, &problem, &failed);
	if (order.context == NULL)
		fail(problem);
	exchange = ops->start(&order);
	if (exchange == NULL)
		fail("no memory");
	while (!ops->finish(exchange, &outcome))
		usleep(1000);
	if (!outcome.is_success)
		fail(outcome.problem);
	print_keys(&outcome.nts);
	ops->drop(order.context);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "vectors") == 0) {
		for (unsigned i = 0; i < (unsigned)atoi(argv[2]); i++)
			print_vector(i);
	} else if (argc == 5 && strcmp(argv[1], "keys") == 0) {
		exchange_keys(argv[2], (uint16_t)atoi(argv[3]), argv[4]);
	} else {
		fail("vectors COUNT | keys ADDRESS NTSPORT CERTIFICATES");
	}
	return 0;
}
