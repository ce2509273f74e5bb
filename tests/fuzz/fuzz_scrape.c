/*
 * Any bytes as a request over HTTP, in pieces of a length that the first byte gives: there is one answer with a status
 * line, or none to a request that is not whole.
 */
#include <fcntl.h>

#include "../../tool/scrape.c"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static char *render(void *context, enum exposition_format format, size_t *length)
{
	char *text = strdup(format == EXPOSITION_OPENMETRICS ? "open" : "text");

	require(context == NULL && text != NULL);
	*length = strlen(text);
	return text;
}

const char *exposition_media_type(enum exposition_format format)
{
	return format == EXPOSITION_OPENMETRICS ? "application/openmetrics-text" : "text/plain";
}

/* Return whether this is a complete answer. */
static bool is_answer(const char *text, size_t length)
{
	static const char *const statuses[] = { "200 ", "400 ", "404 ", "405 ", "431 " };
	bool is_known = false;

	if (length < 16 || memcmp(text, "HTTP/1.1 ", 9) != 0 || strstr(text, "\r\n\r\n") == NULL)
		return false;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		is_known = is_known || memcmp(text + 9, statuses[i], 4) == 0;
	return is_known;
}

/* Send the request as the client, as far as the server reads it. */
static void converse(struct scrape *scrape, int client, const uint8_t *bytes, size_t size, size_t piece)
{
	struct connection *connection = &scrape->connection[0];

	while (size > 0 && connection->state == READING) {
		size_t length = size < piece ? size : piece;

		require(send(client, bytes, length, MSG_NOSIGNAL) == (ssize_t)length);
		bytes += length;
		size -= length;
		advance(scrape, connection, POLLIN, 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static struct scrape scrape = { .render = render };
	struct connection *connection = &scrape.connection[0];
	char answer_text[1024] = "";
	int pair[2];
	ssize_t length;
	bool is_answered;

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	connection->state = READING;
	connection->fd = pair[0];
	connection->end_ms = 1;
	connection->received = connection->sent = 0;
	if (size > 0)
		converse(&scrape, pair[1], input + 1, size - 1, 1 + (size_t)input[0] * 16);
	require(connection->received <= REQUEST_SIZE);
	is_answered = connection->state == LEAVING;
	length = recv(pair[1], answer_text, sizeof(answer_text) - 1, 0);
	require(is_answered ? length > 0 && is_answer(answer_text, (size_t)length) : length < 0);
	if (connection->state != FREE)
		close_connection(connection);
	close(pair[1]);
	return 0;
}
