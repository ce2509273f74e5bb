/* Any bytes as the daemon's reply to a command of the tool: an exit code, and nothing that controls a terminal. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>

#include "../../tool/control.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool is_printed;

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* --- fakes --- */

bool tool_options_parse(const struct tool_command *command, const struct tool_option *options, int argc, char **argv,
			int *first, int *code)
{
	(void)command, (void)options, (void)argc, (void)argv, (void)first, (void)code;
	abort();
}

bool ffntp_linux_default_path(char path[FFNTP_LINUX_PATH_SIZE])
{
	(void)path;
	abort();
}

static void check_text(const char *text)
{
	is_printed = true;
	for (; *text != '\0'; text++)
		require((unsigned char)*text >= ' ' && *text != 0x7f);
}

void tool_error(const struct tool_command *command, const char *format, ...)
{
	char text[FFNTP_CONTROL_REPLY_SIZE + 64];
	va_list arguments;

	va_start(arguments, format);
	require(vsnprintf(text, sizeof(text), format, arguments) < (int)sizeof(text));
	va_end(arguments);
	require(command != NULL);
	check_text(text);
}

/* Let what is printed to standard output be lost, for a while. */
static void print_to(int output)
{
	fflush(stdout);
	require(dup2(output, STDOUT_FILENO) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct tool_command command = { "fuzz", "", "is fuzzed", "", NULL };
	int pair[2], code, output = dup(STDOUT_FILENO), nothing = open("/dev/null", O_WRONLY);

	require(output >= 0 && nothing >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	require(size == 0 || send(pair[1], bytes, size < 4096 ? size : 4096, 0) > 0);
	shutdown(pair[1], SHUT_WR);
	is_printed = false;
	print_to(nothing);
	code = ask(&command, pair[0], "burst");
	print_to(output);
	require(code >= FFNTP_CONTROL_DONE && code <= FFNTP_CONTROL_NO_SERVER);
	require(code == FFNTP_CONTROL_DONE || is_printed);
	close(pair[0]);
	close(pair[1]);
	close(output);
	close(nothing);
	return 0;
}
