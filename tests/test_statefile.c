/* statefile, ratelimits: the servers that asked for fewer requests, in a file; and files that are damaged or not ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../daemon/log.h"
#include "../daemon/statefile.h"
#include "../ports/linux/replacefile.h"

#define NOW 1796000000
#define ADDRESS "192.0.2.1:123"
#define DAY_S 86400

static char folder[] = "/tmp/statefile-XXXXXX";
static char path[300], other[300];
static char said[200]; /* the last warning */

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/state", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	said[0] = '\0';
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	rmdir(path);
	unlink(other);
	return rmdir(folder); /* nothing else is left */
}

static void put_text(const char *name, const char *text, size_t length)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static void assert_text(const char *name, const char *expected)
{
	char text[200] = "";
	FILE *file = fopen(name, "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

/* --- the text --- */

static const char good[] = "ffntp-state 1\nlimited " ADDRESS " 256 1796000000 1796000300\n"
			   "limited [2001:db8::1]:123 64 1796000001 1796000002\nend 2\n";

static void test_the_text_has_each_limit(void **state)
{
	struct ffntp_ratelimits limits;
	char text[FFNTP_RATELIMITS_TEXT_SIZE];

	(void)state;
	assert_null(ffntp_ratelimits_read(&limits, good, strlen(good)));
	assert_int_equal(limits.count, 2);
	assert_int_equal(limits.limit[0].interval_s, 256);
	assert_int_equal(limits.limit[0].kissed_s, NOW);
	assert_int_equal(limits.limit[0].asked_s, NOW + 300);
	assert_true(limits.limit[1].is_read);
	assert_string_equal(limits.limit[1].address, "[2001:db8::1]:123");
	assert_int_equal(ffntp_ratelimits_write(&limits, text), strlen(good));
	assert_string_equal(text, good);
}

/* A file that a power failure cut short anywhere is not used. */
static void test_a_text_cut_short(void **state)
{
	struct ffntp_ratelimits limits;

	(void)state;
	for (size_t length = 0; length < strlen(good); length++) {
		char *text = malloc(length + 1);

		assert_non_null(text);
		memcpy(text, good, length);
		assert_non_null(ffntp_ratelimits_read(&limits, text, length));
		assert_int_equal(limits.count, 0);
		free(text);
	}
}

static void test_texts_that_are_damaged(void **state)
{
	static const char *const texts[] = {
		"ffntp-state 2\nend 0\n",
		"ffntp-state 1\nend 1\n",
		"ffntp-state 1\nend 0\nend 0\n",
		"ffntp-state 1\nlimited " ADDRESS " 0 1 1\nend 1\n",
		"ffntp-state 1\nlimited " ADDRESS " 131073 1 1\nend 1\n",
		"ffntp-state 1\nlimited " ADDRESS " 4294967360 1 1\nend 1\n",
		"ffntp-state 1\nlimited " ADDRESS " 64 -1 1\nend 1\n",
		"ffntp-state 1\nlimited " ADDRESS " 64 1234567890123 1\nend 1\n",
		"ffntp-state 1\nlimited  64 1 1\nend 1\n",
		"ffntp-state 1\nlimited \x1b[2J 64 1 1\nend 1\n",
	};
	struct ffntp_ratelimits limits;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_non_null(ffntp_ratelimits_read(&limits, texts[i], strlen(texts[i])));
		assert_int_equal(limits.count, 0);
	}
}

static void test_an_address_that_is_too_long(void **state)
{
	static struct ffntp_ratelimits limits;
	char text[400];
	int length = snprintf(text, sizeof(text), "ffntp-state 1\nlimited %0200d 64 1 1\nend 1\n", 1);

	(void)state;
	assert_non_null(ffntp_ratelimits_read(&limits, text, (size_t)length));
	assert_int_equal(limits.count, 0);
}

/* The longest text fits, and one line more is refused. */
static void test_the_most_limits(void **state)
{
	static struct ffntp_ratelimits limits;
	static char text[FFNTP_RATELIMITS_TEXT_SIZE + 200];
	char address[FFNTP_RATELIMITS_ADDRESS_SIZE];
	size_t length;

	(void)state;
	limits.count = 0;
	for (int i = 0; i < FFNTP_RATELIMITS + 2; i++) {
		snprintf(address, sizeof(address), "%079d", i);
		ffntp_ratelimits_add(&limits, address, 131072, 100000000000 + i);
	}
	assert_int_equal(limits.count, FFNTP_RATELIMITS);
	snprintf(address, sizeof(address), "%079d", 1);
	assert_null(ffntp_ratelimits_find(&limits, address)); /* the oldest have made room */
	snprintf(address, sizeof(address), "%079d", FFNTP_RATELIMITS + 1);
	assert_non_null(ffntp_ratelimits_find(&limits, address));
	length = ffntp_ratelimits_write(&limits, text);
	assert_true(length < FFNTP_RATELIMITS_TEXT_SIZE);
	assert_null(ffntp_ratelimits_read(&limits, text, length));
	assert_int_equal(limits.count, FFNTP_RATELIMITS);
	length = (size_t)(strstr(text, "end ") - text);
	length += (size_t)sprintf(text + length, "limited a 64 1 1\nend %d\n", FFNTP_RATELIMITS + 1);
	assert_string_equal(ffntp_ratelimits_read(&limits, text, length), "a line is damaged"); /* the last one */
}

/* --- times --- */

static void test_old_limits_are_forgotten(void **state)
{
	struct ffntp_ratelimits limits = { .count = 0 };

	(void)state;
	ffntp_ratelimits_add(&limits, "a", 64, NOW - 8 * DAY_S);
	ffntp_ratelimits_add(&limits, "b", 64, NOW - 6 * DAY_S);
	ffntp_ratelimits_add(&limits, "c", 64, NOW + DAY_S); /* the system's clock was set back */
	ffntp_ratelimits_expire(&limits, NOW);
	assert_int_equal(limits.count, 2);
	assert_null(ffntp_ratelimits_find(&limits, "a"));
	assert_non_null(ffntp_ratelimits_find(&limits, "b"));
	assert_non_null(ffntp_ratelimits_find(&limits, "c"));
}

static void test_the_first_request_waits_a_minute_at_most(void **state)
{
	struct ffntp_ratelimit limit = { .interval_s = 1024, .asked_s = NOW };

	(void)state;
	assert_true(ffntp_ratelimits_wait_s(&limit, NOW + 10) == FFNTP_RATELIMITS_WAIT_S);
	assert_true(ffntp_ratelimits_wait_s(&limit, NOW + 1000) == 25);
	assert_true(ffntp_ratelimits_wait_s(&limit, NOW + 2000) == 0);
	assert_true(ffntp_ratelimits_wait_s(&limit, NOW - DAY_S) == FFNTP_RATELIMITS_WAIT_S);
	limit.interval_s = 4;
	assert_true(ffntp_ratelimits_wait_s(&limit, NOW - DAY_S) == 4);
}

/* --- the file --- */

/* Open a state whose file must be refused for this reason; NULL: there is none. */
static struct ffntp_statefile open_refused(const char *reason)
{
	struct ffntp_statefile state;
	FILE *errors = tmpfile();
	int former = dup(STDERR_FILENO);

	assert_non_null(errors);
	assert_true(dup2(fileno(errors), STDERR_FILENO) >= 0);
	ffntp_statefile_open(&state, path);
	assert_true(dup2(former, STDERR_FILENO) >= 0);
	close(former);
	rewind(errors);
	said[fread(said, 1, sizeof(said) - 1, errors)] = '\0';
	fclose(errors);
	assert_null(state.limits);
	if (reason == NULL)
		assert_string_equal(said, "");
	else
		assert_non_null(strstr(said, reason));
	return state;
}

static void add(struct ffntp_statefile *state)
{
	if (state->limits == NULL)
		state->limits = calloc(1, sizeof(*state->limits));
	assert_non_null(state->limits);
	ffntp_ratelimits_add(state->limits, ADDRESS, 256, (int64_t)time(NULL));
	state->is_changed = true;
}

static void test_a_limit_comes_back(void **unused)
{
	struct ffntp_statefile state = open_refused(NULL);
	const struct ffntp_address address = { .v4 = { AF_INET, htons(123), { htonl(0xc0000201) }, { 0 } } };
	struct stat status;
	double wait_s = 0;

	(void)unused;
	add(&state);
	ffntp_statefile_step(&state, path, 100);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	ffntp_statefile_close(&state, path);
	ffntp_statefile_open(&state, path);
	ffntp_log_show(FFNTP_LOG_ERROR);
	assert_true(ffntp_statefile_limit(&state, &address, &wait_s) == 256);
	ffntp_log_show(FFNTP_LOG_DEFAULT);
	assert_true(wait_s > 60 && wait_s <= 64);
	ffntp_statefile_close(&state, path);
}

/* It is written at once after the first change, and then not sooner than 16 s later. */
static void test_the_file_is_written_rarely(void **unused)
{
	struct ffntp_statefile state = open_refused(NULL);

	(void)unused;
	ffntp_statefile_step(&state, path, 100);
	assert_int_not_equal(access(path, F_OK), 0);
	add(&state);
	ffntp_statefile_step(&state, path, 100);
	assert_int_equal(unlink(path), 0);
	ffntp_statefile_step(&state, path, 200);
	assert_int_not_equal(access(path, F_OK), 0);
	add(&state);
	ffntp_statefile_step(&state, path, 115);
	assert_int_not_equal(access(path, F_OK), 0);
	ffntp_statefile_step(&state, path, 116);
	assert_int_equal(access(path, F_OK), 0);
	ffntp_statefile_close(&state, path);
}

/* Check that a file is refused, and replaced by the next change. */
static void check_replaced(const char *reason)
{
	struct ffntp_statefile state = open_refused(reason);

	add(&state);
	ffntp_statefile_close(&state, path);
	ffntp_statefile_open(&state, path);
	assert_non_null(state.limits);
	assert_int_equal(state.limits->count, 1);
	ffntp_statefile_close(&state, "");
}

static void test_garbage(void **state)
{
	(void)state;
	put_text(path, "\0\xff\n", 3);
	check_replaced("no state file");
}

static void test_an_empty_file(void **state)
{
	(void)state;
	put_text(path, "", 0);
	check_replaced("no state file");
}

static void test_a_file_that_is_too_long(void **unused)
{
	(void)unused;
	put_text(path, good, strlen(good));
	assert_int_equal(truncate(path, 1 << 20), 0);
	check_replaced("File too large");
}

/* The link is replaced; the file behind it is neither read nor written. */
static void test_a_link(void **state)
{
	(void)state;
	put_text(other, good, strlen(good));
	assert_int_equal(symlink(other, path), 0);
	check_replaced("symbolic link");
	assert_text(other, good);
}

static void test_a_fifo(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	check_replaced("no regular file");
}

static void test_a_file_of_a_different_user(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	put_text(path, good, strlen(good));
	assert_int_equal(chown(path, 12345, 12345), 0);
	check_replaced("different user");
}

/* --- disks --- */

static void test_a_directory_in_its_place(void **unused)
{
	struct ffntp_statefile state;

	(void)unused;
	assert_int_equal(mkdir(path, 0700), 0);
	state = open_refused("no regular file");
	add(&state);
	ffntp_log_show(FFNTP_LOG_ERROR);
	ffntp_statefile_step(&state, path, 100);
	ffntp_log_show(FFNTP_LOG_DEFAULT);
	assert_int_equal(state.error, EISDIR);
	ffntp_statefile_close(&state, "");
}

static void test_a_folder_that_is_missing(void **unused)
{
	struct ffntp_statefile state;

	(void)unused;
	assert_true((size_t)snprintf(path, sizeof(path), "%s/missing/state", folder) < sizeof(path));
	state = open_refused("its folder: No such file");
	add(&state);
	ffntp_log_show(FFNTP_LOG_ERROR);
	ffntp_statefile_step(&state, path, 100);
	ffntp_log_show(FFNTP_LOG_DEFAULT);
	assert_int_equal(state.error, ENOENT);
	ffntp_statefile_close(&state, "");
}

/* A disk that is full after some bytes: a limit of the file's size has the same effect. */
static void test_a_full_disk_leaves_the_former_file(void **unused)
{
	struct rlimit former, limit;
	int directory = open(folder, O_RDONLY | O_DIRECTORY);
	static char long_text[8192];
	int error;

	(void)unused;
	assert_true(directory >= 0);
	put_text(path, good, strlen(good));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &former), 0);
	limit = (struct rlimit){ 4096, former.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	error = ffntp_replace_file(directory, "state", long_text, sizeof(long_text), false);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &former), 0);
	close(directory);
	assert_int_equal(error, EFBIG);
	assert_text(path, good);
}

