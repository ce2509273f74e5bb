/*
 * background: a client inside a program, kept synchronised by a thread; this example prints the time as it improves.
 *
 *   background SERVER [COUNT]
 */
#include <ffntp/linuxdevice.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void print_time(struct ffntp_device *clock)
{
	struct ffntp_reading now;
	enum ffntp_clock_result result = ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &now);

	if (result == FFNTP_CLOCK_OK)
		printf("%" PRId64 " ns since 1970 +- %" PRIu64 " ns\n", ffntp_time_to_ns(now.estimate), now.bound_ns);
	else
		printf("%s\n", ffntp_clock_result_text(result));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *servers[] = { argv[1] };
	long count = argc > 2 ? strtol(argv[2], NULL, 10) : 10;
	struct ffntp_linux_ntp_config config;
	struct ffntp_linux_ntp_device device;
	struct ffntp_device *clock = ffntp_linux_ntp_clock(&device);
	const char *problem;

	if (argc < 2) {
		fprintf(stderr, "usage: background SERVER [COUNT]\n");
		return 2;
	}
	ffntp_linux_ntp_config_init(&config, servers, 1);
	config.poll_min_s = 1;
	ffntp_linux_ntp_device_init(&device, &config);
	problem = ffntp_device_connect(clock);
	if (problem != NULL) {
		fprintf(stderr, "background: %s: %s\n", servers[0], problem);
		return 1;
	}
	for (long i = 0; i < count; i++) {
		print_time(clock);
		nanosleep(&(struct timespec){ .tv_nsec = 500000000 }, NULL);
	}
	ffntp_device_disconnect(clock);
	return 0;
}
