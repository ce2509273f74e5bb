#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/memops.h>
#include <nettle/nettle-meta.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../core/bits.h"
#include "../../core/wire.h"
#include "readall.h"

#define ID_SIZE 4

/* Longest key that ntpsec takes as text (characters; its ntp.keys(5)). */
#define NTPSEC_TEXT_MOST 20

/* An algorithm: a cipher's MAC, or a hash; or the reason why it is refused. */
struct ffntp_key_type {
	const char *name; /* chrony's */
	const struct nettle_mac *mac;
	const struct nettle_hash *hash;
	const char *why;
};

#define BROKEN "this hash is broken"

static const struct ffntp_key_type types[] = {
	{ "AES128", &nettle_cmac_aes128, NULL, NULL },
	{ "AES256", &nettle_cmac_aes256, NULL, NULL },
	{ "SHA256", NULL, &nettle_sha256, NULL },
	{ "SHA384", NULL, &nettle_sha384, NULL },
	{ "SHA512", NULL, &nettle_sha512, NULL },
	{ "SHA3-224", NULL, &nettle_sha3_224, NULL },
	{ "SHA3-256", NULL, &nettle_sha3_256, NULL },
	{ "SHA3-384", NULL, &nettle_sha3_384, NULL },
	{ "SHA3-512", NULL, &nettle_sha3_512, NULL },
	{ "MD5", NULL, NULL, BROKEN },
	{ "SHA1", NULL, NULL, BROKEN },
};

/* --- files --- */

static const char *read_open_file(struct ffntp_keyfile *file, int descriptor)
{
	struct stat state;

	if (fstat(descriptor, &state) != 0)
		return strerror(errno);
	if (!S_ISREG(state.st_mode))
		return "not a regular file";
	file->is_exposed = (state.st_mode & S_IRWXO) != 0;
	if (!ffntp_read_all(descriptor, file->text, sizeof(file->text), &file->length))
		return strerror(errno);
	return file->length < sizeof(file->text) ? NULL : "too large for a file of keys";
}

/* O_NONBLOCK: opening a FIFO would wait for a writer. */
const char *ffntp_keyfile_read(struct ffntp_keyfile *file, const char *path)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *problem;

	file->is_exposed = false;
	file->length = 0;
	if (descriptor < 0)
		return strerror(errno);
	problem = read_open_file(file, descriptor);
	close(descriptor);
	return problem;
}

void ffntp_keyfile_wipe(struct ffntp_keyfile *file)
{
	explicit_bzero(file, offsetof(struct ffntp_keyfile, text) + file->length);
}

/* --- lines --- */

struct piece {
	const char *at;
	size_t length;
};

/* A line's first words; 'count' is one more if there are further ones. */
#define WORDS 3

struct line {
	unsigned number;
	size_t count;
	struct piece word[WORDS];
};

__attribute__((format(printf, 3, 4))) static bool refuse(struct ffntp_key_error *error, unsigned line,
							 const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	error->line = line;
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Comments begin with '#', '!', '%' or ';', as in chrony. */
static bool is_comment(char c)
{
	return c == '#' || c == '!' || c == '%' || c == ';';
}

/* Split a line. A '#' ends it only before the first word and behind the key, because a key may begin with one. */
static void split(struct line *line, const char *text, const char *end)
{
	line->count = 0;
	while (true) {
		const char *begin;

		while (text < end && is_blank(*text))
			text++;
		if (text == end || (line->count == 0 && is_comment(*text)) || (line->count == WORDS && *text == '#'))
			return;
		begin = text;
		while (text < end && !is_blank(*text))
			text++;
		if (line->count == WORDS) {
			line->count++;
			return;
		}
		line->word[line->count++] = (struct piece){ begin, (size_t)(text - begin) };
	}
}

static bool is_word(struct piece word, const char *text)
{
	return word.length == strlen(text) && strncasecmp(word.at, text, word.length) == 0;
}

static bool take_prefix(struct piece *word, const char *prefix)
{
	size_t length = strlen(prefix);

	if (word->length < length || memcmp(word->at, prefix, length) != 0)
		return false;
	word->at += length;
	word->length -= length;
	return true;
}

static bool parse_id(struct piece word, uint32_t *id)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < word.length && sum <= UINT32_MAX; i++) {
		if (word.at[i] < '0' || word.at[i] > '9')
			return false;
		sum = sum * 10 + (uint64_t)(word.at[i] - '0');
	}
	*id = (uint32_t)sum;
	return sum >= 1 && sum <= UINT32_MAX;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool decode_hex(struct piece word, uint8_t *bytes, size_t *length)
{
	*length = word.length / 2;
	for (size_t i = 0; i < *length; i++) {
		int high = hex_digit(word.at[2 * i]), low = hex_digit(word.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return word.length % 2 == 0;
}

/* --- keys --- */

static const struct ffntp_key_type *find_type(struct piece word)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (is_word(word, types[i].name))
			return &types[i];
	}
	return NULL;
}

