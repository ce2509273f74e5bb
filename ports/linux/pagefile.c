/* pagefile: see pagefile.h. */
#include "pagefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_MODE 0644
#define DIRECTORY_MODE 0755

static const char *reason_of(int error)
{
	return strerror(error);
}

static bool add_suffix(char *to, const char *path, const char *suffix)
{
	int length = snprintf(to, PATH_MAX, "%s%s", path, suffix);

	return length > 0 && length < PATH_MAX;
}

/* --- directory and lock --- */

/* The owner of a directory could replace the page in it, so the directory must be ours or root's. */
static const char *judge_directory(const char *directory)
{
	struct stat status;

	if (stat(directory, &status) != 0)
		return reason_of(errno);
	if (!S_ISDIR(status.st_mode))
		return "its directory is not a directory";
	if (geteuid() != 0 && status.st_uid != 0 && status.st_uid != geteuid())
		return "its directory belongs to another user";
	return NULL;
}

static const char *make_directory(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return NULL;
	if (!add_suffix(directory, path, ""))
		return reason_of(ENAMETOOLONG);
	directory[slash - path] = '\0';
	if (mkdir(directory, DIRECTORY_MODE) == 0)
		return chmod(directory, DIRECTORY_MODE) == 0 ? NULL : reason_of(errno);
	return judge_directory(directory);
}

/*
 * The lock is a file beside the page, because the page's own file may be replaced. The kernel releases the lock when
 * its holder ends, however it ends. The file is never removed, because that would break the lock of a process that has
 * just opened it.
 */
static const char *take_lock(struct ffntp_pagefile *file, const char *path)
{
	char name[PATH_MAX];
	int error;

	if (!add_suffix(name, path, ".lock"))
		return reason_of(ENAMETOOLONG);
	file->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file->lock < 0)
		return reason_of(errno);
	if (flock(file->lock, LOCK_EX | LOCK_NB) == 0)
		return NULL;
	error = errno;
	close(file->lock);
	file->lock = -1;
	return error == EWOULDBLOCK ? "another daemon keeps this clock page" : reason_of(error);
}

/* --- the existing page --- */

