/*
 * Replays recorded journals with the core alone, and compares the digest of every map. It is also built as for a 32-bit
 * machine: the maps must be the same bit for bit. Writes TAP.
 *
 * Usage: golden_journal JOURNAL...
 *        golden_journal --update JOURNAL...
 *
 * --update replaces the digests in the files by those of this build, for a change that is meant to change maps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../ports/journal.h"

#define MAPS_LEAST 50

struct replay {
	struct ffntp_journal reader;
	struct ffntp_journal_entry entry;
	struct ffntp_ensemble *ensemble; /* a session is one with room for one member */
	void *memory;
	struct ffntp_leap_table table;
	uint64_t digest; /* of the newest map */
	bool has_map;    /* the last input yielded it */
	size_t maps;     /* that were equal */
};

/* The table must outlive the entry. A journal here has one at a time. */
static const struct ffntp_leap_table *keep(struct replay *replay, const struct ffntp_leap_table *table)
{
	if (table != NULL)
		replay->table = *table;
	return table != NULL ? &replay->table : NULL;
}

static const char *add_member(struct replay *replay)
{
	struct ffntp_member_config *config = &replay->entry.member;

	config->client.leap_table = keep(replay, config->client.leap_table);
	if (ffntp_ensemble_add(replay->ensemble, config, replay->entry.at) != (int)replay->entry.number)
		return "the member does not get its number";
	return NULL;
}

static const char *begin_ensemble(struct replay *replay)
{
	struct ffntp_ensemble_config *config = &replay->entry.ensemble;
	size_t size = ffntp_ensemble_memory(config);

	free(replay->memory);
	config->client.leap_table = keep(replay, config->client.leap_table);
	replay->memory = size > 0 ? aligned_alloc(16, size) : NULL;
	replay->ensemble =
		replay->memory != NULL ? ffntp_ensemble_init(replay->memory, size, config, replay->entry.at) : NULL;
	if (replay->ensemble == NULL)
		return "the session does not begin";
	if (config->members > 1)
		return NULL;
	replay->entry.number = 0;
	replay->entry.member = (struct ffntp_member_config){ .client = config->client };
	return add_member(replay);
}

static const char *remove_member(struct replay *replay)
{
	if (ffntp_ensemble_session(replay->ensemble, replay->entry.number) == NULL)
		return "there is no such member";
	ffntp_ensemble_remove(replay->ensemble, replay->entry.number, replay->entry.at);
	return NULL;
}

static const char *run_input(struct replay *replay)
{
	struct ffntp_input *input = &replay->entry.input;
	struct ffntp_event event;
	unsigned member;

	if (replay->has_map)
		return "the recorded session published no map here";
	input->leap_table = keep(replay, input->leap_table);
	ffntp_ensemble_input(replay->ensemble, replay->entry.number, input);
	while (ffntp_ensemble_event(replay->ensemble, &member, &event)) {
		if (event.kind != FFNTP_EVENT_MAP)
			continue;
		replay->has_map = true;
		replay->digest = ffntp_journal_digest(ffntp_ensemble_map(replay->ensemble));
	}
	return NULL;
}

static const char *compare(struct replay *replay)
{
	if (!replay->has_map)
		return "the session publishes no map here";
	if (replay->digest != replay->entry.digest)
		return "the map differs";
	replay->has_map = false;
	replay->maps++;
	return NULL;
}

/* Returns the reason if the line was not read, or is not what the session or ensemble yields. */
static const char *run_entry(struct replay *replay)
{
	switch (replay->entry.kind) {
	case FFNTP_JOURNAL_SESSION:
	case FFNTP_JOURNAL_ENSEMBLE:
		return begin_ensemble(replay);
	case FFNTP_JOURNAL_ADDED:
		return add_member(replay);
	case FFNTP_JOURNAL_REMOVED:
		return remove_member(replay);
	case FFNTP_JOURNAL_INPUT:
		return run_input(replay);
	case FFNTP_JOURNAL_MAP:
		return compare(replay);
	case FFNTP_JOURNAL_CONTINUES:
	case FFNTP_JOURNAL_LISTED:
		return "the session began in an earlier file";
	case FFNTP_JOURNAL_INVALID:
		return replay->entry.problem;
	case FFNTP_JOURNAL_HEAD:
	case FFNTP_JOURNAL_NOTHING:
		break;
	}
	return NULL;
}

