/* dump: see dump.h. Numbers are big-endian; texts and cookies have a length of 2 bytes before them; a sum ends it. */
#include "dump.h"

#include "../core/bits.h"

#define MAGIC UINT64_C(0x66666e7470000001) /* "ffntp", and the version of the format */

enum { SUM_SIZE = 8 };

/* 64-bit FNV-1a: it detects damage. A forger could as well take the keys. */
static uint64_t sum_of(const uint8_t *bytes, size_t length)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return sum;
}

/* --- writing --- */

struct output {
	uint8_t *bytes;
	size_t at;
};

static void put_number(struct output *output, size_t size, uint64_t value)
{
	ffntp_store_be(output->bytes + output->at, size, value);
	output->at += size;
}

static void put_bytes(struct output *output, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		output->bytes[output->at++] = bytes[i];
}

static void put_sized(struct output *output, const uint8_t *bytes, size_t size)
{
	put_number(output, 2, size);
	put_bytes(output, bytes, size);
}

static void put_text(struct output *output, const char *text)
{
	size_t size = 0;

	while (text[size] != '\0')
		size++;
	put_sized(output, (const uint8_t *)text, size);
}

size_t ffntp_nts_dump_write(const struct ffntp_nts_dump *dump, uint8_t bytes[FFNTP_NTS_DUMP_MOST])
{
	struct output output = { .bytes = bytes };

	put_number(&output, 8, MAGIC);
	put_bytes(&output, dump->machine, sizeof(dump->machine));
	put_number(&output, 8, (uint64_t)dump->saved_s);
	put_text(&output, dump->host);
	put_text(&output, dump->asked);
	put_text(&output, dump->server);
	put_number(&output, 2, dump->aead);
	put_bytes(&output, dump->request_key, sizeof(dump->request_key));
	put_bytes(&output, dump->reply_key, sizeof(dump->reply_key));
	put_number(&output, 2, dump->cookies);
	for (unsigned i = 0; i < dump->cookies; i++)
		put_sized(&output, dump->cookie[i].bytes, dump->cookie[i].size);
	put_number(&output, SUM_SIZE, sum_of(bytes, output.at));
	return output.at;
}

/* --- reading --- */

struct input {
	const uint8_t *bytes;
	size_t left;
	bool is_short; /* there was less than was taken */
};

static void take_bytes(struct input *input, uint8_t *bytes, size_t size)
{
	input->is_short = input->is_short || size > input->left;
	for (size_t i = 0; i < size && !input->is_short; i++)
		bytes[i] = input->bytes[i];
	if (!input->is_short) {
		input->bytes += size;
		input->left -= size;
	}
}

static uint64_t take_number(struct input *input, size_t size)
{
	uint8_t bytes[8] = { 0 };

	take_bytes(input, bytes, size);
	return ffntp_load_be(bytes, size);
}

/* Take a text, which is printable ASCII and not empty. room: with its end. */
static bool take_text(struct input *input, char *text, size_t room)
{
	size_t size = (size_t)take_number(input, 2);

	if (size == 0 || size >= room)
		return false;
	take_bytes(input, (uint8_t *)text, size);
	text[size] = '\0';
	for (size_t i = 0; i < size && !input->is_short; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	return !input->is_short;
}

static bool take_cookies(struct input *input, struct ffntp_nts_dump *dump)
{
	uint64_t count = take_number(input, 2);

	if (count == 0 || count > FFNTP_NTS_COOKIES)
		return false;
	for (; dump->cookies < count; dump->cookies++) {
		struct ffntp_nts_cookie *cookie = &dump->cookie[dump->cookies];

		cookie->size = (uint16_t)take_number(input, 2);
		if (!ffntp_nts_is_cookie(cookie->size))
			return false;
		take_bytes(input, cookie->bytes, cookie->size);
	}
	return !input->is_short;
}

bool ffntp_nts_dump_read(const uint8_t *bytes, size_t length, struct ffntp_nts_dump *dump)
{
	struct input input = { .bytes = bytes, .left = length - SUM_SIZE };

	*dump = (struct ffntp_nts_dump){ 0 };
	if (length < SUM_SIZE || length > FFNTP_NTS_DUMP_MOST ||
	    ffntp_load_be(bytes + length - SUM_SIZE, SUM_SIZE) != sum_of(bytes, length - SUM_SIZE))
		return false;
	if (take_number(&input, 8) != MAGIC)
		return false;
	take_bytes(&input, dump->machine, sizeof(dump->machine));
	dump->saved_s = (int64_t)take_number(&input, 8);
	if (!take_text(&input, dump->host, sizeof(dump->host)) ||
	    !take_text(&input, dump->asked, sizeof(dump->asked)) ||
	    !take_text(&input, dump->server, sizeof(dump->server)))
		return false;
	dump->aead = (uint16_t)take_number(&input, 2);
	take_bytes(&input, dump->request_key, sizeof(dump->request_key));
	take_bytes(&input, dump->reply_key, sizeof(dump->reply_key));
	return take_cookies(&input, dump) && input.left == 0;
}
