#include "configfiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../ports/linux/readall.h"
#include "../ports/linux/resolve.h"
#include "log.h"

/* Larger than any configuration for 64 servers (bytes). */
#define FILE_SIZE_MAX 65536

/* Limits the time that a reload may take. */
#define FILES_MAX 256

/* --- one file --- */

/* Return why a file was not read: open_regular returns EINVAL for a folder, a FIFO or a device. */
static const char *problem_of(int error)
{
	if (error == EFBIG)
		return "too large for a configuration";
	return error == EINVAL ? "not a regular file" : strerror(error);
}

/*
 * Read a file, and close it. descriptor: below 0, with errno, if it could not be opened. Returns its text, which the
 * caller frees; NULL if it was not read, and the reason was logged.
 */
static char *read_text(int descriptor, const char *path, size_t *length)
{
	char *text = descriptor >= 0 ? ffntp_read_whole(descriptor, FILE_SIZE_MAX, length) : NULL;

	if (text == NULL)
		ffntp_log(FFNTP_LOG_ERROR, "%s: %s", path, problem_of(errno));
	if (descriptor >= 0)
		close(descriptor);
	return text;
}

/* Open a regular file: a FIFO in a directory would stop the daemon. Returns -1, with errno, if it is none. */
static int open_regular(const char *path)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error = EINVAL;
	struct stat status;

	if (descriptor < 0)
		return -1;
	if (fstat(descriptor, &status) != 0)
		error = errno;
	else if (S_ISREG(status.st_mode))
		return descriptor;
	close(descriptor);
	errno = error;
	return -1;
}

/* --- the files of directories --- */

/* A file of one of several directories. */
struct entry {
	char name[FFNTP_CONFIG_FILE_SIZE];
	size_t directory;
};

struct listing {
	struct entry *entry; /* allocated with room for FILES_MAX; NULL: there is none yet */
	size_t count;
	bool is_complete; /* every directory that exists was read */
};

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), wanted = strlen(suffix);

	return name[0] != '.' && length > wanted && strcmp(name + length - wanted, suffix) == 0;
}

/* Return why there is no room for a file of this name; NULL if there is. */
static const char *lack_of_room(struct listing *listing, const char *name)
{
	if (listing->entry == NULL)
		listing->entry = malloc(FILES_MAX * sizeof(*listing->entry));
	if (listing->entry == NULL)
		return "memory is short";
	if (strlen(name) >= sizeof(listing->entry->name))
		return "its name is too long";
	return listing->count == FILES_MAX ? "there are more than 256 files" : NULL;
}

/* Add a file to the listing, unless it has no room. */
static void add_entry(struct listing *listing, const char *directory, size_t place, const char *name)
{
	const char *problem = lack_of_room(listing, name);
	struct entry *entry;

	if (problem != NULL) {
		ffntp_log(FFNTP_LOG_ERROR, "%s/%s: not read, because %s", directory, name, problem);
		return;
	}
	entry = &listing->entry[listing->count];
	strcpy(entry->name, name);
	entry->directory = place;
	listing->count++;
}
_Static_assert(FILES_MAX == 256, "the message above");

/* A directory that does not exist has no files: those below /run are made when they are needed. */
static void list(struct listing *listing, const char *directory, size_t place, const char *suffix)
{
	DIR *stream = opendir(directory);
	const struct dirent *found;

	if (stream == NULL && errno != ENOENT) {
		ffntp_log(FFNTP_LOG_ERROR, "%s: %s", directory, strerror(errno));
		listing->is_complete = false;
	}
	if (stream == NULL)
		return;
	while ((found = readdir(stream)) != NULL) {
		if (has_suffix(found->d_name, suffix))
			add_entry(listing, directory, place, found->d_name);
	}
	closedir(stream);
}

static int compare(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	return order != 0 ? order : (one->directory > other->directory) - (one->directory < other->directory);
}

/* Sort the files by name; of several with one name the first directory's stays. */
static void sort(struct listing *listing)
{
	size_t kept = 0;

	if (listing->count > 0)
		qsort(listing->entry, listing->count, sizeof(listing->entry[0]), compare);
	for (size_t i = 0; i < listing->count; i++) {
		if (kept == 0 || strcmp(listing->entry[i].name, listing->entry[kept - 1].name) != 0)
			listing->entry[kept++] = listing->entry[i];
	}
	listing->count = kept;
}

struct path {
	char is[FFNTP_CONFIG_DIRECTORY_SIZE + FFNTP_CONFIG_FILE_SIZE];
};

static struct path path_of(const char *directory, const char *name)
{
	struct path path;

	snprintf(path.is, sizeof(path.is), "%s/%s", directory, name);
	return path;
}

/* --- configuration files --- */

static bool parse(const char *path, int descriptor, const struct ffntp_config_scope *scope, struct ffntp_config *config)
{
	struct ffntp_config_error error = { 0 };
	size_t length = 0;
	char *text = read_text(descriptor, path, &length);
	bool is_valid = text != NULL && ffntp_config_parse(config, text, length, scope, &error);

	if (!is_valid && error.line > 0)
		ffntp_log(FFNTP_LOG_ERROR, "%s:%u: %s", path, error.line, error.text);
	free(text);
	return is_valid;
}

