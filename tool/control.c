/* control: sends a command to the daemon, which changes its servers, and prints the answer. */
#include "../ports/linux/control.h"

#include <errno.h>
#include <ffntp/linux.h>
#include <sys/time.h>
#include <unistd.h>

#include "commands.h"

/* The daemon answers within a second, unless it reads many files. */
#define PATIENCE_S 10

#define SYSTEM_PAGE "/run/ffntp/page"

/* --- the socket --- */

/* Connect to the daemon of a page. Returns the descriptor; -1, with errno, if nothing listens there. */
static int connect_to(const char *page)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	int error = ENAMETOOLONG;

	if (descriptor < 0)
		return -1;
	(void)setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (ffntp_control_address(page, &address)) {
		if (connect(descriptor, (const struct sockaddr *)&address, sizeof(address)) == 0)
			return descriptor;
		error = errno;
	}
	close(descriptor);
	errno = error;
	return -1;
}

/* Return whether root or this user listens there. In /tmp any user may have made the folder of this user's page. */
static bool is_trusted(int descriptor)
{
	struct ucred listener;
	socklen_t size = sizeof(listener);

	return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &listener, &size) == 0 &&
	       (listener.uid == 0 || listener.uid == geteuid());
}

static bool is_absent(int error)
{
	return error == ENOENT || error == ECONNREFUSED || error == ENOTDIR;
}

/* Connect at the usual places: the system's daemon, or this user's. *page: the place that was used. */
static int connect_usual(const char **page)
{
	static char own[FFNTP_LINUX_PATH_SIZE];
	int descriptor;

	*page = SYSTEM_PAGE;
	descriptor = connect_to(*page);
	if (descriptor >= 0 || !is_absent(errno) || !ffntp_linux_default_path(own))
		return descriptor;
	*page = own;
	descriptor = connect_to(own);
	if (descriptor < 0 || is_trusted(descriptor))
		return descriptor;
	close(descriptor);
	errno = EPERM;
	return -1;
}

/* --- the command --- */

/* Join the words of a command. Returns false if they are too long. */
static bool join(char request[FFNTP_CONTROL_REQUEST_SIZE], const char *name, char *const *words, int count)
{
	size_t length = strlen(strcpy(request, name));

	for (int i = 0; i < count; i++) {
		size_t size = strlen(words[i]) + 1;

		if (length + size >= FFNTP_CONTROL_REQUEST_SIZE)
			return false;
		request[length] = ' ';
		memcpy(request + length + 1, words[i], size);
		length += size;
	}
	return true;
}

static int refuse_connection(const struct tool_command *command, const char *page)
{
	int error = errno;

	if (is_absent(error)) {
		tool_error(command, "%s" FFNTP_CONTROL_SUFFIX ": no daemon takes commands there; is ffntpd running?",
			   page);
		return FFNTP_CONTROL_NO_DAEMON;
	}
	if (error == EPERM) {
		tool_error(command,
			   "%s" FFNTP_CONTROL_SUFFIX ": a different user's program listens there, and is not trusted; "
			   "--page names the page of your daemon",
			   page);
		return FFNTP_CONTROL_DENIED;
	}
	if (error == EACCES) {
		tool_error(command,
			   "%s" FFNTP_CONTROL_SUFFIX ": only root and the daemon's user may change its servers", page);
		return FFNTP_CONTROL_DENIED;
	}
	tool_error(command, "%s" FFNTP_CONTROL_SUFFIX ": %s", page, strerror(error));
	return error == EAGAIN ? FFNTP_CONTROL_SILENT : FFNTP_CONTROL_NO_DAEMON;
}

/* Print the daemon's answer, and return its code. A control character, which could change the terminal, becomes '?'. */
static int report(const struct tool_command *command, char *answer)
{
	int code = answer[0] - '0';

	for (char *at = answer; *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	}
	if (code < FFNTP_CONTROL_DONE || code > FFNTP_CONTROL_NO_SERVER || answer[1] != ' ') {
		tool_error(command, "the daemon's answer is not understood; are the two of one version?");
		return FFNTP_CONTROL_FAILED;
	}
	if (code != FFNTP_CONTROL_DONE)
		tool_error(command, "%s", answer + 2);
	else if (answer[2] != '\0')
		puts(answer + 2);
	return code;
}

static int ask(const struct tool_command *command, int descriptor, const char *request)
{
	char answer[FFNTP_CONTROL_REPLY_SIZE + 2];
	ssize_t length = -1;

	if (send(descriptor, request, strlen(request), MSG_NOSIGNAL) >= 0 || errno == EPIPE)
		length = recv(descriptor, answer, sizeof(answer) - 1, 0);
	if (length <= 0) {
		tool_error(command, "no answer from the daemon");
		return FFNTP_CONTROL_SILENT;
	}
	answer[length] = '\0';
	return report(command, answer);
}

int tool_control(const struct tool_command *command, int argc, char **argv)
{
	char request[FFNTP_CONTROL_REQUEST_SIZE];
	const char *page = NULL;
	const struct tool_option options[] = {
		tool_text("page", "FILE", &page, "the page of the daemon [/run/ffntp/page, or this user's]"),
		{ .name = NULL },
	};
	int first, code, descriptor;

	if (!tool_options_parse(command, options, argc, argv, &first, &code))
		return code;
	if (!join(request, command->name, argv + first, argc - first)) {
		tool_error(command, "the command is too long");
		return TOOL_USAGE;
	}
	descriptor = page != NULL ? connect_to(page) : connect_usual(&page);
	if (descriptor < 0)
		return refuse_connection(command, page);
	code = ask(command, descriptor, request);
	close(descriptor);
	return code;
}
