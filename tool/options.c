#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/estimator.h"
#include "progress.h"

#define MAX_OPTIONS 16
#define MAX_LINE 1024

/* getopt_long returns an option's index in the table plus this, which is beyond every character. */
#define FIRST_OPTION 256

void tool_error(const struct tool_command *command, const char *format, ...)
{
	char line[MAX_LINE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	/* Text from users, files or servers must not move the cursor or start a second line. */
	for (char *c = line; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	}
	fflush(stdout);
	progress_end();
	fprintf(stderr, "ffntp%s%s: %s\n", command ? " " : "", command ? command->name : "", line);
}

bool tool_parse_integer(const char *text, int64_t min, int64_t max, int64_t *value)
{
	char *end;
	long long number;

	if (!strchr("+-0123456789", text[0]) || text[0] == 0)
		return false;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != 0 || number < min || number > max)
		return false;
	*value = number;
	return true;
}

bool tool_parse_real(const char *text, double min, double max, double *value)
{
	char *end;
	double number;

	if (!strchr("+-.0123456789", text[0]) || text[0] == 0)
		return false;
	number = strtod(text, &end);
	if (end == text || *end != 0 || !isfinite(number) || number < min || number > max)
		return false;
	*value = number;
	return true;
}

static void report_bad_value(const struct tool_command *command, const struct tool_option *option, const char *text)
{
	if (option->kind == TOOL_ESTIMATOR)
		tool_error(command, "--%s: '%s' is no estimator; ffntp %s --help lists them", option->name, text,
			   command->name);
	else
		tool_error(command, "--%s: '%s' is not %s from %.16g to %.16g", option->name, text,
			   option->kind == TOOL_INTEGER ? "a whole number" : "a number", option->min, option->max);
}

static bool option_set(const struct tool_command *command, const struct tool_option *option, const char *text)
{
	bool is_good = true;

	switch (option->kind) {
	case TOOL_FLAG:
		*option->value.flag = true;
		break;
	case TOOL_TEXT:
		*option->value.text = text;
		break;
	case TOOL_OPTIONAL_TEXT:
		*option->value.text = text ? text : "";
		break;
	case TOOL_INTEGER:
		is_good = tool_parse_integer(text, (int64_t)option->min, (int64_t)option->max, option->value.integer);
		break;
	case TOOL_REAL:
		is_good = tool_parse_real(text, option->min, option->max, option->value.real);
		break;
	case TOOL_ESTIMATOR:
		is_good = ffntp_estimator_find(text, option->value.estimator);
		break;
	}
	if (!is_good)
		report_bad_value(command, option, text);
	return is_good;
}

/* -v is short for --verbose, where a subcommand has it. */
static bool is_verbose(const char *name)
{
	return strcmp(name, "verbose") == 0;
}

static void print_option(const char *name, const char *argument, const char *help)
{
	bool is_optional = argument && argument[0] == '[';
	char left[40];

	snprintf(left, sizeof(left), "%s--%s%s%s", is_verbose(name) ? "-v, " : "", name,
		 argument && !is_optional ? " " : "", argument ? argument : "");
	printf("  %-20s %s\n", left, help);
}

/* Print the estimators, the default one first. */
static void print_estimators(const struct tool_option *option)
{
	const struct ffntp_estimator_ops *ops;
	char help[80];

	snprintf(help, sizeof(help), "the algorithm [%s]:", ffntp_estimator_at(0)->name);
	print_option(option->name, option->argument, help);
	for (size_t i = 0; (ops = ffntp_estimator_at(i)) != NULL; i++)
		printf("  %-10s %-9s %s\n", "", ops->name, ops->summary);
}

static void print_help(const struct tool_command *command, const struct tool_option *options)
{
	printf("Usage: ffntp %s [OPTION]...%s%s\n\n%c%s.\n\n", command->name, command->operands[0] ? " " : "",
	       command->operands, toupper(command->summary[0]), command->summary + 1);
	for (const struct tool_option *option = options; option->name; option++) {
		if (option->kind == TOOL_ESTIMATOR)
			print_estimators(option);
		else
			print_option(option->name, option->argument, option->help);
	}
	print_option("help", NULL, "this text");
	if (command->help[0] != '\0')
		printf("\n%s", command->help);
}

/* These replace getopt_long's own messages, which do not name the subcommand, and print abbreviated options in full. */
static void report_bad_option(const struct tool_command *command, int code, char **argv)
{
	const char *word = argv[optind - 1];

	if (code == ':')
		tool_error(command, "%s needs a value", word);
	else if (optopt >= FIRST_OPTION)
		tool_error(command, "%s takes no value", word);
	else if (strncmp(word, "--", 2) != 0 && optopt != 0)
		tool_error(command, "unknown option -%c", optopt);
	else
		tool_error(command, "unknown option %s", word);
}

static int argument_of(enum tool_option_kind kind)
{
	if (kind == TOOL_OPTIONAL_TEXT)
		return optional_argument;
	return kind == TOOL_FLAG ? no_argument : required_argument;
}

static void fill_long_options(struct option *longs, const struct tool_option *options)
{
	int count = 0;

	for (; options[count].name && count < MAX_OPTIONS; count++) {
		longs[count] = (struct option){ options[count].name, argument_of(options[count].kind), NULL,
						FIRST_OPTION + count };
	}
	longs[count] = (struct option){ "help", no_argument, NULL, 'h' };
}

/* Return the option's place in the table of getopt_long's result, -v as --verbose; -1 if there is no such option. */
static int place_of(int found, const struct tool_option *options)
{
	int place = 0;

	if (found >= FIRST_OPTION)
		return found - FIRST_OPTION;
	while (found == 'v' && options[place].name && !is_verbose(options[place].name))
		place++;
	return found == 'v' && options[place].name ? place : -1;
}

static bool parse(const struct tool_command *command, const char *shorts, const struct tool_option *options, int argc,
		  char **argv, int *first_operand, int *code)
{
	struct option longs[MAX_OPTIONS + 2] = { 0 };
	int found;

	fill_long_options(longs, options);
	opterr = 0;
	*code = TOOL_USAGE;
	while ((found = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (found == 'h') {
			print_help(command, options);
			*code = TOOL_OK;
			return false;
		}
		if (place_of(found, options) < 0) {
			optopt = found == 'v' ? found : optopt;
			report_bad_option(command, found, argv);
			return false;
		}
		if (!option_set(command, &options[place_of(found, options)], optarg))
			return false;
	}
	*first_operand = optind;
	return true;
}

bool tool_options_parse(const struct tool_command *command, const struct tool_option *options, int argc, char **argv,
			int *first_operand, int *code)
{
	return parse(command, ":hv", options, argc, argv, first_operand, code);
}

bool tool_options_leading(const struct tool_command *command, const struct tool_option *options, int argc, char **argv,
			  int *first_operand, int *code)
{
	return parse(command, "+:hv", options, argc, argv, first_operand, code);
}

bool tool_options_alone(const struct tool_command *command, const struct tool_option *options, int argc, char **argv,
			int *code)
{
	int operand;

	if (!tool_options_parse(command, options, argc, argv, &operand, code))
		return false;
	if (operand == argc)
		return true;
	tool_error(command, "unexpected argument %s", argv[operand]);
	*code = TOOL_USAGE;
	return false;
}
