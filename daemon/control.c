#include "control.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "monotonic.h"

/* The name of the socket is looked for again after this time (s). */
#define LOOK_S 5

/* A client has this long to send its command (s). */
#define PATIENCE_S 2

/* --- opening and closing --- */

/*
 * Make a socket that only its owner, and root, may connect to. The page's lock makes sure that an old socket of this
 * name is a dead daemon's. Linux takes the mode of the name from the mode that the socket has when it is bound.
 */
static int listen_at(const struct sockaddr_un *address)
{
	int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (descriptor < 0)
		return -1;
	(void)unlink(address->sun_path);
	if (fchmod(descriptor, S_IRUSR | S_IWUSR) == 0 &&
	    bind(descriptor, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
	    listen(descriptor, FFNTP_CONTROL_CONNECTIONS) == 0)
		return descriptor;
	close(descriptor);
	return -1;
}

void ffntp_control_open(struct ffntp_control *control, const char *page)
{
	*control = (struct ffntp_control){ .listener = -1 };
	for (size_t i = 0; i < FFNTP_CONTROL_CONNECTIONS; i++)
		control->connection[i].descriptor = -1;
	if (page == NULL)
		return;
	errno = ENAMETOOLONG;
	if (ffntp_control_address(page, &control->address))
		control->listener = listen_at(&control->address);
	if (control->listener < 0)
		ffntp_log(FFNTP_LOG_WARNING, "%s" FFNTP_CONTROL_SUFFIX ": %s; no commands are taken", page,
			  strerror(errno));
}

void ffntp_control_close(struct ffntp_control *control)
{
	for (size_t i = 0; i < FFNTP_CONTROL_CONNECTIONS; i++) {
		if (control->connection[i].descriptor >= 0)
			close(control->connection[i].descriptor);
	}
	if (control->listener < 0)
		return;
	(void)unlink(control->address.sun_path);
	close(control->listener);
}

/* --- connections --- */

static void hang_up(struct ffntp_control *control, size_t connection)
{
	close(control->connection[connection].descriptor);
	control->connection[connection].descriptor = -1;
}

/* Return the place of a connection that is free; FFNTP_CONTROL_CONNECTIONS if there is none. */
static size_t free_place(const struct ffntp_control *control)
{
	size_t i = 0;

	while (i < FFNTP_CONTROL_CONNECTIONS && control->connection[i].descriptor >= 0)
		i++;
	return i;
}

static bool may_command(int descriptor)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 &&
	       (credentials.uid == 0 || credentials.uid == geteuid());
}

/* A client that does not read loses its reply: it has room for it in its socket. */
static void reply(int descriptor, enum ffntp_control_result result, const char *text)
{
	char packet[FFNTP_CONTROL_REPLY_SIZE + 2];
	int length = snprintf(packet, sizeof(packet), "%d %s", (int)result, text);

	(void)send(descriptor, packet, (size_t)length < sizeof(packet) ? (size_t)length : sizeof(packet) - 1,
		   MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* After a failure, as of a process that has no descriptors left, it does not listen for a while. */
static void accept_one(struct ffntp_control *control)
{
	size_t place = free_place(control);
	int descriptor = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (descriptor < 0) {
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			control->listens_again = ffntp_monotonic_s() + PATIENCE_S;
		return;
	}
	if (!may_command(descriptor)) {
		reply(descriptor, FFNTP_CONTROL_DENIED, "only root and the daemon's user may change its servers");
		close(descriptor);
		return;
	}
	control->connection[place].descriptor = descriptor;
	control->connection[place].until_s = ffntp_monotonic_s() + PATIENCE_S;
}

/* Do a command of this length, which may be more than the size of its text. */
static void work(int descriptor, char request[FFNTP_CONTROL_REQUEST_SIZE], size_t length,
		 ffntp_control_handler *handler, void *context)
{
	char text[FFNTP_CONTROL_REPLY_SIZE] = "";
	enum ffntp_control_result result = FFNTP_CONTROL_INVALID;

	if (length >= FFNTP_CONTROL_REQUEST_SIZE) {
		reply(descriptor, result, "the command is too long");
		return;
	}
	request[length] = '\0';
	if (strlen(request) < length || strpbrk(request, "\r\n") != NULL)
		snprintf(text, sizeof(text), "a command is one line of text");
	else
		result = handler(context, request, text);
	reply(descriptor, result, text);
}

static void serve(struct ffntp_control *control, size_t connection, ffntp_control_handler *handler, void *context)
{
	int descriptor = control->connection[connection].descriptor;
	char request[FFNTP_CONTROL_REQUEST_SIZE];
	ssize_t length = recv(descriptor, request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length > 0)
		work(descriptor, request, (size_t)length, handler, context);
	hang_up(control, connection);
}

/* --- a step --- */

size_t ffntp_control_descriptors(const struct ffntp_control *control, struct pollfd *ready)
{
	size_t count = 0;

	for (size_t i = 0; i < FFNTP_CONTROL_CONNECTIONS; i++) {
		if (control->connection[i].descriptor >= 0)
			ready[count++] = (struct pollfd){ .fd = control->connection[i].descriptor, .events = POLLIN };
	}
	if (control->listener >= 0 && free_place(control) < FFNTP_CONTROL_CONNECTIONS &&
	    ffntp_monotonic_s() >= control->listens_again)
		ready[count++] = (struct pollfd){ .fd = control->listener, .events = POLLIN };
	return count;
}

static bool is_ready(int descriptor, const struct pollfd *ready, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ready[i].fd == descriptor)
			return ready[i].revents != 0;
	}
	return false;
}

static void keep_name(struct ffntp_control *control)
{
	int64_t now_s = ffntp_monotonic_s();
	int again;

	if (control->listener < 0 || now_s < control->looks_at_s)
		return;
	control->looks_at_s = now_s + LOOK_S;
	if (access(control->address.sun_path, F_OK) == 0 || (again = listen_at(&control->address)) < 0)
		return;
	close(control->listener);
	control->listener = again;
	ffntp_log(FFNTP_LOG_WARNING, "%s: the socket for commands was removed; it is there again",
		  control->address.sun_path);
}

void ffntp_control_step(struct ffntp_control *control, const struct pollfd *ready, size_t count,
			ffntp_control_handler *handler, void *context)
{
	for (size_t i = 0; i < FFNTP_CONTROL_CONNECTIONS; i++) {
		int descriptor = control->connection[i].descriptor;

		if (descriptor < 0)
			continue;
		if (is_ready(descriptor, ready, count))
			serve(control, i, handler, context);
		else if (ffntp_monotonic_s() >= control->connection[i].until_s)
			hang_up(control, i);
	}
	if (control->listener >= 0 && is_ready(control->listener, ready, count))
		accept_one(control);
	keep_name(control);
}
