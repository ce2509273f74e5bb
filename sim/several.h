/* several: scenarios with several servers, some of which are wrong, silent, or come and go. */
#ifndef FFNTP_SIM_SEVERAL_H
#define FFNTP_SIM_SEVERAL_H

#include <stddef.h>

#include "scenario_kind.h"

/* Return the scenario at this place in the list; NULL beyond its end. */
const struct sim_scenario *sim_several_at(size_t index);

#endif
