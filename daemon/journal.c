#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../ports/journal.h"
#include "background.h"
#include "log.h"

/*
 * The clock waits this long for a write (ms). A disk, or rather the system's memory for it, takes far less; if it takes
 * more, the clock goes on, and the lines wait in memory. At the end of a recording they have more time.
 */
#define WAIT_MS 20
#define LAST_WAIT_MS 2000

/* Room for the lines of several exchanges, or of a few datagrams of the greatest length. */
#define BUFFER_SIZE (16 * FFNTP_JOURNAL_LINE_SIZE)

/*
 * While exchanges are in progress, a session's lines wait until this much is in memory. Of several servers one may
 * never answer, so that an exchange is nearly always in progress: an ensemble's lines wait for about 20 exchanges only.
 */
#define SESSION_WAITS (BUFFER_SIZE / 2)
#define ENSEMBLE_WAITS 4096

struct ffntp_journal_file {
	char path[FFNTP_CONFIG_PATH_SIZE];
	uint64_t size_max;
	int descriptor; /* -1: the recording has ended */
	uint64_t size;  /* of the file, in whole lines */
	struct ffntp_journal writer;
	const struct ffntp_ensemble *ensemble; /* the one that is recorded; NULL: none yet */
	struct ffntp_ensemble_config config;
	struct ffntp_member_config member[FFNTP_ENSEMBLE_MEMBERS];
	/* One buffer is filled while the other one is written. */
	struct ffntp_background background;
	size_t pending; /* bytes that are being written; 0: none */
	bool is_slow;   /* the file did not take them in time */
	unsigned filled;
	size_t used;
	char buffer[2][BUFFER_SIZE];
};

/* The journal of the newest session, for the handler of a signal. */
static struct ffntp_journal_file *volatile opened;

/* --- the file --- */

/* A file that is being written stays open: its number must not become a different file's. */
static void end_recording(struct ffntp_journal_file *file, const char *reason)
{
	ffntp_log(FFNTP_LOG_ERROR, "journal %s: %s: nothing more is recorded; the clock continues", file->path, reason);
	if (file->pending == 0)
		close(file->descriptor);
	file->descriptor = -1;
	file->used = 0;
}

/* A write has ended. If it failed in the middle of a line, cut the file back to its last whole line. */
static void take_result(struct ffntp_journal_file *file)
{
	int error = ffntp_background_error(&file->background);

	if (error == 0)
		file->size += file->pending;
	file->pending = 0;
	if (error == 0 || file->descriptor < 0)
		return;
	if (ftruncate(file->descriptor, (off_t)file->size) != 0)
		ffntp_log(FFNTP_LOG_INFO, "%s: its last line is incomplete", file->path);
	end_recording(file, strerror(error));
}

/* Wait for the end of a write, at most this time. Returns whether there is none. */
static bool await_write(struct ffntp_journal_file *file, long limit_ms)
{
	if (file->pending == 0)
		return true;
	file->is_slow = !ffntp_background_wait(&file->background, file->is_slow && limit_ms <= WAIT_MS ? 0 : limit_ms);
	if (!file->is_slow)
		take_result(file);
	return !file->is_slow;
}

/* Write the buffer, unless the former one is still being written. */
static void empty_buffer(struct ffntp_journal_file *file, long limit_ms)
{
	if (file->descriptor < 0 || file->used == 0 || !await_write(file, limit_ms) || file->descriptor < 0)
		return;
	file->pending = file->used;
	ffntp_background_write(&file->background, file->descriptor, file->buffer[file->filled], file->used);
	file->filled ^= 1;
	file->used = 0;
	(void)await_write(file, limit_ms);
}

/* Return room for one line. The caller adds its length to file->used, which has no effect if the recording has ended.
 */
static char *room(struct ffntp_journal_file *file)
{
	if (BUFFER_SIZE - file->used < FFNTP_JOURNAL_LINE_SIZE)
		empty_buffer(file, WAIT_MS);
	if (BUFFER_SIZE - file->used < FFNTP_JOURNAL_LINE_SIZE)
		end_recording(file, "the disk has taken nothing for too long");
	if (file->descriptor < 0)
		file->used = 0;
	return file->buffer[file->filled] + file->used;
}

