/* query: asks servers a few times and prints how far this computer's clock is from theirs. It changes nothing. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../ports/linux/counter.h"
#include "../ports/linux/peer.h"
#include "../ports/linux/resolve.h"
#include "../ports/linux/stamping.h"
#include "commands.h"
#include "output.h"

#define NTP_PORT 123
#define MAX_SERVERS 16
#define REQUESTS 4 /* a second apart, so that the result is there within five seconds */
#define POLL_S 1
#define WAIT_MS 200
#define NAME_WIDTH 19 /* the longest numbers beside it then fill 80 columns */
#define LIMIT_S 10    /* longer than four requests and a late reply */

struct query {
	const struct tool_command *command;
	struct ffntp_counter_source source;
	struct ffntp_client_config config;
	bool as_json;
};

/* One server, while it is being asked and after. */
struct target {
	const char *name;
	struct ffntp_address address;
	struct ffntp_peer peer;
	unsigned sent, accepted;
	const char *problem; /* the last problem, in words; static */
	bool is_done;
};

/* The result for one server. */
struct finding {
	struct ffntp_source source;
	int64_t offset_ns; /* CLOCK_REALTIME minus the server, positive = ahead */
	uint64_t bound_ns;
};

/* Return whether the server asked to stop. It is not asked again, and its earlier replies are used. */
static bool is_kiss(enum ffntp_verdict verdict)
{
	return verdict == FFNTP_REFUSED_KISS_RATE || verdict == FFNTP_REFUSED_KISS_DENY;
}

static void take_event(void *context, unsigned member, const struct ffntp_event *event)
{
	struct target *target = context;

	(void)member; /* there is one */
	switch (event->kind) {
	case FFNTP_EVENT_SENT:
		target->sent++;
		break;
	case FFNTP_EVENT_NO_NONCE:
		target->sent++;
		target->problem = strerror(EAGAIN);
		break;
	case FFNTP_EVENT_REPLY:
		target->accepted += event->verdict == FFNTP_ACCEPTED;
		if (event->verdict != FFNTP_ACCEPTED)
			target->problem = ffntp_verdict_name(event->verdict);
		target->is_done = is_kiss(event->verdict);
		break;
	case FFNTP_EVENT_NOT_SENT:
	case FFNTP_EVENT_ERROR:
		target->problem = strerror(event->error);
		break;
	case FFNTP_EVENT_UNANSWERED:
		if (!target->problem)
			target->problem = "no answer";
		break;
	case FFNTP_EVENT_NONE:
	case FFNTP_EVENT_CHANGE_SERVER:
	case FFNTP_EVENT_DISRUPTED:
	case FFNTP_EVENT_SERVER:
	case FFNTP_EVENT_MAP:
	case FFNTP_EVENT_SELECTION:
	case FFNTP_EVENTS:
		break;
	}
}

static bool open_targets(const struct query *query, struct target *targets, char **names, int count)
{
	for (int i = 0; i < count; i++) {
		struct ffntp_addresses found;
		const char *problem = ffntp_resolve(names[i], NTP_PORT, &found);

		if (problem) {
			tool_error(query->command, "%s: %s", names[i], problem);
			return false;
		}
		targets[i].name = names[i];
		targets[i].address = found.address[0];
	}
	for (int i = 0; i < count; i++) {
		if (!ffntp_peer_open(&targets[i].peer, &query->config, &query->source, &targets[i].address, NULL)) {
			tool_error(query->command, "%s: out of memory", names[i]);
			return false;
		}
		targets[i].peer.listener = take_event;
		targets[i].peer.context = &targets[i];
	}
	return true;
}

static void close_targets(struct target *targets, int count)
{
	for (int i = 0; i < count; i++) {
		if (targets[i].peer.session)
			ffntp_peer_close(&targets[i].peer);
	}
}

/* Return whether all requests were sent, and the last answer has come or is overdue. */
static bool is_finished(const struct target *target)
{
	return target->is_done || (target->sent >= REQUESTS && !ffntp_session_is_awaiting(target->peer.session));
}

