#include "recorder.h"

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

static void record_map(void *context, const struct ffntp_map *map)
{
	struct recorder *recorder = context;
	char line[FFNTP_JOURNAL_LINE_SIZE];

	fwrite(line, 1, ffntp_journal_write_map(map, line), recorder->file);
}

void recorder_begin(struct recorder *recorder, FILE *file, struct ffntp_ensemble *ensemble,
		    const struct ffntp_ensemble_config *config, ffntp_counter at)
{
	static const struct ffntp_ensemble_recorder functions = { record_input, record_added, record_removed,
								  record_map };
	char line[FFNTP_JOURNAL_LINE_SIZE];

	*recorder = (struct recorder){ .file = file, .ensemble = ensemble };
	fwrite(line, 1, ffntp_journal_write_head(&recorder->writer, FFNTP_VERSION, line), file);
	fwrite(line, 1, ffntp_journal_write_ensemble(&recorder->writer, config, at, line), file);
	ffntp_ensemble_record(ensemble, &functions, recorder);
}

void recorder_end(struct recorder *recorder)
{
	ffntp_ensemble_record(recorder->ensemble, NULL, NULL);
}