static void set_key(struct ffntp_key *key, const uint8_t *bytes, size_t length)
{
	key->bits = 8 * length;
	if (key->type->mac != NULL) {
		key->type->mac->set_key(&key->state, bytes);
		return;
	}
	key->type->hash->init(&key->state);
	key->type->hash->update(&key->state, length, bytes);
}

static bool take_key(struct ffntp_key *key, const uint8_t *bytes, size_t length, unsigned line,
		     struct ffntp_key_error *error)
{
	const struct nettle_mac *mac = key->type->mac;

	if (length == 0)
		return refuse(error, line, "key %u is empty", key->id);
	if (mac != NULL && length != mac->key_size)
		return refuse(error, line, "key %u has %zu bits; a key of type %s has %u", key->id, 8 * length,
			      key->type->name, 8 * mac->key_size);
	set_key(key, bytes, length);
	return true;
}

static bool take_hex_key(struct ffntp_key *key, struct piece word, unsigned line, struct ffntp_key_error *error)
{
	size_t size = word.length / 2 + 1, length;
	uint8_t *bytes = malloc(size);
	bool is_taken;

	if (bytes == NULL)
		return refuse(error, line, "key %u: out of memory", key->id);
	is_taken = decode_hex(word, bytes, &length)
			   ? take_key(key, bytes, length, line, error)
			   : refuse(error, line, "key %u: behind HEX: stand pairs of hexadecimal digits", key->id);
	explicit_bzero(bytes, size);
	free(bytes);
	return is_taken;
}

/* ntpsec takes a key for hexadecimal digits by its length alone. */
static bool is_bare_hex(struct piece word)
{
	for (size_t i = 0; i < word.length; i++) {
		if (hex_digit(word.at[i]) < 0)
			return false;
	}
	return word.length > NTPSEC_TEXT_MOST;
}

static bool decode_key(struct ffntp_key *key, struct piece word, unsigned line, struct ffntp_key_error *error)
{
	if (take_prefix(&word, "HEX:"))
		return take_hex_key(key, word, line, error);
	if (!take_prefix(&word, "ASCII:"))
		key->is_bare_hex = is_bare_hex(word);
	return take_key(key, (const uint8_t *)word.at, word.length, line, error);
}

/* A message never has a word of the line, because the word may be the key, or a part of it. */
static bool parse_key(struct ffntp_key *key, const struct line *line, struct ffntp_key_error *error)
{
	static const struct piece untyped = { "MD5", 3 };

	if (line->count != 2 && line->count != WORDS)
		return refuse(error, line->number, "key %u: the line is not ID TYPE KEY", key->id);
	key->type = find_type(line->count == 2 ? untyped : line->word[1]);
	if (key->type == NULL)
		return refuse(error, line->number,
			      "key %u: its type is none of AES128, AES256, SHA256, SHA384, SHA512, SHA3-224, SHA3-256, "
			      "SHA3-384, SHA3-512",
			      key->id);
	if (key->type->why != NULL)
		return refuse(error, line->number,
			      "key %u: type %s%s is refused, because %s; make a key of type AES128 for server and "
			      "client: chronyc keygen %u AES128",
			      key->id, key->type->name, line->count == 2 ? ", that of keys without a type," : "",
			      key->type->why, key->id);
	return decode_key(key, line->word[line->count - 1], line->number, error);
}

