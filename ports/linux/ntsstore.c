/* ntsstore: see ntsstore.h. */
#include "ntsstore.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replacefile.h"

static bool is_known(const uint8_t *bytes, size_t size)
{
	size_t i = 0;

	while (i < size && bytes[i] == 0)
		i++;
	return i < size;
}

/* Add the machine's number. Returns whether it has one. */
static bool add_machine_id(struct sha256_ctx *hash, const char *path)
{
	uint8_t text[64] = { 0 };
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = file >= 0 ? read(file, text, sizeof(text)) : -1;

	if (file >= 0)
		close(file);
	if (length > 0)
		sha256_update(hash, sizeof(text), text);
	return length > 0;
}

void ffntp_ntsstore_machine(const struct ffntp_ntsstore_signs *signs, uint8_t machine[FFNTP_NTS_DUMP_MACHINE])
{
	static const uint8_t purpose[] = "ffntp nts";
	const uint64_t numbers[2] = { signs->marker, signs->generation };
	bool has_boot = is_known(signs->boot_id, sizeof(signs->boot_id)), needs_boot;
	struct sha256_ctx hash;

	sha256_init(&hash);
	sha256_update(&hash, sizeof(purpose), purpose);
	needs_boot = !add_machine_id(&hash, signs->machine_id) || signs->is_guest;
	if (needs_boot) {
		sha256_update(&hash, sizeof(signs->boot_id), signs->boot_id);
		sha256_update(&hash, sizeof(numbers), (const uint8_t *)numbers);
	}
	sha256_digest(&hash, FFNTP_NTS_DUMP_MACHINE, machine);
	if (needs_boot && !has_boot)
		memset(machine, 0, FFNTP_NTS_DUMP_MACHINE);
}

/* Open the directory. Returns -1 and errno if it cannot be. */
static int open_directory(const char *directory)
{
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void name_file(const char *asked, char name[FFNTP_NTS_DUMP_ADDRESS + 8])
{
	size_t i = 0;

	for (; asked[i] != '\0'; i++)
		name[i] = asked[i] == '/' ? '_' : asked[i];
	memcpy(name + i, ".nts", 5);
}

/* Keys of somebody else would make him the server, and keys that others may read are of no use. */
static bool is_own(int file)
{
	struct stat status;

	return fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
	       (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

/* Read a whole file. Returns its length; 0 if it cannot be read, is longer than a dump, or has nothing in it. */
static size_t read_file(int directory, const char *name, uint8_t bytes[FFNTP_NTS_DUMP_MOST + 1])
{
	int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t length = file >= 0 && is_own(file) ? read(file, bytes, FFNTP_NTS_DUMP_MOST + 1) : -1;

	if (file >= 0)
		close(file);
	return length > 0 && length <= FFNTP_NTS_DUMP_MOST ? (size_t)length : 0;
}

static bool is_usable(const struct ffntp_nts_dump *read, const struct ffntp_nts_dump *wanted, int64_t now_s)
{
	return is_known(wanted->machine, sizeof(wanted->machine)) &&
	       memcmp(read->machine, wanted->machine, sizeof(read->machine)) == 0 &&
	       strcmp(read->host, wanted->host) == 0 && strcmp(read->asked, wanted->asked) == 0 &&
	       read->saved_s <= now_s && now_s - FFNTP_NTSSTORE_AGE_S <= read->saved_s;
}

/* The removal must have reached the disk before a cookie is sent. */
static bool remove_file(int directory, const char *name)
{
	return unlinkat(directory, name, 0) == 0 && fsync(directory) == 0;
}

bool ffntp_ntsstore_take(const char *directory, int64_t now_s, struct ffntp_nts_dump *dump)
{
	char name[FFNTP_NTS_DUMP_ADDRESS + 8];
	uint8_t bytes[FFNTP_NTS_DUMP_MOST + 1];
	struct ffntp_nts_dump read;
	int folder = open_directory(directory);
	size_t length;
	bool is_good;

	if (folder < 0)
		return false;
	name_file(dump->asked, name);
	length = read_file(folder, name, bytes);
	is_good = remove_file(folder, name) && length > 0 && ffntp_nts_dump_read(bytes, length, &read) &&
		  is_usable(&read, dump, now_s);
	close(folder);
	if (is_good)
		*dump = read;
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(&read, sizeof(read));
	return is_good;
}

int ffntp_ntsstore_put(const char *directory, const struct ffntp_nts_dump *dump)
{
	char name[FFNTP_NTS_DUMP_ADDRESS + 8];
	uint8_t bytes[FFNTP_NTS_DUMP_MOST];
	int folder, error;

	if (!is_known(dump->machine, sizeof(dump->machine)))
		return ENODATA;
	folder = open_directory(directory);
	if (folder < 0)
		return errno;
	name_file(dump->asked, name);
	error = ffntp_replace_file(folder, name, bytes, ffntp_nts_dump_write(dump, bytes), true);
	close(folder);
	explicit_bzero(bytes, sizeof(bytes));
	return error;
}
