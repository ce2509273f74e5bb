/* metrics: the clock page as metrics for Prometheus: printed, in a file for node_exporter, or served over HTTP. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "metricset.h"
#include "scrape.h"
#include "textfile.h"

#define PORT 9976

/* Longest interval of --every (s): a day. */
#define EVERY_MAX_S 86400

struct metrics {
	const struct tool_command *command;
	const char *page;     /* NULL: the usual places */
	const char *format;   /* NULL: the one that suits */
	const char *textfile; /* NULL: none */
	const char *listen;   /* NULL: no */
	int64_t every_s;      /* 0: once */
};

static bool is_prometheus(const struct metrics *metrics)
{
	return metrics->format && strcmp(metrics->format, "prometheus") == 0;
}

/* --- once --- */

static int print(const struct metrics *metrics)
{
	size_t length = 0;
	char *text = metricset_text(metrics->page,
				    is_prometheus(metrics) ? EXPOSITION_PROMETHEUS : EXPOSITION_OPENMETRICS, &length);

	if (!text) {
		tool_error(metrics->command, "out of memory");
		return TOOL_FAILED;
	}
	fwrite(text, 1, length, stdout);
	free(text);
	return TOOL_OK;
}

/* --- a file --- */

/* node_exporter reads the older format alone. */
static int write_file(const struct metrics *metrics)
{
	size_t length = 0;
	char *text = metricset_text(metrics->page, EXPOSITION_PROMETHEUS, &length);
	bool is_written = text && textfile_replace(metrics->textfile, text, length);

	if (!text)
		tool_error(metrics->command, "out of memory");
	else if (!is_written)
		tool_error(metrics->command, "%s: %s", metrics->textfile, strerror(errno));
	free(text);
	return is_written ? TOOL_OK : TOOL_FAILED;
}

/* Return whether SIGTERM or SIGINT came within this time. */
static bool is_ended_within(int64_t seconds)
{
	const struct timespec timeout = { .tv_sec = seconds };
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	return sigtimedwait(&ends, NULL, &timeout) > 0;
}

static void block_ends(void)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
}

static int write_files(const struct metrics *metrics)
{
	int code;

	if (metrics->every_s == 0)
		return write_file(metrics);
	block_ends();
	do
		code = write_file(metrics);
	while (code == TOOL_OK && !is_ended_within(metrics->every_s));
	return code;
}

/* --- HTTP --- */

static char *render(void *context, enum exposition_format format, size_t *length)
{
	const struct metrics *metrics = context;

	return metricset_text(metrics->page, format, length);
}

static int serve(struct metrics *metrics)
{
	struct ffntp_addresses found;
	char address[FFNTP_ADDRESS_TEXT_SIZE];
	int listener;

	if (!ffntp_resolve_numeric(metrics->listen, PORT, &found)) {
		tool_error(metrics->command, "--listen: '%s' is no address of this form: 127.0.0.1:%d, [::1]:%d",
			   metrics->listen, PORT, PORT);
		return TOOL_USAGE;
	}
	ffntp_address_text(&found.address[0], address);
	listener = scrape_listen(&found.address[0]);
	if (listener < 0) {
		tool_error(metrics->command, "--listen: %s: %s%s", address, strerror(errno),
			   errno == EADDRINUSE ? "; stop the program that has this port, or choose a different one"
					       : "");
		return TOOL_FAILED;
	}
	printf("http://%s/metrics\n", address);
	fflush(stdout);
	if (scrape_serve(listener, render, metrics))
		return TOOL_OK;
	tool_error(metrics->command, "%s: %s", address, strerror(errno));
	return TOOL_FAILED;
}

/* --- options --- */

/* Return why the options do not fit together; NULL if they do. */
static const char *problem_of(const struct metrics *metrics)
{
	if (metrics->format && strcmp(metrics->format, "openmetrics") != 0 && !is_prometheus(metrics))
		return "--format is openmetrics or prometheus";
	if (metrics->textfile && metrics->listen)
		return "--textfile and --listen exclude each other";
	if (metrics->format && (metrics->textfile || metrics->listen))
		return "--format is for standard output; the readers of --textfile and --listen determine theirs";
	if (metrics->every_s != 0 && !metrics->textfile)
		return "--every needs --textfile";
	return NULL;
}

int tool_metrics(const struct tool_command *command, int argc, char **argv)
{
	struct metrics metrics = { .command = command };
	const struct tool_option options[] = {
		tool_text("page", "FILE", &metrics.page, "the clock page [the one that ffntpd keeps]"),
		tool_text("format", "NAME", &metrics.format, "openmetrics or prometheus [openmetrics]"),
		tool_text("textfile", "FILE", &metrics.textfile, "write FILE for node_exporter, and end"),
		tool_integer("every", "S", &metrics.every_s, 1, EVERY_MAX_S,
			     "with --textfile: write it every S seconds"),
		tool_text("listen", "ADDRESS", &metrics.listen, "serve http://ADDRESS/metrics, such as 127.0.0.1:9976"),
		{ 0 },
	};
	int code;

	if (!tool_options_alone(command, options, argc, argv, &code))
		return code;
	if (problem_of(&metrics)) {
		tool_error(command, "%s", problem_of(&metrics));
		return TOOL_USAGE;
	}
	if (metrics.listen)
		return serve(&metrics);
	return metrics.textfile ? write_files(&metrics) : print(&metrics);
}
