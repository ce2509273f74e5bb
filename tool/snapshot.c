#include "snapshot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NTP_PORT 123
#define TRIES 4

double snapshot_since_s(const struct snapshot *snapshot, ffntp_counter then)
{
	return (double)(int64_t)(snapshot->now - then) * snapshot->period_s;
}

/*
 * A page that was just created has no content yet, not even its void_after. A VMClock page of another writer may have
 * no time at all.
 */
static bool is_stale(const struct ffntp_map *map, bool is_foreign, ffntp_counter now)
{
	if ((map->status == FFNTP_STATUS_INITIALISING && map->void_after == 0) ||
	    (is_foreign && map->status != FFNTP_STATUS_SYNCHRONISED && map->status != FFNTP_STATUS_FREE_RUNNING))
		return false;
	return map->status == FFNTP_STATUS_UNKNOWN || (int64_t)(now - map->void_after) > 0;
}

static int64_t realtime_ns(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/*
 * CLOCK_REALTIME at the counter's reading is half-way between the readings before and after it. The scheduler may run
 * other processes between them: of several tries, the quickest counts.
 */
static void read_both(const struct ffntp_linux_reader *reader, struct snapshot *snapshot)
{
	int64_t quickest_ns = INT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		int64_t before_ns = realtime_ns();
		ffntp_counter now = ffntp_linux_counter(reader);
		int64_t took_ns = realtime_ns() - before_ns;

		if (took_ns >= quickest_ns)
			continue;
		quickest_ns = took_ns;
		snapshot->now = now;
		snapshot->realtime = ffntp_time_from_ns(before_ns + took_ns / 2);
	}
}

/* The reader also refuses a counter that was set back behind the map, as every program that uses it does. */
static enum ffntp_clock_result read_time(const struct ffntp_linux_reader *reader, struct snapshot *snapshot)
{
	enum ffntp_clock_result result = ffntp_linux_now_checked(reader, FFNTP_UTC, UINT64_MAX, &snapshot->reading);

	if (result != FFNTP_CLOCK_OK)
		return result;
	return ffntp_clock_at(&snapshot->map, snapshot->now, FFNTP_UTC, UINT64_MAX, &snapshot->reading);
}

static enum ffntp_clock_result read_page(const struct ffntp_linux_reader *reader, void *context)
{
	struct snapshot *snapshot = context;
	enum ffntp_clock_result result = ffntp_page_read(reader->page, &snapshot->map);

	if (result == FFNTP_CLOCK_OK)
		result = ffntp_page_read_sources(reader->page, snapshot->sources, &snapshot->count);
	if (result != FFNTP_CLOCK_OK)
		return result;
	read_both(reader, snapshot);
	snapshot->period_s = ldexp((double)snapshot->map.period, -64 - snapshot->map.period_shift);
	if (is_stale(&snapshot->map, reader->is_foreign, snapshot->now))
		return FFNTP_CLOCK_VOID;
	snapshot->result = read_time(reader, snapshot);
	return FFNTP_CLOCK_OK;
}

bool snapshot_take(const struct tool_command *command, const char *path, struct snapshot *snapshot)
{
	*snapshot = (struct snapshot){ 0 };
	return pageuse_take(command, path, read_page, snapshot);
}

bool snapshot_try(const char *path, struct snapshot *snapshot, struct pageuse_outcome *outcome)
{
	*snapshot = (struct snapshot){ 0 };
	return pageuse_try(path, read_page, snapshot, outcome);
}

const struct ffntp_source *snapshot_followed(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++) {
		if (snapshot->sources[i].selection == FFNTP_SELECTION_FOLLOWED)
			return &snapshot->sources[i];
	}
	return NULL;
}

size_t snapshot_count(const struct snapshot *snapshot, enum ffntp_selection selection)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->count; i++)
		count += snapshot->sources[i].selection == selection;
	return count;
}

bool snapshot_was_accepted(const struct ffntp_source *source)
{
	return source->verdicts[FFNTP_ACCEPTED] > 0 && source->stratum != 0;
}

/* The usual port is left out, and with it the brackets of an IPv6 address. */
const char *snapshot_short_address(const struct ffntp_source *source, char text[OUTPUT_ADDRESS_SIZE])
{
	size_t length;

	output_address(source, text);
	if (source->port != NTP_PORT)
		return text;
	*strrchr(text, ':') = '\0';
	if (text[0] != '[')
		return text;
	length = strlen(text) - 2;
	memmove(text, text + 1, length);
	text[length] = '\0';
	return text;
}

double snapshot_root_distance_s(const struct ffntp_source *source)
{
	return ((double)source->root_delay_ns / 2 + source->root_dispersion_ns) * 1e-9;
}
