/* options: a subcommand's options as a table, which serves both parsing and --help. */
#ifndef FFNTP_TOOL_OPTIONS_H
#define FFNTP_TOOL_OPTIONS_H

#include <ffntp/estimator.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes of every subcommand. */
enum {
	TOOL_OK = 0,
	TOOL_FAILED = 1, /* a valid request that could not be done */
	TOOL_USAGE = 2,  /* an unknown option or command, or a value out of range */
};

enum tool_option_kind { TOOL_FLAG, TOOL_TEXT, TOOL_INTEGER, TOOL_REAL, TOOL_OPTIONAL_TEXT, TOOL_ESTIMATOR };

struct tool_option {
	const char *name;     /* without the dashes */
	const char *argument; /* the value's name in --help; NULL for a flag */
	const char *help;     /* one line */
	enum tool_option_kind kind;
	union {
		bool *flag;
		const char **text;
		int64_t *integer;
		double *real;
		enum ffntp_estimator_kind *estimator;
	} value;         /* where the value is stored; holds the default before */
	double min, max; /* of a number, both included */
};

struct tool_command {
	const char *name;
	const char *operands; /* their name in --help, such as "TRACE..." */
	const char *summary;  /* one line, without a full stop */
	const char *help;     /* further explanation; "" if there is none */
	int (*run)(const struct tool_command *command, int argc, char **argv);
};

static inline struct tool_option tool_flag(const char *name, bool *flag, const char *help)
{
	return (struct tool_option){ name, NULL, help, TOOL_FLAG, { .flag = flag }, 0, 0 };
}

static inline struct tool_option tool_text(const char *name, const char *argument, const char **text, const char *help)
{
	return (struct tool_option){ name, argument, help, TOOL_TEXT, { .text = text }, 0, 0 };
}

/* Define an option --name or --name=TEXT; *text is "" for the former. */
static inline struct tool_option tool_optional_text(const char *name, const char *argument, const char **text,
						    const char *help)
{
	return (struct tool_option){ name, argument, help, TOOL_OPTIONAL_TEXT, { .text = text }, 0, 0 };
}

/* Define an integer option. Limits are at most 2^53, both included. */
static inline struct tool_option tool_integer(const char *name, const char *argument, int64_t *integer, double min,
					      double max, const char *help)
{
	return (struct tool_option){ name, argument, help, TOOL_INTEGER, { .integer = integer }, min, max };
}

static inline struct tool_option tool_real(const char *name, const char *argument, double *real, double min, double max,
					   const char *help)
{
	return (struct tool_option){ name, argument, help, TOOL_REAL, { .real = real }, min, max };
}

/* Define the option --estimator, which is the same for every subcommand. */
static inline struct tool_option tool_estimator(enum ffntp_estimator_kind *estimator)
{
	return (struct tool_option){ "estimator", "NAME", "", TOOL_ESTIMATOR, { .estimator = estimator }, 0, 0 };
}

/*
 * Read argv into the options' values. The table ends with a NULL name. Options may stand among operands, which are
 * moved to the end; "--" ends the options.
 * Returns true and the index of the first operand; or false and the exit code: --help was printed, or one line on
 * stderr names the error. Not thread-safe.
 */
bool tool_options_parse(const struct tool_command *command, const struct tool_option *options, int argc, char **argv,
			int *first_operand, int *code);

/* Like tool_options_parse, but the first operand ends the options, because the rest belongs to another program. */
bool tool_options_leading(const struct tool_command *command, const struct tool_option *options, int argc, char **argv,
			  int *first_operand, int *code);

/* Like tool_options_parse, for a subcommand without operands: an operand is an error. */
bool tool_options_alone(const struct tool_command *command, const struct tool_option *options, int argc, char **argv,
			int *code);

/*
 * Parse the whole of 'text' as a number within the range, both ends included. Returns false, and *value is untouched,
 * otherwise.
 */
bool tool_parse_integer(const char *text, int64_t min, int64_t max, int64_t *value);
bool tool_parse_real(const char *text, double min, double max, double *value);

/* Print one line on stderr: "ffntp COMMAND: ...". Control characters in the text are shown as '?'. */
void tool_error(const struct tool_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
