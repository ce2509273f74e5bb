#include "scrape.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 16
#define WAITING 16          /* connections that the kernel keeps until they are accepted */
#define REQUEST_SIZE 4096   /* Prometheus sends 300 bytes */
#define LIMIT_MS 5000       /* of a connection, from its first packet to its end */
#define ACCEPT_PAUSE_MS 500 /* after accept failed, for lack of descriptors or memory */

enum state { FREE, READING, WRITING, LEAVING };

struct connection {
	enum state state;
	int fd;
	int64_t end_ms; /* it is closed then, whatever its state */
	char request[REQUEST_SIZE + 1];
	size_t received;
	char *answer; /* allocated */
	size_t length, sent;
};

struct scrape {
	scrape_render *render;
	void *context;
	int listener, signals;
	int64_t accept_ms; /* no connection is accepted before */
	struct connection connection[CONNECTIONS];
};

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- the answer --- */

struct request {
	bool is_valid, is_get, is_head, is_path, is_openmetrics;
};

/* Return whether the header's line that begins here has this name, and a value that contains the word. */
static bool has_header(const char *line, const char *name, const char *word)
{
	size_t length = strlen(name), value = strcspn(line, "\r\n");

	if (value <= length || strncasecmp(line, name, length) != 0 || line[length] != ':')
		return false;
	for (size_t i = length; i + strlen(word) <= value; i++) {
		if (strncasecmp(line + i, word, strlen(word)) == 0)
			return true;
	}
	return false;
}

/* METHOD SP TARGET SP HTTP/1.x, and headers. */
static struct request parse(const char *text)
{
	struct request request = { 0 };
	size_t method = strcspn(text, " \r\n");
	const char *target = text + method + (text[method] == ' ');
	size_t length = strcspn(target, " \r\n"), path = strcspn(target, " \r\n?");
	const char *version = target + length + (target[length] == ' ');

	request.is_valid = method > 0 && target[0] == '/' && strncmp(version, "HTTP/1.", 7) == 0;
	request.is_get = method == 3 && memcmp(text, "GET", method) == 0;
	request.is_head = method == 4 && memcmp(text, "HEAD", method) == 0;
	request.is_path = path == strlen("/metrics") && memcmp(target, "/metrics", path) == 0;
	for (const char *line = strchr(text, '\n'); line; line = strchr(line + 1, '\n'))
		request.is_openmetrics =
			request.is_openmetrics || has_header(line + 1, "Accept", "application/openmetrics-text");
	return request;
}

__attribute__((format(printf, 2, 3))) static void answer(struct connection *connection, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&connection->answer, format, arguments);
	va_end(arguments);
	connection->length = length < 0 ? 0 : (size_t)length;
	connection->answer = length < 0 ? NULL : connection->answer;
}

static void refuse(struct connection *connection, const char *status, const char *text)
{
	answer(connection,
	       "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n%s"
	       "Connection: close\r\n\r\n%s",
	       status, strlen(text), status[0] == '4' && status[2] == '5' ? "Allow: GET, HEAD\r\n" : "", text);
}

static void answer_metrics(const struct scrape *scrape, struct connection *connection, const struct request *request)
{
	enum exposition_format format = request->is_openmetrics ? EXPOSITION_OPENMETRICS : EXPOSITION_PROMETHEUS;
	size_t length = 0;
	char *text = scrape->render(scrape->context, format, &length);

	if (!text) {
		refuse(connection, "503 Service Unavailable", "out of memory\n");
		return;
	}
	answer(connection, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
	       exposition_media_type(format), length, request->is_head ? "" : text);
	free(text);
}

static void answer_request(const struct scrape *scrape, struct connection *connection)
{
	struct request request = parse(connection->request);

	if (!request.is_valid)
		refuse(connection, "400 Bad Request", "no HTTP/1 request\n");
	else if (!request.is_get && !request.is_head)
		refuse(connection, "405 Method Not Allowed", "only GET\n");
	else if (!request.is_path)
		refuse(connection, "404 Not Found", "the metrics are at /metrics\n");
	else
		answer_metrics(scrape, connection, &request);
}

/* --- connections --- */

static void close_connection(struct connection *connection)
{
	close(connection->fd);
	free(connection->answer);
	connection->answer = NULL;
	connection->state = FREE;
}

/*
 * After the answer the connection is closed in our direction, and read until the client closes it: closing at once with
 * unread data would reset it, and the client could lose the answer.
 */
static void send_more(struct connection *connection)
{
	ssize_t sent = send(connection->fd, connection->answer + connection->sent,
			    connection->length - connection->sent, MSG_NOSIGNAL);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent <= 0) {
		close_connection(connection);
		return;
	}
	connection->sent += (size_t)sent;
	if (connection->sent < connection->length)
		return;
	shutdown(connection->fd, SHUT_WR);
	connection->state = LEAVING;
}

static void begin_answer(const struct scrape *scrape, struct connection *connection)
{
	if (connection->received == REQUEST_SIZE)
		refuse(connection, "431 Request Header Fields Too Large", "the request is too long\n");
	else
		answer_request(scrape, connection);
	connection->state = WRITING;
	if (connection->answer)
		send_more(connection);
	else
		close_connection(connection);
}

