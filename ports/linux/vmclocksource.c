/* vmclocksource: see vmclocksource.h. */
#include "vmclocksource.h"

#include <sys/stat.h>

#include "../../core/clock.h"
#include "../../core/page.h"
#include "../../core/vmclock.h"

/* A page of ffntpd in a file has our block; a device may have it, too, if the host runs ffntpd. */
static bool is_own(const struct ffntp_linux_reader *reader, const char *path)
{
	struct stat status;

	return !reader->is_foreign && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

int ffntp_vmclocksource_open(struct ffntp_vmclocksource *source, const char *path)
{
	enum ffntp_page_result result;

	ffntp_vmclocksource_close(source);
	result = ffntp_linux_open(&source->reader, path);
	if (result != FFNTP_PAGE_OK)
		return FFNTP_VMCLOCKSOURCE_PAGE + (int)result;
	source->is_open = true;
	if (!is_own(&source->reader, path))
		return 0;
	ffntp_vmclocksource_close(source);
	return FFNTP_VMCLOCKSOURCE_OWN;
}

void ffntp_vmclocksource_close(struct ffntp_vmclocksource *source)
{
	if (source->is_open)
		ffntp_linux_close(&source->reader);
	source->is_open = false;
}

/* Read the page's counter beside the caller's. If it is the same, one reading is both. */
static ffntp_counter read_both(enum ffntp_counter_kind kind, const struct ffntp_counter_source *counter,
			       struct ffntp_vmclocksource_reading *reading)
{
	ffntp_counter now;

	reading->before = ffntp_counter_read_ordered(counter->kind);
	now = kind == counter->kind ? reading->before : ffntp_counter_read_ordered(kind);
	reading->after = (kind == counter->kind ? reading->before : ffntp_counter_read_ordered(counter->kind)) + 1;
	return now;
}

/* Evaluate the page's map at its counter. */
static enum ffntp_clock_result evaluate(const struct ffntp_vmclock *state, enum ffntp_counter_kind kind,
					ffntp_counter now, struct ffntp_reading *reading)
{
	if (state->result != FFNTP_CLOCK_OK)
		return state->result;
	if (state->map.counter_kind != kind)
		return FFNTP_CLOCK_COUNTER;
	if (ffntp_reading_is_set_back(&state->map, now))
		return FFNTP_CLOCK_DISRUPTED;
	return ffntp_clock_at(&state->map, now, FFNTP_UTC, UINT64_MAX, reading);
}

int ffntp_vmclocksource_read(const struct ffntp_vmclocksource *source, const struct ffntp_counter_source *counter,
			     struct ffntp_vmclocksource_reading *taken)
{
	enum ffntp_counter_kind kind = source->reader.counter_kind;
	enum ffntp_clock_result result = FFNTP_CLOCK_BUSY;
	struct ffntp_reading reading = { 0 };

	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES && result == FFNTP_CLOCK_BUSY; tries++) {
		uint32_t begun = ffntp_page_begin(source->reader.page);
		struct ffntp_vmclocksource_reading times;
		ffntp_counter now = read_both(kind, counter, &times);
		struct ffntp_vmclock state;

		if (!ffntp_vmclock_try_read(source->reader.page, begun, &state)) {
			ffntp_page_pause();
			continue;
		}
		result = evaluate(&state, kind, now, &reading);
		if (result != FFNTP_CLOCK_OK)
			break;
		*taken = times;
		taken->time = reading.estimate;
		taken->bound_ns = reading.bound_ns;
		taken->leap = reading.leap;
	}
	return result == FFNTP_CLOCK_OK ? 0 : FFNTP_VMCLOCKSOURCE_TIME + (int)result;
}
