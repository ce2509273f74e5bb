/* time: see os.h. */
#include "os.h"
