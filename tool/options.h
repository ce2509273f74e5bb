/* options: a subcommand's options as a table, from which both parsing and --help are made. */
#ifndef FFNTP_TOOL_OPTIONS_H
#define FFNTP_TOOL_OPTIONS_H

#include <ffntp/estimator.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes of every subcommand. */
enum {
	TOOL_OK = 0,
	TOOL_FAILED = 1, /* asked properly, but it could not be done */
	TOOL_USAGE = 2,  /* an unknown option or command, a value out of range */
};

enum tool_option_kind { TOOL_FLAG, TOOL_TEXT, TOOL_INTEGER, TOOL_REAL, TOOL_OPTIONAL_TEXT, TOOL_ESTIMATOR };

struct tool_option {
	const char *name;     /* without the dashes */
	const char *argument; /* how --help calls the value; NULL for a flag */
	const char *help;     /* one line */
	enum tool_option_kind kind;
	union {
		bool *flag;
		const char **text;
		int64_t *integer;
		double *real;
		enum ffntp_estimator_kind *estimator;
	} value;         /* where the value goes; holds the default before */
	double min, max; /* of a number, both allowed */
};

struct tool_command {
	const char *name;
	const char *operands; /* how --help calls them, such as "TRACE..." */
	const char *summary;  /* one line, without a full stop */
	const char *help;     /* what more there is to say; may be NULL */
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

/* --name or --name=TEXT; *text is "" for the former. */
static inline struct tool_option tool_optional_text(const char *name, const char *argument, const char **text,
						    const char *help)
{
	return (struct tool_option){ name, argument, help, TOOL_OPTIONAL_TEXT, { .text = text }, 0, 0 };
}

/* Limits up to 2^53, both allowed. */
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

/* The same for every subcommand. */
static inline struct tool_option tool_estimator(enum ffntp_estimator_kind *estimator)
{
	return (struct tool_option){
		"estimator", "NAME", "radclock, law or default", TOOL_ESTIMATOR, { .estimator = estimator }, 0, 0
	};
}

/*
 * Reads argv into the options' values. The table ends with a NULL name. Options may stand among operands, which are
 * moved to the end; "--" ends the options.
 * Returns true and the index of the first operand; or false and the exit code: --help was printed, or one line on
 * stderr says what is wrong. Not for several threads.
 */
bool tool_options_parse(const struct tool_command *command, const struct tool_option *options, int argc, char **argv,
			int *first_operand, int *code);

/* The same, but the first operand ends the options: what follows is another program's. */
bool tool_options_leading(const struct tool_command *command, const struct tool_option *options, int argc, char **argv,
			  int *first_operand, int *code);

/* The same for a subcommand without operands: one is an error. */
bool tool_options_alone(const struct tool_command *command, const struct tool_option *options, int argc, char **argv,
			int *code);

/* The whole of 'text' as a number within the range, both ends included; else false and *value untouched. */
bool tool_parse_integer(const char *text, int64_t min, int64_t max, int64_t *value);
bool tool_parse_real(const char *text, double min, double max, double *value);

/* One line on stderr: "ffntp COMMAND: ...". Control characters in the text are shown as '?'. */
void tool_error(const struct tool_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
