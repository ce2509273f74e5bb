/*
 * probe: a reader of a page, for the system tests.
 *   probe show PAGE             the page as JSON
 *   probe watch PAGE SECONDS    every 50 ms, the page's UTC against CLOCK_REALTIME; a summary as JSON. Each comparison
 *                               is the narrowest of a few, because the first after a sleep is slow, and any may be
 *                               interrupted, most of all in a sanitizer's build. Refused readings are counted by cause.
 *                               A busy machine gets more time for 5 comparisons a second.
 * It exits with 1, and one line, if the page cannot be opened.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ffntp/linux.h>

#define WATCH_NS 50000000
#define SAMPLES_MAX 100000
#define LEAST_HZ 5
#define MORE_NS (20 * FFNTP_NS_PER_S)
#define BRACKET_NS 3000 /* a wider comparison was interrupted and means little */
#define TRIES 8
#define CAUSES (FFNTP_CLOCK_INVALID + 1)

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * FFNTP_NS_PER_S + now.tv_nsec;
}

/* --- show --- */

static void show_verdicts(const struct ffntp_source *source)
{
	printf(",\"verdicts\":{");
	for (int i = 0; i < FFNTP_VERDICTS; i++)
		printf("%s\"%s\":%" PRIu32, i > 0 ? "," : "", ffntp_verdict_name((enum ffntp_verdict)i),
		       source->verdicts[i]);
	printf("}");
}

static void show_source(const struct ffntp_source *source)
{
	printf(",\"address\":\"");
	for (int i = 0; i < 16; i++)
		printf("%02x", source->address[i]);
	printf("\",\"port\":%u,\"stratum\":%u,\"reach\":%u,\"poll_log2_s\":%u,\"rtt_ns\":%" PRIu64, source->port,
	       source->stratum, source->reach, source->poll_log2_s, source->rtt_ns);
	show_verdicts(source);
}

/* Show how each server is used. */
static void show_selections(const struct ffntp_source *sources, size_t count)
{
	printf(",\"sources\":[");
	for (size_t i = 0; i < count; i++)
		printf("%s{\"port\":%u,\"last_byte\":%u,\"selection\":\"%s\",\"share_percent\":%u,\"accepted\":%" PRIu32
		       ",\"authentication\":%" PRIu32 "}",
		       i > 0 ? "," : "", sources[i].port, sources[i].address[15],
		       ffntp_selection_name((enum ffntp_selection)sources[i].selection), sources[i].share_percent,
		       sources[i].verdicts[FFNTP_ACCEPTED], sources[i].verdicts[FFNTP_REFUSED_AUTHENTICATION]);
	printf("]");
}

static int show(const struct ffntp_linux_reader *reader)
{
	struct ffntp_source sources[FFNTP_PAGE_SOURCES] = { 0 }; /* all zero before a server has an address */
	struct ffntp_map map;
	size_t count = 0;

	if (ffntp_page_read(reader->page, &map) != FFNTP_CLOCK_OK ||
	    ffntp_page_read_sources(reader->page, sources, &count) != FFNTP_CLOCK_OK) {
		puts("busy, or empty");
		return 1;
	}
	printf("{\"status\":\"%s\",\"counter_kind\":%d,\"disruption_marker\":%" PRIu64 ",\"at\":%" PRIu64
	       ",\"maxerror_before_ns\":%" PRIu64 ",\"maxerror_after_ns\":%" PRIu64,
	       ffntp_status_name(map.status), (int)map.counter_kind, map.disruption_marker, map.at,
	       map.maxerror_before_ns, map.maxerror_after_ns);
	show_source(&sources[0]);
	show_selections(sources, count);
	puts("}");
	return 0;
}

/* --- watch --- */

struct summary {
	int64_t errors_ns[SAMPLES_MAX];
	size_t samples;
	unsigned outside, refused;
	unsigned causes[CAUSES]; /* refused readings, by enum ffntp_clock_result */
	int64_t bound_max_ns;
	double squares_ns2, bound_sum_ns;
};

struct comparison {
	int64_t width_ns, error_ns, bound_ns;
};

/* Return false if the reading was refused. A reading counts as outside whatever the comparison's width. */
static bool try_comparison(const struct ffntp_linux_reader *reader, struct comparison *found, struct summary *summary)
{
	struct ffntp_reading reading;
	int64_t before_ns = clock_ns(CLOCK_REALTIME);
	enum ffntp_clock_result result = ffntp_linux_now(reader, FFNTP_UTC, UINT64_MAX, &reading);
	int64_t after_ns = clock_ns(CLOCK_REALTIME);

	if (result != FFNTP_CLOCK_OK) {
		summary->refused++;
		summary->causes[result]++;
		return false;
	}
	if (ffntp_time_to_ns(reading.latest) < before_ns || ffntp_time_to_ns(reading.earliest) > after_ns)
		summary->outside++;
	found->width_ns = after_ns - before_ns;
	found->error_ns = llabs(ffntp_time_to_ns(reading.estimate) - (before_ns + after_ns) / 2);
	found->bound_ns = (int64_t)reading.bound_ns;
	return true;
}

