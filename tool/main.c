/* ffntp: the tool: the table of its subcommands, and the handling that all of them share. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"

#define COMMAND(name, operands, summary, help) { #name, operands, summary, help, tool_##name },
#define CONTROL(name, operands, summary, help) { #name, operands, summary, help, tool_control },
static const struct tool_command commands[] = {
#include "commands.def"
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	printf("Usage: ffntp COMMAND [OPTION]... [ARGUMENT]...\n"
	       "Read and inspect the ffntpd clock; replay and simulate its estimators.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-9s %s\n", commands[i].name, commands[i].summary);
	printf("\n  --help      this text; ffntp COMMAND --help describes a command\n"
	       "  --version   the version\n");
}

/*
 * A closed standard descriptor would be reused for the next file that is opened, for example a clock page, and output
 * would be written into that file. It is therefore opened here in the wrong direction, so that using it is an error.
 */
static void occupy_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

/* Check that the output was written, because that may still fail: a full disk, a closed pipe. */
static int finish(int code)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	if (errno != EPIPE)
		fprintf(stderr, "ffntp: standard output: %s\n", errno != 0 ? strerror(errno) : "could not be written");
	return code == TOOL_OK ? TOOL_FAILED : code;
}

static int run(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_help();
		return TOOL_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("ffntp " FFNTP_VERSION);
		return TOOL_OK;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(&commands[i], argc - 1, argv + 1);
	}
	tool_error(NULL, "unknown %s %s; ffntp --help lists the commands", argv[1][0] == '-' ? "option" : "command",
		   argv[1]);
	return TOOL_USAGE;
}

int main(int argc, char **argv)
{
	occupy_standard_descriptors();
	return finish(run(argc, argv));
}
