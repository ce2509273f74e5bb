/* port: what the guest has of what ffntp asks for. */
#include "port_guest.h"

#include "../standstill.h"
#include "../lwip/udp.h"
#include "entropy.h"
#include "machine.h"

static struct {
	struct ffntp_port port;
	struct ffntp_standstill standstill;
} self;

static uint64_t counter(void *context)
{
	(void)context;
	return machine_counter();
}

static uint64_t epoch(void *context)
{
	(void)context;
	return ffntp_standstill_epoch(&self.standstill, machine_counter());
}

static bool random(void *context, uint8_t *bytes, size_t length)
{
	(void)context;
	return entropy_take(bytes, length);
}

static bool send(void *context, const uint8_t *bytes, size_t length, uint64_t *sent)
{
	(void)context;
	return ffntp_lwip_send(bytes, length, sent);
}

const struct ffntp_port *port_begin(const struct machine *machine)
{
	self.port = (struct ffntp_port){
		.about = {
			.kind = machine->counter_kind,
			.width = 64,
			.frequency_hz = machine->counter_hz,
			.frequency_error_ppm = machine->counter_error_ppm,
		},
		.counter = counter,
		.epoch = epoch,
		.random = random,
		.send = send,
	};
	ffntp_standstill_begin(&self.standstill, machine_calendar_s, machine->counter_hz, machine_counter());
	return &self.port;
}

void port_disrupt(void)
{
	uint64_t epoch = self.standstill.epoch + 1;

	ffntp_standstill_begin(&self.standstill, machine_calendar_s, self.port.about.frequency_hz, machine_counter());
	self.standstill.epoch = epoch;
}
