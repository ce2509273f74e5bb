/*
 * demo: runs a server with a known true time, a client of it, a clock page and a reader of the page, and compares the
 * readings with the true time.
 */
#include <errno.h>
#include <ffntp/linux.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "../ports/linux/counter.h"
#include "../ports/linux/pagefile.h"
#include "../ports/linux/sync.h"
#include "commands.h"
#include "demotable.h"
#include "loopserver.h"
#include "output.h"
#include "score.h"

/* The server's time minus the host's: about 20 minutes and 34 s, so that the two cannot be confused. */
#define AHEAD_NS INT64_C(1234567000000)

#define POLL_S 1
#define BURST 8
#define SAMPLE_MS 100  /* interval of the readings */
#define ROW_SAMPLES 10 /* readings for each row of the table */
#define SAMPLE_TRIES 3
#define PATH_SIZE 256

/* Readings compared with the true time, in us. The arrays have room for the whole duration. */
struct tally {
	double *errors, *bounds;
	size_t room, count, held, covered;
};

struct demo {
	const struct tool_command *command;
	double duration_s;
	enum ffntp_estimator_kind estimator;
	struct loopserver server;
	struct ffntp_counter_source source;
	struct ffntp_sync sync;
	struct ffntp_pagefile file;
	struct ffntp_linux_reader reader;
	char directory[PATH_SIZE], path[PATH_SIZE + 8];
	int signals; /* descriptor for Ctrl-C and other signals */
	unsigned answers, accepted;
	struct tally tally;
	struct demotable table;
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * FFNTP_NS_PER_S + now.tv_nsec;
}

/* --- reading the clock --- */

/* A reading by the public reader between two readings of the true time. */
struct look {
	enum ffntp_clock_result result;
	struct ffntp_reading reading;
	int64_t truth_before_ns, truth_after_ns;
};

static struct look look_once(const struct demo *demo)
{
	struct look look;

	look.truth_before_ns = clock_ns(CLOCK_REALTIME) + AHEAD_NS;
	look.result = ffntp_linux_now(&demo->reader, FFNTP_UTC, UINT64_MAX, &look.reading);
	look.truth_after_ns = clock_ns(CLOCK_REALTIME) + AHEAD_NS;
	return look;
}

/* Return the narrowest of several, because in a wide one another process had the CPU in between. */
static struct look take_look(const struct demo *demo)
{
	struct look best = look_once(demo);

	for (int i = 1; i < SAMPLE_TRIES; i++) {
		struct look look = look_once(demo);

		if (look.truth_after_ns - look.truth_before_ns < best.truth_after_ns - best.truth_before_ns)
			best = look;
	}
	return best;
}

static double error_us(const struct look *look)
{
	int64_t middle_ns = look->truth_before_ns + (look->truth_after_ns - look->truth_before_ns) / 2;

	return (double)ffntp_time_diff_ns(look->reading.estimate, ffntp_time_from_ns(middle_ns)) / 1e3;
}

/*
 * Return whether the interval contains the true time, which is itself known within an interval: false if the two have
 * no instant in common.
 */
static bool is_held(const struct look *look)
{
	return !ffntp_time_is_before(ffntp_time_from_ns(look->truth_after_ns), look->reading.earliest) &&
	       !ffntp_time_is_before(look->reading.latest, ffntp_time_from_ns(look->truth_before_ns));
}

static void tally_add(struct tally *tally, const struct look *look)
{
	double error;

	if (look->result != FFNTP_CLOCK_OK || tally->count == tally->room)
		return;
	error = fabs(error_us(look));
	tally->errors[tally->count] = error;
	tally->bounds[tally->count++] = (double)look->reading.bound_ns / 1e3;
	tally->held += is_held(look);
	tally->covered += error <= 2 * (double)look->reading.esterror_ns / 1e3;
}

static void show_row(struct demo *demo, const struct look *look, double elapsed_s)
{
	struct demotable_row row = { .elapsed_s = elapsed_s, .is_readable = look->result == FFNTP_CLOCK_OK };
	const struct ffntp_source *source = ffntp_session_source(ffntp_ensemble_session(demo->sync.ensemble, 0));
	struct ffntp_map map;

	if (row.is_readable && ffntp_page_read(demo->reader.page, &map) == FFNTP_CLOCK_OK) {
		double period_s = ldexp((double)map.period, -64 - map.period_shift);

		/* The first exchange sets the clock, so that it has no offset to show. */
		row.offset_us = demo->accepted > 1 ? (double)source->offset_ns / 1e3 : (double)NAN;
		row.error_us = error_us(look);
		row.esterror_us = (double)look->reading.esterror_ns / 1e3;
		row.bound_us = (double)look->reading.bound_ns / 1e3;
		row.rtt_ms = (double)source->rtt_ns / 1e6;
		row.rate_ppm = (demo->source.period_hint_s / period_s - 1) * 1e6;
		row.is_held = is_held(look);
	}
	demotable_row(&demo->table, &row);
}

