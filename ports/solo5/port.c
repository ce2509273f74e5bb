/* port: uses Solo5's clocks for a rough counter frequency and as an alarm. The rest is in processorport. */
#include "port_solo5.h"

#include <solo5.h>

#include "../processor.h"
#include "../processorport.h"

/*
 * Solo5's clock is off by up to a thousandth where it was calibrated against the PIT, and by some per cent if the host
 * was busy at that time. It also loses time with each reading.
 */
#define MEASURE_NS UINT64_C(100000000)
#define NS_PER_S ((uint64_t)FFNTP_NS_PER_S)

/* The clock is read seldom, because each reading loses time. An arriving packet ends a wait early. */
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

/*
 * Return the host's or the battery's clock: it continues while the counter stands still, which Solo5 does not report.
 */
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
