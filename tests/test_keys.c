/* keys: published vectors of the algorithms, the file of keys, and MACs on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../daemon/serverkeys.h"
#include "../ports/linux/keys.h"
#include "count.h"

static struct ffntp_keyfile file_of(const char *text)
{
	struct ffntp_keyfile file = { .length = strlen(text) };

	memcpy(file.text, text, file.length);
	return file;
}

static struct ffntp_key key_of(const char *text, uint32_t id)
{
	struct ffntp_keyfile file = file_of(text);
	struct ffntp_key key;
	struct ffntp_key_error error;

	if (!ffntp_key_find(&file, id, &key, &error))
		fail_msg("line %u: %s", error.line, error.text);
	return key;
}

static size_t bytes_of(const char *hex, uint8_t *bytes)
{
	size_t count = strlen(hex) / 2;

	for (size_t i = 0; i < count; i++) {
		const char pair[] = { hex[2 * i], hex[2 * i + 1], '\0' };

		bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return count;
}

/* --- algorithms --- */

/* RFC 4493, section 4, and NIST SP 800-38B, appendix D.3, have one message in common. */
#define MESSAGE                                                        \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af" \
	"8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

static void aes_cmac_is_that_of_rfc_4493_and_nist(void **state)
{
	static const char aes128[] = "1 AES128 HEX:2b7e151628aed2a6abf7158809cf4f3c\n";
	static const char aes256[] = "1 AES256 HEX:603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4\n";
	static const struct {
		const char *key;
		size_t length;
		const char *digest;
	} cases[] = {
		{ aes128, 0, "bb1d6929e95937287fa37d129b756746" },  { aes128, 16, "070a16b46b4d4144f79bdd9dd04a287c" },
		{ aes128, 40, "dfa66747de9ae63030ca32611497c827" }, { aes128, 64, "51f0bebf7e3b9d92fc49741779363cfe" },
		{ aes256, 0, "028962f61b7bf89efc6b551f4667d983" },  { aes256, 16, "28a7023f452e8f82bd4bf28d8c37c35c" },
		{ aes256, 40, "aaf3d8f1de5640c232f5b169b9c911e6" }, { aes256, 64, "e1992190549f6ed5696a2c056c315410" },
	};
	uint8_t message[64], expected[16], digest[FFNTP_KEY_DIGEST_MOST];

	(void)state;
	assert_int_equal(bytes_of(MESSAGE, message), sizeof(message));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ffntp_key key = key_of(cases[i].key, 1);

		bytes_of(cases[i].digest, expected);
		assert_int_equal(ffntp_key_digest(&key, message, cases[i].length, digest), 16);
		assert_memory_equal(digest, expected, 16);
	}
}

/* The key "a" and the text "bc": the digests of "abc" in FIPS 180-4 and FIPS 202, of which 20 bytes are used. */
static void a_hash_is_over_the_key_and_the_text(void **state)
{
	static const struct {
		const char *type, *digest;
	} cases[] = {
		{ "SHA256", "ba7816bf8f01cfea414140de5dae2223b00361a3" },
		{ "SHA384", "cb00753f45a35e8bb5a03d699ac65007272c32ab" },
		{ "SHA512", "ddaf35a193617abacc417349ae20413112e6fa4e" },
		{ "SHA3-224", "e642824c3f8cf24ad09234ee7d3c766fc9a3a516" },
		{ "SHA3-256", "3a985da74fe225b2045c172d6bd390bd855f086e" },
		{ "SHA3-384", "ec01498288516fc926459f58e2c6ad8df9b473cb" },
		{ "SHA3-512", "b751850b1a57168a5693cd924b6b096e08f62182" },
	};
	uint8_t expected[20], digest[FFNTP_KEY_DIGEST_MOST];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[64];
		struct ffntp_key key;

		snprintf(text, sizeof(text), "7 %s a", cases[i].type);
		key = key_of(text, 7);
		bytes_of(cases[i].digest, expected);
		for (int round = 0; round < 2; round++) {
			assert_int_equal(ffntp_key_digest(&key, (const uint8_t *)"bc", 2, digest), 20);
			assert_memory_equal(digest, expected, 20);
		}
	}
}

/* --- the file --- */

