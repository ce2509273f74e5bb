/*
 * Any datagram in answer to a request with NTS, by an AEAD algorithm whose tag is easily right, so that what is inside
 * of the authenticator is reached; and the same bytes as a message of key exchange.
 */
#include <stdlib.h>
#include <string.h>

#include "../../nts/packet.h"
#include "../../nts/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Encryption by no change, behind a tag of zeros. */
static void seal(const uint8_t *key, const uint8_t *nonce, size_t nonce_size, const uint8_t *associated,
		 size_t associated_size, const uint8_t *plain, size_t size, uint8_t *sealed)
{
	(void)key, (void)nonce, (void)nonce_size, (void)associated, (void)associated_size;
	memset(sealed, 0, FFNTP_NTS_TAG);
	if (size > 0)
		memcpy(sealed + FFNTP_NTS_TAG, plain, size);
}

static bool open(const uint8_t *key, const uint8_t *nonce, size_t nonce_size, const uint8_t *associated,
		 size_t associated_size, const uint8_t *sealed, size_t size, uint8_t *plain)
{
	static const uint8_t zeros[FFNTP_NTS_TAG];
	uint8_t sum = 0;

	(void)key;
	for (size_t i = 0; i < nonce_size; i++)
		sum = (uint8_t)(sum + nonce[i]);
	for (size_t i = 0; i < associated_size; i++)
		sum = (uint8_t)(sum + associated[i]);
	memcpy(plain, sealed + FFNTP_NTS_TAG, size);
	return memcmp(sealed, zeros, sizeof(zeros)) == 0 || sum == sealed[0];
}

static const struct ffntp_nts_aead easy = { FFNTP_NTS_AES_SIV_CMAC_256, 32, 16, seal, open };

static void take_datagram(const uint8_t *bytes, size_t size)
{
	static const uint8_t header[FFNTP_REQUEST_SIZE], random[FFNTP_NTS_RANDOM], cookie[100];
	uint8_t request[FFNTP_NTS_REQUEST_MOST];
	struct ffntp_nts nts = { .aead = &easy }, before;
	size_t plain;
	bool is_authentic;

	ffntp_nts_add_cookie(&nts, cookie, sizeof(cookie));
	ffntp_nts_add_cookie(&nts, cookie, sizeof(cookie));
	require(ffntp_nts_request(&nts, header, sizeof(header), random, request) > 0);
	memcpy(&before, &nts, sizeof(nts));
	plain = ffntp_nts_reply(&nts, bytes, size);
	is_authentic = plain > 0;
	require(plain <= size && (!is_authentic || plain == FFNTP_REQUEST_SIZE || plain == FFNTP_REQUEST_MOST));
	require(nts.cookies <= FFNTP_NTS_COOKIES && nts.cookies >= before.cookies);
	for (unsigned i = 0; i < nts.cookies; i++)
		require(ffntp_nts_is_cookie(nts.cookie[i].size));
	require(nts.is_awaiting == !is_authentic);
	require(!is_authentic || !ffntp_nts_reply(&nts, bytes, size));
	require(is_authentic || nts.naks <= 1);
	nts.naks = before.naks;
	require(is_authentic || memcmp(&nts, &before, sizeof(nts)) == 0);
}

static void take_message(const uint8_t *bytes, size_t size)
{
	static const uint16_t offers[] = { FFNTP_NTS_AES_128_GCM_SIV, FFNTP_NTS_AES_SIV_CMAC_256 };
	struct ffntp_nts_agreement agreement;
	const char *problem = ffntp_nts_read_message(bytes, size, offers, 2, &agreement);

	if (problem != NULL)
		return;
	require(ffntp_nts_is_complete(bytes, size));
	require(agreement.aead == offers[0] || agreement.aead == offers[1]);
	require(agreement.cookies >= 1 && agreement.cookies <= FFNTP_NTS_COOKIES && agreement.port != 0);
	require(memchr(agreement.name, '\0', sizeof(agreement.name)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	/* A copy of the exact size, so that AddressSanitizer sees reads past its end. */
	uint8_t *bytes = malloc(size > 0 ? size : 1);

	require(bytes != NULL);
	memcpy(bytes, input, size);
	take_datagram(bytes, size);
	take_message(bytes, size);
	free(bytes);
	return 0;
}
