/*
 * packet: NTPv4 packets that are authenticated by NTS (RFC 8915, section 5). A request is a header, a unique
 * identifier, a cookie, placeholders for further cookies, and an authenticator over all of them. A reply has the
 * identifier, and new cookies inside its authenticator. Pure, and freestanding like core: the AEAD algorithm is the
 * caller's, by functions, and so are the random bits. A system without TLS can use keys and cookies that it was given.
 */
#ifndef FFNTP_NTS_PACKET_H
#define FFNTP_NTS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/session.h"

/* AEAD algorithms by their numbers (IANA): AES-SIV-CMAC with 256 bits of key, and AES-128-GCM-SIV. */
enum { FFNTP_NTS_AES_SIV_CMAC_256 = 15, FFNTP_NTS_AES_128_GCM_SIV = 30 };

#define FFNTP_NTS_KEY_MOST 32   /* bytes of one key */
#define FFNTP_NTS_NONCE_MOST 16 /* bytes of an authenticator's nonce in a request */
#define FFNTP_NTS_TAG 16        /* bytes by which a ciphertext is longer than its plaintext, with either algorithm */

/*
 * An AEAD algorithm. seal: encrypt size bytes of plain text to size + FFNTP_NTS_TAG bytes. open: the reverse, from
 * size + FFNTP_NTS_TAG bytes to size bytes; false if they are not authentic, and then plain has no meaning. The memory
 * of input and output is separate.
 */
struct ffntp_nts_aead {
	uint16_t number;
	size_t key_size, nonce_size; /* bytes; nonce_size is that of requests */
	void (*seal)(const uint8_t *key, const uint8_t *nonce, size_t nonce_size, const uint8_t *associated,
		     size_t associated_size, const uint8_t *plain, size_t size, uint8_t *sealed);
	bool (*open)(const uint8_t *key, const uint8_t *nonce, size_t nonce_size, const uint8_t *associated,
		     size_t associated_size, const uint8_t *sealed, size_t size, uint8_t *plain);
};

/* Cookies that are kept, as many as a key exchange gives (RFC 8915, section 4.1.6). */
#define FFNTP_NTS_COOKIES 8

/* Longest cookie (bytes): that of servers with AEAD_AES_SIV_CMAC_512 has 168. */
#define FFNTP_NTS_COOKIE_MOST 256

struct ffntp_nts_cookie {
	uint16_t size;
	uint8_t bytes[FFNTP_NTS_COOKIE_MOST];
};

#define FFNTP_NTS_IDENTIFIER 32 /* bytes of a unique identifier */

/* Random bits that one request needs: its identifier and its nonce. They must be fresh for each. */
#define FFNTP_NTS_RANDOM (FFNTP_NTS_IDENTIFIER + FFNTP_NTS_NONCE_MOST)

/* Longest request (bytes), below what servers ignore (ntpd-rs: 1096). */
#define FFNTP_NTS_REQUEST_MOST 1020

/* Longest reply that is looked at (bytes). */
#define FFNTP_NTS_REPLY_MOST 2048

/* Keys and cookies of one server. Zeroed: none, and no request can be made. */
struct ffntp_nts {
	const struct ffntp_nts_aead *aead;
	uint8_t request_key[FFNTP_NTS_KEY_MOST], reply_key[FFNTP_NTS_KEY_MOST];
	struct ffntp_nts_cookie cookie[FFNTP_NTS_COOKIES]; /* the newest last */
	unsigned cookies;
	bool is_awaiting; /* a request was made, and no authentic reply to it has come */
	uint8_t identifier[FFNTP_NTS_IDENTIFIER];
	unsigned naks; /* replies that refused the cookie since the last authentic one. Anyone on the path can forge
			  them */
};

/* Return whether a cookie can be used: its size is a multiple of 4, from 12 to FFNTP_NTS_COOKIE_MOST. */
FFNTP_MUST_USE bool ffntp_nts_is_cookie(size_t size);

/* Keep a cookie, if it can be used and there is room. */
void ffntp_nts_add_cookie(struct ffntp_nts *nts, const uint8_t *bytes, size_t size);

/*
 * Make the request of a header, or of a header with extension fields of 'length' bytes together, at most
 * FFNTP_REQUEST_MOST and a multiple of 4. It takes one cookie, which is never used again, and asks for as many as are
 * missing. random: FFNTP_NTS_RANDOM bytes of a cryptographic generator. Returns the length of the request, a multiple
 * of 4; 0 if there is no cookie.
 */
FFNTP_MUST_USE size_t ffntp_nts_request(struct ffntp_nts *nts, const uint8_t *header, size_t length,
					const uint8_t random[FFNTP_NTS_RANDOM],
					uint8_t request[FFNTP_NTS_REQUEST_MOST]);

/*
 * Check a datagram. It is authentic if it has the identifier of the request in flight, and an authenticator by the
 * server's key over all that comes before it. Fields behind the authenticator are ignored. Its cookies are kept. A
 * reply is accepted once. Returns the number of its first bytes that are the reply without NTS's own fields: the
 * header, and the extension field of a request if it follows; 0 if it is not authentic.
 */
FFNTP_MUST_USE size_t ffntp_nts_reply(struct ffntp_nts *nts, const uint8_t *bytes, size_t length);

#endif
