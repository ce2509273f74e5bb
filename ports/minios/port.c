/* port: uses Xen's clocks for a rough counter frequency and as an alarm. The rest is in processorport. */
#include "port_minios.h"

#include <mini-os/os.h>
#include <mini-os/sched.h>
#include <mini-os/time.h>

#include "../processor.h"
#include "../processorport.h"

/*
 * Long enough for the rate of Xen's clock, which Mini-OS computes from the counter and Xen's parameters: it was seen to
 * change by 102 ppm within a second.
 */
#define MEASURE_MS 100

static uint64_t measure_hz(void)
{
	uint64_t begin_ns = monotonic_clock(), begin = ffntp_processor_counter(), end_ns, end;

	msleep(MEASURE_MS);
	end_ns = monotonic_clock();
	end = ffntp_processor_counter();
	return end_ns > begin_ns ? (uint64_t)((double)(end - begin) * 1e9 / (double)(end_ns - begin_ns)) : 0;
}

/* Return Xen's wall clock, because Mini-OS does not report that it was saved and restored, or migrated. */
static int64_t calendar_s(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return now.tv_sec;
}

const struct ffntp_port *ffntp_minios_port(void)
{
	static const struct ffntp_processor_system system = {
		.measure_hz = measure_hz,
		.calendar_s = calendar_s,
		.random = ffntp_processor_random,
	};

	return ffntp_processor_port(&system);
}
