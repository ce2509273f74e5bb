/* xenbus: see os.h. */
#include "os.h"
