/* interval_params: the interval filter's numbers as one value, so that a test can change one of them. See ../params.h.
 */
#ifndef FFNTP_CORE_INTERVAL_PARAMS_H
#define FFNTP_CORE_INTERVAL_PARAMS_H

#include <stdint.h>

#include "../params.h"

#define FFNTP_INTERVAL_BANK 6

struct ffntp_interval_params {
	double wander[FFNTP_INTERVAL_BANK];
	double leak;
	double resolution_s;
	double slack;
	uint32_t settled, shift_window, fault_limit;
};

#endif
