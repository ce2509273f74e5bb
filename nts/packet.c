/* packet: see packet.h. */
#include "packet.h"

#include "../core/bits.h"

/* Types of extension fields (RFC 8915, section 7.6). */
enum {
	UNIQUE_IDENTIFIER = 0x0104,
	COOKIE = 0x0204,
	COOKIE_PLACEHOLDER = 0x0304,
	AUTHENTICATOR = 0x0404,
};

enum {
	FIELD_HEAD = 4,   /* type and length, of 16 bits each; the length counts the whole field */
	FIELD_LEAST = 16, /* RFC 7822, section 3 */
	LENGTHS = 4,      /* of an authenticator: of its nonce and of its ciphertext */
	STRATUM_AT = 1,
	REFID_AT = 12,
};

_Static_assert(FFNTP_REQUEST_MOST + 3 * FIELD_HEAD + FFNTP_NTS_IDENTIFIER + LENGTHS + FFNTP_NTS_NONCE_MOST +
			       FFNTP_NTS_TAG + FFNTP_NTS_COOKIE_MOST <=
		       FFNTP_NTS_REQUEST_MOST,
	       "a request has room for its cookie, and for the authenticator");

/* The kiss code of a server that cannot use the cookie. */
static const uint8_t nak_code[4] = { 'N', 'T', 'S', 'N' };

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

static void copy(uint8_t *to, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = from[i];
}

static void clear(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = 0;
}

/* Identifiers are no secrets: anyone who sees the request may know them. */
static bool is_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
	size_t i = 0;

	while (i < size && a[i] == b[i])
		i++;
	return i == size;
}

/* --- cookies --- */

bool ffntp_nts_is_cookie(size_t size)
{
	return size % 4 == 0 && size >= FIELD_LEAST - FIELD_HEAD && size <= FFNTP_NTS_COOKIE_MOST;
}

void ffntp_nts_add_cookie(struct ffntp_nts *nts, const uint8_t *bytes, size_t size)
{
	struct ffntp_nts_cookie *cookie;

	if (!ffntp_nts_is_cookie(size) || nts->cookies >= FFNTP_NTS_COOKIES)
		return;
	cookie = &nts->cookie[nts->cookies++];
	cookie->size = (uint16_t)size;
	copy(cookie->bytes, bytes, size);
}

/* A cookie that was sent is never sent again, because a host on the way could recognise this client by it. */
static void drop_newest(struct ffntp_nts *nts)
{
	clear(nts->cookie[--nts->cookies].bytes, FFNTP_NTS_COOKIE_MOST);
}

/* --- requests --- */

/* Write the head of a field. Returns where its value begins. */
static size_t begin_field(uint8_t *request, size_t at, uint16_t type, size_t value)
{
	ffntp_store_be(request + at, 2, type);
	ffntp_store_be(request + at + 2, 2, FIELD_HEAD + value);
	return at + FIELD_HEAD;
}

static size_t add_field(uint8_t *request, size_t at, uint16_t type, const uint8_t *value, size_t size)
{
	at = begin_field(request, at, type, size);
	copy(request + at, value, size);
	return at + size;
}

static size_t add_placeholder(uint8_t *request, size_t at, size_t size)
{
	at = begin_field(request, at, COOKIE_PLACEHOLDER, size);
	clear(request + at, size);
	return at + size;
}

/* The plain text is empty, so the ciphertext is the tag alone. */
static size_t add_authenticator(const struct ffntp_nts *nts, uint8_t *request, size_t at, const uint8_t *nonce)
{
	size_t size = nts->aead->nonce_size, begin = at;

	at = begin_field(request, at, AUTHENTICATOR, LENGTHS + padded(size) + FFNTP_NTS_TAG);
	ffntp_store_be(request + at, 2, size);
	ffntp_store_be(request + at + 2, 2, FFNTP_NTS_TAG);
	at += LENGTHS;
	clear(request + at, padded(size));
	copy(request + at, nonce, size);
	at += padded(size);
	nts->aead->seal(nts->request_key, nonce, size, request, begin, NULL, 0, request + at);
	return at + FFNTP_NTS_TAG;
}

/* Return how many further cookies to ask for: those that are missing, as far as the request has room. */
static unsigned placeholders(const struct ffntp_nts *nts, size_t length, size_t cookie_size)
{
	size_t authenticator = FIELD_HEAD + LENGTHS + padded(nts->aead->nonce_size) + FFNTP_NTS_TAG;
	size_t used = length + FIELD_HEAD + FFNTP_NTS_IDENTIFIER + authenticator;
	size_t fields = (FFNTP_NTS_REQUEST_MOST - used) / (FIELD_HEAD + cookie_size);
	unsigned missing = FFNTP_NTS_COOKIES - nts->cookies;

	return fields - 1 < missing ? (unsigned)fields - 1 : missing;
}

