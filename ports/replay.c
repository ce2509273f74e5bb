/* replay: see ffntp/replay.h. */
#include "../include/ffntp/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"

#define PROGRAM_SIZE 64

/* A table of leap seconds that members point to. */
struct kept_table {
	struct kept_table *next;
	struct ffntp_leap_table table;
};

struct ffntp_replay {
	struct ffntp_replay_state state;
	struct ffntp_replay_listener listener;
	void *context;
	struct ffntp_journal reader;
	struct ffntp_ensemble *ensemble;
	void *memory;
	double period_s; /* of the session's hint */
	ffntp_counter begun_at;
	struct kept_table *table;
	struct ffntp_journal_entry entry;
	const char *refusal; /* of a line of this file; NULL: none was refused */
	bool is_waiting;     /* the last input yielded a map whose line was not read yet */
	uint64_t waiting_digest;
	char program[PROGRAM_SIZE];
};

_Static_assert(FFNTP_REPLAY_LINE_SIZE == FFNTP_JOURNAL_LINE_SIZE, "one line has the same size in both headers");

static const char out_of_memory[] = "out of memory";

bool ffntp_replay_is_journal(const char *line, size_t length)
{
	size_t beginning = strlen(FFNTP_JOURNAL_BEGINNING);

	return length >= beginning && memcmp(line, FFNTP_JOURNAL_BEGINNING, beginning) == 0;
}

/* --- memory --- */

static void free_ensemble(struct ffntp_replay *replay)
{
	while (replay->table != NULL) {
		struct kept_table *first = replay->table;

		replay->table = first->next;
		free(first);
	}
	free(replay->memory);
	replay->memory = NULL;
	replay->state.ensemble = replay->ensemble = NULL;
}

struct ffntp_replay *ffntp_replay_new(const struct ffntp_replay_listener *listener, void *context)
{
	struct ffntp_replay *replay = calloc(1, sizeof(*replay));

	if (replay == NULL)
		return NULL;
	replay->listener = *listener;
	replay->context = context;
	replay->state.program = replay->program;
	return replay;
}

void ffntp_replay_free(struct ffntp_replay *replay)
{
	if (replay != NULL)
		free_ensemble(replay);
	free(replay);
}

const struct ffntp_replay_state *ffntp_replay_state(const struct ffntp_replay *replay)
{
	return &replay->state;
}

static bool is_equal_table(const struct ffntp_leap_table *a, const struct ffntp_leap_table *b)
{
	bool is_equal = a->expires_s == b->expires_s && a->count == b->count;

	for (uint32_t i = 0; is_equal && i < a->count; i++)
		is_equal = a->entry[i].from_s == b->entry[i].from_s &&
			   a->entry[i].tai_offset_s == b->entry[i].tai_offset_s;
	return is_equal;
}

/* Replace a table by a copy that outlives the entry. Members that have equal ones share it. */
static bool keep_table(struct ffntp_replay *replay, const struct ffntp_leap_table **table)
{
	struct kept_table *kept = replay->table;

	if (*table == NULL)
		return true;
	while (kept != NULL && !is_equal_table(&kept->table, *table))
		kept = kept->next;
	if (kept == NULL) {
		kept = malloc(sizeof(*kept));
		if (kept == NULL)
			return false;
		*kept = (struct kept_table){ replay->table, **table };
		replay->table = kept;
	}
	*table = &kept->table;
	return true;
}

/* --- what the listener gets --- */

static void set_at(struct ffntp_replay *replay, ffntp_counter at)
{
	replay->state.at = at;
	replay->state.seconds = (double)(int64_t)(at - replay->begun_at) * replay->period_s;
}

static void pass_event(struct ffntp_replay *replay, unsigned member, const struct ffntp_event *event)
{
	if (event->kind == FFNTP_EVENT_MAP) {
		replay->is_waiting = true;
		replay->waiting_digest = ffntp_journal_digest(ffntp_ensemble_map(replay->ensemble));
	}
	if (replay->listener.event != NULL)
		replay->listener.event(replay->context, &replay->state, member, event);
}

/* --- members --- */

/* Add the entry's member. Returns the reason if that is impossible. */
static const char *add_member(struct ffntp_replay *replay, ffntp_counter at, unsigned *number)
{
	struct ffntp_member_config *config = &replay->entry.member;
	int added;

	if (!keep_table(replay, &config->client.leap_table))
		return out_of_memory;
	added = ffntp_ensemble_add(replay->ensemble, config, at);
	if (added < 0)
		return "the ensemble has no room for the member, or its configuration is out of range";
	*number = (unsigned)added;
	return NULL;
}

static bool has_member(const struct ffntp_replay *replay)
{
	return ffntp_ensemble_session(replay->ensemble, replay->entry.number) != NULL;
}

