/* sched: see os.h. */
#include "os.h"
