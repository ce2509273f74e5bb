/* port: what the guest has of what ffntp asks for. */
#include "port_guest.h"

#include "../lwip/udp.h"
#include "entropy.h"
#include "machine.h"

/*
 * The calendar goes on while the counter may stand still. It is no measure of time, but an alarm: the two may differ by
 * a step of the calendar at each end, and what the hint is off in a window; more is a disruption.
 */
#define WINDOW_S 16
#define TOLERANCE_S 2
#define LOOK_MS 5 /* reading the calendar costs some ten microseconds */

static struct {
	struct ffntp_port port;
	uint64_t epoch;
	int64_t calendar_s; /* at the window's beginning */
	uint64_t counter;
	uint64_t looked_at;
} self;

static uint64_t counter(void *context)
{
	(void)context;
	return machine_counter();
}

static void begin_window(int64_t calendar_s, uint64_t now)
{
	self.calendar_s = calendar_s;
	self.counter = now;
}

static void look(uint64_t now)
{
	int64_t calendar_s = machine_calendar_s();
	int64_t elapsed_s = (int64_t)(now - self.counter) / (int64_t)self.port.about.frequency_hz;
	int64_t gap_s = calendar_s - self.calendar_s - elapsed_s;

	self.looked_at = now;
	if (calendar_s < 0)
		return;
	if (gap_s > TOLERANCE_S || gap_s < -TOLERANCE_S) {
		self.epoch++;
		begin_window(calendar_s, now);
	} else if (calendar_s - self.calendar_s >= WINDOW_S) {
		begin_window(calendar_s, now);
	}
}

static uint64_t epoch(void *context)
{
	uint64_t now = machine_counter();

	(void)context;
	if (now - self.looked_at >= self.port.about.frequency_hz / 1000 * LOOK_MS)
		look(now);
	return self.epoch;
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
	begin_window(machine_calendar_s(), machine_counter());
	return &self.port;
}
