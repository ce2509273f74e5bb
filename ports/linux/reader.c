/* reader: see linux.h. */
#include "../../include/ffntp/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../core/clock.h"
#include "../../core/page.h"
#include "counter.h"

#define SYSTEM_PATH "/run/ffntp/page"

bool ffntp_linux_default_path(char path[FFNTP_LINUX_PATH_SIZE])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int length;

	if (geteuid() == 0)
		length = snprintf(path, FFNTP_LINUX_PATH_SIZE, "%s", SYSTEM_PATH);
	else if (runtime != NULL && runtime[0] == '/')
		length = snprintf(path, FFNTP_LINUX_PATH_SIZE, "%s/ffntp/page", runtime);
	else
		length = snprintf(path, FFNTP_LINUX_PATH_SIZE, "/tmp/ffntp-%lu/page", (unsigned long)geteuid());
	return length > 0 && length < FFNTP_LINUX_PATH_SIZE;
}

/* --- opening --- */

/*
 * The page must be of the same boot, its counter must be safe to read, and with CLOCK_MONOTONIC_RAW the time namespace
 * must be the same, because it shifts that clock.
 */
static enum ffntp_page_result judge_identity(const struct ffntp_page_identity *theirs)
{
	struct ffntp_page_identity ours;

	ffntp_counter_identity(theirs->counter_kind, &ours);
	if (memcmp(ours.boot_id, theirs->boot_id, sizeof(ours.boot_id)) != 0)
		return FFNTP_PAGE_OTHER_BOOT;
	if (theirs->counter_kind == FFNTP_COUNTER_MONOTONIC_RAW && ours.time_namespace != theirs->time_namespace)
		return FFNTP_PAGE_OTHER_NAMESPACE;
	return ffntp_counter_refusal(theirs->counter_kind) == NULL ? FFNTP_PAGE_OK : FFNTP_PAGE_NO_COUNTER;
}

/*
 * O_NONBLOCK, because opening a FIFO must not block. A page never shrinks, so that the size from fstat holds while it
 * is mapped.
 */
static enum ffntp_page_result map_file(struct ffntp_linux_reader *reader, int descriptor, const struct stat *status)
{
	struct ffntp_page_identity identity;
	enum ffntp_page_result result;
	void *memory;

	if (!S_ISREG(status->st_mode))
		return FFNTP_PAGE_MISSING;
	if (status->st_size < FFNTP_PAGE_SIZE)
		return FFNTP_PAGE_TRUNCATED;
	memory = mmap(NULL, FFNTP_PAGE_SIZE, PROT_READ, MAP_SHARED, descriptor, 0);
	if (memory == MAP_FAILED)
		return FFNTP_PAGE_MISSING;
	result = ffntp_page_check(memory, FFNTP_PAGE_SIZE, &identity);
	if (result == FFNTP_PAGE_OK)
		result = judge_identity(&identity);
	if (result != FFNTP_PAGE_OK) {
		munmap(memory, FFNTP_PAGE_SIZE);
		return result;
	}
	*reader = (struct ffntp_linux_reader){ memory, identity.counter_kind, status->st_dev, status->st_ino };
	return FFNTP_PAGE_OK;
}

static bool is_trusted(const struct stat *status)
{
	return status->st_uid == 0 || status->st_uid == geteuid();
}

static enum ffntp_page_result open_path(struct ffntp_linux_reader *reader, const char *path, bool any_owner)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum ffntp_page_result result = FFNTP_PAGE_MISSING;
	struct stat status;

	if (descriptor < 0)
		return FFNTP_PAGE_MISSING;
	if (fstat(descriptor, &status) == 0 && (any_owner || is_trusted(&status)))
		result = map_file(reader, descriptor, &status);
	close(descriptor);
	return result;
}

/* path: receives the path of the page; "" if this user's path would be too long. */
static enum ffntp_page_result open_usual(struct ffntp_linux_reader *reader, char path[FFNTP_LINUX_PATH_SIZE])
{
	enum ffntp_page_result result = open_path(reader, SYSTEM_PATH, false);

	strcpy(path, SYSTEM_PATH);
	if (result != FFNTP_PAGE_MISSING)
		return result;
	if (ffntp_linux_default_path(path))
		return open_path(reader, path, false);
	path[0] = '\0';
	return result;
}

enum ffntp_page_result ffntp_linux_open(struct ffntp_linux_reader *reader, const char *path)
{
	char usual[FFNTP_LINUX_PATH_SIZE];

	return path != NULL ? open_path(reader, path, true) : open_usual(reader, usual);
}

bool ffntp_linux_usual_path(char path[FFNTP_LINUX_PATH_SIZE])
{
	struct ffntp_linux_reader reader;

	if (open_usual(&reader, path) == FFNTP_PAGE_OK)
		ffntp_linux_close(&reader);
	return path[0] != '\0';
}

void ffntp_linux_close(struct ffntp_linux_reader *reader)
{
	union {
		const struct ffntp_page *page;
		void *memory;
	} mapped = { .page = reader->page };

	if (mapped.page != NULL)
		munmap(mapped.memory, FFNTP_PAGE_SIZE);
	reader->page = NULL;
}

static bool is_mapped(const struct ffntp_linux_reader *reader, const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && status.st_dev == reader->device && status.st_ino == reader->inode;
}

bool ffntp_linux_is_replaced(const struct ffntp_linux_reader *reader, const char *path)
{
	char own[FFNTP_LINUX_PATH_SIZE];

	if (path != NULL)
		return !is_mapped(reader, path);
	return !is_mapped(reader, SYSTEM_PATH) && !(ffntp_linux_default_path(own) && is_mapped(reader, own));
}

