/* The arguments of a subcommand: the input's words, separated by NUL, for a table with each kind of option. */
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../core/estimator.h"
#include "../../tool/options.h"
#include "../../tool/progress.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

#define ARGUMENTS 32

static void require(bool condition)
{
	if (!condition)
		abort();
}

void progress_end(void)
{
}

/* Let messages and --help go to this descriptor, for a while. */
static void print_to(int output, int errors)
{
	fflush(stdout);
	fflush(stderr);
	require(dup2(output, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0);
}

/* Parse one way: 0: options anywhere, 1: leading ones, 2: alone. */
static void parse(int way, int argc, char **argv)
{
	static const struct tool_command command = { "fuzz", "FILE...", "is fuzzed", "", NULL };
	bool flag = false, verbose = false, is_good;
	const char *text = NULL, *optional = NULL;
	int64_t integer = 5;
	double real = 0.5;
	enum ffntp_estimator_kind estimator = FFNTP_ESTIMATOR_DEFAULT;
	const struct tool_option options[] = {
		tool_flag("flag", &flag, "a flag"),
		tool_flag("verbose", &verbose, "more"),
		tool_text("text", "TEXT", &text, "a text"),
		tool_optional_text("optional", "[=TEXT]", &optional, "a text or none"),
		tool_integer("integer", "N", &integer, -3, 10, "a number"),
		tool_real("real", "X", &real, 0, 1, "a number"),
		tool_estimator(&estimator),
		{ 0 },
	};
	int first = 0, code = -1;

	optind = 0;
	if (way == 2)
		is_good = tool_options_alone(&command, options, argc, argv, &code);
	else
		is_good = (way == 1 ? tool_options_leading : tool_options_parse)(&command, options, argc, argv, &first,
										 &code);
	require(is_good || code == TOOL_OK || code == TOOL_USAGE);
	require(!is_good || (first >= 0 && first <= argc));
	require(integer >= -3 && integer <= 10 && isfinite(real) && real >= 0 && real <= 1);
	require(ffntp_estimator_choose(estimator) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char *words = calloc(1, size + 1), name[] = "fuzz", *argv[ARGUMENTS + 2] = { name };
	int argc = 1, way = size > 0 ? input[0] % 3 : 0;
	int output = dup(STDOUT_FILENO), errors = dup(STDERR_FILENO), nothing = open("/dev/null", O_WRONLY);

	require(words != NULL && output >= 0 && errors >= 0 && nothing >= 0);
	if (size > 0)
		memcpy(words, input + 1, size - 1);
	for (char *word = words; argc <= ARGUMENTS && word + 1 < words + size; word += strlen(word) + 1)
		argv[argc++] = word;
	print_to(nothing, nothing);
	parse(way, argc, argv);
	print_to(output, errors);
	close(output);
	close(errors);
	close(nothing);
	free(words);
	return 0;
}
