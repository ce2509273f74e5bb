/*
 * port: what Solo5's clocks are good for: the counter's frequency, roughly, and an alarm. The rest is the processor's.
 */
#include "port_solo5.h"

#include <solo5.h>

#include "../processor.h"
#include "../processorport.h"

/*
 * Solo5's clock is up to a thousandth off where it was calibrated against the PIT, and some per cent if the host was
 * busy just then; and it loses more the more often it is asked.
 */
#define MEASURE_NS UINT64_C(100000000)
#define NS_PER_S UINT64_C(1000000000)

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

/* The host's, or the battery's: it goes on while the counter does not, and Solo5 does not say so. */
static int64_t calendar_s(void)
{
	return (int64_t)(solo5_clock_wall() / NS_PER_S);
}

const struct ffntp_port *ffntp_solo5_port(void)
{
	static const struct ffntp_processor_system system = {
		.measure_hz = measure_hz,
		.calendar_s = calendar_s,
		.random = ffntp_processor_random,
	};

	return ffntp_processor_port(&system);
}
