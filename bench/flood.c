/*
 * An NTP server on the loopback that also sends bogus replies to its last client, from the same socket, so that the
 * client's kernel does not drop them: flood PORT PACKETS_PER_SECOND. It serves CLOCK_REALTIME. flood.py uses it.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../core/bits.h"

#define NTP_UNIX_S 2208988800u
#define BATCH 100
#define SIZE 48

static int descriptor;
static _Atomic uint16_t client_port; /* in the network's order; 0: none yet */
static long rate;

static uint64_t ntp(const struct timespec *t)
{
	return (uint64_t)((uint64_t)t->tv_sec + NTP_UNIX_S) << 32 | ((uint64_t)t->tv_nsec << 32) / 1000000000;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return ntp(&t);
}

static void fill(uint8_t *bytes, uint64_t origin, uint64_t receive)
{
	memset(bytes, 0, SIZE);
	ffntp_store_be(bytes, 4, 0x240100e6); /* version 4, a server's, stratum 1, precision 2^-26 */
	memcpy(bytes + 12, "TEST", 4);
	ffntp_store_be(bytes + 16, 8, receive);
	ffntp_store_be(bytes + 24, 8, origin);
	ffntp_store_be(bytes + 32, 8, receive);
}

/* --- bogus replies --- */

static void send_batch(uint64_t *random)
{
	static uint8_t bytes[BATCH][SIZE];
	static struct iovec part[BATCH];
	static struct mmsghdr message[BATCH];
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = client_port };

	for (int i = 0; i < BATCH; i++) {
		*random = *random * 6364136223846793005u + 1442695040888963407u;
		fill(bytes[i], *random, now() + (UINT64_C(3600) << 32));
		ffntp_store_be(bytes[i] + 40, 8, ffntp_load_be(bytes[i] + 32, 8));
		part[i] = (struct iovec){ bytes[i], SIZE };
		message[i].msg_hdr = (struct msghdr){
			.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &part[i], .msg_iovlen = 1
		};
	}
	(void)sendmmsg(descriptor, message, BATCH, 0);
}

static void *flood(void *unused)
{
	struct timespec next;
	uint64_t random = 1;

	clock_gettime(CLOCK_MONOTONIC, &next);
	while (rate > 0) {
		next.tv_nsec += 1000000000L / rate * BATCH;
		if (next.tv_nsec >= 1000000000L) {
			next.tv_nsec -= 1000000000L;
			next.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		if (client_port != 0)
			send_batch(&random);
	}
	return unused;
}

/* --- the server --- */

/* Receive a request. Returns the kernel's time of its arrival. */
static uint64_t receive(uint8_t *bytes, struct sockaddr_in *from)
{
	char control[256];
	struct iovec part = { bytes, 2048 };
	struct msghdr message = { .msg_name = from,
				  .msg_namelen = sizeof(*from),
				  .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct timespec arrival = { 0 };

	if (recvmsg(descriptor, &message, 0) < SIZE)
		return 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&arrival, CMSG_DATA(c), sizeof(arrival));
	}
	return ntp(&arrival);
}

static void serve(void)
{
	uint8_t bytes[2048], reply[SIZE];
	struct sockaddr_in from;
	uint64_t arrival = receive(bytes, &from);

	if (arrival == 0)
		return;
	fill(reply, ffntp_load_be(bytes + 40, 8), arrival);
	ffntp_store_be(reply + 40, 8, now());
	(void)sendto(descriptor, reply, SIZE, 0, (struct sockaddr *)&from, sizeof(from));
	client_port = from.sin_port;
}

int main(int argc, char **argv)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	pthread_t thread;
	int on = 1;

	if (argc != 3)
		return 2;
	here.sin_port = htons((uint16_t)atoi(argv[1]));
	rate = atol(argv[2]);
	descriptor = socket(AF_INET, SOCK_DGRAM, 0);
	if (descriptor < 0 || setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0 ||
	    bind(descriptor, (struct sockaddr *)&here, sizeof(here)) != 0 ||
	    pthread_create(&thread, NULL, flood, NULL) != 0)
		return 1;
	for (;;)
		serve();
}
