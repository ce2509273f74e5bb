/*
 * keys: symmetric keys, which authenticate a request and its reply by a MAC behind the packet: a key identifier of 4
 * bytes, then a digest. AES-CMAC (RFC 8573), or a hash of the key followed by the packet (RFC 5905, section 7.3), whose
 * first 20 bytes are used, because a longer MAC would look like an extension field (RFC 7822). The core has no
 * cryptography: a session gets the header of a verified reply, or a crypto-NAK in place of a reply that is not
 * authentic.
 */
#ifndef FFNTP_LINUX_KEYS_H
#define FFNTP_LINUX_KEYS_H

#include <nettle/cmac.h>
#include <nettle/sha2.h>
#include <nettle/sha3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/ffntp/session.h"

/* Longest file of keys (bytes): several hundred keys. */
#define FFNTP_KEYFILE_SIZE 65536

/* Shortest key that no one can find by trying (bits), chrony's limit. */
#define FFNTP_KEY_BITS_LEAST 80

/* Bytes of a digest that a MAC has, at most (RFC 7822, section 3). */
#define FFNTP_KEY_DIGEST_MOST 20

/* A packet with its MAC (bytes), at most. */
#define FFNTP_KEY_PACKET_SIZE (FFNTP_REQUEST_MOST + 4 + FFNTP_KEY_DIGEST_MOST)

struct ffntp_key_type;

/* A key, ready for use: the state of the algorithm after it took the key. */
struct ffntp_key {
	uint32_t id; /* never 0 */
	const struct ffntp_key_type *type;
	size_t bits;      /* length of the key */
	bool is_bare_hex; /* text of hexadecimal digits without a prefix, which ntpsec would decode */
	union {
		struct cmac_aes128_ctx aes128;
		struct cmac_aes256_ctx aes256;
		struct sha256_ctx sha256;
		struct sha512_ctx sha512;
		struct sha3_224_ctx sha3_224;
		struct sha3_256_ctx sha3_256;
		struct sha3_384_ctx sha3_384;
		struct sha3_512_ctx sha3_512;
	} state;
};

/* The text of a file of keys. It is too large for the stack of a program that runs for long. */
struct ffntp_keyfile {
	bool is_exposed; /* users beside its owner and group may access it */
	size_t length;
	char text[FFNTP_KEYFILE_SIZE]; /* nothing is behind 'length' */
};

/* Read a file. Returns NULL, or a static message. Wipe the text in either case. */
FFNTP_MUST_USE const char *ffntp_keyfile_read(struct ffntp_keyfile *file, const char *path);

void ffntp_keyfile_wipe(struct ffntp_keyfile *file);

struct ffntp_key_error {
	unsigned line;  /* from 1; 0: of the whole file */
	char text[200]; /* one line, without anything that may belong to a key */
};

/*
 * Find a key in a file of chrony's format: lines of ID [TYPE] [ASCII:|HEX:]KEY. Each line must begin with an
 * identifier; the rest matters only in the line with this identifier.
 * Returns false if there is no such key, more than one, or if it is not usable.
 */
FFNTP_MUST_USE bool ffntp_key_find(const struct ffntp_keyfile *file, uint32_t id, struct ffntp_key *key,
				   struct ffntp_key_error *error);

void ffntp_key_wipe(struct ffntp_key *key);

/* Compute the digest of a text, as a MAC has it. Returns its length. */
size_t ffntp_key_digest(const struct ffntp_key *key, const uint8_t *text, size_t length,
			uint8_t digest[FFNTP_KEY_DIGEST_MOST]);

/*
 * Append the MAC to a header, or to a header with extension fields, of 'length' bytes, at most FFNTP_REQUEST_MOST.
 * Returns the packet's length.
 */
size_t ffntp_key_sign(const struct ffntp_key *key, uint8_t packet[FFNTP_KEY_PACKET_SIZE], size_t length);

/*
 * Return the length of what is before the MAC, if a datagram is a header, with or without the extension field of
 * requests, and its MAC by this key, and nothing else; otherwise 0. The digests are compared in constant time.
 */
FFNTP_MUST_USE size_t ffntp_key_verify(const struct ffntp_key *key, const uint8_t *bytes, size_t length);

#endif
