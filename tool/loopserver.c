#include "loopserver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../core/wire.h"
#include "../ports/linux/thread.h"

/* "DEMO" */
#define LOOPSERVER_REFID UINT32_C(0x44454d4f)

/* Readings of the clock are good to some 30 ns. */
#define LOOPSERVER_PRECISION_LOG2_S (-25)

#define LOOPSERVER_PACKET_SIZE 1024

/* Uniform in (0, 1]. Steele, Lea, Flood 2014, SplitMix64. */
static double uniform(struct loopserver *server)
{
	uint64_t z = server->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return (double)((z >> 11) + 1) * 0x1p-53;
}

static void travel(struct loopserver *server)
{
	double delay_s = LOOPSERVER_DELAY_MIN_S - LOOPSERVER_QUEUE_S * log(uniform(server));
	struct timespec delay = { (time_t)delay_s, (long)((delay_s - floor(delay_s)) * 1e9) };

	while (nanosleep(&delay, &delay) != 0 && errno == EINTR)
		;
}

static struct ffntp_ntp server_time(const struct loopserver *server)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ffntp_ntp_from_time(
		ffntp_time_from_ns((int64_t)now.tv_sec * FFNTP_NS_PER_S + now.tv_nsec + server->ahead_ns));
}

/* Only our own client uses this server, so that these fields are enough. */
static bool make_reply(const struct loopserver *server, const uint8_t *bytes, size_t length,
		       uint8_t reply[FFNTP_WIRE_SIZE])
{
	struct ffntp_packet packet;

	if (ffntp_wire_read(bytes, length, &packet) != FFNTP_ACCEPTED || packet.mode != FFNTP_MODE_CLIENT)
		return false;
	packet.leap = 0;
	packet.mode = FFNTP_MODE_SERVER;
	packet.stratum = 1;
	packet.precision_log2_s = LOOPSERVER_PRECISION_LOG2_S;
	packet.root_delay = packet.root_dispersion = 0;
	packet.refid = LOOPSERVER_REFID;
	packet.origin = packet.transmit;
	packet.receive = packet.reference = server_time(server);
	packet.transmit = server_time(server);
	ffntp_wire_write(&packet, reply);
	return true;
}

/* One request at a time is enough, because the client waits for its reply before it asks again. */
static void serve_one(struct loopserver *server)
{
	uint8_t bytes[LOOPSERVER_PACKET_SIZE], reply[FFNTP_WIRE_SIZE];
	struct sockaddr_in from;
	socklen_t from_length = sizeof(from);
	ssize_t length =
		recvfrom(server->socket, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&from, &from_length);

	if (length < 0)
		return;
	travel(server);
	if (!make_reply(server, bytes, (size_t)length, reply))
		return;
	travel(server);
	/* An error is ignored, because the client has to cope with a lost reply anyway. */
	(void)!sendto(server->socket, reply, sizeof(reply), 0, (struct sockaddr *)&from, from_length);
}

static void *serve(void *context)
{
	struct loopserver *server = context;
	struct pollfd ready[] = { { .fd = server->socket, .events = POLLIN },
				  { .fd = server->stop, .events = POLLIN } };

	for (;;) {
		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (ready[1].revents != 0)
			return NULL;
		if (ready[0].revents != 0)
			serve_one(server);
	}
}

static int open_socket(struct loopserver *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(address);

	server->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (server->socket < 0 || bind(server->socket, (struct sockaddr *)&address, length) != 0 ||
	    getsockname(server->socket, (struct sockaddr *)&address, &length) != 0)
		return errno;
	server->port = ntohs(address.sin_port);
	return 0;
}

static void close_all(struct loopserver *server)
{
	if (server->socket >= 0)
		close(server->socket);
	if (server->stop >= 0)
		close(server->stop);
}

int loopserver_start(struct loopserver *server, int64_t ahead_ns)
{
	int error;

	*server = (struct loopserver){ .socket = -1, .stop = -1, .ahead_ns = ahead_ns };
	error = open_socket(server);
	if (error == 0) {
		server->stop = eventfd(0, EFD_CLOEXEC);
		error = server->stop < 0 ? errno : ffntp_thread_start(&server->thread, serve, server);
	}
	if (error != 0)
		close_all(server);
	return error;
}

void loopserver_stop(struct loopserver *server)
{
	uint64_t one = 1;

	if (write(server->stop, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join(server->thread, NULL);
	close_all(server);
}