size_t ffntp_nts_request(struct ffntp_nts *nts, const uint8_t *header, size_t length,
			 const uint8_t random[FFNTP_NTS_RANDOM], uint8_t request[FFNTP_NTS_REQUEST_MOST])
{
	const struct ffntp_nts_cookie *cookie;
	size_t at = length;

	if (nts->aead == NULL || nts->cookies == 0)
		return 0;
	cookie = &nts->cookie[nts->cookies - 1];
	copy(nts->identifier, random, FFNTP_NTS_IDENTIFIER);
	nts->is_awaiting = true;
	copy(request, header, length);
	at = add_field(request, at, UNIQUE_IDENTIFIER, nts->identifier, FFNTP_NTS_IDENTIFIER);
	at = add_field(request, at, COOKIE, cookie->bytes, cookie->size);
	for (unsigned i = placeholders(nts, length, cookie->size); i > 0; i--)
		at = add_placeholder(request, at, cookie->size);
	drop_newest(nts);
	return add_authenticator(nts, request, at, random + FFNTP_NTS_IDENTIFIER);
}

/* --- replies --- */

struct field {
	uint16_t type;
	const uint8_t *value;
	size_t size, next; /* of the value; and where the next field begins */
};

/* Read the field at 'at'. Returns false if there is none, or it is malformed. */
static bool read_field(const uint8_t *bytes, size_t length, size_t at, size_t least, struct field *field)
{
	size_t size;

	if (at > length || length - at < FIELD_HEAD)
		return false;
	size = (size_t)ffntp_load_be(bytes + at + 2, 2);
	if (size < least || size % 4 != 0 || size > length - at)
		return false;
	field->type = (uint16_t)ffntp_load_be(bytes + at, 2);
	field->value = bytes + at + FIELD_HEAD;
	field->size = size - FIELD_HEAD;
	field->next = at + size;
	return true;
}

/* Keep the cookies of a decrypted text, whose fields have no least length. */
static void take_cookies(struct ffntp_nts *nts, const uint8_t *plain, size_t size)
{
	struct field field;

	for (size_t at = 0; read_field(plain, size, at, FIELD_HEAD, &field); at = field.next) {
		if (field.type == COOKIE)
			ffntp_nts_add_cookie(nts, field.value, field.size);
	}
}

/* Verify an authenticator; what it covers is all before it. */
static bool open_field(struct ffntp_nts *nts, const uint8_t *bytes, size_t covered, const struct field *field)
{
	uint8_t plain[FFNTP_NTS_REPLY_MOST];
	size_t nonce_size, sealed_size;
	const uint8_t *nonce = field->value + LENGTHS;

	if (field->size < LENGTHS)
		return false;
	nonce_size = (size_t)ffntp_load_be(field->value, 2);
	sealed_size = (size_t)ffntp_load_be(field->value + 2, 2);
	if (nonce_size == 0 || sealed_size < FFNTP_NTS_TAG ||
	    padded(nonce_size) + padded(sealed_size) > field->size - LENGTHS)
		return false;
	if (!nts->aead->open(nts->reply_key, nonce, nonce_size, bytes, covered, nonce + padded(nonce_size),
			     sealed_size - FFNTP_NTS_TAG, plain))
		return false;
	take_cookies(nts, plain, sealed_size - FFNTP_NTS_TAG);
	return true;
}

static bool is_of_nts(uint16_t type)
{
	return type == UNIQUE_IDENTIFIER || type == COOKIE || type == COOKIE_PLACEHOLDER || type == AUTHENTICATOR;
}

static bool is_nak(const uint8_t *bytes)
{
	return bytes[STRATUM_AT] == 0 && is_equal(bytes + REFID_AT, nak_code, sizeof(nak_code));
}

size_t ffntp_nts_reply(struct ffntp_nts *nts, const uint8_t *bytes, size_t length)
{
	size_t plain = FFNTP_REQUEST_SIZE;
	bool has_identifier = false;
	struct field field;

	if (!nts->is_awaiting || length < FFNTP_REQUEST_SIZE || length > FFNTP_NTS_REPLY_MOST)
		return 0;
	for (size_t at = FFNTP_REQUEST_SIZE; read_field(bytes, length, at, FIELD_LEAST, &field); at = field.next) {
		if (at == FFNTP_REQUEST_SIZE && field.next == FFNTP_REQUEST_MOST && !is_of_nts(field.type))
			plain = field.next;
		if (field.type == UNIQUE_IDENTIFIER)
			has_identifier = field.size == FFNTP_NTS_IDENTIFIER &&
					 is_equal(field.value, nts->identifier, FFNTP_NTS_IDENTIFIER);
		if (field.type != AUTHENTICATOR)
			continue;
		if (!has_identifier || !open_field(nts, bytes, at, &field))
			return 0;
		nts->is_awaiting = false;
		nts->naks = 0;
		return plain;
	}
	nts->naks += has_identifier && is_nak(bytes);
	return 0;
}
