/* reader: see linux.h. */
#include "../../include/ffntp/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "../../core/clock.h"
#include "../../core/page.h"
#include "../../core/vmclock.h"
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

/* Return whether the file cannot outlive this boot of the kernel, because it exists in memory only. */
static bool is_in_memory(int descriptor)
{
	struct statfs system;

	return fstatfs(descriptor, &system) == 0 && (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC);
}

/*
 * Judge whether the page is of this boot. A page in memory is, whatever the boot ids are: in a container, processes of
 * one boot may see different ones, or none.
 */
static enum ffntp_page_result judge_boot(const uint8_t ours[16], const uint8_t theirs[16], int descriptor)
{
	static const uint8_t none[16];

	if (is_in_memory(descriptor))
		return FFNTP_PAGE_OK;
	if (memcmp(ours, none, sizeof none) == 0 || memcmp(theirs, none, sizeof none) == 0)
		return FFNTP_PAGE_UNKNOWN_BOOT;
	return memcmp(ours, theirs, sizeof none) == 0 ? FFNTP_PAGE_OK : FFNTP_PAGE_OTHER_BOOT;
}

/*
 * The page must be of the same boot, its counter must be safe to read, and with CLOCK_MONOTONIC_RAW the time namespace
 * must be the same, because it shifts that clock.
 */
static enum ffntp_page_result judge_identity(const struct ffntp_page_identity *theirs, int descriptor)
{
	struct ffntp_page_identity ours;
	enum ffntp_page_result result;

	(void)ffntp_counter_identity(theirs->counter_kind, &ours);
	result = judge_boot(ours.boot_id, theirs->boot_id, descriptor);
	if (result != FFNTP_PAGE_OK)
		return result;
	if (theirs->counter_kind == FFNTP_COUNTER_MONOTONIC_RAW && ours.time_namespace != theirs->time_namespace)
		return FFNTP_PAGE_OTHER_NAMESPACE;
	return ffntp_counter_refusal(theirs->counter_kind) == NULL ? FFNTP_PAGE_OK : FFNTP_PAGE_NO_COUNTER;
}

static enum ffntp_page_result result_of(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return FFNTP_PAGE_DENIED;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return FFNTP_PAGE_LIMIT;
	default:
		return FFNTP_PAGE_MISSING;
	}
}

/* An open file with a page. */
struct source {
	int descriptor;
	struct stat status;
};

/* Return whether it is a device, whose page is this machine's hypervisor's, and not a file. */
static bool is_device(const struct source *source)
{
	return S_ISCHR(source->status.st_mode);
}

/*
 * Return whether a file has changed since this machine started, by the system's clock. If that clock has not been set
 * yet, changes of earlier boots lie in its future.
 */
static bool has_changed_since_boot(const struct stat *status)
{
	struct timespec now = { 0 }, up = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	return status->st_ctim.tv_sec <= now.tv_sec && status->st_ctim.tv_sec > now.tv_sec - up.tv_sec;
}

/* Judge a page by VMClock's fields. A file of a VMClock page states no boot, and may have outlived one. */
static enum ffntp_page_result judge_vmclock(const struct ffntp_page *page, const struct source *source,
					    struct ffntp_page_identity *identity)
{
	enum ffntp_page_result result = ffntp_vmclock_check(page, FFNTP_PAGE_SIZE);

	*identity = (struct ffntp_page_identity){ .counter_kind = FFNTP_COUNTER_NONE };
	if (result == FFNTP_PAGE_OK)
		result = ffntp_vmclock_check_time(page, &identity->counter_kind);
	if (result != FFNTP_PAGE_OK)
		return result;
	if (!is_device(source) && !is_in_memory(source->descriptor) && !has_changed_since_boot(&source->status))
		return FFNTP_PAGE_UNKNOWN_BOOT;
	if (is_device(source) && ffntp_counter_is_stable(identity->counter_kind))
		return FFNTP_PAGE_OK; /* the hypervisor vouches for the counter's rate */
	return ffntp_counter_refusal(identity->counter_kind) == NULL ? FFNTP_PAGE_OK : FFNTP_PAGE_NO_COUNTER;
}

/*
 * Judge a page. A device's page is in terms of this machine's counter by VMClock's definition, whichever machine wrote
 * it. In a file, VMClock's fields count only if there is no block of this project.
 */
