/* port: the guest's port: its processor's counter, its entropy and its calendar. */
#include "port_guest.h"

#include "entropy.h"

const struct ffntp_port *port_begin(const struct machine *machine)
{
	const struct ffntp_processor_system system = {
		.counter_hz = machine->counter_hz,
		.counter_error_ppm = machine->counter_error_ppm,
		.calendar_s = machine_calendar_s,
		.random = entropy_take,
	};

	return ffntp_processor_port(&system);
}
