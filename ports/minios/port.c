/* port: what Mini-OS has of what ffntp asks for. */
#include "port_minios.h"

#include <mini-os/os.h>
#include <mini-os/sched.h>
#include <mini-os/time.h>

#include "../lwip/udp.h"
#include "../processor.h"

/*
 * How long the counter is measured, and how wrong the result may be: Xen's clock, which Mini-OS makes of the counter
 * and of what Xen says of it, was seen to change its rate by 102 ppm within a second.
 */
#define MEASURE_MS 100
#define MEASURED_PPM 10000
#define TOLD_PPM 500

static uint64_t counter(void *context)
{
	(void)context;
	return ffntp_processor_counter();
}

/* Mini-OS does not say when it was paused, saved or moved. */
static uint64_t epoch(void *context)
{
	(void)context;
	return 0;
}

static bool random(void *context, uint8_t *bytes, size_t length)
{
	(void)context;
	return ffntp_processor_random(bytes, length);
}

static bool send(void *context, const uint8_t *bytes, size_t length, uint64_t *sent)
{
	(void)context;
	return ffntp_lwip_send(bytes, length, sent);
}

static uint64_t measure_hz(void)
{
	uint64_t begin_ns = monotonic_clock(), begin = ffntp_processor_counter(), end_ns, end;

	msleep(MEASURE_MS);
	end_ns = monotonic_clock();
	end = ffntp_processor_counter();
	return end_ns > begin_ns ? (uint64_t)((double)(end - begin) * 1e9 / (double)(end_ns - begin_ns)) : 0;
}

const struct ffntp_port *ffntp_minios_port(void)
{
	static struct ffntp_port port;
	uint64_t told_hz = ffntp_processor_counter_hz();

	port = (struct ffntp_port){
		.about = {
			.kind = ffntp_processor_counter_kind(),
			.width = 64,
			.frequency_hz = told_hz != 0 ? told_hz : measure_hz(),
			.frequency_error_ppm = told_hz != 0 ? TOLD_PPM : MEASURED_PPM,
		},
		.counter = counter,
		.epoch = epoch,
		.random = random,
		.send = send,
	};
	return &port;
}
