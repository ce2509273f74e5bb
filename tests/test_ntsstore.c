/* ntsstore: cookies in files, which are used once, by one machine, for a week; and damaged files. */
#include <errno.h>
#include <fcntl.h>
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

#include "../ports/linux/ntsstore.h"

#define NOW 1796000000

static char folder[] = "/tmp/ntsstore-XXXXXX";
static char path[300], machine_id[40];

static int write_text(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");
	bool is_written = file != NULL && fputs(text, file) >= 0;

	return file != NULL && fclose(file) == 0 && is_written ? 0 : -1;
}

static int make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/[2001:db8::1]:4460.nts", folder);
	snprintf(machine_id, sizeof(machine_id), "%s/machine-id", folder);
	return write_text(machine_id, "0123456789abcdef0123456789abcdef\n");
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	unlink(machine_id);
	return rmdir(folder);
}

static struct ffntp_nts_dump make_dump(void)
{
	struct ffntp_nts_dump dump = { .saved_s = NOW, .aead = 15, .cookies = FFNTP_NTS_COOKIES };

	strcpy(dump.host, "time.example.org");
	strcpy(dump.asked, "[2001:db8::1]:4460");
	strcpy(dump.server, "192.0.2.1:123");
	memset(dump.machine, 7, sizeof(dump.machine));
	memset(dump.request_key, 1, sizeof(dump.request_key));
	memset(dump.reply_key, 2, sizeof(dump.reply_key));
	for (unsigned i = 0; i < FFNTP_NTS_COOKIES; i++) {
		dump.cookie[i].size = (uint16_t)(100 + 4 * i);
		memset(dump.cookie[i].bytes, (int)i, dump.cookie[i].size);
	}
	return dump;
}

static void put(const struct ffntp_nts_dump *dump)
{
	assert_int_equal(ffntp_ntsstore_put(folder, dump), 0);
}

/* Take the dump at a time, for a change of what is wanted. */
static bool take(int64_t now_s, struct ffntp_nts_dump *dump)
{
	return ffntp_ntsstore_take(folder, now_s, dump);
}

static void test_cookies_are_taken_once(void **state)
{
	struct ffntp_nts_dump kept = make_dump(), taken = make_dump();
	struct stat status;

	(void)state;
	put(&kept);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	memset(taken.cookie, 0, sizeof(taken.cookie));
	assert_true(take(NOW + 1, &taken));
	assert_memory_equal(&taken, &kept, sizeof(taken));
	assert_int_not_equal(access(path, F_OK), 0);
	assert_false(take(NOW + 1, &taken));
}

/* The file is removed in any case, so that it cannot be used later either. */
static void assert_refused(int64_t now_s, struct ffntp_nts_dump wanted)
{
	struct ffntp_nts_dump kept = make_dump(), before = wanted;

	put(&kept);
	assert_false(take(now_s, &wanted));
	assert_memory_equal(&wanted, &before, sizeof(wanted));
	assert_int_not_equal(access(path, F_OK), 0);
}

static void test_of_another_machine(void **state)
{
	struct ffntp_nts_dump wanted = make_dump();

	(void)state;
	wanted.machine[31]++;
	assert_refused(NOW, wanted);
}

static void test_of_another_host(void **state)
{
	struct ffntp_nts_dump wanted = make_dump();

	(void)state;
	strcpy(wanted.host, "time.example.net");
	assert_refused(NOW, wanted);
}

static void test_old_ones(void **state)
{
	struct ffntp_nts_dump kept = make_dump(), wanted = make_dump();

	(void)state;
	assert_refused(NOW + FFNTP_NTSSTORE_AGE_S + 1, wanted);
	assert_refused(NOW - 1, wanted);
	assert_refused(INT64_MIN, wanted);
	assert_refused(INT64_MAX, wanted);
	put(&kept);
	assert_true(take(NOW + FFNTP_NTSSTORE_AGE_S, &wanted));
}

static void write_file(const uint8_t *bytes, size_t length)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, length), length);
	close(file);
}

static void test_damaged_ones(void **state)
{
	const struct ffntp_nts_dump dump = make_dump();
	uint8_t bytes[FFNTP_NTS_DUMP_MOST + 1] = { 0 };
	size_t length = ffntp_nts_dump_write(&dump, bytes);
	struct ffntp_nts_dump wanted = make_dump(), read;

	(void)state;
	for (size_t bit = 0; bit < 8 * length; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(ffntp_nts_dump_read(bytes, length, &read));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < length; cut++)
		assert_false(ffntp_nts_dump_read(bytes, cut, &read));
	write_file(bytes, length - 1);
	assert_false(take(NOW, &wanted));
	write_file(bytes, 0);
	assert_false(take(NOW, &wanted));
	write_file(bytes, sizeof(bytes));
	assert_false(take(NOW, &wanted));
	assert_int_not_equal(access(path, F_OK), 0);
}