static bool include(void *context, struct ffntp_config *config, char *const *directories, size_t count)
{
	static const struct ffntp_config_scope scope = { .is_name = ffntp_resolve_is_name };
	struct listing listing = { .count = 0, .is_complete = true };
	bool is_valid = true;

	(void)context;
	for (size_t i = 0; i < count; i++)
		list(&listing, directories[i], i, ".conf");
	sort(&listing);
	for (size_t i = 0; i < listing.count && is_valid; i++) {
		struct path path = path_of(directories[listing.entry[i].directory], listing.entry[i].name);

		is_valid = parse(path.is, open_regular(path.is), &scope, config);
	}
	free(listing.entry);
	return is_valid && listing.is_complete;
}

bool ffntp_configfiles_read(const char *path, struct ffntp_config *config)
{
	static const struct ffntp_config_scope scope = { .include = include, .is_name = ffntp_resolve_is_name };

	return parse(path, open(path, O_RDONLY | O_CLOEXEC), &scope, config);
}

/* --- sources files --- */

static bool has_file(const struct ffntp_config *config, const char *name)
{
	for (size_t i = 0; i < config->servers; i++) {
		if (strcmp(config->server[i].file, name) == 0)
			return true;
	}
	return false;
}

/* Add the former servers of a sources file. */
static void restore(struct ffntp_config *config, const struct ffntp_config *former, const char *name)
{
	for (size_t i = 0; i < former->servers; i++) {
		if (strcmp(former->server[i].file, name) == 0)
			(void)ffntp_config_copy_server(config, &former->server[i]);
	}
}

/* Return where the line behind this one begins; the end if there is none. */
static const char *next_line(const char *text, const char *end, unsigned line)
{
	for (; line > 0 && text < end; line--) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		text = newline != NULL ? newline + 1 : end;
	}
	return text;
}

/* Add the servers of the valid lines. Returns the number of others; *error: the first one. */
static unsigned parse_valid(struct ffntp_config *config, const char *text, size_t length,
			    const struct ffntp_config_scope *scope, struct ffntp_config_error *error)
{
	const char *end = text + length;
	struct ffntp_config_error found;
	unsigned invalid = 0;

	while (!ffntp_config_parse(config, text, (size_t)(end - text), scope, &found)) {
		if (invalid++ == 0)
			*error = found;
		text = next_line(text, end, found.line);
	}
	return invalid;
}

/* Log an invalid line, the number of others, and what happens to the servers. */
static void log_invalid(const char *path, const struct ffntp_config_error *error, unsigned invalid, bool is_restored)
{
	const char *rest = is_restored ? "the servers that it had before stay" : "its valid lines are used";

	if (invalid == 1)
		ffntp_log(FFNTP_LOG_ERROR, "%s:%u: %s; %s", path, error->line, error->text, rest);
	else
		ffntp_log(FFNTP_LOG_ERROR, "%s:%u: %s, and %u more invalid lines; %s", path, error->line, error->text,
			  invalid - 1, rest);
}

static void add_file(struct ffntp_config *config, const struct ffntp_config *former, const char *path, const char *name)
{
	const struct ffntp_config_scope scope = { .sources = name, .is_name = ffntp_resolve_is_name };
	size_t length = 0, before = config->servers;
	bool has_former = former != NULL && has_file(former, name);
	struct ffntp_config_error error;
	unsigned invalid = 0;
	char *text = read_text(open_regular(path), path, &length);
	bool is_read = text != NULL;

	if (is_read)
		invalid = parse_valid(config, text, length, &scope, &error);
	if (invalid > 0)
		log_invalid(path, &error, invalid, has_former);
	if (has_former && (!is_read || invalid > 0)) {
		config->servers = before;
		restore(config, former, name);
	}
	free(text);
}

static bool is_listed(const struct listing *listing, const char *name)
{
	for (size_t i = 0; i < listing->count; i++) {
		if (strcmp(listing->entry[i].name, name) == 0)
			return true;
	}
	return false;
}

/* A directory cannot be read: the servers of its files stay. */
static void restore_unlisted(struct ffntp_config *config, const struct ffntp_config *former,
			     const struct listing *listing)
{
	for (size_t i = 0; former != NULL && i < former->servers; i++) {
		const char *name = former->server[i].file;

		if (*name != '\0' && !is_listed(listing, name))
			(void)ffntp_config_copy_server(config, &former->server[i]);
	}
}

void ffntp_configfiles_add_sources(struct ffntp_config *config, const struct ffntp_config *former)
{
	struct listing listing = { .count = 0, .is_complete = true };

	for (size_t i = 0; i < config->sourcedirs; i++)
		list(&listing, config->sourcedir[i], i, ".sources");
	sort(&listing);
	for (size_t i = 0; i < listing.count; i++) {
		struct path path = path_of(config->sourcedir[listing.entry[i].directory], listing.entry[i].name);

		add_file(config, former, path.is, listing.entry[i].name);
	}
	if (!listing.is_complete)
		restore_unlisted(config, former, &listing);
	free(listing.entry);
}

void ffntp_configfiles_add_former(struct ffntp_config *config, const struct ffntp_config *former)
{
	for (size_t i = 0; i < former->servers; i++) {
		if (former->server[i].is_added && !ffntp_config_copy_server(config, &former->server[i]))
			ffntp_log(FFNTP_LOG_NOTICE,
				  "%s: the configuration has this server now, or no room for it beside its own",
				  former->server[i].name);
	}
}
