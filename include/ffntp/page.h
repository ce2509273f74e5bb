/*
 * page: 4096 bytes of shared memory that publish a map to any number of readers, without locks. The page begins with
 * VMClock's structure (UAPI.13), so that programs for VMClock can read it; the project's own block begins at 0x800. A
 * page has one writer at a time. docs/page.md describes the layout.
 */
#ifndef FFNTP_PAGE_H
#define FFNTP_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "estimator.h"
#include "instant.h"
#include "linkage.h"
#include "map.h"
#include "steady.h"
#include "verdict.h"

FFNTP_BEGIN_DECLARATIONS

/* Size of a page in bytes. */
#define FFNTP_PAGE_SIZE 4096
#define FFNTP_PAGE_SOURCES 8  /* largest number of servers on a page */
#define FFNTP_PAGE_ANCHORS 16 /* number of past maps on a page; a power of two */

/* Atomic for C11, whose compiler builds the library. C99 and C++ have no such type, and see words of the same size. */
#if !defined(__cplusplus) && __STDC_VERSION__ >= 201112L
#define FFNTP_PAGE_ATOMIC _Atomic
#else
#define FFNTP_PAGE_ATOMIC
#endif

/* A machine that cannot load 64 bits at once loads two halves; the page's sequence makes sure that they match. */
#if UINTPTR_MAX > 0xffffffff
typedef FFNTP_PAGE_ATOMIC uint64_t ffntp_page_word;
#else
typedef struct {
	FFNTP_PAGE_ATOMIC uint32_t half[2];
} ffntp_page_word;
#endif

/*
 * A page. Place it in zeroed shared memory, aligned to 8. Only the functions below use its words, all of which are
 * little-endian.
 */
struct ffntp_page {
	FFNTP_PAGE_ATOMIC uint32_t head[3];
	FFNTP_PAGE_ATOMIC uint32_t sequence;
	ffntp_page_word word[(FFNTP_PAGE_SIZE - 16) / 8];
};

/* Result of checking a page: FFNTP_PAGE_OK, or the reason why it cannot be used. */
enum ffntp_page_result {
	FFNTP_PAGE_OK = 0,
	FFNTP_PAGE_TRUNCATED,       /* smaller than its own size field, or than a page */
	FFNTP_PAGE_FOREIGN,         /* VMClock's magic number is missing, or in a different byte order */
	FFNTP_PAGE_VERSION,         /* a version of VMClock, or of our block, that this reader does not know */
	FFNTP_PAGE_OTHER_BOOT,      /* the page was written in a different boot, and its file is not in memory */
	FFNTP_PAGE_OTHER_NAMESPACE, /* a different time namespace, where CLOCK_MONOTONIC_RAW is shifted */
	FFNTP_PAGE_NO_COUNTER,      /* this process cannot read the page's counter, or not safely */
	FFNTP_PAGE_MISSING,         /* the file does not exist or cannot be mapped */
	FFNTP_PAGE_UNTRUSTED,       /* a usual place, where a user who is not trusted could replace the page */
	FFNTP_PAGE_DENIED,          /* this process may not read the file */
	FFNTP_PAGE_UNKNOWN_BOOT, /* the writer or this process has no boot id, and the file may be of an earlier boot */
	FFNTP_PAGE_LIMIT,        /* too many open files or mappings, or no memory */
	FFNTP_PAGE_NO_TIME,      /* a VMClock page of another writer that has no time, and only signals disruptions */
	FFNTP_PAGE_TIMESCALE,    /* a VMClock page of another writer whose time is neither UTC nor TAI */
	FFNTP_PAGE_GUESTS,       /* the page is in terms of a guest's counter, and this is not that guest */
};

/* Return one line of text for people. Never NULL. */
const char *ffntp_page_result_text(enum ffntp_page_result result);

/*
 * The counter that a page belongs to. A reader may use the page only if its own identity is equal, tai_offset_s
 * excepted.
 */