static enum ffntp_page_result judge_page(const struct ffntp_page *page, const struct source *source,
					 struct ffntp_linux_reader *reader)
{
	struct ffntp_page_identity identity;
	enum ffntp_page_result result = ffntp_page_check(page, FFNTP_PAGE_SIZE, &identity);

	reader->is_foreign = result == FFNTP_PAGE_FOREIGN || result == FFNTP_PAGE_TRUNCATED;
	if (reader->is_foreign || (result == FFNTP_PAGE_OK && is_device(source)))
		result = judge_vmclock(page, source, &identity);
	else if (result == FFNTP_PAGE_OK && identity.is_guests)
		result = FFNTP_PAGE_GUESTS;
	else if (result == FFNTP_PAGE_OK)
		result = judge_identity(&identity, source->descriptor);
	reader->counter_kind = identity.counter_kind;
	return result;
}

/* A page never shrinks, so that the size from fstat holds while it is mapped. */
static enum ffntp_page_result map_page(struct ffntp_linux_reader *reader, const struct source *source)
{
	struct ffntp_linux_reader mapped = {
		.device = source->status.st_dev,
		.inode = source->status.st_ino,
		.offsets = ffntp_counter_offsets(),
	};
	enum ffntp_page_result result;
	void *memory;

	if (!S_ISREG(source->status.st_mode) && !is_device(source))
		return FFNTP_PAGE_MISSING;
	if (!is_device(source) && source->status.st_size < FFNTP_PAGE_SIZE)
		return FFNTP_PAGE_TRUNCATED;
	memory = mmap(NULL, FFNTP_PAGE_SIZE, PROT_READ, MAP_SHARED, source->descriptor, 0);
	if (memory == MAP_FAILED)
		return result_of(errno);
	mapped.page = memory;
	result = judge_page(mapped.page, source, &mapped);
	if (result == FFNTP_PAGE_OK)
		*reader = mapped;
	else
		munmap(memory, FFNTP_PAGE_SIZE);
	return result;
}

/* --- trust --- */

static bool is_trusted_user(uid_t user)
{
	return user == 0 || user == geteuid();
}

