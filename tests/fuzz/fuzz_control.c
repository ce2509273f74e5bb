/*
 * A packet to the daemon's socket for commands, up to the commands themselves: the socket is a pair, and changes of
 * servers are fakes. The first byte says whether a change is in progress.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../daemon/commands.h"
#include "../../daemon/control.h"
#include "../../daemon/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

#define SERVERS 3

static struct ffntp_options options;
static struct ffntp_keeper keeper = { .options = &options };
static struct ffntp_changes changes = { .keeper = &keeper };
static bool is_busy;

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* --- fakes of what commands do --- */

bool ffntp_changes_is_busy(const struct ffntp_changes *given)
{
	(void)given;
	return is_busy;
}

void ffntp_changes_step(struct ffntp_changes *given)
{
	(void)given;
	require(!is_busy);
}

enum ffntp_control_result ffntp_changes_add(struct ffntp_changes *given, const char *line,
					    char problem[FFNTP_CONTROL_REPLY_SIZE])
{
	(void)given;
	require(!is_busy && strlen(line) < FFNTP_CONTROL_REQUEST_SIZE && strpbrk(line, "\r\n") == NULL);
	problem[0] = '\0';
	return FFNTP_CONTROL_DONE;
}

enum ffntp_control_result ffntp_changes_delete(struct ffntp_changes *given, size_t place,
					       char problem[FFNTP_CONTROL_REPLY_SIZE])
{
	(void)given;
	require(!is_busy && place < SERVERS);
	problem[0] = '\0';
	return FFNTP_CONTROL_DONE;
}

void ffntp_sync_set_offline(struct ffntp_sync *sync, size_t server, bool is_offline)
{
	(void)sync, (void)is_offline;
	require(server < SERVERS);
}

bool ffntp_sync_has_route(const struct ffntp_sync *sync, size_t server)
{
	(void)sync;
	require(server < SERVERS);
	return server == 1;
}

bool ffntp_sync_burst(struct ffntp_sync *sync, size_t server)
{
	(void)sync;
	require(server < SERVERS);
	return true;
}

const struct ffntp_peer *ffntp_sync_peer(const struct ffntp_sync *sync, unsigned member)
{
	(void)sync, (void)member;
	return NULL;
}

bool ffntp_resolve_numeric(const char *name, uint16_t port, struct ffntp_addresses *found)
{
	(void)port, (void)found;
	require(memchr(name, '\0', FFNTP_CONTROL_REQUEST_SIZE) != NULL);
	return false;
}

bool ffntp_address_is_equal(const struct ffntp_address *a, const struct ffntp_address *b)
{
	return a == b;
}

void ffntp_log(enum ffntp_log_level level, const char *format, ...)
{
	(void)level, (void)format;
}

void ffntp_log_watch(char *text, size_t size)
{
	(void)text, (void)size;
}

/* --- one packet --- */

static void begin(void)
{
	strcpy(options.config.server[0].name, "ntp.example.org");
	strcpy(options.config.server[1].name, "2001:db8::1");
	strcpy(options.config.server[2].name, "/dev/ptp0");
	options.config.server[0].port = options.config.server[1].port = 123;
	options.config.server[2].is_refclock = true;
	strcpy(options.config.server[2].refclock.name, "PHC0");
	options.config.servers = SERVERS;
	keeper.sync.lineup.count = SERVERS;
}

/* A reply is a digit, a blank, and a line. */
static void check_reply(int descriptor)
{
	char reply[FFNTP_CONTROL_REPLY_SIZE + 2];
	ssize_t length = recv(descriptor, reply, sizeof(reply), MSG_DONTWAIT);

	if (length <= 0)
		return;
	require(length >= 2 && isdigit((unsigned char)reply[0]) && reply[1] == ' ');
	require(memchr(reply, '\0', (size_t)length) == NULL && memchr(reply, '\n', (size_t)length) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct ffntp_control control = { .listener = -1 };
	struct pollfd ready[FFNTP_CONTROL_DESCRIPTORS];
	int pair[2];
	size_t count;

	if (size == 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		return 0;
	begin();
	for (size_t i = 0; i < FFNTP_CONTROL_CONNECTIONS; i++)
		control.connection[i].descriptor = -1;
	control.connection[0].descriptor = pair[0];
	control.connection[0].until_s = INT64_MAX;
	is_busy = input[0] % 2 == 1;
	require(send(pair[1], input + 1, size - 1, MSG_NOSIGNAL) == (ssize_t)size - 1 || size > 1);
	count = ffntp_control_descriptors(&control, ready);
	poll(ready, count, 0);
	ffntp_control_step(&control, ready, count, ffntp_commands_do, &changes);
	check_reply(pair[1]);
	if (control.connection[0].descriptor >= 0)
		close(control.connection[0].descriptor);
	close(pair[1]);
	return 0;
}