struct ffntp_page_identity {
	enum ffntp_counter_kind counter_kind;
	uint8_t boot_id[16]; /* random, one per boot; zeroes if the system has none */
	bool is_guests;      /* the counter is that of a guest, not of the machine that writes the page */
	/*
	 * For a page that does not exist yet: TAI - UTC in seconds as its writer knows it, be it from an expired table.
	 * VMClock's time on that page is then TAI, as long as the page exists; if this is 0, it is UTC. Readers of this
	 * header need not know which of the two it is. ffntp_page_check sets it to 0.
	 */
	int16_t tai_offset_s;
	uint64_t time_namespace; /* identifies the writer's time namespace; 0 if the system has only one */
};

/* How the clock uses a server. */
enum ffntp_selection {
	FFNTP_SELECTION_NONE = 0,    /* it has no time yet, or does not answer */
	FFNTP_SELECTION_FOLLOWED,    /* the map comes from this server; of several, it is the one that counts most */
	FFNTP_SELECTION_COMBINED,    /* it is combined with others */
	FFNTP_SELECTION_SPARE,       /* it agrees with the majority, and is not used */
	FFNTP_SELECTION_FALSETICKER, /* the majority excludes its time */
	FFNTP_SELECTION_ASTRAY,      /* its time drifts away from the others', within the bounds of all, or contradicts
					what it was before */
	FFNTP_SELECTION_NO_MAJORITY, /* no majority of servers agrees */
	FFNTP_SELECTIONS             /* the number of them */
};

/* Return a short lower-case name such as "falseticker"; "unknown" for values outside the enumeration. Never NULL. */
const char *ffntp_selection_name(enum ffntp_selection selection);

/* The state of one server, for people and monitoring; readers of the time do not need it. */
struct ffntp_source {
	uint8_t address[16]; /* IPv6, or IPv4 mapped into IPv6; network byte order. Zeros: a reference clock of this
				machine, whose name is refid; its port is 0, its stratum that of a server which has it
			      */
	uint16_t port;       /* host byte order */
	uint8_t stratum;     /* 0: no usable reply yet, and only the verdicts are valid */
	uint8_t leap;        /* the server's leap indicator, 0 to 3 */
	uint8_t reach;       /* reach register: a bit for each of the last eight requests, newest in bit 0; 1: the reply
				supplied a usable time */
	uint8_t poll_log2_s; /* the poll interval, rounded up to a power of two */
	uint8_t selection;   /* enum ffntp_selection */
	uint8_t share_percent; /* its share in the time of several servers */
	uint32_t refid;        /* as on the wire, first byte in the top bits */
	int64_t offset_ns;     /* our clock minus the server's at the last exchange; positive: ours is ahead */
	uint64_t rtt_ns;       /* round trip of the last exchange */
	uint64_t rtt_min_ns;   /* least round trip since this server was chosen */
	uint32_t root_delay_ns, root_dispersion_ns; /* saturated */
	ffntp_counter last_accepted;                /* tf of the last accepted exchange */
	uint32_t verdicts[FFNTP_VERDICTS];          /* count of each verdict on this server's replies; saturated */
	/* The estimator's state, rounded: ffntp_source_estimator returns it in usual units. */
	uint8_t estimator, wander_rough, noise_rough[2], hypothesis[FFNTP_HYPOTHESES_SHOWN];
	uint16_t floor_coarse[2];
};

/* --- the writer: one thread of one process at a time --- */

/*
 * Lay out a page with status initialising, no past maps and no sources. The page may be in any state that a former
 * writer left; readers see the former page or the new one, but never a mixture. A page that exists keeps VMClock's type
 * of time, because the specification declares it constant.
 */
void ffntp_page_format(struct ffntp_page *page, const struct ffntp_page_identity *identity);

/*
 * Take over a page that a former writer left.
 * Returns true and the former map if the page is valid, has the same identity, and was not left in mid-update by a
 * writer that makes no copy of the map. If it has a copy, the update that was left is undone.
 * Otherwise lays out the page again, with a new disruption marker, and returns false.
 */
