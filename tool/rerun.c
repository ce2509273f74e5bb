#include "rerun.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "progress.h"

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
	const char *program = rerun->state->program;
	bool is_other = strcmp(program, FFNTP_VERSION) != 0;

	tool_error(rerun->command, "%s:%lu: %s; %" PRIu64 " maps before it are equal%s%s%s", lines_path(lines),
		   line->number, what, rerun->state->equal, is_other ? ". The journal was written by version " : "",
		   is_other ? program : "", is_other ? ", and this is version " FFNTP_VERSION : "");
	return false;
}

/* --- events --- */

static bool is_session(const struct rerun *rerun)
{
	return rerun->state->room == 1;
}

const char *rerun_server_name(const struct ffntp_replay_state *state, unsigned member, char name[TALLY_NAME_SIZE])
{
	static const uint8_t unknown[sizeof(((struct ffntp_source *)0)->address)];
	const struct ffntp_session *session = ffntp_ensemble_session(state->ensemble, member);
	const struct ffntp_source *source = session ? ffntp_session_source(session) : NULL;

	if (source && (memcmp(source->address, unknown, sizeof(unknown)) != 0 ||
		       ((state->refclocks >> (member & 63) & 1) != 0 && source->refid != 0)))
		return output_address(source, name);
	snprintf(name, TALLY_NAME_SIZE, "member %u", member);
	return name;
}

/* A session's map has the offset and the round trip of its server. */
static void print_source(const struct rerun *rerun)
{
	struct ffntp_source source = { 0 };

	if (is_session(rerun) && ffntp_ensemble_source(rerun->state->ensemble, 0, &source))
		printf(", offset %+.3f us, RTT %.3f us", (double)source.offset_ns * 1e-3, (double)source.rtt_ns * 1e-3);
}

/* Print how many servers an ensemble uses in each way. */
static void print_selections(const struct rerun *rerun)
{
	unsigned count[FFNTP_SELECTIONS] = { 0 };
	struct ffntp_source source;

	for (unsigned i = 0; i < rerun->state->room; i++)
		count[ffntp_ensemble_source(rerun->state->ensemble, i, &source) ? source.selection : 0]++;
	for (unsigned i = FFNTP_SELECTION_FOLLOWED; !is_session(rerun) && i < FFNTP_SELECTIONS; i++) {
		if (count[i] > 0)
			printf(", %s %u", ffntp_selection_name((enum ffntp_selection)i), count[i]);
	}
}

static void print_map(const struct rerun *rerun)
{
	const struct ffntp_map *map = ffntp_ensemble_map(rerun->state->ensemble);

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
	const struct ffntp_decision *decision =
		ffntp_session_decision(ffntp_ensemble_session(rerun->state->ensemble, member));

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
	bool has_source = ffntp_ensemble_source(rerun->state->ensemble, member, &source);

	printf("selection %s\n", has_source ? ffntp_selection_name((enum ffntp_selection)source.selection) : "unknown");
}

