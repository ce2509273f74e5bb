/* port: the counter beside Solo5's clock; the rest is the processor's. Solo5 does not say when it was stopped. */
#include "port_solo5.h"

#include <solo5.h>

#include "../processor.h"
#include "../processorport.h"

/* Solo5's clock is up to a thousandth off where it was calibrated against the PIT, and loses more the more often it is
 * asked. */
#define MEASURE_NS UINT64_C(100000000)

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

	ffntp_processor_port(&port, measure_hz);
	return &port;
}
