/*
 * eventloop: the same client in the event loop of a program, without a thread. The example ends when the time is known
 * to 10 ms.
 *
 *   eventloop SERVER
 */
#include <ffntp/linuxdevice.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#define ENOUGH_NS 10000000

/*
 * Wait until the client has something to do, then let it do that. A real program would poll its other descriptors here.
 */
static void turn(struct ffntp_linux_ntp_device *device)
{
	struct pollfd waiting = { .fd = ffntp_linux_loop_descriptor(device), .events = POLLIN };
	int ready = poll(&waiting, 1, ffntp_linux_loop_timeout_ms(device));

	ffntp_linux_loop_step(device, ready > 0 ? waiting.revents : 0);
}

int main(int argc, char **argv)
{
	const char *servers[] = { argv[1] };
	struct ffntp_linux_ntp_config config;
	struct ffntp_linux_ntp_device device;
	struct ffntp_device *clock = ffntp_linux_ntp_clock(&device);
	struct ffntp_reading now;
	const char *problem;

	if (argc < 2) {
		fprintf(stderr, "usage: eventloop SERVER\n");
		return 2;
	}
	ffntp_linux_ntp_config_init(&config, servers, 1);
	ffntp_linux_loop_device_init(&device, &config);
	problem = ffntp_device_connect(clock);
	if (problem != NULL) {
		fprintf(stderr, "eventloop: %s: %s\n", servers[0], problem);
		return 1;
	}
	while (ffntp_device_now(clock, FFNTP_UTC, ENOUGH_NS, &now) != FFNTP_CLOCK_OK)
		turn(&device);
	printf("%" PRId64 " ns since 1970 +- %" PRIu64 " ns\n", ffntp_time_to_ns(now.estimate), now.bound_ns);
	ffntp_device_disconnect(clock);
	return 0;
}