/* server: the name of the server that the event is of, or NULL. */
static void print_event(const struct rerun *rerun, unsigned member, const char *server, const struct ffntp_event *event)
{
	printf("%14.6f ", rerun->state->seconds);
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

static void take_event(void *context, const struct ffntp_replay_state *state, unsigned member,
		       const struct ffntp_event *event)
{
	struct rerun *rerun = context;
	bool has_server = !is_session(rerun) && member != FFNTP_ENSEMBLE_ALL;
	char name[TALLY_NAME_SIZE];
	const char *server = has_server ? rerun_server_name(rerun->state, member, name) : NULL;

	tally_add(&rerun->tally, server, event);
	if (rerun->listener)
		rerun->listener->event(rerun->context, state, member, event);
	else if (rerun->is_verbose)
		print_event(rerun, member, server, event);
}

/* A member that came or went is no event. */
static void print_change(const struct rerun *rerun, unsigned member, const char *word)
{
	char name[TALLY_NAME_SIZE];

	if (rerun->is_verbose)
		printf("%14.6f %s %s\n", rerun->state->seconds, rerun_server_name(rerun->state, member, name), word);
}

static void take_added(void *context, const struct ffntp_replay_state *state, unsigned member)
{
	(void)state;
	print_change(context, member, "added");
}

static void take_removed(void *context, const struct ffntp_replay_state *state, unsigned member)
{
	(void)state;
	print_change(context, member, "removed");
}

static void take_begun(void *context, const struct ffntp_replay_state *state,
		       const struct ffntp_ensemble_config *config)
{
	struct rerun *rerun = context;

	if (rerun->listener)
		rerun->listener->begun(rerun->context, state, config);
}

/* --- lines --- */

static bool run_line(struct rerun *rerun, const struct lines *lines, const struct lines_line *line)
{
	const char *problem;

	switch (ffntp_replay_line(rerun->replay, line->text, line->length, &problem)) {
	case FFNTP_REPLAY_INVALID:
		return refuse(rerun, lines, line, problem);
	case FFNTP_REPLAY_DIFFERENT:
		return rerun->listener || differ(rerun, lines, line, problem);
	case FFNTP_REPLAY_OK:
		break;
	}
	return true;
}

/* --- the result --- */

json_t *rerun_json(const struct rerun *rerun, const char *path)
{
	bool is_cut = rerun->cut_in_line > 0;
	json_t *object = json_object();

	json_object_set_new(object, "journal", output_json_text(path));
	json_object_set_new(object, "program", output_json_text(rerun->state->program));
	json_object_set_new(object, "sessions", json_integer((json_int_t)rerun->state->sessions));
	json_object_set_new(object, "inputs", json_integer((json_int_t)rerun->state->inputs));
	json_object_set_new(object, "maps_equal", json_integer((json_int_t)rerun->state->equal));
	json_object_set_new(object, "maps_unwritten", json_integer((json_int_t)rerun->state->unwritten));
	json_object_set_new(object, "cut_in_line", is_cut ? json_integer((json_int_t)rerun->cut_in_line) : json_null());
	tally_json(&rerun->tally, object);
	return object;
}

static bool print_text(const struct rerun *rerun, const char *path)
{
	char sessions[OUTPUT_NUMBER_SIZE];

	printf("%s: %" PRIu64 " inputs, %" PRIu64 " maps, all equal", path, rerun->state->inputs, rerun->state->equal);
	if (rerun->state->unwritten > 0)
		printf("; the last %" PRIu64 " before a recorder ended not written", rerun->state->unwritten);
	if (rerun->cut_in_line > 0)
		printf("; the file ends in the middle of line %lu, which was not replayed", rerun->cut_in_line);
	putchar('\n');
	snprintf(sessions, sizeof(sessions), "sessions %" PRIu64, rerun->state->sessions);
	tally_print(&rerun->tally, sessions);
	return true;
}

static bool print_result(const struct rerun *rerun, const char *path)
{
	return rerun->as_json ? output_json(rerun_json(rerun, path)) : print_text(rerun, path);
}

/* A journal in which nothing was compared proves nothing. */
static bool finish(struct rerun *rerun, const char *path)
{
	const struct ffntp_replay_state *state = rerun->state;

	if (state->uncompared > 0 && !rerun->listener) {
		tool_error(rerun->command,
			   "%s: %" PRIu64
			   " maps are of a session that began in an earlier file, and were not compared; "
			   "name the earlier file first",
			   path, state->uncompared);
		return false;
	}
	if (state->equal + state->uncompared + state->different == 0) {
		tool_error(rerun->command, "%s: no map in it: the recording ended before there was anything to compare",
			   path);
		return false;
	}
	return rerun->listener || print_result(rerun, path);
}

/* The replay lasts for all files, because a file may continue the session of the one before it. */
static bool begin_file(struct rerun *rerun, const struct lines *lines)
{
	static const struct ffntp_replay_listener listener = { take_event, take_added, take_removed, take_begun };

	if (rerun->replay == NULL)
		rerun->replay = ffntp_replay_new(&listener, rerun);
	if (rerun->replay == NULL) {
		tool_error(rerun->command, "%s: out of memory", lines_path(lines));
		return false;
	}
	rerun->state = ffntp_replay_state(rerun->replay);
	ffntp_replay_begin_file(rerun->replay);
	tally_clear(&rerun->tally);
	rerun->cut_in_line = 0;
	return true;
}

bool rerun_file(struct rerun *rerun, struct lines *lines)
{
	char error[LINES_ERROR_SIZE];
	enum lines_result result;
	struct lines_line line;

	if (!begin_file(rerun, lines))
		return false;
	if (!rerun->is_verbose)
		progress_begin(lines_path(lines));
	while ((result = lines_next(lines, &line, error)) == LINES_LINE) {
		progress_show(lines_done(lines));
		if (!line.is_whole)
			rerun->cut_in_line = line.number;
		else if (!run_line(rerun, lines, &line))
			return false;
	}
	ffntp_replay_end_file(rerun->replay);
	progress_end();
	if (result == LINES_END)
		return finish(rerun, lines_path(lines));
	tool_error(rerun->command, "%s", error);
	return false;
}

void rerun_end(struct rerun *rerun)
{
	ffntp_replay_free(rerun->replay);
	tally_clear(&rerun->tally);
}