/* --- running the client, as the daemon does --- */

static void count(void *context, unsigned member, const struct ffntp_event *event)
{
	struct demo *demo = context;

	(void)member; /* there is one */
	if (event->kind != FFNTP_EVENT_REPLY)
		return;
	demo->answers++;
	demo->accepted += event->verdict == FFNTP_ACCEPTED;
}

/* Wait for the server, for limit_ms, or for a signal. Returns false after a signal, or when the counter was lost. */
static bool keep(struct demo *demo, int limit_ms)
{
	struct pollfd ready[] = { { .fd = demo->signals, .events = POLLIN }, { .fd = -1 } };
	size_t count = ffntp_sync_descriptors(&demo->sync, ready + 1);
	bool is_any = poll(ready, (nfds_t)(1 + count), ffntp_sync_timeout_ms(&demo->sync, limit_ms)) > 0;

	ffntp_sync_step(&demo->sync, ready + 1, is_any ? count : 0);
	return !(is_any && ready[0].revents != 0) && !demo->sync.is_lost;
}

static int ms_until(int64_t then_ns)
{
	int64_t ms = (then_ns - clock_ns(CLOCK_MONOTONIC)) / 1000000 + 1;

	return ms < 1 ? 1 : ms > SAMPLE_MS ? SAMPLE_MS : (int)ms;
}

static void keep_and_watch(struct demo *demo)
{
	int64_t start_ns = clock_ns(CLOCK_MONOTONIC), next_ns = start_ns + SAMPLE_MS * INT64_C(1000000);
	size_t looks = 0;
	bool goes_on = true;

	while (goes_on && (double)(clock_ns(CLOCK_MONOTONIC) - start_ns) * 1e-9 < demo->duration_s) {
		goes_on = keep(demo, ms_until(next_ns));
		if (clock_ns(CLOCK_MONOTONIC) < next_ns)
			continue;
		struct look look = take_look(demo);

		tally_add(&demo->tally, &look);
		if (++looks % ROW_SAMPLES == 0)
			show_row(demo, &look, (double)(clock_ns(CLOCK_MONOTONIC) - start_ns) * 1e-9);
		next_ns += SAMPLE_MS * INT64_C(1000000);
		goes_on = goes_on && !ferror(stdout);
	}
}

/* --- start and end --- */

static const char *open_sync(struct demo *demo)
{
	const struct ffntp_server_name name = { .name = "127.0.0.1", .port = demo->server.port };
	struct ffntp_ensemble_config config = { .members = 1 };
	struct ffntp_lineup lineup;
	const struct ffntp_sync_parts parts = { &config, &demo->source, demo->file.page, &lineup, count, NULL, demo,
						NULL,    NULL };

	ffntp_peer_config_default(&config.client, &demo->source);
	config.client.estimator = demo->estimator;
	config.client.poll_min_s = POLL_S;
	config.client.burst = BURST;
	if (!ffntp_lineup_init_single(&lineup, &name, 1))
		return "out of memory";
	lineup.server->member.client = config.client;
	ffntp_lineup_open(&lineup, ffntp_sync_now_s());
	if (!ffntp_sync_open(&demo->sync, &parts)) {
		ffntp_lineup_close(&lineup);
		return "out of memory";
	}
	ffntp_sync_publish(&demo->sync);
	return NULL;
}

static const char *open_page(struct demo *demo)
{
	const char *folder = getenv("TMPDIR");
	const char *problem;
	struct ffntp_map former;
	bool is_adopted;

	snprintf(demo->directory, sizeof(demo->directory), "%s/ffntp-demo-XXXXXX",
		 folder && folder[0] ? folder : "/tmp");
	if (!mkdtemp(demo->directory)) {
		demo->directory[0] = 0;
		return "no temporary directory can be made";
	}
	snprintf(demo->path, sizeof(demo->path), "%s/page", demo->directory);
	problem = ffntp_pagefile_open(&demo->file, demo->path, &demo->source.identity, &former, &is_adopted);
	if (problem)
		return problem;
	if (ffntp_linux_open(&demo->reader, demo->path) != FFNTP_PAGE_OK)
		return "the clock page that was just made cannot be read";
	return NULL;
}

static void remove_page(const struct demo *demo)
{
	static const char *const suffixes[] = { "", ".lock", ".new" };
	char name[sizeof(demo->path) + 8];

	if (demo->directory[0] == 0)
		return;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", demo->path, suffixes[i]);
		unlink(name);
	}
	rmdir(demo->directory);
}

/* SIGPIPE is ignored, because writing then fails with an error and the demo can clean up. */
static int catch_signals(void)
{
	sigset_t caught;

	sigemptyset(&caught);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGTERM);
	sigaddset(&caught, SIGHUP);
	sigprocmask(SIG_BLOCK, &caught, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &caught, SFD_CLOEXEC);
}

