/* time: see os.h. */
#include <sys/time.h>

#include "os.h"
