/* journal of the daemon: an ensemble is recorded in a file, and continues with its members in the next one. */
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

#include "../daemon/background.h"
#include "../daemon/journal.h"
#include "../ports/journal.h"

#define FOLDER_SIZE 64
#define PATH_SIZE (FOLDER_SIZE + 16)
#define TEXT_SIZE 65536

/* The journal waits for its thread as long as it takes here, because on a busy machine 20 ms may not be enough. */
#define PATIENCE_MS 60000

bool __real_ffntp_background_wait(struct ffntp_background *background, long limit_ms);
bool __wrap_ffntp_background_wait(struct ffntp_background *background, long limit_ms);

bool __wrap_ffntp_background_wait(struct ffntp_background *background, long limit_ms)
{
	(void)limit_ms;
	return __real_ffntp_background_wait(background, PATIENCE_MS);
}

struct trial {
	char folder[FOLDER_SIZE], path[PATH_SIZE], older[PATH_SIZE];
	struct ffntp_ensemble_config config;
	void *memory;
	struct ffntp_ensemble *ensemble;
	struct ffntp_journal_file *file;
};

/* Begin to record an ensemble, in a file that is renamed once it has size_max bytes. */
static void begin(struct trial *trial, unsigned members, uint64_t size_max)
{
	size_t size;

	*trial = (struct trial){ .folder = "/tmp/ffntp-journal-XXXXXX", .config = { .members = members } };
	assert_non_null(mkdtemp(trial->folder));
	snprintf(trial->path, sizeof(trial->path), "%s/journal", trial->folder);
	snprintf(trial->older, sizeof(trial->older), "%s/journal.1", trial->folder);
	ffntp_client_config_default(&trial->config.client);
	trial->config.client.period_hint_s = 1e-9;
	size = ffntp_ensemble_memory(&trial->config);
	trial->memory = aligned_alloc(16, size);
	trial->ensemble = ffntp_ensemble_init(trial->memory, size, &trial->config, 1000);
	assert_non_null(trial->ensemble);
	trial->file = ffntp_journal_file_open(trial->path, size_max);
	assert_non_null(trial->file);
	ffntp_journal_file_ensemble(trial->file, trial->ensemble, &trial->config, 1000);
}

static void release(struct trial *trial)
{
	ffntp_journal_file_close(trial->file);
	(void)unlink(trial->path);
	(void)unlink(trial->older);
	assert_int_equal(rmdir(trial->folder), 0);
	free(trial->memory);
}

static int add(struct trial *trial, ffntp_counter at, bool is_required)
{
	struct ffntp_member_config config = { .client = trial->config.client, .is_required = is_required };

	return ffntp_ensemble_add(trial->ensemble, &config, at);
}

static void input(struct trial *trial, unsigned member, struct ffntp_input input)
{
	ffntp_ensemble_input(trial->ensemble, member, &input);
}

/* Read the beginning of each line, up to its second blank or the first of its configuration. */
static void check_lines(const char *path, const char *expected)
{
	static char text[TEXT_SIZE], line[FFNTP_JOURNAL_LINE_SIZE + 1];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	text[0] = '\0';
	while (fgets(line, sizeof(line), file) != NULL) {
		char *cut = strstr(line, " preferred="), *end = strstr(line, " estimator=");

		if (cut == NULL || (end != NULL && end < cut))
			cut = end;
		if (strncmp(line, "map ", 4) == 0)
			cut = line + 3;
		strcpy(cut != NULL ? cut : line + strcspn(line, "\n"), "\n");
		strcat(text, line);
	}
	fclose(file);
	assert_string_equal(text, expected);
}

#define HEAD "ffntp-journal 1 " FFNTP_VERSION "\n"

