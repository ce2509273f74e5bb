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

static const char kept_by_another[] = "another daemon keeps this clock page";

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
	return errno == EEXIST ? judge_directory(directory) : reason_of(errno);
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
	return error == EWOULDBLOCK ? kept_by_another : reason_of(error);
}

static struct ffntp_page *map_page(int descriptor)
{
	void *memory = mmap(NULL, FFNTP_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/*
 * Return whether a process that may write the page has locked it. Readers may lock a file that they may read, but not
 * for writing: their locks are of no interest.
 */
static bool is_kept_by_another(int descriptor)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1 };

	return fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/*
 * Lock the page for as long as the descriptor is open, besides the lock beside it, which somebody may remove. If a
 * reader's lock or the file system prevents that, only the lock beside it counts.
 */
static const char *keep_page(int descriptor)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

	if (!is_kept_by_another(descriptor) && fcntl(descriptor, F_OFD_SETLK, &lock) == 0)
		return NULL;
	return is_kept_by_another(descriptor) ? kept_by_another : NULL;
}

/* --- the existing page --- */

static void unmap_page(struct ffntp_page *page)
{
	if (page != NULL)
		munmap(page, FFNTP_PAGE_SIZE);
}

/* A page's file that is open. */
struct existing {
	struct ffntp_page *page; /* NULL: there is no file */
	int descriptor;          /* the page's lock is held while this is open; -1 if there is no file */
	bool is_own;
};

static const char *map_existing(struct existing *existing)
{
	struct stat status;
	const char *problem;

	if (fstat(existing->descriptor, &status) != 0)
		return reason_of(errno);
	if (!S_ISREG(status.st_mode))
		return "not a file";
	if (status.st_size < FFNTP_PAGE_SIZE)
		return ffntp_page_result_text(FFNTP_PAGE_TRUNCATED);
	problem = keep_page(existing->descriptor);
	if (problem != NULL)
		return problem;
	existing->is_own = status.st_uid == geteuid();
	existing->page = map_page(existing->descriptor);
	return existing->page == NULL ? reason_of(errno) : NULL;
}

static void close_descriptor(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
}

static void close_existing(struct existing *existing)
{
	unmap_page(existing->page);
	existing->page = NULL;
	close_descriptor(&existing->descriptor);
}

static const char *open_existing(const char *path, struct existing *existing)
{
	const char *problem;

	*existing = (struct existing){ .descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) };
	if (existing->descriptor < 0)
		return errno == ENOENT ? NULL : reason_of(errno);
	problem = map_existing(existing);
	if (problem != NULL)
		close_existing(existing);
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
	static const uint8_t zeroes[FFNTP_PAGE_SIZE];

	return memcmp((const void *)page, zeroes, sizeof(zeroes)) == 0;
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
static const char *fill(int descriptor, const void *content)
{
	ssize_t written = pwrite(descriptor, content, FFNTP_PAGE_SIZE, 0);

	if (written != FFNTP_PAGE_SIZE)
		return reason_of(written < 0 ? errno : ENOSPC);
	return fchmod(descriptor, PAGE_MODE) == 0 ? keep_page(descriptor) : reason_of(errno);
}

/*
 * Create a file with this content under a temporary name, locked and mapped. Because the lock beside the page is ours,
 * an existing file of that name belongs to a process that has ended.
 */
static const char *create(const char *name, const void *content, struct existing *created)
{
	const char *problem;

	*created = (struct existing){ .descriptor = -1, .is_own = true };
	unlink(name);
	created->descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, PAGE_MODE);
	if (created->descriptor < 0)
		return reason_of(errno);
	problem = fill(created->descriptor, content);
	if (problem == NULL) {
		created->page = map_page(created->descriptor);
		problem = created->page == NULL ? reason_of(errno) : NULL;
	}
	if (problem == NULL)
		return NULL;
	close_existing(created);
	unlink(name);
	return problem;
}

/* The page to put at a path: a new one of a counter, or one that is in use. */
struct draft {
	const struct ffntp_page_identity *identity;
	const struct ffntp_page *used; /* NULL: a new one */
};

static const char *create_page(const char *name, const struct draft *draft, struct existing *created)
{
	static const uint8_t zeroes[FFNTP_PAGE_SIZE];
	const char *problem = create(name, draft->used != NULL ? (const void *)draft->used : zeroes, created);

	if (problem == NULL && draft->used == NULL)
		ffntp_page_format(created->page, draft->identity);
	return problem;
}

/*
 * Put a complete page in the place of an existing one. The order matters if the process is killed between the two
 * steps: the old page is then marked as over, instead of remaining valid for a counter that its readers must not use
 * any more.
 */