static void receive_more(const struct scrape *scrape, struct connection *connection)
{
	char *end = connection->request + connection->received;
	ssize_t received = recv(connection->fd, end, REQUEST_SIZE - connection->received, 0);

	if (received < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* A client that closes before its request is whole has no use for an answer. */
	if (received <= 0) {
		close_connection(connection);
		return;
	}
	/* A 0 byte hides the end of the request, so that the connection ends without an answer, when its time is over.
	 */
	connection->received += (size_t)received;
	connection->request[connection->received] = '\0';
	if (connection->received == REQUEST_SIZE || strstr(connection->request, "\r\n\r\n") ||
	    strstr(connection->request, "\n\n"))
		begin_answer(scrape, connection);
}

/* Read and drop what the client sends after its request. */
static void leave(struct connection *connection)
{
	ssize_t received = recv(connection->fd, connection->request, REQUEST_SIZE, 0);

	if (received == 0 || (received < 0 && errno != EAGAIN && errno != EINTR))
		close_connection(connection);
}

static void advance(const struct scrape *scrape, struct connection *connection, short events, int64_t now)
{
	if (connection->end_ms <= now)
		close_connection(connection);
	else if (events == 0)
		return;
	else if (connection->state == READING)
		receive_more(scrape, connection);
	else if (connection->state == WRITING)
		send_more(connection);
	else
		leave(connection);
}

/*
 * Return a connection that is free. If there is none, the oldest one ends: a scraper needs its own for a few ms, so
 * that clients that are slow or silent cannot keep others out.
 */
static struct connection *take_connection(struct scrape *scrape)
{
	struct connection *oldest = &scrape->connection[0];

	for (int i = 0; i < CONNECTIONS; i++) {
		struct connection *connection = &scrape->connection[i];

		if (connection->state == FREE)
			return connection;
		if (connection->end_ms < oldest->end_ms)
			oldest = connection;
	}
	close_connection(oldest);
	return oldest;
}

static void accept_one(struct scrape *scrape, int64_t now)
{
	int fd = accept4(scrape->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		struct connection *connection = take_connection(scrape);

		connection->state = READING;
		connection->fd = fd;
		connection->end_ms = now + LIMIT_MS;
		connection->received = connection->sent = 0;
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		scrape->accept_ms = now + ACCEPT_PAUSE_MS;
	}
}

/* --- the loop --- */

#define POLLED (CONNECTIONS + 2)

/* Fill in the descriptors: the connections, the listener, the signals. Return the time to wait, -1 for ever. */
static int prepare(const struct scrape *scrape, struct pollfd polled[POLLED], int64_t now)
{
	bool may_accept = scrape->accept_ms <= now;
	int64_t end_ms = scrape->accept_ms > now ? scrape->accept_ms : INT64_MAX;

	for (int i = 0; i < CONNECTIONS; i++) {
		const struct connection *connection = &scrape->connection[i];

		polled[i] = (struct pollfd){ .fd = connection->state == FREE ? -1 : connection->fd,
					     .events = connection->state == WRITING ? POLLOUT : POLLIN };
		if (connection->state != FREE && connection->end_ms < end_ms)
			end_ms = connection->end_ms;
	}
	polled[CONNECTIONS] = (struct pollfd){ .fd = may_accept ? scrape->listener : -1, .events = POLLIN };
	polled[CONNECTIONS + 1] = (struct pollfd){ .fd = scrape->signals, .events = POLLIN };
	return end_ms == INT64_MAX ? -1 : end_ms <= now ? 0 : (int)(end_ms - now);
}

/* Return whether to go on. */
static bool serve_once(struct scrape *scrape, bool *has_failed)
{
	struct pollfd polled[POLLED];
	int timeout_ms = prepare(scrape, polled, now_ms()), ready = poll(polled, POLLED, timeout_ms);
	int64_t now = now_ms();

	if (ready < 0) {
		*has_failed = errno != EINTR;
		return !*has_failed;
	}
	if (polled[CONNECTIONS + 1].revents != 0)
		return false;
	for (int i = 0; i < CONNECTIONS; i++) {
		if (polled[i].fd >= 0)
			advance(scrape, &scrape->connection[i], polled[i].revents, now);
	}
	if (polled[CONNECTIONS].revents != 0)
		accept_one(scrape, now);
	return true;
}

static int catch_signals(void)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	return signalfd(-1, &ends, SFD_CLOEXEC);
}

/* Serve until a signal arrives. Returns false if waiting failed. */
static bool run(struct scrape *scrape)
{
	bool has_failed = false;

	scrape->signals = catch_signals();
	if (scrape->signals < 0)
		return false;
	while (serve_once(scrape, &has_failed))
		;
	return !has_failed;
}

static void end(struct scrape *scrape)
{
	for (int i = 0; i < CONNECTIONS; i++) {
		if (scrape->connection[i].state != FREE)
			close_connection(&scrape->connection[i]);
	}
	if (scrape->signals >= 0)
		close(scrape->signals);
	free(scrape);
}

bool scrape_serve(int listener, scrape_render *render, void *context)
{
	struct scrape *scrape = calloc(1, sizeof(*scrape));
	bool is_served = false;
	int error = errno;

	if (scrape) {
		scrape->render = render;
		scrape->context = context;
		scrape->listener = listener;
		is_served = run(scrape);
		error = errno;
		end(scrape);
	}
	close(listener);
	errno = error;
	return is_served;
}

/* With SO_REUSEADDR a server that was just stopped can be started again; one that still listens excludes us. */
int scrape_listen(const struct ffntp_address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, error;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &address->any, ffntp_address_length(address)) == 0 && listen(fd, WAITING) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}