/* Returns the reason if the member cannot be added. */
static const char *run_added(struct ffntp_replay *replay)
{
	unsigned number = 0;
	const char *problem = add_member(replay, replay->entry.at, &number);

	if (problem == NULL && number != replay->entry.number)
		problem = "the replay gives the added member a different number";
	if (problem != NULL)
		return problem;
	set_at(replay, replay->entry.at);
	if (replay->listener.added != NULL)
		replay->listener.added(replay->context, &replay->state, number);
	return NULL;
}

/* Return the bit of the line's member, 0 of all members. */
static uint64_t member_bit(const struct ffntp_replay *replay)
{
	return replay->entry.number < FFNTP_ENSEMBLE_MEMBERS ? UINT64_C(1) << replay->entry.number : 0;
}

static const char *run_removed(struct ffntp_replay *replay)
{
	if (!has_member(replay))
		return "the ensemble has no member of this number to remove";
	set_at(replay, replay->entry.at);
	if (replay->listener.removed != NULL)
		replay->listener.removed(replay->context, &replay->state, replay->entry.number);
	replay->state.refclocks &= ~member_bit(replay);
	ffntp_ensemble_remove(replay->ensemble, replay->entry.number, replay->entry.at);
	return NULL;
}

/*
 * A member of an ensemble that began in an earlier file. If that file was not named, the member is added; copies of it
 * take the free places before it for a moment, so that it gets its number.
 */
static const char *run_listed(struct ffntp_replay *replay)
{
	bool is_copy[FFNTP_ENSEMBLE_MEMBERS] = { false };
	const char *problem;
	unsigned number = 0;

	if (has_member(replay))
		return NULL;
	if (replay->state.is_compared)
		return "this file does not continue the file before it, which has no such member";
	do {
		problem = add_member(replay, replay->reader.at, &number);
		if (problem != NULL)
			return problem;
		is_copy[number] = number < replay->entry.number;
	} while (is_copy[number]);
	for (unsigned i = 0; i < number; i++) {
		if (is_copy[i])
			ffntp_ensemble_remove(replay->ensemble, i, replay->reader.at);
	}
	return NULL;
}

/* --- sessions and ensembles --- */

/* Returns the reason if the ensemble cannot begin. */
static const char *begin_ensemble(struct ffntp_replay *replay)
{
	struct ffntp_ensemble_config *config = &replay->entry.ensemble;
	size_t size = ffntp_ensemble_memory(config);
	unsigned number;

	free_ensemble(replay);
	if (size == 0)
		return "the session's configuration is out of range";
	replay->memory = aligned_alloc(16, size);
	if (replay->memory == NULL || !keep_table(replay, &config->client.leap_table))
		return out_of_memory;
	replay->ensemble = ffntp_ensemble_init(replay->memory, size, config, replay->entry.at);
	if (replay->ensemble == NULL)
		return "the session's configuration is out of range";
	replay->state.ensemble = replay->ensemble;
	replay->begun_at = replay->entry.at;
	replay->period_s = config->client.period_hint_s;
	set_at(replay, replay->entry.at);
	replay->state.room = config->members;
	replay->state.refclocks = 0;
	replay->is_waiting = false;
	replay->state.sessions++;
	if (replay->listener.begun != NULL)
		replay->listener.begun(replay->context, &replay->state, config);
	if (config->members > 1)
		return NULL;
	replay->entry.member = (struct ffntp_member_config){ .client = config->client };
	return add_member(replay, replay->entry.at, &number);
}

static const char *begin_compared(struct ffntp_replay *replay)
{
	replay->state.is_compared = true;
	return begin_ensemble(replay);
}

/* 'before': the counter of the file's predecessor at its end. */
static const char *continue_ensemble(struct ffntp_replay *replay, ffntp_counter before)
{
	bool has_ensemble = replay->ensemble != NULL;

	if (has_ensemble && (replay->entry.at != before || replay->entry.ensemble.members != replay->state.room))
		return "this file does not continue the file before it";
	if (has_ensemble)
		return NULL;
	replay->state.is_compared = false;
	return begin_ensemble(replay);
}

/* Returns the reason if the input cannot be run. */
static const char *run_input(struct ffntp_replay *replay)
{
	struct ffntp_input *input = &replay->entry.input;
	struct ffntp_event event;
	unsigned member;

	if (replay->entry.number != FFNTP_ENSEMBLE_ALL && !has_member(replay))
		return "the ensemble has no member of this number";
	if (input->kind == FFNTP_INPUT_LEAP_TABLE && !keep_table(replay, &input->leap_table))
		return out_of_memory;
	replay->state.inputs++;
	if (input->kind == FFNTP_INPUT_MEASURED || input->kind == FFNTP_INPUT_NOT_MEASURED)
		replay->state.refclocks |= member_bit(replay);
	set_at(replay, input->at);
	ffntp_ensemble_input(replay->ensemble, replay->entry.number, input);
	while (ffntp_ensemble_event(replay->ensemble, &member, &event))
		pass_event(replay, member, &event);
	return NULL;
}

