/* ffntp: the tool: the table of its subcommands, and the handling that all of them share. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"

static const struct tool_command commands[] = {
	{ "demo", "", "keep a clock by a server in this program, and show its errors",
	  "Ends with a summary, also after Ctrl-C. Exits 0 only if every bound held.\n", tool_demo },
	{ "elapsed", "COMMAND [ARGUMENT]...", "time a command with the difference clock beside the system's clocks",
	  "Prints to stderr how long the command ran: by the difference clock, which no\n"
	  "correction of the time affects, and by the system's clocks. The exit code is\n"
	  "the command's; 126 if it cannot be run, 127 if it does not exist, 128 + N if\n"
	  "signal N ended it.\n",
	  tool_elapsed },
	{ "now", "", "print the time from the clock page, with its error bound",
	  "Exits 1, and prints no time, if the page has none.\n", tool_now },
	{ "query", "SERVER...", "ask servers how far this computer's clock is off; changes nothing",
	  "A server is a name or an address, with :PORT if it is not 123: ntp.example.org,\n"
	  "192.0.2.1:1123, [2001:db8::1]:123. Each is asked four times, a second apart.\n"
	  "Exits 1 if none of them answered.\n",
	  tool_query },
	{ "replay", "TRACE...", "run recorded exchanges through the estimators, and score the clock",
	  "A trace has one exchange a line: Ta Tb Te Tf and, if they are known, the true Tf\n"
	  "and true Ta. Ta and Tf are counter readings, the others nanoseconds since 1970,\n"
	  "UTC. Lines that start with # are comments. Traces may be compressed with gzip;\n"
	  "- is standard input. docs/ffntp.md describes the output.\n",
	  tool_replay },
	{ "simulate", "SCENARIO...", "run the client in a simulated world, and score the clock",
	  "A world is an oscillator, a path with its queues, and a server, all of them made\n"
	  "from the seed. --trace writes the exchanges in the format that replay reads.\n"
	  "docs/ffntp.md describes the output.\n",
	  tool_simulate },
	{ "status", "", "show the clock, its counter and its servers, from the clock page", NULL, tool_status },
	{ "wait", "", "wait until the clock page has the time",
	  "Exits 0 once the clock is synchronised and its error bound is small enough, and\n"
	  "1 after the timeout, with the reason.\n",
	  tool_wait },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	printf("Usage: ffntp COMMAND [OPTION]... [ARGUMENT]...\n"
	       "Read and inspect the ffntpd clock; replay and simulate its estimators.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].summary);
	printf("\n  --help     this text; ffntp COMMAND --help describes a command\n"
	       "  --version  the version\n");
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