static const char *replace(const char *path, const struct draft *draft, struct ffntp_page *retiring,
			   struct existing *created)
{
	char name[PATH_MAX];
	const char *problem;

	if (!add_suffix(name, path, ".new"))
		return reason_of(ENAMETOOLONG);
	problem = create_page(name, draft, created);
	if (problem != NULL)
		return problem;
	if (retiring != NULL)
		retire(retiring);
	if (rename(name, path) == 0)
		return NULL;
	problem = reason_of(errno);
	unlink(name);
	close_existing(created);
	return problem;
}

static void take_page(struct ffntp_pagefile *file, const struct existing *taken)
{
	/* NOLINTNEXTLINE(*-core.uninitialized.Assign): clang-tidy 14 forgets that create() has set the whole struct. */
	file->page = taken->page;
	file->kept = taken->descriptor;
}

static const char *open_page(struct ffntp_pagefile *file, const char *path, const struct ffntp_page_identity *identity,
			     struct ffntp_map *former, bool *is_adopted)
{
	const struct draft draft = { identity, NULL };
	struct existing existing, created;
	enum fate fate = FATE_REPLACE;
	const char *problem = open_existing(path, &existing);

	if (problem == NULL)
		problem = judge_existing(&existing, identity, &fate);
	if (problem == NULL && (fate == FATE_ADOPT || fate == FATE_KEEP)) {
		take_page(file, &existing);
		*is_adopted = fate == FATE_ADOPT && ffntp_page_adopt(existing.page, identity, former);
		return NULL;
	}
	if (problem == NULL)
		problem = replace(path, &draft, fate == FATE_RETIRE ? existing.page : NULL, &created);
	if (problem == NULL)
		take_page(file, &created);
	close_existing(&existing);
	return problem;
}

const char *ffntp_pagefile_open(struct ffntp_pagefile *file, const char *path,
				const struct ffntp_page_identity *identity, struct ffntp_map *former, bool *is_adopted)
{
	const char *problem;

	*file = (struct ffntp_pagefile){ .lock = -1, .kept = -1 };
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
	file->page = NULL;
	close_descriptor(&file->kept);
	close_descriptor(&file->lock);
}

/* --- a page that was removed or replaced --- */

/* Return whether a path names the open file. If that cannot be found out at the moment, it counts as unchanged. */
static bool is_at(const char *path, int descriptor)
{
	struct stat there, ours;

	if (fstat(descriptor, &ours) != 0)
		return true;
	if (stat(path, &there) != 0)
		return errno != ENOENT && errno != ENOTDIR;
	return there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

static bool is_lock_at(const struct ffntp_pagefile *file, const char *path)
{
	char name[PATH_MAX];

	return !add_suffix(name, path, ".lock") || is_at(name, file->lock);
}

bool ffntp_pagefile_is_there(const struct ffntp_pagefile *file, const char *path)
{
	return is_at(path, file->kept) && is_lock_at(file, path);
}

static const char *renew_lock(struct ffntp_pagefile *file, const char *path)
{
	struct ffntp_pagefile renewed = { .lock = -1 };
	const char *problem;

	if (is_lock_at(file, path))
		return NULL;
	problem = make_directory(path);
	if (problem == NULL)
		problem = take_lock(&renewed, path);
	if (problem != NULL)
		return problem;
	close_descriptor(&file->lock);
	file->lock = renewed.lock;
	return NULL;
}

/* The page in use goes on in a file of its own at the path, and its former file is marked as over. */
static const char *renew_page(struct ffntp_pagefile *file, const char *path)
{
	const struct draft draft = { NULL, file->page };
	struct existing existing, created, former = { file->page, file->kept, true };
	enum fate fate = FATE_REPLACE;
	struct ffntp_page_identity identity;
	const char *problem = open_existing(path, &existing);

	if (problem == NULL && ffntp_page_check(file->page, FFNTP_PAGE_SIZE, &identity) == FFNTP_PAGE_OK)
		problem = judge_existing(&existing, &identity, &fate);
	if (problem == NULL)
		problem = replace(path, &draft, fate == FATE_REPLACE ? NULL : existing.page, &created);
	close_existing(&existing);
	if (problem != NULL)
		return problem;
	take_page(file, &created);
	retire(former.page);
	close_existing(&former);
	return NULL;
}

const char *ffntp_pagefile_renew(struct ffntp_pagefile *file, const char *path)
{
	bool is_page_there = is_at(path, file->kept);
	const char *problem = renew_lock(file, path);

	if (is_page_there)
		return problem == kept_by_another ? NULL : problem;
	return problem != NULL ? problem : renew_page(file, path);
}
