/*
 * commands: the subcommands in main.c's table, one per file. argv[0] is the subcommand's name. Each returns an exit
 * code of options.h.
 */
#ifndef FFNTP_TOOL_COMMANDS_H
#define FFNTP_TOOL_COMMANDS_H

#include "options.h"

int tool_demo(const struct tool_command *command, int argc, char **argv);
int tool_elapsed(const struct tool_command *command, int argc, char **argv);
int tool_now(const struct tool_command *command, int argc, char **argv);
int tool_query(const struct tool_command *command, int argc, char **argv);
int tool_replay(const struct tool_command *command, int argc, char **argv);
int tool_simulate(const struct tool_command *command, int argc, char **argv);
int tool_status(const struct tool_command *command, int argc, char **argv);
int tool_wait(const struct tool_command *command, int argc, char **argv);

#endif