/* --- maps --- */

static const char *compare(struct ffntp_replay *replay)
{
	bool has_map = replay->is_waiting;

	replay->is_waiting = false;
	if (!replay->state.is_compared) {
		replay->state.uncompared++;
		return NULL;
	}
	if (has_map && replay->waiting_digest == replay->entry.digest) {
		replay->state.equal++;
		return NULL;
	}
	replay->state.different++;
	return has_map ? "the replayed map differs from this one" : "the replay publishes no map here";
}

/* A map that waits when the next input comes was not published by the recorded session. */
static bool has_published_all(struct ffntp_replay *replay)
{
	bool is_superfluous = replay->is_waiting && replay->state.is_compared;

	replay->is_waiting = false;
	replay->state.different += is_superfluous;
	return !is_superfluous;
}

/*
 * A recorder that was killed, or is writing, ends between an input and its map: this is counted, and no difference.
 */
static void end_recorder(struct ffntp_replay *replay)
{
	if (replay->state.is_compared && replay->is_waiting)
		replay->state.unwritten++;
	replay->is_waiting = false;
}

/* --- lines --- */

static void keep_program(struct ffntp_replay *replay)
{
	snprintf(replay->program, sizeof(replay->program), "%.*s", (int)replay->entry.program_length,
		 replay->entry.program);
}

/* Return whether a map of the input before must have had its line before a line of this kind. */
static bool ends_input(enum ffntp_journal_kind kind)
{
	return kind == FFNTP_JOURNAL_SESSION || kind == FFNTP_JOURNAL_ENSEMBLE || kind == FFNTP_JOURNAL_ADDED ||
	       kind == FFNTP_JOURNAL_REMOVED || kind == FFNTP_JOURNAL_INPUT;
}

/* Return the reason if the line is not valid, or cannot be run. 'before': the reader's counter before the line. */
static const char *run_entry(struct ffntp_replay *replay, enum ffntp_journal_kind kind, ffntp_counter before)
{
	switch (kind) {
	case FFNTP_JOURNAL_INVALID:
		return replay->entry.problem;
	case FFNTP_JOURNAL_NOTHING:
	case FFNTP_JOURNAL_MAP:
		break;
	case FFNTP_JOURNAL_HEAD:
		end_recorder(replay);
		keep_program(replay);
		break;
	case FFNTP_JOURNAL_SESSION:
	case FFNTP_JOURNAL_ENSEMBLE:
		return begin_compared(replay);
	case FFNTP_JOURNAL_CONTINUES:
		return continue_ensemble(replay, before);
	case FFNTP_JOURNAL_LISTED:
		return run_listed(replay);
	case FFNTP_JOURNAL_ADDED:
		return run_added(replay);
	case FFNTP_JOURNAL_REMOVED:
		return run_removed(replay);
	case FFNTP_JOURNAL_INPUT:
		return run_input(replay);
	}
	return NULL;
}

/* Return the reason if the line is refused. difference: set if its map, or the one before it, is not the replay's. */
static const char *run_line(struct ffntp_replay *replay, const char *line, size_t length, const char **difference)
{
	ffntp_counter before = replay->reader.at;
	enum ffntp_journal_kind kind = ffntp_journal_read(&replay->reader, line, length, &replay->entry);

	if (kind == FFNTP_JOURNAL_MAP)
		*difference = compare(replay);
	else if (ends_input(kind) && !has_published_all(replay))
		*difference = "the replay publishes a map before this line";
	return run_entry(replay, kind, before);
}

enum ffntp_replay_result ffntp_replay_line(struct ffntp_replay *replay, const char *line, size_t length,
					   const char **problem)
{
	const char *difference = NULL;

	if (replay->refusal == NULL)
		replay->refusal = run_line(replay, line, length, &difference);
	if (replay->refusal != NULL || difference != NULL)
		*problem = replay->refusal != NULL ? replay->refusal : difference;
	if (replay->refusal != NULL)
		return FFNTP_REPLAY_INVALID;
	return difference != NULL ? FFNTP_REPLAY_DIFFERENT : FFNTP_REPLAY_OK;
}

void ffntp_replay_begin_file(struct ffntp_replay *replay)
{
	struct ffntp_replay_state *state = &replay->state;

	replay->refusal = NULL;
	replay->reader.has_head = false;
	replay->reader.has_session = false;
	state->sessions = state->inputs = state->equal = state->different = state->uncompared = state->unwritten = 0;
}

void ffntp_replay_end_file(struct ffntp_replay *replay)
{
	end_recorder(replay);
}
