/* kernel: see os.h. */
#include "os.h"
