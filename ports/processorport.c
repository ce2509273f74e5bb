/* processorport: see processorport.h. */
#include "processorport.h"

#include "standstill.h"
#include "lwip/udp.h"
#include "processor.h"

#define MEASURED_PPM 10000
#define TOLD_PPM 500

static struct {
	struct ffntp_port port;
	struct ffntp_standstill standstill;
} self;

static uint64_t counter(void *context)
{
	(void)context;
	return ffntp_processor_counter();
}

static uint64_t epoch(void *context)
{
	(void)context;
	return ffntp_standstill_epoch(&self.standstill, ffntp_processor_counter());
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

const struct ffntp_port *ffntp_processor_port(uint64_t (*measure_hz)(void), int64_t (*calendar_s)(void))
{
	uint64_t told_hz = ffntp_processor_counter_hz();

	self.port = (struct ffntp_port){
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
	ffntp_standstill_begin(&self.standstill, calendar_s, self.port.about.frequency_hz, ffntp_processor_counter());
	return &self.port;
}
