/*
 * torture: pages whose content shows whether it is whole. The map of update n is a function of n, and all maps describe
 * the same line: time = counter * 2^-20 s. A mixture of two updates is off the line, or is not the map of any n.
 */
#ifndef FFNTP_TESTS_TORTURE_H
#define FFNTP_TESTS_TORTURE_H

#include <stdint.h>
#include <string.h>

#include "../../core/page.h"
#include "../../include/ffntp/page.h"
#include "../prng.h"

#define TICKS_LOG2 20 /* per second, and per update */

static inline uint64_t torture_mix(uint64_t n)
{
	struct prng prng = { n };

	return prng_next(&prng);
}

static inline struct ffntp_map torture_map(uint64_t n, enum ffntp_counter_kind kind)
{
	return (struct ffntp_map){
		.status = n % 2 == 0 ? FFNTP_STATUS_SYNCHRONISED : FFNTP_STATUS_FREE_RUNNING,
		.counter_kind = kind,
		.leap = (enum ffntp_leap)(n % 3),
		.period_shift = 18, /* 2^62 2^-(64 + 18) = 2^-20 */
		.at = n << TICKS_LOG2,
		.time = { (int64_t)n, 0 },
		.period = UINT64_C(1) << 62,
		.esterror_ns = torture_mix(n) >> 32 | 1,
		.asymmetry_esterror_ns = torture_mix(n) >> 32 | 1,
		.maxerror_before_ns = torture_mix(n) >> 32 | 1,
		.maxerror_after_ns = 2 * (torture_mix(n) >> 32 | 1),
		.stable_period = (UINT64_C(1) << 62) + (torture_mix(n + 1) >> 4),
		.stable_esterror = torture_mix(n + 2) >> 4,
		.void_after = (n << TICKS_LOG2) + (UINT64_C(1) << 40),
	};
}

static inline struct ffntp_source torture_source(uint64_t n, uint64_t i)
{
	struct ffntp_source source = {
		.port = (uint16_t)torture_mix(n + i),
		.refid = (uint32_t)n,
		.offset_ns = (int64_t)n,
		.rtt_ns = torture_mix(n ^ i),
		.last_accepted = n << TICKS_LOG2,
	};

	for (size_t k = 0; k < FFNTP_VERDICTS; k++)
		source.verdicts[k] = (uint32_t)torture_mix(n + k);
	return source;
}

static inline void torture_publish(struct ffntp_page *page, uint64_t n, enum ffntp_counter_kind kind)
{
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	struct ffntp_map map = torture_map(n, kind);

	for (size_t i = 0; i < FFNTP_PAGE_SOURCES; i++)
		sources[i] = torture_source(n, i);
	ffntp_page_publish(page, &map, sources, FFNTP_PAGE_SOURCES);
}

static inline bool torture_is_initialising(const struct ffntp_map *map)
{
	return map->status == FFNTP_STATUS_INITIALISING && map->at == 0 && map->period == 0 && map->void_after == 0 &&
	       map->stable_period == 0 && map->maxerror_before_ns == 0 && map->maxerror_after_ns == 0;
}

/*
 * Return whether this is the map of some update. Two parts are not compared: the page chooses the disruption marker
 * itself, and past maps store the asymmetry's error to 0.2 %.
 */
static inline bool torture_is_map(const struct ffntp_map *map)
{
	struct ffntp_map expected = torture_map(map->at >> TICKS_LOG2, map->counter_kind);

	return map->status == expected.status && map->leap == expected.leap &&
	       map->period_shift == expected.period_shift && !map->tai_is_known && map->tai_offset_s == 0 &&
	       map->at == expected.at && map->time.s == expected.time.s && map->time.frac == 0 &&
	       map->period == expected.period && map->period_esterror == 0 && map->period_maxerror == 0 &&
	       map->esterror_ns == expected.esterror_ns &&
	       map->asymmetry_esterror_ns - expected.asymmetry_esterror_ns <= expected.asymmetry_esterror_ns / 512 &&
	       map->maxerror_before_ns == expected.maxerror_before_ns &&
	       map->maxerror_after_ns == expected.maxerror_after_ns && map->stable_period == expected.stable_period &&
	       map->stable_esterror == expected.stable_esterror && map->void_after == expected.void_after;
}