/* Return whether nobody but its owner can rename the entries of the directory. */
static bool is_owners_alone(const struct stat *directory)
{
	return S_ISDIR(directory->st_mode) && (directory->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/*
 * Return whether root admits the page's owner to this place: the page's directory is root's or the owner's, as when a
 * service manager makes it for a daemon with a user of its own, and lies in a directory of root's; and no other user
 * can create or rename entries in either.
 */
static bool is_admitted_by_root(const char *path, uid_t owner)
{
	char above[FFNTP_LINUX_PATH_SIZE];
	struct stat directory, parent;

	if (snprintf(above, sizeof above, "%s", path) >= (int)sizeof above)
		return false;
	*strrchr(above, '/') = '\0';
	if (lstat(above, &directory) != 0)
		return false;
	*strrchr(above, '/') = '\0';
	return lstat(above[0] != '\0' ? above : "/", &parent) == 0 && parent.st_uid == 0 && is_owners_alone(&parent) &&
	       (directory.st_uid == owner || directory.st_uid == 0) && is_owners_alone(&directory);
}

static bool is_trusted(const char *path, const struct stat *status)
{
	return is_trusted_user(status->st_uid) || is_admitted_by_root(path, status->st_uid);
}

/* --- the places --- */

/* O_NONBLOCK, because opening a FIFO must not block. */
static enum ffntp_page_result open_path(struct ffntp_linux_reader *reader, const char *path, bool any_owner)
{
	struct source source = { .descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) };
	enum ffntp_page_result result = FFNTP_PAGE_UNTRUSTED;

	if (source.descriptor < 0)
		return result_of(errno);
	if (fstat(source.descriptor, &source.status) != 0)
		result = result_of(errno);
	else if (any_owner || is_trusted(path, &source.status))
		result = map_page(reader, &source);
	close(source.descriptor);
	return result;
}

static bool has_time(const struct ffntp_linux_reader *reader)
{
	struct ffntp_reading reading;

	return ffntp_linux_now(reader, FFNTP_UTC, UINT64_MAX, &reading) == FFNTP_CLOCK_OK;
}

/* A usual place, and its page if there is one. */
struct place {
	char path[FFNTP_LINUX_PATH_SIZE];
	enum ffntp_page_result result;
	struct ffntp_linux_reader reader; /* if the result is FFNTP_PAGE_OK */
};

static void open_place(struct place *place)
{
	place->result = FFNTP_PAGE_MISSING;
	if (place->path[0] != '\0')
		place->result = open_path(&place->reader, place->path, false);
}

/*
 * Return which of two places to use: the first one whose page has the time, otherwise the first page, otherwise the
 * first one whose page cannot be used, otherwise the last.
 */
static struct place *choose(struct place *system, struct place *own)
{
	bool has_system = system->result == FFNTP_PAGE_OK, has_own = own->result == FFNTP_PAGE_OK;

	if (has_system && has_own)
		return has_time(&system->reader) || !has_time(&own->reader) ? system : own;
	if (has_system || has_own)
		return has_system ? system : own;
	return system->result != FFNTP_PAGE_MISSING || own->path[0] == '\0' ? system : own;
}

/* path: receives the path of the page; "" if this user's path would be too long and there is no other. */
static enum ffntp_page_result open_usual(struct ffntp_linux_reader *reader, char path[FFNTP_LINUX_PATH_SIZE])
{
	struct place system = { .path = SYSTEM_PATH }, own = { .path = "" };
	struct place *chosen, *other;

	if (!ffntp_linux_default_path(own.path) || strcmp(own.path, system.path) == 0)
		own.path[0] = '\0';
	open_place(&system);
	open_place(&own);
	chosen = choose(&system, &own);
	other = chosen == &system ? &own : &system;
	if (other->result == FFNTP_PAGE_OK)
		ffntp_linux_close(&other->reader);
	strcpy(path, chosen->path);
	if (chosen->result == FFNTP_PAGE_OK)
		*reader = chosen->reader;
	return chosen->result;
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
static bool copy_map(const struct ffntp_linux_reader *reader, struct ffntp_map *map, ffntp_counter *now,
		     ffntp_counter *published)
{
	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES; tries++) {
		uint32_t begun = ffntp_page_begin(reader->page);

		*now = ffntp_counter_read_kind(reader->counter_kind);
		*published = ffntp_page_load_current(reader->page, begun, FFNTP_AT_PUBLISHED);
		if (ffntp_page_try_read(reader->page, begun, map))
			return true;
		ffntp_page_pause();
	}
	return false;
}

/* Read the time from a VMClock page of another writer. */
static enum ffntp_clock_result now_by_vmclock(const struct ffntp_linux_reader *reader, enum ffntp_timescale scale,
					      uint64_t max_bound_ns, struct ffntp_reading *reading)
{
	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES; tries++) {
		uint32_t begun = ffntp_page_begin(reader->page);
		ffntp_counter now = ffntp_counter_read_kind(reader->counter_kind);
		struct ffntp_vmclock state;

		if (!ffntp_vmclock_try_read(reader->page, begun, &state)) {
			ffntp_page_pause();
			continue;
		}
		if (state.result != FFNTP_CLOCK_OK)
			return state.result;
		if (state.map.counter_kind != reader->counter_kind)
			return FFNTP_CLOCK_COUNTER;
		if (ffntp_reading_is_set_back(&state.map, now))
			return FFNTP_CLOCK_DISRUPTED;
		return ffntp_clock_at(&state.map, now, scale, max_bound_ns, reading);
	}
	return FFNTP_CLOCK_BUSY;
}

/* Read the time from a page in any state. */
__attribute__((noinline)) static enum ffntp_clock_result now_carefully(const struct ffntp_linux_reader *reader,
								       enum ffntp_timescale scale,
								       uint64_t max_bound_ns,
								       struct ffntp_reading *reading)
{
	struct ffntp_map map;
	ffntp_counter now, published;

	if (reader->is_foreign)
		return now_by_vmclock(reader, scale, max_bound_ns, reading);
	if (!copy_map(reader, &map, &now, &published))
		return FFNTP_CLOCK_BUSY;
	if (map.counter_kind != reader->counter_kind)
		return FFNTP_CLOCK_COUNTER;
	if (ffntp_page_is_set_back(&map, published, now) && ffntp_reading_judge_status(map.status) == FFNTP_CLOCK_OK)
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
	if (reader->is_foreign) /* because it has no prepared line */
		return now_carefully(reader, scale, max_bound_ns, reading);
	if (reader->counter_kind != CPU_COUNTER)
		return now_by_raw(reader, scale, max_bound_ns, reading);
	return now_by(CPU_COUNTER, reader, scale, max_bound_ns, reading);
}

