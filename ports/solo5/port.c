/* port: what Solo5 has of what ffntp asks for. */
#include "port_solo5.h"

#include <solo5.h>

#include "../lwip/udp.h"
#include "../processor.h"

/*
 * How long the counter is measured (ns), and how wrong the result may be: Solo5's monotonic clock is up to a thousandth
 * off where it was calibrated against the PIT, and loses more the more often it is asked.
 */
#define MEASURE_NS UINT64_C(100000000)
#define MEASURED_PPM 10000
#define TOLD_PPM 500

static uint64_t counter(void *context)
{
	(void)context;
	return ffntp_processor_counter();
}

/* Solo5 does not say when it was stopped. */
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

/* Asks for the time seldom: a packet that comes meanwhile ends a wait early. */
static uint64_t measure_hz(void)
{
	uint64_t begin_ns = solo5_clock_monotonic(), begin = ffntp_processor_counter(), end_ns, end;

	do {
		solo5_yield(begin_ns + MEASURE_NS, NULL);
		end_ns = solo5_clock_monotonic();
		end = ffntp_processor_counter();
	} while (end_ns - begin_ns < MEASURE_NS);
	return (uint64_t)((double)(end - begin) * 1e9 / (double)(end_ns - begin_ns));
}

const struct ffntp_port *ffntp_solo5_port(void)
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
