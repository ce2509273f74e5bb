#include "statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../ports/linux/peer.h"
#include "../ports/linux/readall.h"
#include "../ports/linux/replacefile.h"
#include "log.h"

_Static_assert((int)FFNTP_RATELIMITS_ADDRESS_SIZE >= (int)FFNTP_ADDRESS_TEXT_SIZE, "each address fits");

/* Time between two attempts to write (s). */
#define WRITE_S 16

static int64_t posix_s(void)
{
	return (int64_t)time(NULL);
}

/* --- reading --- */

/* Open the file. Returns its descriptor; -1 and the reason, or NULL if there is no file. */
static int open_file(const char *path, const char **problem)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	*problem = NULL;
	if (file < 0) {
		if (errno != ENOENT)
			*problem = errno == ELOOP ? "it is a symbolic link" : strerror(errno);
		return -1;
	}
	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		*problem = "it is no regular file";
	else if (status.st_uid != geteuid() && status.st_uid != 0)
		*problem = "it belongs to a different user";
	if (*problem == NULL)
		return file;
	close(file);
	return -1;
}

/* Return the limits, which are allocated when there is the first one. NULL if memory is short: then none is kept. */
static struct ffntp_ratelimits *need_limits(struct ffntp_statefile *state)
{
	if (state->limits == NULL)
		state->limits = calloc(1, sizeof(*state->limits));
	return state->limits;
}

/* Return the limit of an address, or NULL. */
static struct ffntp_ratelimit *find(const struct ffntp_statefile *state, const char *address)
{
	return state->limits != NULL ? ffntp_ratelimits_find(state->limits, address) : NULL;
}

static bool has_limits(const struct ffntp_statefile *state)
{
	return state->limits != NULL && state->limits->count > 0;
}

static const char *read_limits(struct ffntp_statefile *state, int file)
{
	size_t length;
	char *text = ffntp_read_whole(file, FFNTP_RATELIMITS_TEXT_SIZE, &length);
	const char *problem;

	if (text == NULL)
		return strerror(errno);
	problem = need_limits(state) != NULL ? ffntp_ratelimits_read(state->limits, text, length) : strerror(ENOMEM);
	free(text);
	return problem;
}

static const char *read_file(struct ffntp_statefile *state, const char *path)
{
	const char *problem;
	int file = open_file(path, &problem);

	if (file < 0)
		return problem;
	problem = read_limits(state, file);
	close(file);
	return problem;
}