/* The key of each spelling is "crocus", so that all digests are equal. */
static void a_key_has_several_spellings(void **state)
{
	static const char *const texts[] = {
		"20 SHA256 crocus",
		"20 SHA256 ASCII:crocus\n",
		"20 sha256 HEX:63726F637573\n",
		"\t 20\tSHA256   HEX:63726f637573 \r\n",
		"20 SHA256 crocus # of the garden\n",
		"# keys\n! of\n% the\n; garden\n\n   \n1 MD5 tulip\n2 hyacinth\n3 what is this\n20 SHA256 crocus\n21\n",
	};
	struct ffntp_key first = key_of(texts[0], 20);
	uint8_t expected[FFNTP_KEY_DIGEST_MOST], digest[FFNTP_KEY_DIGEST_MOST];

	(void)state;
	assert_int_equal(first.id, 20);
	assert_int_equal(first.bits, 48);
	ffntp_key_digest(&first, (const uint8_t *)"x", 1, expected);
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct ffntp_key key = key_of(texts[i], 20);

		ffntp_key_digest(&key, (const uint8_t *)"x", 1, digest);
		assert_memory_equal(digest, expected, sizeof(digest));
	}
}

/* The length alone makes digits of a key for ntpsec. A prefix states which is meant. */
static void text_that_ntpsec_reads_as_digits_is_found(void **state)
{
	static const struct {
		const char *text;
		bool is_bare_hex;
	} cases[] = {
		{ "10 SHA256 0123456789abcdefABCD\n", false },
		{ "10 SHA256 0123456789abcdefABCDE\n", true },
		{ "10 AES256 0123456789abcdef0123456789abcdef\n", true },
		{ "10 SHA256 0123456789abcdefABCDEg\n", false },
		{ "10 SHA256 ASCII:0123456789abcdefABCDE\n", false },
		{ "10 SHA256 HEX:0123456789abcdefABCDEF\n", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(key_of(cases[i].text, 10).is_bare_hex, cases[i].is_bare_hex);
}

/* A '#' may begin a key, and the identifier may be the largest. */
static void unusual_keys_are_taken(void **state)
{
	struct ffntp_key key = key_of("4294967295 SHA512 #rose\n", UINT32_MAX);

	(void)state;
	assert_true(key.id == UINT32_MAX);
	assert_int_equal(key.bits, 40);
}

static void an_unusable_key_is_refused_by_line_and_reason(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *reason;
	} cases[] = {
		{ "", 0, "no key 10" },
		{ "11 SHA256 secret\n", 0, "no key 10" },
		{ "100 SHA256 secret\n1 SHA256 secret\n", 0, "no key 10" },
		{ "10 MD5 secret\n", 1, "MD5 is refused" },
		{ "10 SHA1 HEX:933F62BE1D604E68A81B557F18CFA200483F5B70\n", 1, "chronyc keygen 10 AES128" },
		{ "\n10 secret\n", 2, "MD5, that of keys without a type" },
		{ "10 SHA257 secret\n", 1, "its type is none of AES128" },
		{ "10 TIGER secret\n", 1, "its type is none of AES128" },
		{ "10 secret second\n", 1, "its type is none of AES128" },
		{ "10\n", 1, "not ID TYPE KEY" },
		{ "10 SHA256 secret second\n", 1, "not ID TYPE KEY" },
		{ "10 SHA256 HEX:123\n", 1, "pairs of hexadecimal" },
		{ "10 SHA256 HEX:12secret\n", 1, "pairs of hexadecimal" },
		{ "10 SHA256 HEX:\n", 1, "empty" },
		{ "10 SHA256 ASCII:\n", 1, "empty" },
		{ "10 AES128 HEX:7EA62AE64D190114D46D5A082F948E\n", 1, "120 bits; a key of type AES128 has 128" },
		{ "10 AES256 HEX:7EA62AE64D190114D46D5A082F948EC1\n", 1, "128 bits; a key of type AES256 has 256" },
		{ "10 SHA256 secret\n10 SHA256 secret\n", 2, "twice" },
		{ "secret\n10 SHA256 secret\n", 1, "number of a key" },
		{ "-1 SHA256 secret\n", 1, "number of a key" },
		{ "0 SHA256 secret\n", 1, "number of a key" },
		{ "4294967306 SHA256 secret\n", 1, "number of a key" },
		{ "10 SHA256 secret\n10x SHA256 secret\n", 2, "number of a key" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ffntp_keyfile file = file_of(cases[i].text);
		static const struct ffntp_key nothing;
		struct ffntp_key key;
		struct ffntp_key_error error;

		memset(&key, 0xff, sizeof(key));
		if (ffntp_key_find(&file, 10, &key, &error))
			fail_msg("accepted: %s", cases[i].text);
		if (error.line != cases[i].line || strstr(error.text, cases[i].reason) == NULL)
			fail_msg("%s: line %u: %s", cases[i].text, error.line, error.text);
		assert_null(strstr(error.text, "secret"));
		assert_null(strstr(error.text, "second"));
		assert_null(strstr(error.text, "933F"));
		assert_memory_equal(&key, &nothing, sizeof(key));
	}
}

/* Any bytes: the parser ends, and neither reads nor writes elsewhere, which the sanitizers see. */
static void no_garbage_is_a_key(void **state)
{
	static struct ffntp_keyfile file;
	struct ffntp_key key;
	struct ffntp_key_error error;

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		file.length = sizeof(file.text) - 1;
		memset(file.text, (int)byte, file.length);
		assert_false(ffntp_key_find(&file, 10, &key, &error));
		memcpy(file.text, "10 SHA256 HEX:", 14);
		assert_false(ffntp_key_find(&file, 10, &key, &error));
	}
}

static char folder[] = "/tmp/ffntp-keys-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/keys", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void write_file(const char *text, size_t times, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	while (times-- > 0)
		fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void a_file_is_read_and_its_mode_reported(void **state)
{
	static const struct {
		mode_t mode;
		bool is_exposed;
	} cases[] = { { 0600, false }, { 0640, false }, { 0644, true }, { 0602, true } };
	static struct ffntp_keyfile file;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		write_file("10 SHA256 crocus\n", 1, cases[i].mode);
		assert_null(ffntp_keyfile_read(&file, path));
		assert_int_equal(file.is_exposed, cases[i].is_exposed);
		assert_int_equal(file.length, 17);
	}
	ffntp_keyfile_wipe(&file);
	for (size_t i = 0; i < sizeof(file.text); i++)
		assert_int_equal(file.text[i], 0);
}

static void what_is_no_file_of_keys_is_not_read(void **state)
{
	static struct ffntp_keyfile file;

	(void)state;
	write_file("10 SHA256 crocus\n", FFNTP_KEYFILE_SIZE / 17 + 1, 0600);
	assert_string_equal(ffntp_keyfile_read(&file, path), "too large for a file of keys");
	assert_string_equal(ffntp_keyfile_read(&file, folder), "not a regular file");
	unlink(path);
	assert_string_equal(ffntp_keyfile_read(&file, path), "No such file or directory");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_string_equal(ffntp_keyfile_read(&file, path), "not a regular file");
	unlink(path);
}

static void a_server_has_the_key_that_its_line_names(void **state)
{
	struct ffntp_config config;
	struct ffntp_config_error error;
	struct ffntp_serverkeys keys;
	static const char text[] = "server a key 10\nserver b\nserver c key 4294967295\n";
	static const struct ffntp_serverkeys nothing;

	(void)state;
	ffntp_config_default(&config);
	assert_true(ffntp_config_parse(&config, text, strlen(text), &(struct ffntp_config_scope){ 0 }, &error));
	assert_false(ffntp_serverkeys_read(&keys, &config));
	strcpy(config.keyfile, path);
	write_file("10 SHA256 crocus\n4294967295 SHA256 crocus\n", 1, 0600);
	assert_true(ffntp_serverkeys_read(&keys, &config));
	assert_int_equal(ffntp_serverkeys_get(&keys, 0)->id, 10);
	assert_null(ffntp_serverkeys_get(&keys, 1));
	assert_true(ffntp_serverkeys_get(&keys, 2)->id == UINT32_MAX);
	ffntp_serverkeys_wipe(&keys);
	write_file("10 SHA256 crocus\n", 1, 0600);
	assert_false(ffntp_serverkeys_read(&keys, &config));
	assert_memory_equal(&keys, &nothing, sizeof(keys));
}

/* --- MACs --- */

static const char both_keys[] = "10 SHA256 HEX:00112233445566778899aabbccddeeff\n"
				"11 AES128 HEX:00112233445566778899aabbccddeeff\n"
				"12 AES128 HEX:00112233445566778899aabbccddeefe\n"
				"13 AES128 HEX:00112233445566778899aabbccddeeff\n";

/* The digest of the bytes 0 to 47, by OpenSSL and by Python's hashlib. */
static void a_mac_is_the_identifier_and_the_digest(void **state)
{
	static const struct {
		uint32_t id;
		const char *mac;
	} cases[] = {
		{ 10, "0000000a5a07ba23fdf88d39469e3a43fe920254ea9c6439" },
		{ 11, "0000000bc5f4a8923cceb6a679673131a722b153" },
	};
	uint8_t packet[FFNTP_KEY_PACKET_SIZE], expected[24];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ffntp_key key = key_of(both_keys, cases[i].id);
		size_t length = bytes_of(cases[i].mac, expected);

		for (uint8_t k = 0; k < FFNTP_REQUEST_SIZE; k++)
			packet[k] = k;
		assert_int_equal(ffntp_key_sign(&key, packet, FFNTP_REQUEST_SIZE), FFNTP_REQUEST_SIZE + length);
		assert_memory_equal(packet + FFNTP_REQUEST_SIZE, expected, length);
	}
}

