/* map: names of what it holds. */
#include "../include/ffntp/map.h"

const char *ffntp_status_name(enum ffntp_status status)
{
	switch (status) {
	case FFNTP_STATUS_UNKNOWN:
		break;
	case FFNTP_STATUS_INITIALISING:
		return "initialising";
	case FFNTP_STATUS_SYNCHRONISED:
		return "synchronised";
	case FFNTP_STATUS_FREE_RUNNING:
		return "free-running";
	case FFNTP_STATUS_DISRUPTED:
		return "disrupted";
	}
	return "unknown";
}
