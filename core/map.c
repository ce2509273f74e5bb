/* map: see ffntp/map.h. */
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

struct ffntp_numbering ffntp_map_numbering(const struct ffntp_map *map)
{
	bool is_past = map->leap_sign != 0 && map->time.s >= map->leap_at_s;

	return (struct ffntp_numbering){
		.at_s = map->leap_at_s,
		.offset_s = (int16_t)(map->tai_offset_s - (is_past ? map->leap_sign : 0)),
		.sign = map->leap_sign,
	};
}