/* Return whether all sources are from one update. */
static inline bool torture_are_sources(const struct ffntp_source *sources, size_t count)
{
	uint64_t n = (uint64_t)sources[0].offset_ns;

	for (size_t i = 0; i < count; i++) {
		struct ffntp_source expected = torture_source(n, i);
		const struct ffntp_source *source = &sources[i];

		if (source->port != expected.port || source->refid != expected.refid ||
		    source->offset_ns != expected.offset_ns || source->rtt_ns != expected.rtt_ns ||
		    source->last_accepted != expected.last_accepted ||
		    memcmp(source->verdicts, expected.verdicts, sizeof(expected.verdicts)) != 0)
			return false;
	}
	return true;
}

/* The results of a reader so far. */
struct torture_reader {
	struct prng prng;
	uint64_t newest;   /* the latest update seen */
	uint64_t whole;    /* reads that succeeded */
	uint64_t busy;     /* reads that were given up */
	uint64_t wrong;    /* inconsistent reads; must stay 0 */
	uint64_t restarts; /* pages that were laid out from scratch */
};

static inline void torture_note(struct torture_reader *reader, const struct ffntp_map *map)
{
	if (torture_is_initialising(map)) {
		reader->restarts++;
		return;
	}
	reader->wrong += !torture_is_map(map) || map->asymmetry_esterror_ns != map->esterror_ns ||
			 map->at >> TICKS_LOG2 < reader->newest;
	reader->newest = map->at >> TICKS_LOG2;
}

static inline void torture_read_map(struct torture_reader *reader, const struct ffntp_page *page)
{
	struct ffntp_map map;

	if (ffntp_page_read(page, &map) != FFNTP_CLOCK_OK) {
		reader->busy++;
		return;
	}
	reader->whole++;
	torture_note(reader, &map);
}

/* Read the map of an earlier time: it must be the map that was current then, and not a later one. */
static inline void torture_read_past(struct torture_reader *reader, const struct ffntp_page *page)
{
	uint64_t back = prng_below(&reader->prng, FFNTP_PAGE_ANCHORS << TICKS_LOG2);
	uint64_t then = (reader->newest << TICKS_LOG2) - back;
	struct ffntp_map map;

	if (back > reader->newest << TICKS_LOG2 || ffntp_page_read_past(page, then, &map) != FFNTP_CLOCK_OK)
		return;
	reader->wrong += !torture_is_initialising(&map) && (!torture_is_map(&map) || map.at > then);
}

static inline void torture_read_sources(struct torture_reader *reader, const struct ffntp_page *page)
{
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	size_t count;

	if (ffntp_page_read_sources(page, sources, &count) == FFNTP_CLOCK_OK && count > 0)
		reader->wrong += !torture_are_sources(sources, count);
}

/* Take a bounded reading: it must be on the line, with both errors from one update. */
static inline void torture_read_line(struct torture_reader *reader, const struct ffntp_page *page,
				     enum ffntp_counter_kind kind)
{
	uint32_t begun = ffntp_page_begin(page);
	uint64_t now = (reader->newest + 1000) << TICKS_LOG2;
	struct ffntp_reading reading;

	if (!ffntp_page_read_line(page, begun, kind, now, FFNTP_UTC, UINT64_MAX, &reading))
		return;
	reader->wrong += reading.estimate.s != (int64_t)(now >> TICKS_LOG2) || reading.estimate.frac != 0 ||
			 reading.bound_ns != 2 * reading.esterror_ns ||
			 reading.asymmetry_esterror_ns != reading.esterror_ns;
}

static inline void torture_read(struct torture_reader *reader, const struct ffntp_page *page,
				enum ffntp_counter_kind kind)
{
	torture_read_map(reader, page);
	torture_read_line(reader, page, kind);
	torture_read_past(reader, page);
	torture_read_sources(reader, page);
}

#endif
