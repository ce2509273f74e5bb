/*
 * Any bytes as lines of a journal: each line is read, or refused with a reason; a line that was read is written the
 * same, byte by byte.
 */
#include <stdlib.h>
#include <string.h>

#include "../../ports/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct run {
	struct ffntp_journal reader, writer; /* the writer has the reader's state before the line */
	struct ffntp_journal_entry entry;
};

static void require(int condition)
{
	if (!condition)
		abort();
}

/* The line as it is written again; 0 for lines that are for people. */
static size_t write_again(struct run *run, char line[FFNTP_JOURNAL_LINE_SIZE])
{
	const struct ffntp_journal_entry *entry = &run->entry;

	switch (entry->kind) {
	case FFNTP_JOURNAL_SESSION:
		return ffntp_journal_write_session(&run->writer, &entry->ensemble.client, entry->at, line);
	case FFNTP_JOURNAL_ENSEMBLE:
		return ffntp_journal_write_ensemble(&run->writer, &entry->ensemble, entry->at, line);
	case FFNTP_JOURNAL_CONTINUES:
		run->writer.at = entry->at;
		if (entry->ensemble.members > 1)
			return ffntp_journal_write_ensemble_continues(&run->writer, &entry->ensemble, line);
		return ffntp_journal_write_continues(&run->writer, &entry->ensemble.client, line);
	case FFNTP_JOURNAL_LISTED:
		return ffntp_journal_write_listed(&run->writer, entry->number, &entry->member, line);
	case FFNTP_JOURNAL_ADDED:
		return ffntp_journal_write_added(&run->writer, entry->number, &entry->member, entry->at, line);
	case FFNTP_JOURNAL_REMOVED:
		return ffntp_journal_write_removed(&run->writer, entry->number, entry->at, line);
	case FFNTP_JOURNAL_INPUT:
		return ffntp_journal_write_member_input(&run->writer, entry->number, &entry->input, line);
	case FFNTP_JOURNAL_INVALID:
	case FFNTP_JOURNAL_NOTHING:
	case FFNTP_JOURNAL_HEAD:
	case FFNTP_JOURNAL_MAP:
		break;
	}
	return 0;
}

static void take_line(struct run *run, const char *text, size_t length)
{
	/* A copy of the exact size, so that AddressSanitizer sees reads past its end. */
	char *copy = malloc(length > 0 ? length : 1), line[FFNTP_JOURNAL_LINE_SIZE];
	enum ffntp_journal_kind kind;
	size_t written;

	require(copy != NULL);
	memcpy(copy, text, length);
	run->writer = run->reader;
	kind = ffntp_journal_read(&run->reader, copy, length, &run->entry);
	require((kind == FFNTP_JOURNAL_INVALID) == (run->entry.problem != NULL));
	written = write_again(run, line);
	require(written == 0 || (written == length + 1 && memcmp(line, copy, length) == 0 && line[length] == '\n'));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct run run;
	const char *at = (const char *)bytes, *end = at + size;

	memset(&run, 0, sizeof(run));
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);

		take_line(&run, at, length);
		at += length + 1;
	}
	return 0;
}
