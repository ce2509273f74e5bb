/* aead: see aead.h. */
#include "aead.h"

#include <nettle/siv-cmac.h>

/* Since nettle 3.9; Debian 12 has 3.8. */
#if __has_include(<nettle/siv-gcm.h>)
#include <nettle/siv-gcm.h>
#define HAS_GCM_SIV 1
#else
#define HAS_GCM_SIV 0
#endif

_Static_assert(SIV_DIGEST_SIZE == FFNTP_NTS_TAG, "the synthetic IV takes the tag's place");

static void seal_siv(const uint8_t *key, const uint8_t *nonce, size_t nonce_size, const uint8_t *associated,
		     size_t associated_size, const uint8_t *plain, size_t size, uint8_t *sealed)
{
	struct siv_cmac_aes128_ctx context;

	siv_cmac_aes128_set_key(&context, key);
	siv_cmac_aes128_encrypt_message(&context, nonce_size, nonce, associated_size, associated, size + FFNTP_NTS_TAG,
					sealed, plain);
}

static bool open_siv(const uint8_t *key, const uint8_t *nonce, size_t nonce_size, const uint8_t *associated,
		     size_t associated_size, const uint8_t *sealed, size_t size, uint8_t *plain)
{
	struct siv_cmac_aes128_ctx context;

	siv_cmac_aes128_set_key(&context, key);
	return nonce_size >= SIV_MIN_NONCE_SIZE &&
	       siv_cmac_aes128_decrypt_message(&context, nonce_size, nonce, associated_size, associated, size, plain,
					       sealed) != 0;
}

#if HAS_GCM_SIV
static void seal_gcm(const uint8_t *key, const uint8_t *nonce, size_t nonce_size, const uint8_t *associated,
		     size_t associated_size, const uint8_t *plain, size_t size, uint8_t *sealed)
{
	struct aes128_ctx context;

	aes128_set_encrypt_key(&context, key);
	siv_gcm_aes128_encrypt_message(&context, nonce_size, nonce, associated_size, associated, size + FFNTP_NTS_TAG,
				       sealed, plain);
}

static bool open_gcm(const uint8_t *key, const uint8_t *nonce, size_t nonce_size, const uint8_t *associated,
		     size_t associated_size, const uint8_t *sealed, size_t size, uint8_t *plain)
{
	struct aes128_ctx context;

	aes128_set_encrypt_key(&context, key);
	return nonce_size == SIV_GCM_NONCE_SIZE &&
	       siv_gcm_aes128_decrypt_message(&context, nonce_size, nonce, associated_size, associated, size, plain,
					      sealed) != 0;
}
#endif

/* GCM-SIV first: its cookies are shorter. */
static const struct ffntp_nts_aead algorithms[] = {
#if HAS_GCM_SIV
	{ FFNTP_NTS_AES_128_GCM_SIV, 16, SIV_GCM_NONCE_SIZE, seal_gcm, open_gcm },
#endif
	{ FFNTP_NTS_AES_SIV_CMAC_256, SIV_CMAC_AES128_KEY_SIZE, 16, seal_siv, open_siv },
};

enum { COUNT = sizeof(algorithms) / sizeof(algorithms[0]) };

const struct ffntp_nts_aead *ffntp_aead_find(uint16_t number)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (algorithms[i].number == number)
			return &algorithms[i];
	}
	return NULL;
}

size_t ffntp_aead_offers(uint16_t offers[2])
{
	for (size_t i = 0; i < COUNT; i++)
		offers[i] = algorithms[i].number;
	return COUNT;
}
