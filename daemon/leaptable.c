#include "leaptable.h"

#include <string.h>
#include <sys/stat.h>

#include "../ports/linux/leapfile.h"
#include "log.h"

#define CHECK_S 60

static bool is_same(const struct ffntp_leaptable *leaptable, const struct stat *status)
{
	return leaptable->device == status->st_dev && leaptable->inode == status->st_ino &&
	       leaptable->size == status->st_size && leaptable->modified.tv_sec == status->st_mtim.tv_sec &&
	       leaptable->modified.tv_nsec == status->st_mtim.tv_nsec;
}

static void remember(struct ffntp_leaptable *leaptable, const struct stat *status)
{
	leaptable->device = status->st_dev;
	leaptable->inode = status->st_ino;
	leaptable->size = status->st_size;
	leaptable->modified = status->st_mtim;
}

static void log_table(const struct ffntp_leaptable *leaptable)
{
	const struct ffntp_leap_table *table = &leaptable->table;
	struct ffntp_calendar expiry;

	if (ffntp_calendar_from_utc((struct ffntp_utc){ .time.s = table->expires_s }, &expiry) == FFNTP_TIMESCALE_OK)
		ffntp_log(FFNTP_LOG_NOTICE,
			  "leap seconds by %s: TAI - UTC is %d s after its last entry; it expires on %04d-%02u-%02u",
			  leaptable->path, table->entry[table->count - 1].tai_offset_s, (int)expiry.year,
			  (unsigned)expiry.month, (unsigned)expiry.day);
}

/* A file that is read while it is written has a wrong checksum. It is read again when it has changed. */
static bool read_table(struct ffntp_leaptable *leaptable)
{
	const char *problem = ffntp_leapfile_read(leaptable->path, &leaptable->table);

	if (problem != NULL)
		ffntp_log(FFNTP_LOG_WARNING, "%s: %s%s", leaptable->path, problem,
			  leaptable->has_table ? "; the table that was read before stays in use" : "");
	leaptable->has_table = leaptable->has_table || problem == NULL;
	return problem == NULL;
}

void ffntp_leaptable_open(struct ffntp_leaptable *leaptable, const char *named)
{
	bool is_named = *named != '\0';
	const char *path = is_named ? named : FFNTP_LEAPFILE_DEFAULT;
	struct stat status;

	if (leaptable->path == NULL || strcmp(leaptable->path, path) != 0)
		*leaptable = (struct ffntp_leaptable){ 0 };
	leaptable->path = path;
	if (stat(leaptable->path, &status) == 0)
		remember(leaptable, &status);
	else if (!is_named && !leaptable->has_table)
		return;
	(void)read_table(leaptable);
}

const struct ffntp_leap_table *ffntp_leaptable_get(const struct ffntp_leaptable *leaptable)
{
	return leaptable->has_table ? &leaptable->table : NULL;
}

bool ffntp_leaptable_poll(struct ffntp_leaptable *leaptable, int64_t now_s)
{
	struct stat status;

	if (now_s - leaptable->checked_s < CHECK_S)
		return false;
	leaptable->checked_s = now_s;
	if (stat(leaptable->path, &status) != 0 || is_same(leaptable, &status))
		return false;
	remember(leaptable, &status);
	if (!read_table(leaptable))
		return false;
	log_table(leaptable);
	return true;
}
