/*
 * commands: the subcommands of commands.def, one per file, and those of the daemon's control socket in control.c.
 * argv[0] is the subcommand's name. Each returns an exit code of options.h.
 */
#ifndef FFNTP_TOOL_COMMANDS_H
#define FFNTP_TOOL_COMMANDS_H

#include "options.h"

/* The end of --help of commands that the daemon does. */
#define CONTROL_CODES                                                                     \
	"Root and the daemon's user may do this. Exits 1 if the daemon could not, 2 if\n" \
	"the command is invalid, 3 without a daemon, 4 without the right, 5 without an\n" \
	"answer, 6 if the daemon is busy, 7 if no server has this name.\n"

#define COMMAND(name, operands, summary, help) \
	int tool_##name(const struct tool_command *command, int argc, char **argv);
#define CONTROL(name, operands, summary, help)
#include "commands.def"

/* Send the command to the daemon as it stands. */
int tool_control(const struct tool_command *command, int argc, char **argv);

#endif