/* The copy has its exact length, so that the sanitizers see a read beyond it. */
static bool verify(const struct ffntp_key *key, const uint8_t *bytes, size_t length)
{
	uint8_t *tight = malloc(length > 0 ? length : 1);
	bool is_authentic;

	assert_non_null(tight);
	memcpy(tight, bytes, length);
	is_authentic = ffntp_key_verify(key, tight, length) > 0;
	free(tight);
	return is_authentic;
}

static void no_other_bit_and_no_other_length_is_verified(void **state)
{
	(void)state;
	for (uint32_t id = 10; id <= 11; id++) {
		struct ffntp_key key = key_of(both_keys, id);
		uint8_t packet[FFNTP_KEY_PACKET_SIZE + 16] = { 0x24 };
		size_t length = ffntp_key_sign(&key, packet, FFNTP_REQUEST_SIZE);

		assert_true(verify(&key, packet, length));
		for (size_t bit = 0; bit < 8 * length; bit++) {
			packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(verify(&key, packet, length));
			packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t other = 0; other <= sizeof(packet); other++)
			assert_int_equal(verify(&key, packet, other), other == length);
	}
}

/* Key 12 differs from 11 in its last bit, and key 13 in its identifier only. */
static void another_key_verifies_nothing(void **state)
{
	struct ffntp_key key = key_of(both_keys, 11);
	uint8_t packet[FFNTP_KEY_PACKET_SIZE] = { 0x24 };
	size_t length = ffntp_key_sign(&key, packet, FFNTP_REQUEST_SIZE);

	(void)state;
	for (uint32_t id = 10; id <= 13; id++) {
		struct ffntp_key other = key_of(both_keys, id);

		assert_int_equal(verify(&other, packet, length), id == 11);
	}
	packet[FFNTP_REQUEST_SIZE + 3] = 12;
	key = key_of(both_keys, 12);
	assert_false(verify(&key, packet, length));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aes_cmac_is_that_of_rfc_4493_and_nist),
		cmocka_unit_test(a_hash_is_over_the_key_and_the_text),
		cmocka_unit_test(a_key_has_several_spellings),
		cmocka_unit_test(text_that_ntpsec_reads_as_digits_is_found),
		cmocka_unit_test(unusual_keys_are_taken),
		cmocka_unit_test(an_unusable_key_is_refused_by_line_and_reason),
		cmocka_unit_test(no_garbage_is_a_key),
		cmocka_unit_test(a_file_is_read_and_its_mode_reported),
		cmocka_unit_test(what_is_no_file_of_keys_is_not_read),
		cmocka_unit_test(a_server_has_the_key_that_its_line_names),
		cmocka_unit_test(a_mac_is_the_identifier_and_the_digest),
		cmocka_unit_test(no_other_bit_and_no_other_length_is_verified),
		cmocka_unit_test(another_key_verifies_nothing),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