/*
 * Largest difference of two readings of the kernel's clocks that were made one after the other (ns); and the share of
 * the time since the daemon's by which CLOCK_MONOTONIC and the map may differ: chrony slews by up to a twelfth.
 */
#define KERNEL_NS 1000000
#define KERNEL_SLEW_SHIFT 3
#define KERNEL_TRIES 5

static bool is_near(int64_t difference_ns, int64_t limit_ns)
{
	return difference_ns <= limit_ns && -difference_ns <= limit_ns;
}

/* Return the time that the counter counted since a reading, by the line's period; -1 where the line has none (ns). */
static int64_t counted_ns(const struct ffntp_linux_reader *reader, ffntp_counter since)
{
	uint64_t high = FFNTP_PAGE_LINE(reader->page, period_high), low = FFNTP_PAGE_LINE(reader->page, period_low);
	ffntp_counter now = ffntp_counter_read_kind(reader->counter_kind);
	struct ffntp_span elapsed = ffntp_line_elapsed(now - since, high, low);

	if (high == 0 && low == 0)
		return -1;
	return ffntp_time_to_ns((struct ffntp_time){ (int64_t)elapsed.s, elapsed.frac });
}

/* Return whether the kernel's clocks went on as the counter did, and without a suspend, since the daemon looked. */
static bool is_undisturbed(const struct ffntp_linux_reader *reader, const struct ffntp_page_kernel *then)
{
	int64_t monotonic_ns, suspended_ns, passed_ns, by_counter_ns;

	if (!ffntp_counter_read_kernel(&reader->offsets, &monotonic_ns, &suspended_ns))
		return true;
	by_counter_ns = counted_ns(reader, then->counter);
	passed_ns = monotonic_ns - then->monotonic_ns;
	return is_near(suspended_ns - then->suspended_ns, KERNEL_NS) &&
	       (by_counter_ns == -1 ||
		is_near(by_counter_ns - passed_ns, KERNEL_NS + (passed_ns >> KERNEL_SLEW_SHIFT)));
}

/*
 * The time is read first, so that a suspend between the daemon's last look and the reading is noticed. A process that
 * is preempted between two clocks compares them again; the daemon may have looked meanwhile.
 */
enum ffntp_clock_result ffntp_linux_now_checked(const struct ffntp_linux_reader *reader, enum ffntp_timescale scale,
						uint64_t max_bound_ns, struct ffntp_reading *reading)
{
	struct ffntp_reading read;
	enum ffntp_clock_result result = ffntp_linux_now(reader, scale, max_bound_ns, &read);
	struct ffntp_page_kernel then;

	if (result == FFNTP_CLOCK_OK && reader->is_foreign) /* VMClock has no field of the kernel's clocks */
		*reading = read;
	if (result != FFNTP_CLOCK_OK || reader->is_foreign)
		return result;
	result = FFNTP_CLOCK_DISRUPTED;
	for (unsigned tries = 0; tries < KERNEL_TRIES && result != FFNTP_CLOCK_OK; tries++) {
		ffntp_page_read_kernel(reader->page, &then);
		if (then.counter == 0 || is_undisturbed(reader, &then))
			result = FFNTP_CLOCK_OK;
	}
	if (result == FFNTP_CLOCK_OK)
		*reading = read;
	return result;
}

/* The counter is read in program order: a thread that has seen a steady time reads no smaller one. */
static bool copy_steady(const struct ffntp_linux_reader *reader, struct ffntp_map *map, struct ffntp_steady *steady,
			ffntp_counter *now)
{
	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES; tries++) {
		uint32_t begun = ffntp_page_begin(reader->page);

		*now = ffntp_counter_read_ordered(reader->counter_kind);
		ffntp_page_load_steady(reader->page, begun, steady);
		if ((begun & 1) == 0 && ffntp_page_try_read(reader->page, begun, map))
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
	struct ffntp_time monotonic;
	struct ffntp_map map;
	ffntp_counter now;

	if (!copy_steady(reader, &map, &steady, &now))
		return FFNTP_CLOCK_BUSY;
	if (map.counter_kind != reader->counter_kind)
		return FFNTP_CLOCK_COUNTER;
	result = ffntp_steady_utc(&steady, now, &monotonic);
	if (result == FFNTP_CLOCK_OK)
		result = ffntp_clock_at(&map, now, FFNTP_UTC, UINT64_MAX, &reading);
	if (result != FFNTP_CLOCK_OK)
		return result;
	*utc = monotonic;
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
