#include "clocklog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "../include/ffntp/clock.h"
#include "log.h"

#define INTERVAL_NS UINT64_C(1000000000)

/*
 * Attempts at reading the counter and CLOCK_MONOTONIC_RAW at one instant, of which the narrowest cross-timestamp is
 * used. One is enough if the two are the same.
 */
#define BRACKET_TRIES 5

bool ffntp_clock_log_open(struct ffntp_clock_log *log, const char *path)
{
	/* Without waiting for the reader of a pipe, now or at a line. */
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);

	*log = (struct ffntp_clock_log){ .next_ns = ffntp_counter_read_raw() };
	log->file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
	if (log->file == NULL) {
		if (descriptor >= 0)
			close(descriptor);
		return false;
	}
	setvbuf(log->file, NULL, _IOLBF, 0);
	return true;
}

void ffntp_clock_log_close(struct ffntp_clock_log *log)
{
	if (log->file != NULL)
		fclose(log->file);
	log->file = NULL;
}

int ffntp_clock_log_timeout_ms(const struct ffntp_clock_log *log, int limit_ms)
{
	int64_t wait_ms = ((int64_t)(log->next_ns - ffntp_counter_read_raw()) + 999999) / 1000000;

	if (wait_ms < 1)
		return 1;
	return wait_ms < limit_ms ? (int)wait_ms : limit_ms;
}

static void read_both(const struct ffntp_counter_source *source, ffntp_counter *counter, uint64_t *raw_ns)
{
	uint64_t narrowest = UINT64_MAX;

	if (source->kind == FFNTP_COUNTER_MONOTONIC_RAW) {
		*counter = *raw_ns = ffntp_counter_read_raw();
		return;
	}
	for (int i = 0; i < BRACKET_TRIES; i++) {
		ffntp_counter begin = ffntp_counter_read(source);
		uint64_t raw = ffntp_counter_read_raw();
		uint64_t width = ffntp_counter_read(source) - begin;

		if (width >= narrowest)
			continue;
		narrowest = width;
		*counter = begin + width / 2;
		*raw_ns = raw;
	}
}

/* Report a full disk once, and keep time without the log. */
static void check_file(struct ffntp_clock_log *log)
{
	if (!ferror(log->file))
		return;
	if (!log->has_failed)
		ffntp_log(FFNTP_LOG_ERROR,
			  "the clock log cannot be written: %s; its lines are lost, the clock continues",
			  strerror(errno));
	log->has_failed = true;
	clearerr(log->file);
}

void ffntp_clock_log_write(struct ffntp_clock_log *log, const struct ffntp_page *page,
			   const struct ffntp_counter_source *source)
{
	struct ffntp_map map;
	struct ffntp_reading reading;
	ffntp_counter counter = 0;
	uint64_t raw_ns = 0;

	read_both(source, &counter, &raw_ns);
	if ((int64_t)(raw_ns - log->next_ns) < 0)
		return;
	log->next_ns += INTERVAL_NS;
	if ((int64_t)(raw_ns - log->next_ns) >= 0)
		log->next_ns = raw_ns + INTERVAL_NS;
	if (ffntp_page_read(page, &map) != FFNTP_CLOCK_OK ||
	    ffntp_clock_at(&map, counter, FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK)
		return;
	fprintf(log->file, "%" PRIu64 " %" PRId64 "\n", raw_ns, ffntp_time_to_ns(reading.estimate));
	check_file(log);
}