/* A link could lead to a file of somebody else; it is neither read nor followed for writing. */
static void test_a_link(void **state)
{
	struct ffntp_nts_dump kept = make_dump(), wanted = make_dump();
	char other[320];

	(void)state;
	put(&kept);
	snprintf(other, sizeof(other), "%s.other", path);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_false(take(NOW, &wanted));
	assert_int_equal(access(other, F_OK), 0);
	assert_int_equal(unlink(other), 0);
}

/* In a folder that others may write, somebody may have put his own keys there. */
static void test_of_others(void **state)
{
	struct ffntp_nts_dump kept = make_dump(), wanted = make_dump();

	(void)state;
	put(&kept);
	assert_int_equal(chmod(path, 0620), 0);
	assert_false(take(NOW, &wanted));
	put(&kept);
	assert_int_equal(chmod(path, 0604), 0);
	assert_false(take(NOW, &wanted));
	if (geteuid() != 0)
		return;
	put(&kept);
	assert_int_equal(chown(path, 1, 0), 0);
	assert_false(take(NOW, &wanted));
	assert_int_not_equal(access(path, F_OK), 0);
}

static void test_a_folder_that_is_not_there(void **state)
{
	struct ffntp_nts_dump dump = make_dump();

	(void)state;
	assert_false(ffntp_ntsstore_take("/nonexistent", NOW, &dump));
	assert_int_not_equal(ffntp_ntsstore_put("/nonexistent", &dump), 0);
}

static struct ffntp_ntsstore_signs make_signs(bool is_guest, uint64_t generation)
{
	return (struct ffntp_ntsstore_signs){ machine_id, is_guest, { 1, 2, 3 }, 1, generation };
}

static void identify(struct ffntp_ntsstore_signs signs, uint8_t machine[FFNTP_NTS_DUMP_MACHINE])
{
	ffntp_ntsstore_machine(&signs, machine);
}

static void test_the_machine(void **state)
{
	uint8_t machine[3][FFNTP_NTS_DUMP_MACHINE], again[FFNTP_NTS_DUMP_MACHINE];

	(void)state;
	identify(make_signs(false, 1), machine[0]);
	identify(make_signs(true, 1), machine[1]);
	identify(make_signs(true, 2), machine[2]);
	identify(make_signs(true, 2), again);
	assert_memory_equal(machine[2], again, sizeof(again));
	assert_memory_not_equal(machine[0], machine[1], sizeof(again));
	assert_memory_not_equal(machine[1], machine[2], sizeof(again));
	identify(make_signs(false, 5), again);
	assert_memory_equal(machine[0], again, sizeof(again));
}

/* A host without a number is known by its boot, as a guest is. */
static void test_a_machine_without_a_number(void **state)
{
	struct ffntp_ntsstore_signs signs = make_signs(false, 1);
	uint8_t first[FFNTP_NTS_DUMP_MACHINE], second[FFNTP_NTS_DUMP_MACHINE];

	(void)state;
	signs.machine_id = "/nonexistent";
	identify(signs, first);
	signs.boot_id[15] = 9;
	identify(signs, second);
	assert_memory_not_equal(first, second, sizeof(first));
}

/* A clone would have the same value: then no cookie is kept, and none is used. */
static void test_a_machine_that_cannot_be_distinguished(void **state)
{
	static const uint8_t unknown[FFNTP_NTS_DUMP_MACHINE];
	struct ffntp_ntsstore_signs guest = make_signs(true, 1), host = make_signs(false, 1);
	struct ffntp_nts_dump dump = make_dump();
	uint8_t bytes[FFNTP_NTS_DUMP_MOST], machine[FFNTP_NTS_DUMP_MACHINE];

	(void)state;
	memset(guest.boot_id, 0, sizeof(guest.boot_id));
	identify(guest, machine);
	assert_memory_equal(machine, unknown, sizeof(machine));
	memset(host.boot_id, 0, sizeof(host.boot_id));
	host.machine_id = "/nonexistent";
	identify(host, dump.machine);
	assert_memory_equal(dump.machine, unknown, sizeof(machine));
	assert_int_equal(ffntp_ntsstore_put(folder, &dump), ENODATA);
	assert_int_not_equal(access(path, F_OK), 0);
	write_file(bytes, ffntp_nts_dump_write(&dump, bytes));
	assert_false(take(NOW, &dump));
	assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookies_are_taken_once),
		cmocka_unit_test(test_of_another_machine),
		cmocka_unit_test(test_of_another_host),
		cmocka_unit_test(test_old_ones),
		cmocka_unit_test(test_damaged_ones),
		cmocka_unit_test(test_a_link),
		cmocka_unit_test(test_of_others),
		cmocka_unit_test(test_a_folder_that_is_not_there),
		cmocka_unit_test(test_the_machine),
		cmocka_unit_test(test_a_machine_without_a_number),
		cmocka_unit_test(test_a_machine_that_cannot_be_distinguished),
	};

	return cmocka_run_group_tests_name("ntsstore", tests, make_folder, remove_folder);
}