FFNTP_MUST_USE bool ffntp_page_adopt(struct ffntp_page *page, const struct ffntp_page_identity *identity,
				     struct ffntp_map *former);

/*
 * Publish a map and the state of the servers, without monotonic UTC. The previous map joins the past maps.
 * sources, count: at most FFNTP_PAGE_SOURCES servers; count may be 0.
 */
void ffntp_page_publish(struct ffntp_page *page, const struct ffntp_map *map, const struct ffntp_source *sources,
			size_t count);

/*
 * Begin an update that also advances monotonic UTC (steady.h): readers use the former map, and readers of monotonic UTC
 * and elapsed time retry, until ffntp_page_publish_steadily ends it.
 * Read the counter after this call, because monotonic UTC can continue without a step back only from a reading that is
 * later than every reading made with the former map.
 */
void ffntp_page_hold(struct ffntp_page *page);
/*
 * End the update: publish as ffntp_page_publish does, together with monotonic UTC, elapsed time and phase.
 * now: the counter, read after ffntp_page_hold.
 */
void ffntp_page_publish_steadily(struct ffntp_page *page, const struct ffntp_map *map,
				 const struct ffntp_source *sources, size_t count, ffntp_counter now);

/* --- readers: any thread of any process that has the page mapped --- */

/*
 * Check that the page has a supported layout, and return the identity (boot, counter, namespace) that the caller must
 * compare with its own.
 * size: the number of readable bytes at 'page'.
 * identity: untouched unless the result is FFNTP_PAGE_OK.
 */
FFNTP_MUST_USE enum ffntp_page_result ffntp_page_check(const struct ffntp_page *page, size_t size,
						       struct ffntp_page_identity *identity);

/*
 * The functions below also read VMClock pages of other writers, of which ffntp_linux_open maps those that can be read:
 * the map has VMClock's bound, and there are no past maps, no monotonic UTC and no servers.
 */

/*
 * Read the current map; during an update that is the former one. Returns FFNTP_CLOCK_OK; for a VMClock page of another
 * writer also FFNTP_CLOCK_NO_BOUND, FFNTP_CLOCK_TAI_UNKNOWN or FFNTP_CLOCK_INVALID. If updates ended at each of a
 * limited number of tries, or if one was under way and its writer makes no copy of the map, as older writers: returns
 * FFNTP_CLOCK_BUSY, with *map untouched.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_page_read(const struct ffntp_page *page, struct ffntp_map *map);

/*
 * Read the state of monotonic UTC, elapsed time and phase. Evaluate it at a counter reading taken before this call.
 * Returns FFNTP_CLOCK_OK; or, if the page was being written at each of a limited number of tries, FFNTP_CLOCK_BUSY.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_page_read_steady(const struct ffntp_page *page,
							      struct ffntp_steady *steady);

/*
 * Read the map that was current at counter reading 'then': the newest one whose 'at' is not later. Returns
 * FFNTP_CLOCK_TOO_OLD if 'then' is earlier than the oldest stored map, which does not count during an update; otherwise
 * as ffntp_page_read does.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_page_read_past(const struct ffntp_page *page, ffntp_counter then,
							    struct ffntp_map *map);

/*
 * Read the state of all servers.
 * sources: room for FFNTP_PAGE_SOURCES. count: set to the number of servers.
 * Returns as ffntp_page_read_steady does; if FFNTP_CLOCK_BUSY, with *count untouched and the contents of sources
 * undefined.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_page_read_sources(const struct ffntp_page *page,
							       struct ffntp_source *sources, size_t *count);

/*
 * Return the state of the estimator that follows this server, in *state. Returns false if the page does not state it:
 * its writer is older, or a guest, or has had no usable reply.
 */
FFNTP_MUST_USE bool ffntp_source_estimator(const struct ffntp_source *source, struct ffntp_estimator_state *state);

FFNTP_END_DECLARATIONS

#endif
