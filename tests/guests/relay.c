/*
 * relay: a path between a client and an NTP server on the loopback, which loses some datagrams and delays the others.
 *
 *   relay PORT SERVER-PORT LOSS-PERCENT DELAY-MS QUEUE-MS SEED
 *
 * Each datagram, there and back, is lost with the given chance. Otherwise it is delayed by DELAY and an exponential
 * time of mean QUEUE, counted from the kernel's receive timestamp, so that the time that the relay takes to wake up is
 * not part of the delay. The relay opens a socket towards the server for each port of a client, and closes the oldest
 * one when it needs a new one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS 64
#define QUEUE 256
#define SIZE 1500
#define SPIN_NS 300000 /* the relay spins for the last part of a wait, because a sleep ends too late */

struct client {
	struct sockaddr_in address;
	int socket; /* to the server; -1: none */
};

struct datagram {
	bool is_used;
	int64_t due_ns;
	int socket; /* where it leaves from */
	bool is_to_server;
	struct sockaddr_in to;
	size_t length;
	unsigned char bytes[SIZE];
};

static struct client clients[CLIENTS];
static unsigned next_client;
static struct datagram queue[QUEUE];
static int front;
static struct sockaddr_in server;
static double loss, delay_ns, queue_ns;

static int64_t to_ns(struct timespec t)
{
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return to_ns(t);
}

static int64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Open a socket with receive timestamps; see take(). */
static int open_socket(void)
{
	int socket_ = socket(AF_INET, SOCK_DGRAM, 0), on = 1;

	setsockopt(socket_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
	return socket_;
}

static int64_t came_ns(struct msghdr *message)
{
	const struct cmsghdr *stamp = CMSG_FIRSTHDR(message);
	struct timespec at;

	if (stamp == NULL || stamp->cmsg_type != SCM_TIMESTAMPNS)
		return now_ns();
	memcpy(&at, CMSG_DATA(stamp), sizeof at);
	return now_ns() - (clock_ns(CLOCK_REALTIME) - to_ns(at));
}

/* Take a datagram that has arrived, with its sender and arrival time. Return its length, or a negative number. */
static ssize_t take(int socket, unsigned char bytes[SIZE], struct sockaddr_in *from, int64_t *at_ns)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec place = { bytes, SIZE };
	struct msghdr message = {
		.msg_name = from,
		.msg_namelen = sizeof *from,
		.msg_iov = &place,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	ssize_t length = recvmsg(socket, &message, MSG_DONTWAIT);

	*at_ns = length > 0 ? came_ns(&message) : 0;
	return length;
}

static void hold(int socket, bool is_to_server, const struct sockaddr_in *to, const void *bytes, ssize_t length,
		 int64_t at_ns)
{
	double wait_ns = delay_ns - queue_ns * log(1 - drand48());
	bool is_lost = drand48() < loss;

	for (size_t i = 0; i < QUEUE && length > 0 && !is_lost; i++) {
		if (queue[i].is_used)
			continue;
		queue[i] = (struct datagram){ true, at_ns + (int64_t)wait_ns, socket, is_to_server,
					      *to,  (size_t)length,           { 0 } };
		memcpy(queue[i].bytes, bytes, (size_t)length);
		return;
	}
}

static void forget(int socket)
{
	for (size_t i = 0; i < QUEUE; i++)
		if (queue[i].socket == socket)
			queue[i].is_used = false;
	close(socket);
}

static struct client *client_of(const struct sockaddr_in *address)
{
	struct client *client;

	for (size_t i = 0; i < CLIENTS; i++)
		if (clients[i].socket >= 0 && clients[i].address.sin_port == address->sin_port)
			return &clients[i];
	client = &clients[next_client++ % CLIENTS];
	if (client->socket >= 0)
		forget(client->socket);
	client->address = *address;
	client->socket = open_socket();
	if (client->socket >= 0 && connect(client->socket, (void *)&server, sizeof server) != 0) {
		close(client->socket);
		client->socket = -1;
	}
	return client;
}

static void take_request(void)
{
	unsigned char bytes[SIZE];
	struct sockaddr_in from;
	int64_t at_ns;
	ssize_t length = take(front, bytes, &from, &at_ns);
	struct client *client = length > 0 ? client_of(&from) : NULL;

	if (client != NULL && client->socket >= 0)
		hold(client->socket, true, &server, bytes, length, at_ns);
}

static void take_replies(void)
{
	unsigned char bytes[SIZE];
	struct sockaddr_in from;
	int64_t at_ns;

	for (size_t i = 0; i < CLIENTS; i++) {
		ssize_t length = clients[i].socket < 0 ? 0 : take(clients[i].socket, bytes, &from, &at_ns);

		if (length > 0)
			hold(front, false, &clients[i].address, bytes, length, at_ns);
	}
}

/* Send the datagrams that are due. Return the time at which the next one is. */
static int64_t send_due(void)
{
	int64_t now = now_ns(), next = now + 100000000;

	for (size_t i = 0; i < QUEUE; i++) {
		struct datagram *held = &queue[i];

		if (held->is_used && held->due_ns <= now) {
			if (held->is_to_server)
				(void)!send(held->socket, held->bytes, held->length, 0);
			else
				(void)!sendto(front, held->bytes, held->length, 0, (void *)&held->to, sizeof held->to);
			held->is_used = false;
		} else if (held->is_used && held->due_ns < next) {
			next = held->due_ns;
		}
	}
	return next;
}

static void wait_until(int64_t next_ns)
{
	struct pollfd ready[CLIENTS + 1] = { { .fd = front, .events = POLLIN } };
	int64_t left_ns = next_ns - SPIN_NS - now_ns();

	for (size_t i = 0; i < CLIENTS; i++)
		ready[i + 1] = (struct pollfd){ .fd = clients[i].socket, .events = POLLIN };
	if (left_ns > 0)
		ppoll(ready, CLIENTS + 1, &(struct timespec){ 0, left_ns }, NULL);
}

int main(int argc, char **argv)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (argc != 7) {
		fprintf(stderr, "usage: relay PORT SERVER-PORT LOSS-PERCENT DELAY-MS QUEUE-MS SEED\n");
		return 2;
	}
	server = own;
	own.sin_port = htons((uint16_t)atoi(argv[1]));
	server.sin_port = htons((uint16_t)atoi(argv[2]));
	loss = atof(argv[3]) / 100;
	delay_ns = atof(argv[4]) * 1e6;
	queue_ns = atof(argv[5]) * 1e6;
	srand48(atol(argv[6]));
	prctl(PR_SET_TIMERSLACK, 1);
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i].socket = -1;
	front = open_socket();
	if (front < 0 || bind(front, (void *)&own, sizeof own) != 0) {
		fprintf(stderr, "relay: %s\n", strerror(errno));
		return 1;
	}
	for (;;) {
		wait_until(send_due());
		take_request();
		take_replies();
	}
}