/* Keep the narrowest of a few comparisons. */
static void take_sample(const struct ffntp_linux_reader *reader, struct summary *summary)
{
	struct comparison best = { .width_ns = INT64_MAX };

	for (int i = 0; i < TRIES; i++) {
		struct comparison next;

		if (!try_comparison(reader, &next, summary))
			return;
		if (next.width_ns < best.width_ns)
			best = next;
	}
	if (best.width_ns > BRACKET_NS || summary->samples == SAMPLES_MAX)
		return;
	summary->errors_ns[summary->samples++] = best.error_ns;
	summary->squares_ns2 += (double)best.error_ns * (double)best.error_ns;
	summary->bound_sum_ns += (double)best.bound_ns;
	if (best.bound_ns > summary->bound_max_ns)
		summary->bound_max_ns = best.bound_ns;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void show_refused(const struct summary *summary)
{
	const char *separator = "";

	printf("\"refused\":%u,\"causes\":{", summary->refused);
	for (int i = 0; i < CAUSES; i++) {
		if (summary->causes[i] == 0)
			continue;
		printf("%s\"%s\":%u", separator, ffntp_clock_result_text((enum ffntp_clock_result)i),
		       summary->causes[i]);
		separator = ",";
	}
	printf("}");
}

/* Collect comparisons for this time, and longer if they are too few. */
static void collect(const struct ffntp_linux_reader *reader, double seconds, struct summary *summary)
{
	int64_t end_ns = clock_ns(CLOCK_MONOTONIC) + (int64_t)(seconds * 1e9), now_ns;

	while ((now_ns = clock_ns(CLOCK_MONOTONIC)) < end_ns ||
	       ((double)(summary->samples + summary->refused) < LEAST_HZ * seconds && now_ns < end_ns + MORE_NS)) {
		take_sample(reader, summary);
		nanosleep(&(struct timespec){ .tv_nsec = WATCH_NS }, NULL);
	}
}

static int watch(const struct ffntp_linux_reader *reader, double seconds)
{
	static struct summary summary;
	double samples;

	collect(reader, seconds, &summary);
	qsort(summary.errors_ns, summary.samples, sizeof(summary.errors_ns[0]), compare);
	samples = summary.samples > 0 ? (double)summary.samples : 1;
	printf("{\"samples\":%zu,\"median_ns\":%" PRId64 ",\"max_ns\":%" PRId64 ",\"bound_max_ns\":%" PRId64
	       ",\"rms_ns\":%.0f,\"bound_mean_ns\":%.0f,\"outside\":%u,",
	       summary.samples, summary.samples > 0 ? summary.errors_ns[summary.samples / 2] : -1,
	       summary.samples > 0 ? summary.errors_ns[summary.samples - 1] : -1, summary.bound_max_ns,
	       sqrt(summary.squares_ns2 / samples), summary.bound_sum_ns / samples, summary.outside);
	show_refused(&summary);
	puts("}");
	return 0;
}

/* Print the results of a plain reading, and of one that is checked by the kernel's clocks. */
static int check(const struct ffntp_linux_reader *reader)
{
	struct ffntp_reading reading;
	enum ffntp_clock_result plain = ffntp_linux_now(reader, FFNTP_UTC, UINT64_MAX, &reading);
	enum ffntp_clock_result checked = ffntp_linux_now_checked(reader, FFNTP_UTC, UINT64_MAX, &reading);

	printf("{\"plain\":\"%s\",\"checked\":\"%s\"}\n", ffntp_clock_result_text(plain),
	       ffntp_clock_result_text(checked));
	return 0;
}

int main(int argc, char **argv)
{
	struct ffntp_linux_reader reader;
	enum ffntp_page_result result;

	if (argc < 3 || (strcmp(argv[1], "watch") == 0 && argc < 4)) {
		puts("usage: probe show PAGE | probe check PAGE | probe watch PAGE SECONDS");
		return 2;
	}
	result = ffntp_linux_open(&reader, argv[2]);
	if (result != FFNTP_PAGE_OK) {
		puts(ffntp_page_result_text(result));
		return 1;
	}
	if (strcmp(argv[1], "watch") == 0)
		return watch(&reader, atof(argv[3]));
	return strcmp(argv[1], "show") == 0 ? show(&reader) : check(&reader);
}
