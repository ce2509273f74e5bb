/* netfront: see os.h. */
#include "os.h"
