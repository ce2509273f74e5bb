/*
 * control: the protocol of the socket that a daemon takes commands from. Its name is that of the page with
 * FFNTP_CONTROL_SUFFIX. It is a Unix socket of kind SOCK_SEQPACKET. A connection is for one command: the client sends a
 * packet of text, "add server ntp.example.org iburst", and the daemon answers with a packet, a digit of enum
 * ffntp_control_result, a blank, and a line for people, and closes. Root and the daemon's user may connect.
 */
#ifndef FFNTP_LINUX_CONTROL_H
#define FFNTP_LINUX_CONTROL_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define FFNTP_CONTROL_SUFFIX ".control"

/* Bytes, with a NUL, which is not sent. */
#define FFNTP_CONTROL_REQUEST_SIZE 2049
#define FFNTP_CONTROL_REPLY_SIZE 640

/* The result of a command, and the exit code of the tool. */
enum ffntp_control_result {
	FFNTP_CONTROL_DONE = 0,
	FFNTP_CONTROL_FAILED = 1,    /* the command is valid, and could not be done */
	FFNTP_CONTROL_INVALID = 2,   /* the command is unknown, or its arguments are invalid */
	FFNTP_CONTROL_NO_DAEMON = 3, /* the tool's: nothing listens at the socket */
	FFNTP_CONTROL_DENIED = 4,    /* this user may not change servers */
	FFNTP_CONTROL_SILENT = 5,    /* the tool's: no answer in time */
	FFNTP_CONTROL_BUSY = 6,      /* an earlier change waits for the names of its servers */
	FFNTP_CONTROL_NO_SERVER = 7, /* no server has this name or address */
};

/* Set the socket's address, that of a page's daemon. Returns false if its name is too long. */
static inline bool ffntp_control_address(const char *page, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return (size_t)snprintf(address->sun_path, sizeof(address->sun_path), "%s" FFNTP_CONTROL_SUFFIX, page) <
	       sizeof(address->sun_path);
}

#endif