/* Use the line if it has the key. */
static bool take_line(struct ffntp_key *key, uint32_t wanted, const struct line *line, struct ffntp_key_error *error)
{
	uint32_t id;

	if (line->count == 0)
		return true;
	if (!parse_id(line->word[0], &id))
		return refuse(error, line->number, "the line does not begin with the number of a key, 1 to %u",
			      UINT32_MAX);
	if (id != wanted)
		return true;
	if (key->id == wanted)
		return refuse(error, line->number, "key %u is there twice", wanted);
	key->id = id;
	return parse_key(key, line, error);
}

static bool find_key(const struct ffntp_keyfile *file, uint32_t id, struct ffntp_key *key,
		     struct ffntp_key_error *error)
{
	const char *text = file->text, *end = text + file->length;
	struct line line = { 0 };

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline != NULL ? newline : end;

		line.number++;
		split(&line, text, stop);
		if (!take_line(key, id, &line, error))
			return false;
		text = newline != NULL ? newline + 1 : end;
	}
	return key->id == id || refuse(error, 0, "there is no key %u", id);
}

bool ffntp_key_find(const struct ffntp_keyfile *file, uint32_t id, struct ffntp_key *key, struct ffntp_key_error *error)
{
	*key = (struct ffntp_key){ 0 };
	if (find_key(file, id, key, error))
		return true;
	ffntp_key_wipe(key);
	return false;
}

void ffntp_key_wipe(struct ffntp_key *key)
{
	explicit_bzero(key, sizeof(*key));
}

/* --- MACs --- */

static size_t digest_size(const struct ffntp_key *key)
{
	size_t size = key->type->mac != NULL ? key->type->mac->digest_size : key->type->hash->digest_size;

	return size < FFNTP_KEY_DIGEST_MOST ? size : FFNTP_KEY_DIGEST_MOST;
}

/* The key's state is copied, because the computation changes it. */
size_t ffntp_key_digest(const struct ffntp_key *key, const uint8_t *text, size_t length,
			uint8_t digest[FFNTP_KEY_DIGEST_MOST])
{
	struct ffntp_key used = *key;
	size_t size = digest_size(key);

	if (key->type->mac != NULL) {
		key->type->mac->update(&used.state, length, text);
		key->type->mac->digest(&used.state, size, digest);
	} else {
		key->type->hash->update(&used.state, length, text);
		key->type->hash->digest(&used.state, size, digest);
	}
	ffntp_key_wipe(&used);
	return size;
}

size_t ffntp_key_sign(const struct ffntp_key *key, uint8_t packet[FFNTP_KEY_PACKET_SIZE], size_t length)
{
	ffntp_store_be(packet + length, ID_SIZE, key->id);
	return length + ID_SIZE + ffntp_key_digest(key, packet, length, packet + length + ID_SIZE);
}

size_t ffntp_key_verify(const struct ffntp_key *key, const uint8_t *bytes, size_t length)
{
	const size_t size = digest_size(key), covered = length - ID_SIZE - size;
	uint8_t digest[FFNTP_KEY_DIGEST_MOST];

	if (covered != FFNTP_REQUEST_SIZE &&
	    (covered != FFNTP_REQUEST_MOST || !ffntp_wire_is_root(bytes + FFNTP_REQUEST_SIZE)))
		return 0;
	if (ffntp_load_be(bytes + covered, ID_SIZE) != key->id)
		return 0;
	(void)ffntp_key_digest(key, bytes, covered, digest);
	return memeql_sec(digest, bytes + covered + ID_SIZE, size) != 0 ? covered : 0;
}
