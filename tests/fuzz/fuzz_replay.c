/*
 * Any bytes as a journal that is run: each line is run, or refused with a reason; after a line that is refused, so are
 * all others of the file. Beyond a map that differs the replay goes on.
 */
#include <stdlib.h>
#include <string.h>

#include "../../include/ffntp/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

struct run {
	struct ffntp_replay *replay;
	uint64_t events;
	int is_refused;
};

static void take_event(void *context, const struct ffntp_replay_state *state, unsigned member,
		       const struct ffntp_event *event)
{
	struct run *run = context;

	require(state == ffntp_replay_state(run->replay) && state->ensemble != NULL);
	require(member == FFNTP_ENSEMBLE_ALL || member < state->room);
	require(event->kind > FFNTP_EVENT_NONE && event->kind < FFNTP_EVENTS);
	require(ffntp_ensemble_map(state->ensemble) != NULL);
	run->events++;
}

static void take_line(struct run *run, const char *text, size_t length)
{
	/* A copy of the exact size, so that AddressSanitizer sees reads past its end. */
	char *copy = malloc(length > 0 ? length : 1);
	const char *problem = NULL;
	enum ffntp_replay_result result;

	require(copy != NULL);
	memcpy(copy, text, length);
	result = ffntp_replay_line(run->replay, copy, length, &problem);
	require((result == FFNTP_REPLAY_OK) == (problem == NULL));
	require(!run->is_refused || result == FFNTP_REPLAY_INVALID);
	run->is_refused = result == FFNTP_REPLAY_INVALID;
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct ffntp_replay_listener listener = { .event = take_event };
	const char *at = (const char *)bytes, *end = at + size;
	struct run run = { .replay = NULL };

	run.replay = ffntp_replay_new(&listener, &run);
	require(run.replay != NULL);
	ffntp_replay_begin_file(run.replay);
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);

		take_line(&run, at, length);
		at += length + 1;
	}
	ffntp_replay_end_file(run.replay);
	ffntp_replay_free(run.replay);
	return 0;
}