static void test_a_file_of_the_new_name_is_replaced(void **unused)
{
	int directory = open(folder, O_RDONLY | O_DIRECTORY);
	char beside[320];

	(void)unused;
	assert_true(directory >= 0);
	snprintf(beside, sizeof(beside), "%s.new", path);
	put_text(other, good, strlen(good));
	assert_int_equal(symlink(other, beside), 0);
	assert_int_equal(ffntp_replace_file(directory, "state", "new", 3, true), 0);
	close(directory);
	assert_text(path, "new");
	assert_text(other, good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_text_has_each_limit),
		cmocka_unit_test(test_a_text_cut_short),
		cmocka_unit_test(test_texts_that_are_damaged),
		cmocka_unit_test(test_an_address_that_is_too_long),
		cmocka_unit_test(test_the_most_limits),
		cmocka_unit_test(test_old_limits_are_forgotten),
		cmocka_unit_test(test_the_first_request_waits_a_minute_at_most),
		cmocka_unit_test_setup_teardown(test_a_limit_comes_back, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_the_file_is_written_rarely, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_garbage, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_an_empty_file, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_a_file_that_is_too_long, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_a_link, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_a_fifo, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_a_file_of_a_different_user, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_a_directory_in_its_place, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_a_folder_that_is_missing, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_a_full_disk_leaves_the_former_file, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_a_file_of_the_new_name_is_replaced, make_folder, remove_folder),
	};

	signal(SIGXFSZ, SIG_IGN); /* as the daemon does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