/* Return the length of the folder's name in a path, with its slash; 0 if it has none. */
static size_t folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* Open the folder of a file. Returns its descriptor; -1 and errno. */
static int open_folder(const char *path)
{
	char folder[PATH_MAX] = ".";
	size_t length = folder_length(path);

	if (length >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (length > 0) {
		memcpy(folder, path, length);
		folder[length] = '\0';
	}
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Find out at the start whether the file can be written, and not only after a server's wish. */
static void check_folder(const char *path)
{
	int folder = open_folder(path);

	if (folder < 0 || faccessat(folder, ".", W_OK | X_OK, 0) != 0)
		ffntp_log(FFNTP_LOG_WARNING,
			  "statefile %s: its folder: %s; the next start will not know which servers limit requests",
			  path, strerror(errno));
	if (folder >= 0)
		close(folder);
}

/* The usual file has no limits, which need no memory then. */
static void expire(struct ffntp_statefile *state)
{
	if (state->limits != NULL)
		ffntp_ratelimits_expire(state->limits, posix_s());
	if (has_limits(state))
		return;
	free(state->limits);
	state->limits = NULL;
}

void ffntp_statefile_open(struct ffntp_statefile *state, const char *path)
{
	const char *problem;

	*state = (struct ffntp_statefile){ .limits = NULL };
	if (path[0] == '\0')
		return;
	problem = read_file(state, path);
	if (problem != NULL)
		ffntp_log(FFNTP_LOG_WARNING, "statefile %s: %s; it is not used, and replaced when there is a change",
			  path, problem);
	expire(state);
	check_folder(path);
}

/* --- limits --- */

double ffntp_statefile_limit(const struct ffntp_statefile *state, const struct ffntp_address *address, double *wait_s)
{
	char text[FFNTP_ADDRESS_TEXT_SIZE];
	const struct ffntp_ratelimit *limit;

	if (!has_limits(state))
		return 0;
	ffntp_address_text(address, text);
	limit = find(state, text);
	if (limit == NULL)
		return 0;
	*wait_s = ffntp_ratelimits_wait_s(limit, posix_s());
	ffntp_log(FFNTP_LOG_NOTICE, "%s: it has asked for fewer requests before: one in %u s, the first in %.0f s",
		  text, (unsigned)limit->interval_s, *wait_s);
	return limit->interval_s;
}

/* The limit follows the interval, which is tentatively made shorter after a number of replies. */
static void follow_reply(struct ffntp_statefile *state, const char *address, double interval_s,
			 enum ffntp_verdict verdict)
{
	uint32_t whole_s = (uint32_t)(interval_s + 0.5);
	struct ffntp_ratelimit *limit = find(state, address);

	if (verdict == FFNTP_REFUSED_KISS_RATE && whole_s > 0 && need_limits(state) != NULL) {
		ffntp_ratelimits_add(state->limits, address, whole_s, posix_s());
		state->is_changed = true;
	} else if (limit != NULL && limit->interval_s != whole_s) {
		limit->interval_s = whole_s;
		if (whole_s == 0)
			ffntp_ratelimits_remove(state->limits, limit);
		state->is_changed = true;
	}
}

/*
 * The time of the first request since the start is written at once, so that a daemon that fails again and again does
 * not ask each time. That of the last one is written at the end.
 */
static void follow_request(struct ffntp_statefile *state, const char *address)
{
	struct ffntp_ratelimit *limit = find(state, address);

	if (limit == NULL)
		return;
	state->is_changed = state->is_changed || limit->is_read;
	limit->is_read = false;
	limit->asked_s = posix_s();
}

void ffntp_statefile_follow(struct ffntp_statefile *state, const struct ffntp_sync *sync, unsigned member,
			    const struct ffntp_event *event)
{
	const struct ffntp_peer *peer = ffntp_sync_peer(sync, member);
	char text[FFNTP_ADDRESS_TEXT_SIZE];

	if (peer == NULL || peer->refclock != NULL ||
	    (event->kind != FFNTP_EVENT_REPLY && event->kind != FFNTP_EVENT_SENT))
		return;
	if (!has_limits(state) && (event->kind == FFNTP_EVENT_SENT || event->verdict != FFNTP_REFUSED_KISS_RATE))
		return;
	ffntp_address_text(&peer->address, text);
	if (event->kind == FFNTP_EVENT_SENT)
		follow_request(state, text);
	else
		follow_reply(state, text, ffntp_peer_limit_s(peer), event->verdict);
}

/* --- writing --- */

static const struct ffntp_ratelimits no_limits;

static int write_file(const struct ffntp_statefile *state, const char *path, bool is_synced)
{
	char *text = malloc(FFNTP_RATELIMITS_TEXT_SIZE);
	int folder = open_folder(path), error = text == NULL ? ENOMEM : folder < 0 ? errno : 0;

	if (error == 0)
		error = ffntp_replace_file(
			folder, path + folder_length(path), text,
			ffntp_ratelimits_write(state->limits != NULL ? state->limits : &no_limits, text), is_synced);
	if (folder >= 0)
		close(folder);
	free(text);
	return error;
}

/* A problem is logged once, and again when it changes. */
static void write_state(struct ffntp_statefile *state, const char *path, bool is_synced)
{
	int error;

	expire(state);
	error = write_file(state, path, is_synced);
	if (error != 0 && error != state->error)
		ffntp_log(FFNTP_LOG_WARNING, "statefile %s: %s; it is tried again at the next change", path,
			  strerror(error));
	state->error = error;
	state->is_changed = false;
}

/* The clock does not wait for the disk: a file that a power failure damages is noticed when it is read. */
void ffntp_statefile_step(struct ffntp_statefile *state, const char *path, int64_t now_s)
{
	if (!state->is_changed || path[0] == '\0' || now_s < state->write_at)
		return;
	write_state(state, path, false);
	state->write_at = now_s + WRITE_S;
}

void ffntp_statefile_close(struct ffntp_statefile *state, const char *path)
{
	if (path[0] != '\0' && (state->is_changed || has_limits(state)))
		write_state(state, path, true);
	free(state->limits);
	state->limits = NULL;
}