static void an_ensemble_continues_with_its_members(void **state)
{
	struct trial trial;

	(void)state;
	begin(&trial, 3, 1);
	assert_int_equal(add(&trial, 1000, false), 0);
	assert_int_equal(add(&trial, 1001, true), 1);
	assert_int_equal(add(&trial, 1001, false), 2);
	input(&trial, 2, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = 1002 });
	input(&trial, FFNTP_ENSEMBLE_ALL, (struct ffntp_input){ .kind = FFNTP_INPUT_PUBLISH, .at = 1003 });
	ffntp_ensemble_remove(trial.ensemble, 0, 1004);
	ffntp_journal_file_write(trial.file);
	check_lines(trial.older, HEAD "ensemble 00000000000003e8 members=3 least-sources=0\n"
				      "added 0 0\nadded 1 1\nadded 0 2\n2 timeout 1\npublish 1\nmap\nremoved 1 0\n");
	ffntp_journal_file_resize(trial.file, UINT64_MAX);
	input(&trial, 1, (struct ffntp_input){ .kind = FFNTP_INPUT_ERROR, .at = 1020, .error = 5 });
	ffntp_journal_file_write(trial.file);
	check_lines(trial.path, HEAD "continues 00000000000003ec members=3 least-sources=0\nmember 1\nmember 2\n"
				     "1 error 10 5\n");
	release(&trial);
}

static void room_for_one_is_a_session(void **state)
{
	struct trial trial;

	(void)state;
	begin(&trial, 1, 1);
	input(&trial, FFNTP_ENSEMBLE_ALL, (struct ffntp_input){ .kind = FFNTP_INPUT_PUBLISH, .at = 1000 });
	assert_int_equal(add(&trial, 1000, false), 0);
	input(&trial, 0, (struct ffntp_input){ .kind = FFNTP_INPUT_PUBLISH, .at = 1001 });
	ffntp_journal_file_write(trial.file);
	check_lines(trial.older, HEAD "session 00000000000003e8\npublish 1\nmap\n");
	ffntp_ensemble_remove(trial.ensemble, 0, 1002);
	ffntp_journal_file_write(trial.file);
	check_lines(trial.older, HEAD "continues 00000000000003e9\n");
	ffntp_journal_file_resize(trial.file, UINT64_MAX);
	assert_int_equal(add(&trial, 1004, false), 0);
	ffntp_journal_file_write(trial.file);
	check_lines(trial.path, HEAD "session 00000000000003ec\n");
	release(&trial);
}

/* Begin a request, so that its reply is awaited. */
static void request(struct trial *trial, unsigned member, ffntp_counter at)
{
	input(trial, member, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = at });
	input(trial, member, (struct ffntp_input){ .kind = FFNTP_INPUT_REQUEST, .at = at, .nonce = 7 });
}

static off_t size_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

/* One member is awaited for ever: the lines of the others reach the file nevertheless. */
static void a_silent_member_holds_few_lines_back(void **state)
{
	static const uint8_t bytes[1024] = { 0 };
	struct trial trial;

	(void)state;
	begin(&trial, 2, UINT64_MAX);
	assert_int_equal(add(&trial, 1000, false), 0);
	assert_int_equal(add(&trial, 1000, false), 1);
	ffntp_journal_file_write(trial.file);
	check_lines(trial.path, HEAD "ensemble 00000000000003e8 members=2 least-sources=0\nadded 0 0\nadded 0 1\n");
	request(&trial, 1, 1001);
	assert_true(ffntp_session_is_awaiting(ffntp_ensemble_session(trial.ensemble, 1)));
	ffntp_journal_file_write(trial.file);
	check_lines(trial.path, HEAD "ensemble 00000000000003e8 members=2 least-sources=0\nadded 0 0\nadded 0 1\n");
	for (ffntp_counter i = 0; i < 2; i++)
		input(&trial, 0,
		      (struct ffntp_input){
			      .kind = FFNTP_INPUT_DATAGRAM, .at = 1002, .bytes = bytes, .length = sizeof(bytes) });
	ffntp_journal_file_write(trial.file);
	assert_true(size_of(trial.path) > 4096);
	release(&trial);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ensemble_continues_with_its_members),
		cmocka_unit_test(room_for_one_is_a_session),
		cmocka_unit_test(a_silent_member_holds_few_lines_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
