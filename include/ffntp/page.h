/*
 * page: 4096 bytes of shared memory that hold a map for any number of readers. VMClock's structure (UAPI.13) first, our
 * own block at 0x800. One writer, any readers, no locks: readers of VMClock read it as it is. Layout: docs/page.md.
 */
#ifndef FFNTP_PAGE_H
#define FFNTP_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "instant.h"
#include "linkage.h"
#include "map.h"
#include "steady.h"
#include "verdict.h"

FFNTP_BEGIN_DECLARATIONS

/* Bytes of a page, servers that it tells of, and past maps that it remembers. */
#define FFNTP_PAGE_SIZE 4096
#define FFNTP_PAGE_SOURCES 8  /* servers */
#define FFNTP_PAGE_ANCHORS 16 /* a power of two */

/* Atomic for C11, whose compiler builds the library. C99 and C++ have no such type, and see words of the same size. */
#if !defined(__cplusplus) && __STDC_VERSION__ >= 201112L
#define FFNTP_PAGE_ATOMIC _Atomic
#else
#define FFNTP_PAGE_ATOMIC
#endif

/* Where 64 bits are not read at once, halves are: the sequence guards them all the same. */
#if UINTPTR_MAX > 0xffffffff
typedef FFNTP_PAGE_ATOMIC uint64_t ffntp_page_word;
#else
typedef struct {
	FFNTP_PAGE_ATOMIC uint32_t half[2];
} ffntp_page_word;
#endif

/*
 * To be placed in zeroed shared memory, aligned to 8. Its words are for the functions below alone; all are
 * little-endian.
 */
struct ffntp_page {
	FFNTP_PAGE_ATOMIC uint32_t head[3];
	FFNTP_PAGE_ATOMIC uint32_t sequence;
	ffntp_page_word word[(FFNTP_PAGE_SIZE - 16) / 8];
};

/* Whether a page can be used, or why not. */
enum ffntp_page_result {
	FFNTP_PAGE_OK = 0,
	FFNTP_PAGE_TRUNCATED,       /* smaller than it says, or than a page */
	FFNTP_PAGE_FOREIGN,         /* not VMClock's magic, or not its byte order */
	FFNTP_PAGE_VERSION,         /* a version of VMClock or of our block that this reader does not know */
	FFNTP_PAGE_OTHER_BOOT,      /* its counter readings are those of another boot */
	FFNTP_PAGE_OTHER_NAMESPACE, /* another time namespace: CLOCK_MONOTONIC_RAW is shifted there */
	FFNTP_PAGE_NO_COUNTER,      /* its counter cannot be read here, or is not safe to read here */
	FFNTP_PAGE_MISSING,         /* no such file, or not one that can be mapped */
};

/* One line for people. Never NULL. */
const char *ffntp_page_result_text(enum ffntp_page_result result);

/* Who may use the page's counter readings. */
struct ffntp_page_identity {
	enum ffntp_counter_kind counter_kind;
	uint8_t boot_id[16];     /* random, one per boot; zeroes where nobody supplies one */
	uint64_t time_namespace; /* identifies the writer's time namespace; 0 where there is only one */
};

/* What the page says of one server: for people and monitoring, not for reading the time. */
struct ffntp_source {
	uint8_t address[16]; /* IPv6, or IPv4 mapped into it */
	uint16_t port;       /* as a number of this machine */
	uint8_t stratum;     /* 0: nothing is known of its replies but the verdicts */
	uint8_t leap;        /* the server's leap indicator, 0 to 3 */
	uint8_t reach;       /* the last eight requests, newest in bit 0: did the reply have time? */
	uint8_t poll_log2_s; /* the poll interval, rounded up to a power of two */
	uint8_t is_selected; /* 1: the map comes from this one */
	uint32_t refid;      /* as on the wire, first byte in the top bits */
	int64_t offset_ns;   /* our clock minus the server, at the last exchange; positive = ahead */
	uint64_t rtt_ns;     /* of the last exchange */
	uint64_t rtt_min_ns; /* the least since this server was first asked */
	uint32_t root_delay_ns, root_dispersion_ns; /* saturated */
	ffntp_counter last_accepted;                /* Tf of the last exchange that was used */
	uint32_t verdicts[FFNTP_VERDICTS];          /* how often each happened with this server; saturated */
};

/* --- the writer: one thread of one process at a time --- */

/*
 * Lays out a page: status initialising, no anchors, no sources. Also for a page that another writer left, whatever its
 * state: readers see a whole page before or after, never a torn one.
 */
void ffntp_page_format(struct ffntp_page *page, const struct ffntp_page_identity *identity);

/*
 * Takes over a page that a former writer left, killed in mid-update perhaps.
 * Returns true and the former map if it is whole, from the same identity, and was not left in mid-update; else the page
 * is formatted anew with another disruption marker, and false is returned.
 */
FFNTP_MUST_USE bool ffntp_page_adopt(struct ffntp_page *page, const struct ffntp_page_identity *identity,
				     struct ffntp_map *former);

/*
 * Publishes map; the map before it becomes an anchor. sources: count <= FFNTP_PAGE_SOURCES of them, or none (count 0).
 */
void ffntp_page_publish(struct ffntp_page *page, const struct ffntp_map *map, const struct ffntp_source *sources,
			size_t count);

/*
 * The same with steady time (steady.h), in three steps: hold the page, read the counter, publish. Once it is held no
 * reader gets anything until it is published, so that readings of before and after can be joined without a step back.
 * now: the counter, read after ffntp_page_hold.
 */
void ffntp_page_hold(struct ffntp_page *page);
/* The third step: as ffntp_page_publish, which ends the holding. */
void ffntp_page_publish_steadily(struct ffntp_page *page, const struct ffntp_map *map,
				 const struct ffntp_source *sources, size_t count, ffntp_counter now);

/* --- readers: any thread of any process that has the page mapped --- */

/*
 * Whether 'page', of which 'size' bytes can be read, is one that ffntp_page_read understands; and who may use it.
 * identity: to be compared by the caller; untouched unless the result is FFNTP_PAGE_OK.
 */
FFNTP_MUST_USE enum ffntp_page_result ffntp_page_check(const struct ffntp_page *page, size_t size,
						       struct ffntp_page_identity *identity);

/* Returns FFNTP_CLOCK_OK and a whole map, or after a bounded number of tries FFNTP_CLOCK_BUSY and *map untouched. */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_page_read(const struct ffntp_page *page, struct ffntp_map *map);

/* The steady state, to be evaluated at a counter reading that is taken before; as ffntp_page_read otherwise. */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_page_read_steady(const struct ffntp_page *page,
							      struct ffntp_steady *steady);

/*
 * The map that was current at counter reading 'then': the newest whose 'at' is not after it. FFNTP_CLOCK_TOO_OLD if
 * 'then' is before the oldest anchor; as ffntp_page_read otherwise.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_page_read_past(const struct ffntp_page *page, ffntp_counter then,
							    struct ffntp_map *map);

/*
 * All of the page's sources; sources has room for FFNTP_PAGE_SOURCES, *count says how many there are. Returns
 * FFNTP_CLOCK_OK, or FFNTP_CLOCK_BUSY: then *count is untouched, and sources means nothing.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_page_read_sources(const struct ffntp_page *page,
							       struct ffntp_source *sources, size_t *count);

FFNTP_END_DECLARATIONS

#endif