static void serve_timer(struct target *target, ffntp_counter now)
{
	while (!is_finished(target) && ffntp_peer_timer(&target->peer, now))
		;
	target->is_done = is_finished(target);
}

static int next_timeout_ms(const struct target *targets, int count, ffntp_counter now)
{
	int timeout_ms = WAIT_MS;

	for (int i = 0; i < count; i++) {
		if (!targets[i].is_done)
			timeout_ms = ffntp_peer_timeout_ms(&targets[i].peer, now, timeout_ms);
	}
	return timeout_ms;
}

static void wait_and_receive(const struct query *query, struct target *targets, int count)
{
	struct pollfd ready[MAX_SERVERS];
	ffntp_counter woke;

	for (int i = 0; i < count; i++) {
		ready[i] = (struct pollfd){ .fd = targets[i].is_done ? -1 : ffntp_peer_descriptor(&targets[i].peer),
					    .events = POLLIN };
	}
	poll(ready, (nfds_t)count, next_timeout_ms(targets, count, ffntp_counter_read(&query->source)));
	woke = ffntp_counter_read(&query->source);
	for (int i = 0; i < count; i++) {
		if (ready[i].fd >= 0 && ready[i].revents != 0)
			(void)ffntp_peer_receive(&targets[i].peer, ready[i].revents, woke);
	}
}

/* Show progress on a terminal. */
static void show_progress(const struct target *targets, int count)
{
	unsigned accepted = 0;

	for (int i = 0; i < count; i++)
		accepted += targets[i].accepted;
	fprintf(stderr, "\r%u of %u answers", accepted, (unsigned)count * REQUESTS);
}

static bool serve_timers(const struct query *query, struct target *targets, int count)
{
	bool is_done = true;

	for (int i = 0; i < count; i++) {
		if (!targets[i].is_done)
			serve_timer(&targets[i], ffntp_counter_read(&query->source));
		is_done = is_done && targets[i].is_done;
	}
	return is_done;
}

static void ask_all(const struct query *query, struct target *targets, int count)
{
	ffntp_counter begun = ffntp_counter_read(&query->source);
	ffntp_counter limit = (ffntp_counter)(LIMIT_S / query->source.period_hint_s);
	bool is_watched = isatty(STDERR_FILENO) == 1;

	while (!serve_timers(query, targets, count) && ffntp_counter_read(&query->source) - begun < limit) {
		if (is_watched)
			show_progress(targets, count);
		wait_and_receive(query, targets, count);
	}
	if (is_watched)
		fprintf(stderr, "\r%*s\r", 40, "");
}

/*
 * Compare CLOCK_REALTIME and the clock estimated from the answers at one counter reading. Returns false if there is no
 * estimate.
 */
static bool find(const struct query *query, struct target *target, struct finding *finding)
{
	struct ffntp_bracket bracket = ffntp_bracket_take(&query->source);
	const struct ffntp_session *session = target->peer.session;
	struct ffntp_reading reading;

	ffntp_peer_input(&target->peer, (struct ffntp_input){ .kind = FFNTP_INPUT_PUBLISH, .at = bracket.counter });
	if (ffntp_clock_at(ffntp_session_map(session), bracket.counter, FFNTP_UTC, UINT64_MAX, &reading) !=
	    FFNTP_CLOCK_OK)
		return false;
	finding->source = *ffntp_session_source(session);
	finding->offset_ns = ffntp_time_diff_ns(ffntp_time_from_ns(bracket.realtime_ns), reading.estimate);
	finding->bound_ns = reading.bound_ns;
	return true;
}

