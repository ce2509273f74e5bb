/* page_judge: whether a page that an earlier writer left is as a writer leaves it, so that it may be continued. */
#ifndef FFNTP_CORE_PAGE_JUDGE_H
#define FFNTP_CORE_PAGE_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/map.h"
#include "../include/ffntp/steady.h"
#include "page.h"

/*
 * Return whether a map of an earlier client is one that a client makes: each member has a value that occurs, and those
 * that depend on each other fit. Such a map can be continued without overflow.
 */
FFNTP_MUST_USE bool ffntp_map_is_sound(const struct ffntp_map *map);

/*
 * Return whether the page is whole. Damage is seen by values that do not occur, and by what the page states twice: the
 * map and its copy, and the map and the monotonic state that was published with it. The verdict counters of sources
 * have no such double. begun, map, steady: as they were loaded; nobody writes the page meanwhile.
 */
FFNTP_MUST_USE bool ffntp_page_is_intact(const struct ffntp_page *page, uint32_t begun, const struct ffntp_map *map,
					 const struct ffntp_steady *steady);

#endif
