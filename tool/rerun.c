#include "rerun.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

bool rerun_is_journal(const struct lines_line *first)
{
	size_t length = strlen(FFNTP_JOURNAL_BEGINNING);

	return first->length >= length && memcmp(first->text, FFNTP_JOURNAL_BEGINNING, length) == 0;
}

/* --- memory --- */

static void free_ensemble(struct rerun *rerun)
{
	while (rerun->table) {
		struct rerun_table *first = rerun->table;

		rerun->table = first->next;
		free(first);
	}
	free(rerun->memory);
	rerun->memory = NULL;
	rerun->ensemble = NULL;
}

void rerun_end(struct rerun *rerun)
{
	free_ensemble(rerun);
	tally_clear(&rerun->tally);
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
static bool keep_table(struct rerun *rerun, const struct ffntp_leap_table **table)
{
	struct rerun_table *kept = rerun->table;

	if (!*table)
		return true;
	while (kept && !is_equal_table(&kept->table, *table))
		kept = kept->next;
	if (!kept) {
		kept = malloc(sizeof(*kept));
		if (!kept)
			return false;
		*kept = (struct rerun_table){ rerun->table, **table };
		rerun->table = kept;
	}
	*table = &kept->table;
	return true;
}

/* --- one line on standard error --- */

static bool refuse(const struct rerun *rerun, const struct lines *lines, const struct lines_line *line,
		   const char *reason)
{
	tool_error(rerun->command, "%s:%lu: %s", lines_path(lines), line->number, reason);
	return false;
}

/* Another version may compute other maps: that is the first thing to know about a difference. */
static bool differ(const struct rerun *rerun, const struct lines *lines, const struct lines_line *line,
		   const char *what)
{
	bool is_other = strcmp(rerun->program, FFNTP_VERSION) != 0;

	tool_error(rerun->command, "%s:%lu: %s; %" PRIu64 " maps before it are equal%s%s%s", lines_path(lines),
		   line->number, what, rerun->equal, is_other ? ". The journal was written by version " : "",
		   is_other ? rerun->program : "", is_other ? ", and this is version " FFNTP_VERSION : "");
	return false;
}

/* --- events --- */

static double seconds(const struct rerun *rerun, ffntp_counter at)
{
	return (double)(int64_t)(at - rerun->begun_at) * rerun->period_s;
}

static bool is_session(const struct rerun *rerun)
{
	return rerun->room == 1;
}

/* Return the name of a member's server: its address, if it is known. */
static const char *server_name(const struct rerun *rerun, unsigned member, char name[TALLY_NAME_SIZE])
{
	static const uint8_t unknown[sizeof(((struct ffntp_source *)0)->address)];
	const struct ffntp_session *session = ffntp_ensemble_session(rerun->ensemble, member);
	const struct ffntp_source *source = session ? ffntp_session_source(session) : NULL;

	if (source && memcmp(source->address, unknown, sizeof(unknown)) != 0)
		return output_address(source, name);
	snprintf(name, TALLY_NAME_SIZE, "member %u", member);
	return name;
}

/* A session's map has the offset and the round trip of its server. */
static void print_source(const struct rerun *rerun)
{
	struct ffntp_source source = { 0 };

	if (is_session(rerun) && ffntp_ensemble_source(rerun->ensemble, 0, &source))
		printf(", offset %+.3f us, RTT %.3f us", (double)source.offset_ns * 1e-3, (double)source.rtt_ns * 1e-3);
}

/* Print how many servers an ensemble uses in each way. */
static void print_selections(const struct rerun *rerun)
{
	unsigned count[FFNTP_SELECTIONS] = { 0 };
	struct ffntp_source source;

	for (unsigned i = 0; i < rerun->room; i++)
		count[ffntp_ensemble_source(rerun->ensemble, i, &source) ? source.selection : 0]++;
	for (unsigned i = FFNTP_SELECTION_FOLLOWED; !is_session(rerun) && i < FFNTP_SELECTIONS; i++) {
		if (count[i] > 0)
			printf(", %s %u", ffntp_selection_name((enum ffntp_selection)i), count[i]);
	}
}

static void print_map(const struct rerun *rerun)
{
	const struct ffntp_map *map = ffntp_ensemble_map(rerun->ensemble);

	printf("map %s", ffntp_status_name(map->status));
	if (map->status == FFNTP_STATUS_SYNCHRONISED || map->status == FFNTP_STATUS_FREE_RUNNING) {
		printf(", bound -%.3f +%.3f us, estimated error %.3f us", (double)map->maxerror_before_ns * 1e-3,
		       (double)map->maxerror_after_ns * 1e-3, (double)map->esterror_ns * 1e-3);
		print_source(rerun);
	}
	print_selections(rerun);
	putchar('\n');
}

/* Print one number of the evidence unless it had no part in the decision. */
static void print_evidence(const char *name, double value)
{
	if (value != 0)
		printf(", %s %.6g", name, value);
}

static void print_reply(const struct rerun *rerun, unsigned member, enum ffntp_verdict verdict)
{
	const struct ffntp_decision *decision = ffntp_session_decision(ffntp_ensemble_session(rerun->ensemble, member));

	printf("reply %s: %s", ffntp_verdict_name(verdict), ffntp_decision_name(decision->kind));
	if (decision->reason != FFNTP_REASON_NONE)
		printf(", %s", ffntp_decision_reason_name(decision->reason));
	print_evidence("offset_s", decision->offset_s);
	print_evidence("gap_s", decision->gap_s);
	print_evidence("outside_s", decision->outside_s);
	print_evidence("strain_s", decision->strain_s);
	print_evidence("span_s", decision->span_s);
	print_evidence("rate", decision->rate);
	print_evidence("exchanges", decision->exchanges);
	print_evidence("rivals", decision->rivals);
	putchar('\n');
}

static void print_selection(const struct rerun *rerun, unsigned member)
{
	struct ffntp_source source = { 0 };
	bool has_source = ffntp_ensemble_source(rerun->ensemble, member, &source);

	printf("selection %s\n", has_source ? ffntp_selection_name((enum ffntp_selection)source.selection) : "unknown");
}

/* server: the name of the server that the event is of, or NULL. */
static void print_event(const struct rerun *rerun, unsigned member, const char *server, const struct ffntp_event *event)
{
	printf("%14.6f ", seconds(rerun, rerun->entry.input.at));
	if (server)
		printf("%s ", server);
	if (event->kind == FFNTP_EVENT_MAP)
		print_map(rerun);
	else if (event->kind == FFNTP_EVENT_REPLY)
		print_reply(rerun, member, event->verdict);
	else if (event->kind == FFNTP_EVENT_SELECTION)
		print_selection(rerun, member);
	else if (event->kind == FFNTP_EVENT_NOT_SENT || event->kind == FFNTP_EVENT_ERROR)
		printf("%s %" PRId32 "\n", ffntp_event_name(event->kind), event->error);
	else
		printf("%s\n", ffntp_event_name(event->kind));
}

static void take_event(struct rerun *rerun, unsigned member, const struct ffntp_event *event)
{
	bool has_server = !is_session(rerun) && member != FFNTP_ENSEMBLE_ALL;
	char name[TALLY_NAME_SIZE];
	const char *server = has_server ? server_name(rerun, member, name) : NULL;

	tally_add(&rerun->tally, server, event);
	if (event->kind == FFNTP_EVENT_MAP) {
		rerun->is_waiting = true;
		rerun->waiting_digest = ffntp_journal_digest(ffntp_ensemble_map(rerun->ensemble));
	}
	if (rerun->is_verbose)
		print_event(rerun, member, server, event);
}

/* A member that came or went is no event. */
static void print_change(const struct rerun *rerun, unsigned member, const char *word)
{
	char name[TALLY_NAME_SIZE];

	if (rerun->is_verbose)
		printf("%14.6f %s %s\n", seconds(rerun, rerun->entry.at), server_name(rerun, member, name), word);
}

/* --- lines --- */

static void keep_program(struct rerun *rerun)
{
	snprintf(rerun->program, sizeof(rerun->program), "%.*s", (int)rerun->entry.program_length,
		 rerun->entry.program);
}

static const char out_of_memory[] = "out of memory";

/* --- members --- */

/* Add the entry's member. Returns the reason if that is impossible. */
static const char *add_member(struct rerun *rerun, ffntp_counter at, unsigned *number)
{
	struct ffntp_member_config *config = &rerun->entry.member;
	int added;

	if (!keep_table(rerun, &config->client.leap_table))
		return out_of_memory;
	added = ffntp_ensemble_add(rerun->ensemble, config, at);
	if (added < 0)
		return "the ensemble has no room for the member, or its configuration is out of range";
	*number = (unsigned)added;
	return NULL;
}

static bool has_member(const struct rerun *rerun)
{
	return ffntp_ensemble_session(rerun->ensemble, rerun->entry.number) != NULL;
}

/* Returns the reason if the member cannot be added. */
static const char *run_added(struct rerun *rerun)
{
	unsigned number = 0;
	const char *problem = add_member(rerun, rerun->entry.at, &number);

	if (problem == NULL && number != rerun->entry.number)
		problem = "the replay gives the added member a different number";
	if (problem == NULL)
		print_change(rerun, number, "added");
	return problem;
}

static const char *run_removed(struct rerun *rerun)
{
	if (!has_member(rerun))
		return "the ensemble has no member of this number to remove";
	print_change(rerun, rerun->entry.number, "removed");
	ffntp_ensemble_remove(rerun->ensemble, rerun->entry.number, rerun->entry.at);
	return NULL;
}

/*
 * A member of an ensemble that began in an earlier file. If that file was not named, the member is added; copies of it
 * take the free places before it for a moment, so that it gets its number.
 */
static const char *run_listed(struct rerun *rerun)
{
	bool is_copy[FFNTP_ENSEMBLE_MEMBERS] = { false };
	const char *problem;
	unsigned number = 0;

	if (has_member(rerun))
		return NULL;
	if (rerun->is_compared)
		return "this file does not continue the file before it, which has no such member";
	do {
		problem = add_member(rerun, rerun->reader.at, &number);
		if (problem != NULL)
			return problem;
		is_copy[number] = number < rerun->entry.number;
	} while (is_copy[number]);
	for (unsigned i = 0; i < number; i++) {
		if (is_copy[i])
			ffntp_ensemble_remove(rerun->ensemble, i, rerun->reader.at);
	}
	return NULL;
}

/* --- sessions and ensembles --- */

/* Returns the reason if the ensemble cannot begin. */
static const char *begin_ensemble(struct rerun *rerun)
{
	struct ffntp_ensemble_config *config = &rerun->entry.ensemble;
	size_t size = ffntp_ensemble_memory(config);
	unsigned number;

	free_ensemble(rerun);
	if (size == 0)
		return "the session's configuration is out of range";
	rerun->memory = aligned_alloc(16, size);
	if (!rerun->memory || !keep_table(rerun, &config->client.leap_table))
		return out_of_memory;
	rerun->ensemble = ffntp_ensemble_init(rerun->memory, size, config, rerun->entry.at);
	if (!rerun->ensemble)
		return "the session's configuration is out of range";
	rerun->begun_at = rerun->entry.at;
	rerun->period_s = config->client.period_hint_s;
	rerun->room = config->members;
	rerun->is_waiting = false;
	rerun->sessions++;
	if (config->members > 1)
		return NULL;
	rerun->entry.member = (struct ffntp_member_config){ .client = config->client };
	return add_member(rerun, rerun->entry.at, &number);
}

static const char *begin_compared(struct rerun *rerun)
{
	rerun->is_compared = true;
	return begin_ensemble(rerun);
}

/* 'before': the counter of the file's predecessor at its end. */
static const char *continue_ensemble(struct rerun *rerun, ffntp_counter before)
{
	if (rerun->ensemble && (rerun->entry.at != before || rerun->entry.ensemble.members != rerun->room))
		return "this file does not continue the file before it";
	if (rerun->ensemble)
		return NULL;
	rerun->is_compared = false;
	return begin_ensemble(rerun);
}

/* Returns the reason if the input cannot be run. */
static const char *run_input(struct rerun *rerun)
{
	struct ffntp_input *input = &rerun->entry.input;
	struct ffntp_event event;
	unsigned member;

	if (rerun->entry.number != FFNTP_ENSEMBLE_ALL && !has_member(rerun))
		return "the ensemble has no member of this number";
	if (input->kind == FFNTP_INPUT_LEAP_TABLE && !keep_table(rerun, &input->leap_table))
		return out_of_memory;
	rerun->inputs++;
	ffntp_ensemble_input(rerun->ensemble, rerun->entry.number, input);
	while (ffntp_ensemble_event(rerun->ensemble, &member, &event))
		take_event(rerun, member, &event);
	return NULL;
}

/* --- maps --- */

static bool compare(struct rerun *rerun, const struct lines *lines, const struct lines_line *line)
{
	bool has_map = rerun->is_waiting;

	rerun->is_waiting = false;
	if (!rerun->is_compared) {
		rerun->uncompared++;
		return true;
	}
	if (has_map && rerun->waiting_digest == rerun->entry.digest) {
		rerun->equal++;
		return true;
	}
	return differ(rerun, lines, line,
		      has_map ? "the replayed map differs from this one" : "the replay publishes no map here");
}

/* A map that waits when the next input comes was not published by the recorded session. */
static bool has_published_all(struct rerun *rerun, const struct lines *lines, const struct lines_line *line)
{
	if (!rerun->is_waiting || !rerun->is_compared) {
		rerun->is_waiting = false;
		return true;
	}
	return differ(rerun, lines, line, "the replay publishes a map before this line");
}

/*
 * A recorder that was killed, or is writing, ends between an input and its map: this is counted, and no difference.
 */
static void end_recorder(struct rerun *rerun)
{
	if (rerun->is_compared && rerun->is_waiting)
		rerun->unwritten++;
	rerun->is_waiting = false;
}

/* --- lines --- */

/* Return whether a map of the input before must have had its line before a line of this kind. */
static bool ends_input(enum ffntp_journal_kind kind)
{
	return kind == FFNTP_JOURNAL_SESSION || kind == FFNTP_JOURNAL_ENSEMBLE || kind == FFNTP_JOURNAL_ADDED ||
	       kind == FFNTP_JOURNAL_REMOVED || kind == FFNTP_JOURNAL_INPUT;
}

/* Return the reason if the line is not valid, or cannot be run. 'before': the reader's counter before the line. */
static const char *run_entry(struct rerun *rerun, enum ffntp_journal_kind kind, ffntp_counter before)
{
	switch (kind) {
	case FFNTP_JOURNAL_INVALID:
		return rerun->entry.problem;
	case FFNTP_JOURNAL_NOTHING:
	case FFNTP_JOURNAL_MAP:
		break;
	case FFNTP_JOURNAL_HEAD:
		end_recorder(rerun);
		keep_program(rerun);
		break;
	case FFNTP_JOURNAL_SESSION:
	case FFNTP_JOURNAL_ENSEMBLE:
		return begin_compared(rerun);
	case FFNTP_JOURNAL_CONTINUES:
		return continue_ensemble(rerun, before);
	case FFNTP_JOURNAL_LISTED:
		return run_listed(rerun);
	case FFNTP_JOURNAL_ADDED:
		return run_added(rerun);
	case FFNTP_JOURNAL_REMOVED:
		return run_removed(rerun);
	case FFNTP_JOURNAL_INPUT:
		return run_input(rerun);
	}
	return NULL;
}

static bool run_line(struct rerun *rerun, const struct lines *lines, const struct lines_line *line)
{
	ffntp_counter before = rerun->reader.at;
	enum ffntp_journal_kind kind = ffntp_journal_read(&rerun->reader, line->text, line->length, &rerun->entry);
	const char *problem;

	if (kind == FFNTP_JOURNAL_MAP)
		return compare(rerun, lines, line);
	if (ends_input(kind) && !has_published_all(rerun, lines, line))
		return false;
	problem = run_entry(rerun, kind, before);
	return problem == NULL || refuse(rerun, lines, line, problem);
}

/* --- the result --- */

static bool print_json(const struct rerun *rerun, const char *path, unsigned long cut_in_line)
{
	json_t *object = json_object();

	json_object_set_new(object, "journal", json_string(path));
	json_object_set_new(object, "program", json_string(rerun->program));
	json_object_set_new(object, "sessions", json_integer((json_int_t)rerun->sessions));
	json_object_set_new(object, "inputs", json_integer((json_int_t)rerun->inputs));
	json_object_set_new(object, "maps_equal", json_integer((json_int_t)rerun->equal));
	json_object_set_new(object, "maps_unwritten", json_integer((json_int_t)rerun->unwritten));
	json_object_set_new(object, "cut_in_line",
			    cut_in_line > 0 ? json_integer((json_int_t)cut_in_line) : json_null());
	tally_json(&rerun->tally, object);
	return output_json(object);
}

static bool print_text(const struct rerun *rerun, const char *path, unsigned long cut_in_line)
{
	char sessions[OUTPUT_NUMBER_SIZE];

	printf("%s: %" PRIu64 " inputs, %" PRIu64 " maps, all equal", path, rerun->inputs, rerun->equal);
	if (rerun->unwritten > 0)
		printf("; the last %" PRIu64 " before a recorder ended not written", rerun->unwritten);
	if (cut_in_line > 0)
		printf("; the file ends in the middle of line %lu, which was not replayed", cut_in_line);
	putchar('\n');
	snprintf(sessions, sizeof(sessions), "sessions %" PRIu64, rerun->sessions);
	tally_print(&rerun->tally, sessions);
	return true;
}

/* A journal in which nothing was compared proves nothing. */
static bool finish(struct rerun *rerun, const char *path, unsigned long cut_in_line)
{
	if (rerun->uncompared > 0) {
		tool_error(rerun->command,
			   "%s: %" PRIu64
			   " maps are of a session that began in an earlier file, and were not compared; "
			   "name the earlier file first",
			   path, rerun->uncompared);
		return false;
	}
	if (rerun->equal == 0) {
		tool_error(rerun->command, "%s: no map in it: the recording ended before there was anything to compare",
			   path);
		return false;
	}
	return rerun->as_json ? print_json(rerun, path, cut_in_line) : print_text(rerun, path, cut_in_line);
}

static void begin_file(struct rerun *rerun)
{
	rerun->reader.has_head = false;
	rerun->reader.has_session = false;
	rerun->sessions = rerun->inputs = rerun->equal = rerun->uncompared = rerun->unwritten = 0;
	tally_clear(&rerun->tally);
}

bool rerun_file(struct rerun *rerun, struct lines *lines)
{
	char error[LINES_ERROR_SIZE];
	unsigned long cut_in_line = 0;
	enum lines_result result;
	struct lines_line line;

	begin_file(rerun);
	while ((result = lines_next(lines, &line, error)) == LINES_LINE) {
		if (!line.is_whole)
			cut_in_line = line.number;
		else if (!run_line(rerun, lines, &line))
			return false;
	}
	end_recorder(rerun);
	if (result == LINES_END)
		return finish(rerun, lines_path(lines), cut_in_line);
	tool_error(rerun->command, "%s", error);
	return false;
}
