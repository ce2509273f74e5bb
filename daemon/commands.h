/* commands: the commands that come through the control socket, in words of chronyc. docs/ffntp.md describes them. */
#ifndef FFNTP_DAEMON_COMMANDS_H
#define FFNTP_DAEMON_COMMANDS_H

#include "changes.h"
#include "control.h"

/* Do a command: a handler of control.h. context: the struct ffntp_changes. */
ffntp_control_handler ffntp_commands_do;

#endif