static const char *run_file(FILE *file, struct replay *replay, size_t *number)
{
	char line[FFNTP_JOURNAL_LINE_SIZE + 1];
	const char *problem = NULL;

	while (problem == NULL && fgets(line, sizeof(line), file) != NULL) {
		++*number;
		ffntp_journal_read(&replay->reader, line, strcspn(line, "\n"), &replay->entry);
		problem = run_entry(replay);
	}
	if (problem == NULL && replay->maps < MAPS_LEAST)
		problem = "too few maps";
	return problem;
}

/* Returns whether every map of the file is equal. */
static bool test_file(const char *path, int count)
{
	static struct replay replay;
	FILE *file = fopen(path, "r");
	const char *problem = "it cannot be opened";
	size_t number = 0;

	memset(&replay, 0, sizeof(replay));
	if (file != NULL) {
		problem = run_file(file, &replay, &number);
		fclose(file);
	}
	free(replay.memory);
	printf("%s %d - %s: %zu maps\n", problem != NULL ? "not ok" : "ok", count, strrchr(path, '/') + 1, replay.maps);
	if (problem != NULL)
		printf("# line %zu: %s\n", number, problem);
	return problem == NULL;
}

/* --- updating --- */

/* Copy a line, unless it is a map's; behind an input, write the map that it yields now. */
static bool copy_line(struct replay *replay, const char *line, FILE *copy)
{
	enum ffntp_journal_kind kind = ffntp_journal_read(&replay->reader, line, strcspn(line, "\n"), &replay->entry);
	char map[FFNTP_JOURNAL_LINE_SIZE];

	if (kind == FFNTP_JOURNAL_MAP)
		return true;
	fputs(line, copy);
	replay->has_map = false;
	if (run_entry(replay) != NULL)
		return false;
	if (replay->has_map)
		fwrite(map, 1, ffntp_journal_write_map(ffntp_ensemble_map(replay->ensemble), map), copy);
	return true;
}

static bool copy_lines(FILE *file, FILE *copy)
{
	static struct replay replay;
	char line[FFNTP_JOURNAL_LINE_SIZE + 1];
	bool is_good = true;

	memset(&replay, 0, sizeof(replay));
	while (is_good && fgets(line, sizeof(line), file) != NULL)
		is_good = copy_line(&replay, line, copy);
	free(replay.memory);
	return is_good;
}

static bool update_file(const char *path)
{
	char updated[FILENAME_MAX];
	FILE *file = fopen(path, "r"), *copy;
	bool is_good;

	snprintf(updated, sizeof(updated), "%s.new", path);
	copy = fopen(updated, "w");
	is_good = file != NULL && copy != NULL && copy_lines(file, copy);
	if (file != NULL)
		fclose(file);
	is_good = copy != NULL && fclose(copy) == 0 && is_good && rename(updated, path) == 0;
	printf("%s: %s\n", path, is_good ? "updated" : "it cannot be updated");
	return is_good;
}

static int update(int count, char **paths)
{
	bool is_good = true;

	for (int i = 0; i < count; i++)
		is_good &= update_file(paths[i]);
	return is_good ? 0 : 1;
}

int main(int argc, char **argv)
{
	bool is_good = argc > 1;

	if (argc > 1 && strcmp(argv[1], "--update") == 0)
		return update(argc - 2, argv + 2);
	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++)
		is_good &= test_file(argv[i], i);
	return is_good ? 0 : 1;
}
