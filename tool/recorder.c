#include "recorder.h"

static void write_map(struct recorder *recorder)
{
	char line[FFNTP_JOURNAL_LINE_SIZE];

	if (recorder->has_map)
		fwrite(line, 1, ffntp_journal_write_map(ffntp_session_map(recorder->session), line), recorder->file);
	recorder->has_map = false;
}

static void record(void *context, const struct ffntp_input *input)
{
	struct recorder *recorder = context;
	char line[FFNTP_JOURNAL_LINE_SIZE];

	if (!ffntp_journal_is_recorded(recorder->session, input))
		return;
	write_map(recorder);
	fwrite(line, 1, ffntp_journal_write_input(&recorder->writer, input, line), recorder->file);
}

/* The session must not be called here: the map is written before the next input. */
static void trace(void *context, const struct ffntp_trace_event *event)
{
	struct recorder *recorder = context;

	recorder->has_map |= event->kind == FFNTP_TRACE_EVENT && event->event.kind == FFNTP_EVENT_MAP;
}

void recorder_begin(struct recorder *recorder, FILE *file, struct ffntp_session *session,
		    const struct ffntp_client_config *config, ffntp_counter at)
{
	char line[FFNTP_JOURNAL_LINE_SIZE];

	*recorder = (struct recorder){ .file = file, .session = session };
	fwrite(line, 1, ffntp_journal_write_head(&recorder->writer, FFNTP_VERSION, line), file);
	fwrite(line, 1, ffntp_journal_write_session(&recorder->writer, config, at, line), file);
	ffntp_session_record(session, record, recorder);
	ffntp_session_trace(session, trace, recorder);
}

/* --- an ensemble --- */

static void record_input(void *context, unsigned member, const struct ffntp_input *input)
{
	struct recorder *recorder = context;
	char line[FFNTP_JOURNAL_LINE_SIZE];

	if (ffntp_journal_is_member_recorded(&recorder->writer, recorder->ensemble, member, input))
		fwrite(line, 1, ffntp_journal_write_member_input(&recorder->writer, member, input, line),
		       recorder->file);
}

static void record_added(void *context, unsigned member, const struct ffntp_member_config *config, ffntp_counter now)
{
	struct recorder *recorder = context;
	char line[FFNTP_JOURNAL_LINE_SIZE];

	fwrite(line, 1, ffntp_journal_write_added(&recorder->writer, member, config, now, line), recorder->file);
}

static void record_removed(void *context, unsigned member, ffntp_counter now)
{
	struct recorder *recorder = context;
	char line[FFNTP_JOURNAL_LINE_SIZE];

	fwrite(line, 1, ffntp_journal_write_removed(&recorder->writer, member, now, line), recorder->file);
}

void recorder_begin_ensemble(struct recorder *recorder, FILE *file, struct ffntp_ensemble *ensemble,
			     const struct ffntp_ensemble_config *config, ffntp_counter at)
{
	static const struct ffntp_ensemble_recorder functions = { record_input, record_added, record_removed };
	char line[FFNTP_JOURNAL_LINE_SIZE];

	*recorder = (struct recorder){ .file = file, .ensemble = ensemble };
	fwrite(line, 1, ffntp_journal_write_head(&recorder->writer, FFNTP_VERSION, line), file);
	fwrite(line, 1, ffntp_journal_write_ensemble(&recorder->writer, config, at, line), file);
	ffntp_ensemble_record(ensemble, &functions, recorder);
}

void recorder_map(struct recorder *recorder)
{
	char line[FFNTP_JOURNAL_LINE_SIZE];

	fwrite(line, 1, ffntp_journal_write_map(ffntp_ensemble_map(recorder->ensemble), line), recorder->file);
}

/* --- both --- */

void recorder_end(struct recorder *recorder)
{
	if (recorder->ensemble) {
		ffntp_ensemble_record(recorder->ensemble, NULL, NULL);
		return;
	}
	write_map(recorder);
	ffntp_session_record(recorder->session, NULL, NULL);
	ffntp_session_trace(recorder->session, NULL, NULL);
}
