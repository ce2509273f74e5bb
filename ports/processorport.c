/* processorport: see processorport.h. */
#include "processorport.h"

#include "lwip/udp.h"
#include "processor.h"
#include "standstill.h"

#define MEASURED_PPM 50000 /* for rates by the system's clock: Solo5's, calibrated on a busy host, was 2.5 % off */
#define STATED_PPM 500

static struct {
	struct ffntp_port port;
	bool (*random)(uint8_t *bytes, size_t length);
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
	return self.random(bytes, length);
}

static bool send(void *context, const uint8_t *bytes, size_t length, uint64_t *sent)
{
	(void)context;
	return ffntp_lwip_send(bytes, length, sent);
}

static struct ffntp_port_counter about(const struct ffntp_processor_system *system)
{
	uint64_t stated_hz = ffntp_processor_counter_hz();
	struct ffntp_port_counter about = {
		.kind = ffntp_processor_counter_kind(),
		.width = 64,
		.frequency_hz = system->counter_hz,
		.frequency_error_ppm = system->counter_error_ppm,
	};

	if (about.frequency_hz == 0) {
		about.frequency_hz = stated_hz != 0 ? stated_hz : system->measure_hz();
		about.frequency_error_ppm = stated_hz != 0 ? STATED_PPM : MEASURED_PPM;
	}
	return about;
}

const struct ffntp_port *ffntp_processor_port(const struct ffntp_processor_system *system)
{
	self.port = (struct ffntp_port){
		.about = about(system),
		.counter = counter,
		.epoch = epoch,
		.random = random,
		.send = send,
	};
	self.random = system->random;
	ffntp_standstill_begin(&self.standstill, system->calendar_s, self.port.about.frequency_hz,
			       ffntp_processor_counter());
	return &self.port;
}

void ffntp_processor_disrupted(uint64_t counter_hz)
{
	if (counter_hz != 0)
		self.port.about.frequency_hz = counter_hz;
	ffntp_standstill_disrupted(&self.standstill, self.port.about.frequency_hz, ffntp_processor_counter());
}