/* --- reading --- */

ffntp_counter ffntp_linux_counter(const struct ffntp_linux_reader *reader)
{
	return ffntp_counter_read_kind(reader->counter_kind);
}

/*
 * The counter is read inside the sequence as well, so that a map and a reading from different sides of a disruption are
 * never combined.
 */
static bool copy_map(const struct ffntp_linux_reader *reader, struct ffntp_map *map, ffntp_counter *now)
{
	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES; tries++) {
		uint32_t begun = ffntp_page_begin(reader->page);

		*now = ffntp_counter_read_kind(reader->counter_kind);
		if (ffntp_page_try_read(reader->page, map) && ffntp_page_is_whole(reader->page, begun))
			return true;
		ffntp_page_pause();
	}
	return false;
}

/* Read the time from a page in any state. */
__attribute__((noinline)) static enum ffntp_clock_result now_carefully(const struct ffntp_linux_reader *reader,
								       enum ffntp_timescale scale,
								       uint64_t max_bound_ns,
								       struct ffntp_reading *reading)
{
	struct ffntp_map map;
	ffntp_counter now;

	if (!copy_map(reader, &map, &now))
		return FFNTP_CLOCK_BUSY;
	if (map.counter_kind != reader->counter_kind)
		return FFNTP_CLOCK_COUNTER;
	if (ffntp_reading_is_set_back(&map, now) && ffntp_reading_judge_status(map.status) == FFNTP_CLOCK_OK)
		return FFNTP_CLOCK_DISRUPTED;
	return ffntp_clock_at(&map, now, scale, max_bound_ns, reading);
}

/*
 * Read the page once. No variable is live across the call to now_carefully, so that no register has to be saved for it.
 */
FFNTP_ALWAYS_INLINE enum ffntp_clock_result now_by(enum ffntp_counter_kind kind,
						   const struct ffntp_linux_reader *reader, enum ffntp_timescale scale,
						   uint64_t max_bound_ns, struct ffntp_reading *reading)
{
	const struct ffntp_page *page = reader->page;
	uint32_t begun = ffntp_page_begin(page);
	ffntp_counter now = ffntp_counter_read_kind(kind);

	if (ffntp_page_read_line(page, begun, kind, now, scale, max_bound_ns, reading))
		return FFNTP_CLOCK_OK;
	return now_carefully(reader, scale, max_bound_ns, reading);
}

__attribute__((noinline)) static enum ffntp_clock_result now_by_raw(const struct ffntp_linux_reader *reader,
								    enum ffntp_timescale scale, uint64_t max_bound_ns,
								    struct ffntp_reading *reading)
{
	return now_by(FFNTP_COUNTER_MONOTONIC_RAW, reader, scale, max_bound_ns, reading);
}

#if defined(__aarch64__)
#define CPU_COUNTER FFNTP_COUNTER_ARM_VIRTUAL
#else
#define CPU_COUNTER FFNTP_COUNTER_TSC
#endif

enum ffntp_clock_result ffntp_linux_now(const struct ffntp_linux_reader *reader, enum ffntp_timescale scale,
					uint64_t max_bound_ns, struct ffntp_reading *reading)
{
	if (reader->counter_kind != CPU_COUNTER)
		return now_by_raw(reader, scale, max_bound_ns, reading);
	return now_by(CPU_COUNTER, reader, scale, max_bound_ns, reading);
}

/* The counter is read in program order: a thread that has seen a steady time reads no smaller one. */
static bool copy_steady(const struct ffntp_linux_reader *reader, struct ffntp_map *map, struct ffntp_steady *steady,
			ffntp_counter *now)
{
	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES; tries++) {
		uint32_t begun = ffntp_page_begin(reader->page);

		*now = ffntp_counter_read_ordered(reader->counter_kind);
		ffntp_page_load_steady(reader->page, begun, steady);
		if (ffntp_page_try_read(reader->page, map) && ffntp_page_is_whole(reader->page, begun))
			return true;
		ffntp_page_pause();
	}
	return false;
}

enum ffntp_clock_result ffntp_linux_steady(const struct ffntp_linux_reader *reader, struct ffntp_time *utc,
					   struct ffntp_reading *plain)
{
	enum ffntp_clock_result result;
	struct ffntp_steady steady;
	struct ffntp_reading reading;
	struct ffntp_time told;
	struct ffntp_map map;
	ffntp_counter now;

	if (!copy_steady(reader, &map, &steady, &now))
		return FFNTP_CLOCK_BUSY;
	if (map.counter_kind != reader->counter_kind)
		return FFNTP_CLOCK_COUNTER;
	result = ffntp_steady_utc(&steady, now, &told);
	if (result == FFNTP_CLOCK_OK)
		result = ffntp_clock_at(&map, now, FFNTP_UTC, UINT64_MAX, &reading);
	if (result != FFNTP_CLOCK_OK)
		return result;
	*utc = told;
	if (plain != NULL)
		*plain = reading;
	return FFNTP_CLOCK_OK;
}

enum ffntp_clock_result ffntp_linux_at(const struct ffntp_linux_reader *reader, ffntp_counter then,
				       enum ffntp_timescale scale, uint64_t max_bound_ns, struct ffntp_reading *reading)
{
	struct ffntp_map map;
	enum ffntp_clock_result result = ffntp_page_read_past(reader->page, then, &map);

	if (result != FFNTP_CLOCK_OK)
		return result;
	if (map.counter_kind != reader->counter_kind)
		return FFNTP_CLOCK_COUNTER;
	return ffntp_clock_at(&map, then, scale, max_bound_ns, reading);
}
