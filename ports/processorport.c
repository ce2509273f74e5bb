/* processorport: see processorport.h. */
#include "processorport.h"

#include "lwip/udp.h"
#include "processor.h"

#define MEASURED_PPM 10000
#define TOLD_PPM 500

static uint64_t counter(void *context)
{
	(void)context;
	return ffntp_processor_counter();
}

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

void ffntp_processor_port(struct ffntp_port *port, uint64_t (*measure_hz)(void))
{
	uint64_t told_hz = ffntp_processor_counter_hz();

	*port = (struct ffntp_port){
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
}
