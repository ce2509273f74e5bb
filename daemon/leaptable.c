#include "leaptable.h"

#include <stdio.h>
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

#define DATE_SIZE 32

static const char *date_of(int64_t utc_s, char text[DATE_SIZE])
{
	struct ffntp_calendar date;

	if (ffntp_calendar_from_utc((struct ffntp_utc){ .time.s = utc_s }, &date) != FFNTP_TIMESCALE_OK)
		return "an unknown date";
	snprintf(text, DATE_SIZE, "%04d-%02u-%02u", (int)date.year, (unsigned)date.month, (unsigned)date.day);
	return text;
}

static void log_table(const struct ffntp_leaptable *leaptable)
{
	const struct ffntp_leap_table *table = &leaptable->table;
	char date[DATE_SIZE];

	ffntp_log(FFNTP_LOG_NOTICE, "leap seconds by %s: TAI - UTC is %d s after its last entry; it expires on %s",
		  leaptable->path, table->entry[table->count - 1].tai_offset_s, date_of(table->expires_s, date));
}

/* A file that is read while it is written has a wrong checksum. It is read again when it has changed. */
static bool read_table(struct ffntp_leaptable *leaptable)
{
	const char *problem = ffntp_leapfile_read(leaptable->path, &leaptable->table);

	if (problem != NULL)
		ffntp_log(FFNTP_LOG_WARNING, "table of leap seconds %s: %s%s", leaptable->path, problem,
			  leaptable->has_table ? "; the table that was read before stays in use"
					       : "; there is no table until it can be read");
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

/* The system's file is a package's; the owner of another file is not known. */
static const char *remedy(const struct ffntp_leaptable *leaptable)
{
	return strcmp(leaptable->path, FFNTP_LEAPFILE_DEFAULT) == 0 ? "update tzdata" : "update the file";
}

void ffntp_leaptable_report(struct ffntp_leaptable *leaptable, const struct ffntp_map *map, int64_t utc_s)
{
	char date[DATE_SIZE];

	if (map->tai_expires_s == 0 || utc_s < map->tai_expires_s || map->tai_expires_s == leaptable->reported_s)
		return;
	leaptable->reported_s = map->tai_expires_s;
	if (map->tai_is_known)
		ffntp_log(FFNTP_LOG_WARNING, "%s: the table of leap seconds expired on %s; TAI - UTC stays %d s; %s",
			  leaptable->path, date_of(map->tai_expires_s, date), map->tai_offset_s, remedy(leaptable));
	else
		ffntp_log(FFNTP_LOG_WARNING,
			  "%s: the table of leap seconds expired on %s; TAI is unknown, because leapexpiry is strict; "
			  "%s",
			  leaptable->path, date_of(map->tai_expires_s, date), remedy(leaptable));
}
