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

void rerun_end(struct rerun *rerun)
{
	free(rerun->memory);
	rerun->memory = NULL;
	rerun->session = NULL;
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

static void print_map(const struct rerun *rerun)
{
	const struct ffntp_map *map = ffntp_session_map(rerun->session);
	const struct ffntp_source *source = ffntp_session_source(rerun->session);

	printf("map %s", ffntp_status_name(map->status));
	if (map->status == FFNTP_STATUS_SYNCHRONISED || map->status == FFNTP_STATUS_FREE_RUNNING)
		printf(", bound -%.3f +%.3f us, estimated error %.3f us, offset %+.3f us, RTT %.3f us",
		       (double)map->maxerror_before_ns * 1e-3, (double)map->maxerror_after_ns * 1e-3,
		       (double)map->esterror_ns * 1e-3, (double)source->offset_ns * 1e-3,
		       (double)source->rtt_ns * 1e-3);
	putchar('\n');
}

/* Print one number of the evidence unless it had no part in the decision. */
static void print_evidence(const char *name, double value)
{
	if (value != 0)
		printf(", %s %.6g", name, value);
}

static void print_reply(const struct rerun *rerun, enum ffntp_verdict verdict)
{
	const struct ffntp_decision *decision = ffntp_session_decision(rerun->session);

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

static void print_event(const struct rerun *rerun, const struct ffntp_event *event)
{
	printf("%14.6f ", seconds(rerun, rerun->entry.input.at));
	if (event->kind == FFNTP_EVENT_MAP)
		print_map(rerun);
	else if (event->kind == FFNTP_EVENT_REPLY)
		print_reply(rerun, event->verdict);
	else if (event->kind == FFNTP_EVENT_NOT_SENT || event->kind == FFNTP_EVENT_ERROR)
		printf("%s %" PRId32 "\n", ffntp_event_name(event->kind), event->error);
	else
		printf("%s\n", ffntp_event_name(event->kind));
}

static void take_event(struct rerun *rerun, const struct ffntp_event *event)
{
	rerun->events[event->kind]++;
	if (event->kind == FFNTP_EVENT_REPLY)
		rerun->verdicts[event->verdict]++;
	if (event->kind == FFNTP_EVENT_MAP && rerun->waits < RERUN_WAITING_MAX)
		rerun->waiting[rerun->waits++] = ffntp_journal_digest(ffntp_session_map(rerun->session));
	if (rerun->is_verbose)
		print_event(rerun, event);
}

/* --- lines --- */

static void keep_program(struct rerun *rerun)
{
	snprintf(rerun->program, sizeof(rerun->program), "%.*s", (int)rerun->entry.program_length,
		 rerun->entry.program);
}

/* The table that the session points to outlives the entry. */
static const struct ffntp_leap_table *keep_table(struct rerun *rerun, const struct ffntp_leap_table *table)
{
	if (table == NULL)
		return NULL;
	rerun->table = *table;
	return &rerun->table;
}

/* Returns the reason if the session cannot begin. */
static const char *begin_session(struct rerun *rerun)
{
	struct ffntp_client_config *config = &rerun->entry.config;
	size_t size = ffntp_session_memory(config);

	rerun_end(rerun);
	if (size == 0)
		return "the session's configuration is out of range";
	config->leap_table = keep_table(rerun, config->leap_table);
	rerun->memory = aligned_alloc(16, size);
	if (rerun->memory)
		rerun->session = ffntp_session_init(rerun->memory, size, config, rerun->entry.at);
	if (!rerun->session)
		return "out of memory";
	rerun->begun_at = rerun->entry.at;
	rerun->period_s = config->period_hint_s;
	rerun->waits = 0;
	rerun->sessions++;
	return NULL;
}

static const char *begin_compared(struct rerun *rerun)
{
	rerun->is_compared = true;
	return begin_session(rerun);
}

/* 'before': the counter of the file's predecessor at its end. */
static const char *continue_session(struct rerun *rerun, ffntp_counter before)
{
	if (rerun->session)
		return rerun->entry.at == before ? NULL : "this file does not continue the file before it";
	rerun->is_compared = false;
	return begin_session(rerun);
}

static void run_input(struct rerun *rerun)
{
	struct ffntp_input *input = &rerun->entry.input;
	struct ffntp_event event;

	if (input->kind == FFNTP_INPUT_LEAP_TABLE)
		input->leap_table = keep_table(rerun, input->leap_table);
	rerun->inputs++;
	ffntp_session_input(rerun->session, input);
	while (ffntp_session_event(rerun->session, &event))
		take_event(rerun, &event);
}

/* Compare a recorded map with the oldest of the session's that waits. */
static bool is_equal(struct rerun *rerun)
{
	bool equal = rerun->waits > 0 && rerun->waiting[0] == rerun->entry.digest;

	if (rerun->waits > 0)
		memmove(rerun->waiting, rerun->waiting + 1, --rerun->waits * sizeof(rerun->waiting[0]));
	return equal;
}

static bool compare(struct rerun *rerun, const struct lines *lines, const struct lines_line *line)
{
	bool has_map = rerun->waits > 0;

	if (!rerun->is_compared) {
		rerun->uncompared++;
		rerun->waits = 0;
		return true;
	}
	if (is_equal(rerun)) {
		rerun->equal++;
		return true;
	}
	return differ(rerun, lines, line,
		      has_map ? "the replayed map differs from this one" : "the replay publishes no map here");
}

/* A map that waits when the next input comes was not published by the recorded session. */
static bool has_published_all(struct rerun *rerun, const struct lines *lines, const struct lines_line *line)
{
	if (rerun->waits == 0 || !rerun->is_compared) {
		rerun->waits = 0;
		return true;
	}
	return differ(rerun, lines, line, "the replay publishes a map before this line");
}

/*
 * A recorder that was killed, or is writing, ends between an input and its map: this is counted, and no difference.
 */
static void end_recorder(struct rerun *rerun)
{
	if (rerun->is_compared)
		rerun->unwritten += rerun->waits;
	rerun->waits = 0;
}

static bool run_line(struct rerun *rerun, const struct lines *lines, const struct lines_line *line)
{
	ffntp_counter before = rerun->reader.at;
	const char *problem = NULL;

	switch (ffntp_journal_read(&rerun->reader, line->text, line->length, &rerun->entry)) {
	case FFNTP_JOURNAL_INVALID:
		problem = rerun->entry.problem;
		break;
	case FFNTP_JOURNAL_NOTHING:
		break;
	case FFNTP_JOURNAL_HEAD:
		end_recorder(rerun);
		keep_program(rerun);
		break;
	case FFNTP_JOURNAL_SESSION:
		if (!has_published_all(rerun, lines, line))
			return false;
		problem = begin_compared(rerun);
		break;
	case FFNTP_JOURNAL_CONTINUES:
		problem = continue_session(rerun, before);
		break;
	case FFNTP_JOURNAL_INPUT:
		if (!has_published_all(rerun, lines, line))
			return false;
		run_input(rerun);
		break;
	case FFNTP_JOURNAL_MAP:
		return compare(rerun, lines, line);
	}
	return problem == NULL || refuse(rerun, lines, line, problem);
}

/* --- the result --- */

static void print_counts(const struct rerun *rerun)
{
	const char *separator = " (";

	printf("  sessions %" PRIu64, rerun->sessions);
	for (unsigned kind = FFNTP_EVENT_NONE + 1; kind < FFNTP_EVENTS; kind++) {
		if (kind == FFNTP_EVENT_MAP || rerun->events[kind] == 0)
			continue;
		printf(", %s %" PRIu64, ffntp_event_name((enum ffntp_event_kind)kind), rerun->events[kind]);
		for (unsigned i = 0; kind == FFNTP_EVENT_REPLY && i < FFNTP_VERDICTS; i++) {
			if (rerun->verdicts[i] == 0)
				continue;
			printf("%s%s %" PRIu64, separator, ffntp_verdict_name((enum ffntp_verdict)i),
			       rerun->verdicts[i]);
			separator = ", ";
		}
		if (kind == FFNTP_EVENT_REPLY)
			putchar(')');
	}
	putchar('\n');
}

static bool print_json(const struct rerun *rerun, const char *path, unsigned long cut_in_line)
{
	json_t *object = json_object(), *events = json_object(), *verdicts = json_object();

	json_object_set_new(object, "journal", json_string(path));
	json_object_set_new(object, "program", json_string(rerun->program));
	json_object_set_new(object, "sessions", json_integer((json_int_t)rerun->sessions));
	json_object_set_new(object, "inputs", json_integer((json_int_t)rerun->inputs));
	json_object_set_new(object, "maps_equal", json_integer((json_int_t)rerun->equal));
	json_object_set_new(object, "maps_unwritten", json_integer((json_int_t)rerun->unwritten));
	json_object_set_new(object, "cut_in_line",
			    cut_in_line > 0 ? json_integer((json_int_t)cut_in_line) : json_null());
	for (unsigned i = FFNTP_EVENT_NONE + 1; i < FFNTP_EVENTS; i++)
		json_object_set_new(events, ffntp_event_name((enum ffntp_event_kind)i),
				    json_integer((json_int_t)rerun->events[i]));
	for (unsigned i = 0; i < FFNTP_VERDICTS; i++)
		json_object_set_new(verdicts, ffntp_verdict_name((enum ffntp_verdict)i),
				    json_integer((json_int_t)rerun->verdicts[i]));
	json_object_set_new(object, "events", events);
	json_object_set_new(object, "verdicts", verdicts);
	return output_json(object);
}

static bool print_text(const struct rerun *rerun, const char *path, unsigned long cut_in_line)
{
	printf("%s: %" PRIu64 " inputs, %" PRIu64 " maps, all equal", path, rerun->inputs, rerun->equal);
	if (rerun->unwritten > 0)
		printf("; the last %" PRIu64 " before a recorder ended not written", rerun->unwritten);
	if (cut_in_line > 0)
		printf("; the file ends in the middle of line %lu, which was not replayed", cut_in_line);
	putchar('\n');
	print_counts(rerun);
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
		tool_error(rerun->command, "%s: no map in it", path);
		return false;
	}
	return rerun->as_json ? print_json(rerun, path, cut_in_line) : print_text(rerun, path, cut_in_line);
}

static void begin_file(struct rerun *rerun)
{
	rerun->reader.has_head = false;
	rerun->reader.has_session = false;
	rerun->sessions = rerun->inputs = rerun->equal = rerun->uncompared = rerun->unwritten = 0;
	memset(rerun->events, 0, sizeof(rerun->events));
	memset(rerun->verdicts, 0, sizeof(rerun->verdicts));
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