static struct ffntp_page *map_page(int descriptor)
{
	void *memory = mmap(NULL, FFNTP_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void unmap_page(struct ffntp_page *page)
{
	if (page != NULL)
		munmap(page, FFNTP_PAGE_SIZE);
}

struct existing {
	struct ffntp_page *page; /* NULL: there is no file */
	bool is_own;
};

static const char *map_existing(int descriptor, struct existing *existing)
{
	struct stat status;

	if (fstat(descriptor, &status) != 0)
		return reason_of(errno);
	if (!S_ISREG(status.st_mode))
		return "not a file";
	if (status.st_size < FFNTP_PAGE_SIZE)
		return ffntp_page_result_text(FFNTP_PAGE_TRUNCATED);
	existing->is_own = status.st_uid == geteuid();
	existing->page = map_page(descriptor);
	return existing->page == NULL ? reason_of(errno) : NULL;
}

static const char *open_existing(const char *path, struct existing *existing)
{
	int descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const char *problem;

	if (descriptor < 0)
		return errno == ENOENT ? NULL : reason_of(errno);
	problem = map_existing(descriptor, existing);
	close(descriptor);
	return problem;
}

/* A boot id of zeroes is unknown, and so the same as none. */
static bool is_same_counter(const struct ffntp_page_identity *a, const struct ffntp_page_identity *b)
{
	static const uint8_t unknown[16];

	return memcmp(a->boot_id, unknown, sizeof unknown) != 0 && a->counter_kind == b->counter_kind &&
	       a->time_namespace == b->time_namespace && a->is_guests == b->is_guests &&
	       memcmp(a->boot_id, b->boot_id, sizeof(a->boot_id)) == 0;
}

enum fate {
	FATE_ADOPT,   /* its readers may read our counter */
	FATE_KEEP,    /* use the file as it is: the caller lays out the page */
	FATE_RETIRE,  /* its readers may not, but they understand the page: mark it as over */
	FATE_REPLACE, /* an unknown layout: leave the file untouched, its void_after ends it */
};

static bool is_empty(const struct ffntp_page *page)
{
	static const struct ffntp_page zeroes;

	return memcmp(page, &zeroes, FFNTP_PAGE_SIZE) == 0;
}

/*
 * Decide what happens to an existing file for a guest. The machine monitor has mapped it, so that it is not replaced;
 * it may also have created it, empty. Its content is the guest's, if that may write it, and is not taken over.
 */
static const char *judge_guests(const struct existing *existing, const struct ffntp_page_identity *identity,
				enum fate *fate)
{
	struct ffntp_page_identity theirs;
	enum ffntp_page_result result = ffntp_page_check(existing->page, FFNTP_PAGE_SIZE, &theirs);

	if (!existing->is_own)
		return "it belongs to another user, who could truncate it: let ffntpd create it, and the machine "
		       "monitor map it";
	*fate = FATE_KEEP;
	if (result == FFNTP_PAGE_OK)
		return theirs.is_guests && theirs.counter_kind == identity->counter_kind
			       ? NULL
			       : "a clock page, but not one for a guest";
	return is_empty(existing->page) ? NULL : ffntp_page_result_text(result);
}

/* Decide what happens to an existing page file. Returns NULL, or a message if the file is no clock page. */
static const char *judge_existing(const struct existing *existing, const struct ffntp_page_identity *identity,
				  enum fate *fate)
{
	struct ffntp_page_identity theirs;
	enum ffntp_page_result result;

	*fate = FATE_REPLACE;
	if (existing->page == NULL)
		return NULL;
	if (identity->is_guests)
		return judge_guests(existing, identity, fate);
	result = ffntp_page_check(existing->page, FFNTP_PAGE_SIZE, &theirs);
	if (result == FFNTP_PAGE_VERSION)
		return NULL;
	if (result != FFNTP_PAGE_OK)
		return ffntp_page_result_text(result);
	*fate = existing->is_own && is_same_counter(&theirs, identity) ? FATE_ADOPT : FATE_RETIRE;
	return NULL;
}

/*
 * Set the page's status to "unreliable", the only one at which Linux's VMClock driver stops using a page. VMClock has
 * no field like void_after.
 */
static void retire(struct ffntp_page *page)
{
	struct ffntp_map over;

	if (ffntp_page_read(page, &over) != FFNTP_CLOCK_OK)
		over = (struct ffntp_map){ .period = 1 };
	over.status = FFNTP_STATUS_DISRUPTED;
	ffntp_page_publish(page, &over, NULL, 0);
}

/* --- a new page --- */

/* The page is written, not only extended, because a hole would cause a SIGBUS later on a full file system. */
static const char *fill(int descriptor, struct ffntp_page **page)
{
	static const uint8_t zeroes[FFNTP_PAGE_SIZE];
	ssize_t written = pwrite(descriptor, zeroes, sizeof(zeroes), 0);

	if (written != (ssize_t)sizeof(zeroes))
		return reason_of(written < 0 ? errno : ENOSPC);
	if (fchmod(descriptor, PAGE_MODE) != 0)
		return reason_of(errno);
	*page = map_page(descriptor);
	return *page == NULL ? reason_of(errno) : NULL;
}

/*
 * Create a complete page under a temporary name. Because the lock is ours, an existing file of that name belongs to a
 * process that has ended.
 */
static const char *create(const char *name, const struct ffntp_page_identity *identity, struct ffntp_page **page)
{
	const char *problem;
	int descriptor;

	unlink(name);
	descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, PAGE_MODE);
	if (descriptor < 0)
		return reason_of(errno);
	problem = fill(descriptor, page);
	close(descriptor);
	if (problem == NULL)
		ffntp_page_format(*page, identity);
	else
		unlink(name);
	return problem;
}

/*
 * The order matters if the process is killed between the two steps: the old page is then marked as over, instead of
 * remaining valid for a counter that its readers must not use any more.
 */
static const char *replace(struct ffntp_pagefile *file, const char *path, const struct ffntp_page_identity *identity,
			   struct ffntp_page *retiring)
{
	char name[PATH_MAX];
	const char *problem;

	if (!add_suffix(name, path, ".new"))
		return reason_of(ENAMETOOLONG);
	problem = create(name, identity, &file->page);
	if (problem != NULL)
		return problem;
	if (retiring != NULL)
		retire(retiring);
	if (rename(name, path) == 0)
		return NULL;
	problem = reason_of(errno);
	unlink(name);
	return problem;
}

static const char *open_page(struct ffntp_pagefile *file, const char *path, const struct ffntp_page_identity *identity,
			     struct ffntp_map *former, bool *is_adopted)
{
	struct existing existing = { .page = NULL };
	enum fate fate = FATE_REPLACE;
	const char *problem = open_existing(path, &existing);

	if (problem == NULL)
		problem = judge_existing(&existing, identity, &fate);
	if (problem == NULL && (fate == FATE_ADOPT || fate == FATE_KEEP)) {
		file->page = existing.page;
		*is_adopted = fate == FATE_ADOPT && ffntp_page_adopt(existing.page, identity, former);
		return NULL;
	}
	if (problem == NULL)
		problem = replace(file, path, identity, fate == FATE_RETIRE ? existing.page : NULL);
	unmap_page(existing.page);
	return problem;
}

const char *ffntp_pagefile_open(struct ffntp_pagefile *file, const char *path,
				const struct ffntp_page_identity *identity, struct ffntp_map *former, bool *is_adopted)
{
	const char *problem;

	*file = (struct ffntp_pagefile){ .lock = -1 };
	*is_adopted = false;
	problem = make_directory(path);
	if (problem == NULL)
		problem = take_lock(file, path);
	if (problem == NULL)
		problem = open_page(file, path, identity, former, is_adopted);
	if (problem != NULL)
		ffntp_pagefile_close(file);
	return problem;
}

void ffntp_pagefile_close(struct ffntp_pagefile *file)
{
	unmap_page(file->page);
	if (file->lock >= 0)
		close(file->lock);
	*file = (struct ffntp_pagefile){ .lock = -1 };
}
