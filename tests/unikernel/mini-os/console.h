/* console: see os.h. */
#include "os.h"