static bool make_room(struct tally *tally, double duration_s)
{
	tally->room = (size_t)(duration_s * 1000 / SAMPLE_MS) + 1;
	tally->errors = calloc(tally->room, sizeof(*tally->errors));
	tally->bounds = calloc(tally->room, sizeof(*tally->bounds));
	return tally->errors && tally->bounds;
}

static void introduce(const struct demo *demo)
{
	printf("An NTP server is running inside this program, on 127.0.0.1 port %u. It serves\n"
	       "this computer's time plus %.3f s, so true time is known. Each way, a packet\n"
	       "takes %.0f ms, and queues for %.0f ms more on average.\n"
	       "\n"
	       "A client asks it once a second, with the code of ffntpd, and publishes a clock\n"
	       "page. Ten times a second the clock is read from that page and compared with\n"
	       "true time. Its counter is %s. The system's clock is left alone.\n"
	       "\n",
	       demo->server.port, (double)AHEAD_NS * 1e-9, LOOPSERVER_DELAY_MIN_S * 1e3, LOOPSERVER_QUEUE_S * 1e3,
	       ffntp_linux_counter_name(demo->source.kind));
	printf("  offset      our clock minus the server's, in the last exchange\n"
	       "  true error  our clock minus true time, which the client does not know\n"
	       "  est. error  the client's estimate of our clock's error (standard deviation)\n"
	       "  bound       the largest possible error of our clock\n"
	       "  RTT, rate   the last round trip; our counter's rate against its nominal one\n"
	       "\n");
}

static bool summarise(struct demo *demo)
{
	struct tally *tally = &demo->tally;
	struct score_summary summary;
	char median[OUTPUT_NUMBER_SIZE], p99[OUTPUT_NUMBER_SIZE], max[OUTPUT_NUMBER_SIZE];

	if (tally->count == 0) {
		printf("\nThe clock could not be read once: the server gave %u answers, %u were accepted.\n",
		       demo->answers, demo->accepted);
		return false;
	}
	summary = score_summarise(tally->errors, tally->count);
	score_sort(tally->bounds, tally->count);
	printf("\n%zu readings; %u answers from the server, %u of them accepted.\n", tally->count, demo->answers,
	       demo->accepted);
	printf("  true error: median %s, 99%% within %s, at most %s\n", output_duration(summary.median * 1e-6, median),
	       output_duration(summary.p99 * 1e-6, p99), output_duration(summary.max * 1e-6, max));
	printf("  twice the estimated error covered it %.1f %% of the time\n",
	       100.0 * (double)tally->covered / (double)tally->count);
	printf("  bound: median %s; it held %zu times of %zu\n",
	       output_duration(score_quantile(tally->bounds, tally->count, 0.5) * 1e-6, median), tally->held,
	       tally->count);
	printf("%s\n", tally->held == tally->count ? "Every bound held." : "NOT every bound held.");
	return tally->held == tally->count;
}

static int show(struct demo *demo)
{
	const char *problem = ffntp_counter_open(&demo->source, FFNTP_COUNTER_NONE);

	if (!problem)
		problem = open_page(demo);
	if (!problem)
		problem = open_sync(demo);
	if (!problem && !make_room(&demo->tally, demo->duration_s))
		problem = "out of memory";
	if (problem) {
		tool_error(demo->command, "%s", problem);
		return TOOL_FAILED;
	}
	demotable_init(&demo->table);
	introduce(demo);
	keep_and_watch(demo);
	if (demo->sync.is_lost)
		tool_error(demo->command, "the counter cannot be used any more");
	return summarise(demo) && !demo->sync.is_lost ? TOOL_OK : TOOL_FAILED;
}

static void close_clock(struct demo *demo)
{
	if (demo->reader.page)
		ffntp_linux_close(&demo->reader);
	if (demo->file.page)
		ffntp_pagefile_close(&demo->file);
	remove_page(demo);
	if (demo->sync.ensemble)
		ffntp_sync_close(&demo->sync);
	free(demo->tally.errors);
	free(demo->tally.bounds);
}

static int run(struct demo *demo)
{
	int error, code;

	setvbuf(stdout, NULL, _IOLBF, 0);
	demo->signals = catch_signals();
	error = demo->signals < 0 ? errno : loopserver_start(&demo->server, AHEAD_NS);
	if (error != 0) {
		tool_error(demo->command, "no server can be started on the loopback: %s", strerror(error));
		return TOOL_FAILED;
	}
	code = show(demo);
	close_clock(demo);
	loopserver_stop(&demo->server);
	close(demo->signals);
	return code;
}

int tool_demo(const struct tool_command *command, int argc, char **argv)
{
	struct demo demo = { .command = command, .duration_s = 60 };
	const struct tool_option options[] = {
		tool_real("duration", "S", &demo.duration_s, 1, 86400, "seconds to run [60]"),
		tool_estimator(&demo.estimator),
		{ 0 },
	};
	int code;

	if (!tool_options_alone(command, options, argc, argv, &code))
		return code;
	return run(&demo);
}
