/*
 * commands: the subcommands of commands.def, one per file. argv[0] is the subcommand's name. Each returns an exit
 * code of options.h.
 */
#ifndef FFNTP_TOOL_COMMANDS_H
#define FFNTP_TOOL_COMMANDS_H

#include "options.h"

#define COMMAND(name, operands, summary, help) \
	int tool_##name(const struct tool_command *command, int argc, char **argv);
#include "commands.def"

#endif