static void begin_file(struct ffntp_journal_file *file)
{
	char *line = room(file);

	file->used += ffntp_journal_write_head(&file->writer, FFNTP_VERSION, line);
}

/* Return where the last whole line of the file ends; -1 if the file is not a journal. */
static off_t end_of_lines(int descriptor, off_t size)
{
	char begin[sizeof(FFNTP_JOURNAL_BEGINNING) - 1], tail[2 * FFNTP_JOURNAL_LINE_SIZE];
	off_t from = size > (off_t)sizeof(tail) ? size - (off_t)sizeof(tail) : 0;
	ssize_t length = pread(descriptor, tail, sizeof(tail), from);

	if (pread(descriptor, begin, sizeof(begin), 0) != (ssize_t)sizeof(begin) ||
	    memcmp(begin, FFNTP_JOURNAL_BEGINNING, sizeof(begin)) != 0)
		return -1;
	while (length > 0 && tail[length - 1] != '\n')
		length--;
	return length > 0 ? from + length : -1;
}

/*
 * Prepare an open file. A line that a killed daemon left incomplete is cut off, so that the next line begins a line.
 * Returns the reason if the file cannot be used.
 */
static const char *adopt(struct ffntp_journal_file *file)
{
	struct stat status;
	off_t end;

	if (fstat(file->descriptor, &status) != 0)
		return strerror(errno);
	if (!S_ISREG(status.st_mode))
		return "it is not a regular file";
	if (flock(file->descriptor, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? "another process writes it" : strerror(errno);
	if (status.st_size == 0)
		return NULL;
	end = end_of_lines(file->descriptor, status.st_size);
	if (end < 0)
		return "there is a file of this name that is not a journal; it is left alone";
	if (end < status.st_size && ftruncate(file->descriptor, end) != 0)
		return strerror(errno);
	file->size = (uint64_t)end;
	return NULL;
}

/* Others must not read the number of a request in flight, which authenticates its reply. */
static const char *open_file(struct ffntp_journal_file *file)
{
	const char *problem;

	file->size = 0;
	file->descriptor = open(file->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	if (file->descriptor < 0)
		return strerror(errno);
	problem = adopt(file);
	if (problem != NULL) {
		close(file->descriptor);
		file->descriptor = -1;
	}
	return problem;
}

struct ffntp_journal_file *ffntp_journal_file_open(const char *path, uint64_t size_max)
{
	struct ffntp_journal_file *file = *path != '\0' ? calloc(1, sizeof(*file)) : NULL;
	const char *problem;

	if (file == NULL)
		return NULL;
	strcpy(file->path, path);
	file->size_max = size_max;
	problem = open_file(file);
	if (problem == NULL && !ffntp_background_open(&file->background)) {
		problem = "a thread cannot be started";
		close(file->descriptor);
	}
	if (problem != NULL) {
		ffntp_log(FFNTP_LOG_ERROR, "journal %s: %s: nothing is recorded; the clock continues", path, problem);
		free(file);
		return NULL;
	}
	begin_file(file);
	return file;
}

bool ffntp_journal_file_is(const struct ffntp_journal_file *file, const struct ffntp_config *config)
{
	if (file == NULL)
		return config->journal[0] == '\0';
	return file->descriptor >= 0 && strcmp(file->path, config->journal) == 0;
}

void ffntp_journal_file_resize(struct ffntp_journal_file *file, uint64_t size_max)
{
	if (file != NULL)
		file->size_max = size_max;
}

void ffntp_journal_file_close(struct ffntp_journal_file *file)
{
	if (file == NULL)
		return;
	if (opened == file)
		opened = NULL;
	empty_buffer(file, LAST_WAIT_MS);
	/* If the disk does not answer, the thread keeps its buffer, until the process ends. */
	if (!await_write(file, LAST_WAIT_MS))
		return;
	if (file->descriptor >= 0)
		close(file->descriptor);
	ffntp_background_close(&file->background);
	free(file);
}

void ffntp_journal_file_rescue(void)
{
	struct ffntp_journal_file *file = opened;

	if (file != NULL && file->descriptor >= 0 && file->pending == 0)
		(void)!ffntp_write_all(file->descriptor, file->buffer[file->filled], file->used);
}

/* --- rotation --- */

/* A session cannot be run from its middle: the new file states that it continues the old one, and with which members.
 */
static void write_continues(struct ffntp_journal_file *file)
{
	char *line = room(file);

	if (file->ensemble == NULL)
		return;
	file->used += ffntp_journal_write_ensemble_continues(&file->writer, &file->config, line);
	for (unsigned i = 0; i < file->config.members; i++) {
		if (ffntp_ensemble_session(file->ensemble, i) == NULL)
			continue;
		line = room(file);
		file->used += ffntp_journal_write_listed(&file->writer, i, &file->member[i], line);
	}
}

static void rotate(struct ffntp_journal_file *file)
{
	char older[FFNTP_CONFIG_PATH_SIZE + 2];
	int former = file->descriptor;
	const char *problem;

	snprintf(older, sizeof(older), "%s.1", file->path);
	if (rename(file->path, older) != 0) {
		end_recording(file, strerror(errno));
		return;
	}
	problem = open_file(file);
	close(former);
	if (problem != NULL) {
		ffntp_log(FFNTP_LOG_ERROR, "%s: %s: nothing more is recorded; the clock continues", file->path,
			  problem);
		return;
	}
	ffntp_log(FFNTP_LOG_INFO, "%s continues %s", file->path, older);
	begin_file(file);
	write_continues(file);
}

static bool is_awaiting(const struct ffntp_session *session)
{
	return session != NULL && ffntp_session_is_awaiting(session);
}

/* Return whether the lines in memory wait for the end of an exchange. */
static bool has_to_wait(const struct ffntp_journal_file *file)
{
	size_t most = file->config.members > 1 ? ENSEMBLE_WAITS : SESSION_WAITS;
	bool is_any_awaiting = false;

	for (unsigned i = 0; file->ensemble != NULL && i < file->config.members; i++)
		is_any_awaiting |= is_awaiting(ffntp_ensemble_session(file->ensemble, i));
	return is_any_awaiting && file->used < most;
}

void ffntp_journal_file_write(struct ffntp_journal_file *file)
{
	if (file == NULL || file->descriptor < 0)
		return;
	if (has_to_wait(file))
		return;
	empty_buffer(file, WAIT_MS);
	if (file->descriptor >= 0 && file->pending == 0 && file->size >= file->size_max)
		rotate(file);
}

/* --- lines --- */

static void add_input(struct ffntp_journal_file *file, size_t length)
{
	file->used += length;
	if (length == 0)
		end_recording(file, "a datagram is too long for a line");
}

static void record_input(void *context, unsigned member, const struct ffntp_input *input)
{
	struct ffntp_journal_file *file = context;
	char *line;

	if (file->descriptor < 0 || !ffntp_journal_is_member_recorded(&file->writer, file->ensemble, member, input))
		return;
	line = room(file);
	add_input(file, ffntp_journal_write_member_input(&file->writer, member, input, line));
}

static void record_added(void *context, unsigned member, const struct ffntp_member_config *config, ffntp_counter now)
{
	struct ffntp_journal_file *file = context;
	char *line;

	file->member[member] = *config;
	if (file->descriptor < 0)
		return;
	line = room(file);
	file->used += ffntp_journal_write_added(&file->writer, member, config, now, line);
}

static void record_removed(void *context, unsigned member, ffntp_counter now)
{
	struct ffntp_journal_file *file = context;
	char *line;

	if (file->descriptor < 0)
		return;
	line = room(file);
	file->used += ffntp_journal_write_removed(&file->writer, member, now, line);
}

static void record_map(void *context, const struct ffntp_map *map)
{
	struct ffntp_journal_file *file = context;
	char *line;

	if (file->descriptor < 0)
		return;
	line = room(file);
	file->used += ffntp_journal_write_map(map, line);
}

void ffntp_journal_file_ensemble(struct ffntp_journal_file *file, struct ffntp_ensemble *ensemble,
				 const struct ffntp_ensemble_config *config, ffntp_counter at)
{
	static const struct ffntp_ensemble_recorder functions = { record_input, record_added, record_removed,
								  record_map };
	char *line;

	if (file == NULL || file->descriptor < 0)
		return;
	file->ensemble = ensemble;
	file->config = *config;
	opened = file;
	line = room(file);
	file->used += ffntp_journal_write_ensemble(&file->writer, config, at, line);
	ffntp_ensemble_record(ensemble, &functions, file);
}