static bool print_json(const struct target *target, const struct finding *finding)
{
	char address[FFNTP_ADDRESS_TEXT_SIZE], refid[OUTPUT_REFID_SIZE];
	json_t *object = json_object();

	ffntp_address_text(&target->address, address);
	json_object_set_new(object, "server", json_string(target->name));
	json_object_set_new(object, "address", json_string(address));
	json_object_set_new(object, "requests", json_integer(target->sent));
	json_object_set_new(object, "answers", json_integer(target->accepted));
	if (!finding) {
		json_object_set_new(object, "error", json_string(target->problem ? target->problem : "no answer"));
		return output_json(object);
	}
	output_refid(&finding->source, refid);
	json_object_set_new(object, "offset_ns", json_integer(finding->offset_ns));
	json_object_set_new(object, "bound_ns", json_integer((json_int_t)finding->bound_ns));
	json_object_set_new(object, "rtt_ns", json_integer((json_int_t)finding->source.rtt_min_ns));
	json_object_set_new(object, "stratum", json_integer(finding->source.stratum));
	json_object_set_new(object, "refid", json_string(refid));
	return output_json(object);
}

static void print_header(void)
{
	printf("%-*s %17s %8s %8s %7s  %s\n", NAME_WIDTH, "server", "clock ahead", "bound", "RTT", "stratum", "refid");
}

static void print_row(const struct target *target, const struct finding *finding)
{
	char offset[OUTPUT_NUMBER_SIZE], bound[OUTPUT_NUMBER_SIZE], rtt[OUTPUT_NUMBER_SIZE], refid[OUTPUT_REFID_SIZE];

	output_name(stdout, target->name, 0, NAME_WIDTH);
	printf(" %17s %8s %8s %7u  %s\n", output_duration((double)finding->offset_ns * 1e-9, offset),
	       output_duration((double)finding->bound_ns * 1e-9, bound),
	       output_duration((double)finding->source.rtt_min_ns * 1e-9, rtt), finding->source.stratum,
	       output_refid(&finding->source, refid));
}

static bool report(const struct query *query, struct target *target, bool is_first)
{
	struct finding finding;
	bool is_found = target->accepted > 0 && find(query, target, &finding);

	if (query->as_json)
		print_json(target, is_found ? &finding : NULL);
	else if (is_found && is_first)
		print_header();
	if (!query->as_json && is_found)
		print_row(target, &finding);
	if (!is_found)
		tool_error(query->command, "%s: %s", target->name, target->problem ? target->problem : "no answer");
	return is_found;
}

static int ask_and_report(const struct query *query, struct target *targets, int count)
{
	int found = 0;

	ask_all(query, targets, count);
	for (int i = 0; i < count; i++)
		found += report(query, &targets[i], found == 0);
	return found > 0 ? TOOL_OK : TOOL_FAILED;
}

static const char *prepare(struct query *query)
{
	const char *problem = ffntp_counter_open(&query->source, FFNTP_COUNTER_NONE);

	if (problem)
		return problem;
	ffntp_peer_config_default(&query->config, &query->source);
	query->config.poll_min_s = POLL_S;
	query->config.burst = REQUESTS;
	return NULL;
}

static int run(struct query *query, char **names, int count)
{
	struct target targets[MAX_SERVERS] = { 0 };
	const char *problem = prepare(query);
	int code = TOOL_FAILED;

	if (problem)
		tool_error(query->command, "%s", problem);
	else if (open_targets(query, targets, names, count))
		code = ask_and_report(query, targets, count);
	close_targets(targets, count);
	return code;
}

int tool_query(const struct tool_command *command, int argc, char **argv)
{
	struct query query = { .command = command };
	const struct tool_option options[] = {
		tool_flag("json", &query.as_json, "one JSON object per server, one per line"),
		{ 0 },
	};
	int operand = 0, code;

	if (!tool_options_parse(command, options, argc, argv, &operand, &code))
		return code;
	if (operand == argc) {
		tool_error(command, "no server named");
		return TOOL_USAGE;
	}
	if (argc - operand > MAX_SERVERS) {
		tool_error(command, "%d servers named; at most %d can be asked at once", argc - operand, MAX_SERVERS);
		return TOOL_USAGE;
	}
	return run(&query, argv + operand, argc - operand);
}
