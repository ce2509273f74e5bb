/*
 * journal_fields: the fields that the lines of a journal hold, in their order. Writer, reader and digest expand these
 * lists. If one of them changes, so does FFNTP_JOURNAL_VERSION.
 */
#ifndef FFNTP_JOURNAL_FIELDS_H
#define FFNTP_JOURNAL_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/client.h"
#include "../include/ffntp/ensemble.h"
#include "../include/ffntp/map.h"
#include "../include/ffntp/session.h"

/*
 * A map without tai_outlasts_table, which follows from tai_is_known and the configuration. WHOLE(member, type, least,
 * most): a decimal number, with the range that a former map may have. WORD(member): 64 bits in hexadecimal.
 */
#define FFNTP_JOURNAL_MAP_FIELDS(WHOLE, WORD)                                \
	WHOLE(status, enum ffntp_status, 0, FFNTP_STATUS_DISRUPTED)          \
	WHOLE(counter_kind, enum ffntp_counter_kind, 0, FFNTP_COUNTER_OTHER) \
	WHOLE(leap, enum ffntp_leap, 0, FFNTP_LEAP_POST_NEGATIVE)            \
	WHOLE(period_shift, uint8_t, 0, 62)                                  \
	WHOLE(tai_is_known, bool, 0, 1)                                      \
	WHOLE(tai_offset_s, int16_t, INT16_MIN, INT16_MAX)                   \
	WHOLE(leap_sign, int8_t, -1, 1)                                      \
	WHOLE(leap_at_s, int64_t, INT64_MIN, INT64_MAX)                      \
	WHOLE(tai_expires_s, int64_t, INT64_MIN, INT64_MAX)                  \
	WORD(disruption_marker)                                              \
	WHOLE(counter_marker, uint32_t, 0, UINT32_MAX)                       \
	WORD(at)                                                             \
	WHOLE(time.s, int64_t, INT64_MIN, INT64_MAX)                         \
	WORD(time.frac)                                                      \
	WORD(period)                                                         \
	WORD(period_esterror)                                                \
	WORD(period_maxerror)                                                \
	WORD(esterror_ns)                                                    \
	WORD(asymmetry_esterror_ns)                                          \
	WORD(maxerror_before_ns)                                             \
	WORD(maxerror_after_ns)                                              \
	WORD(stable_period)                                                  \
	WORD(stable_esterror)                                                \
	WORD(void_after)

/*
 * A configuration without its table of leap seconds, leap_expiry and interleaved. WHOLE(key, member, type, least,
 * most): a decimal number. REAL(key, member): the 64 bits of a double.
 */
#define FFNTP_JOURNAL_CONFIG_FIELDS(WHOLE, REAL)                                          \
	WHOLE("estimator=", estimator, enum ffntp_estimator_kind, 0, FFNTP_ESTIMATOR_LAW) \
	WHOLE("counter=", counter_kind, enum ffntp_counter_kind, 0, FFNTP_COUNTER_OTHER)  \
	REAL("period=", period_hint_s)                                                    \
	REAL("period-error=", period_hint_error)                                          \
	WHOLE("poll-min=", poll_min_s, uint32_t, 0, UINT32_MAX)                           \
	WHOLE("poll-max=", poll_max_s, uint32_t, 0, UINT32_MAX)                           \
	WHOLE("adaptive=", poll_is_adaptive, bool, 0, 1)                                  \
	REAL("target=", accuracy_target_s)                                                \
	WHOLE("burst=", burst, uint32_t, 0, UINT32_MAX)                                   \
	WHOLE("history=", history, uint32_t, 0, UINT32_MAX)                               \
	REAL("max-drift=", max_drift)                                                     \
	WHOLE("may-jump=", counter_may_jump, bool, 0, 1)                                  \
	REAL("max-distance=", max_root_distance_s)                                        \
	WHOLE("pivot=", pivot_s, int64_t, INT64_MIN, INT64_MAX)                           \
	WHOLE("leap-trust=", leap_trust, enum ffntp_leap_trust, 0, FFNTP_LEAP_TRUST_NOBODY)

/*
 * Before that configuration: those of an ensemble, and of a member. An ensemble with room for one member has the lines
 * of a session instead.
 */
#define FFNTP_JOURNAL_ENSEMBLE_FIELDS(WHOLE)                                           \
	WHOLE(FFNTP_JOURNAL_MEMBERS_KEY, members, unsigned, 2, FFNTP_ENSEMBLE_MEMBERS) \
	WHOLE("least-sources=", least_sources, unsigned, 0, FFNTP_ENSEMBLE_MEMBERS)
#define FFNTP_JOURNAL_MEMBER_FIELDS(WHOLE)            \
	WHOLE("preferred=", is_preferred, bool, 0, 1) \
	WHOLE("trusted=", is_trusted, bool, 0, 1)     \
	WHOLE("required=", is_required, bool, 0, 1)   \
	WHOLE("unused=", is_unused, bool, 0, 1)

/*
 * Fields that came later follow these lists in a line, as " name=" and the value, if the word of a map is not 0, or an
 * option does not have its usual value: LATER_WORD of core/page_fields.def, LATER_KEYWORD and SERVER_WORD of
 * core/client_options.def. Code that expands a list expands those, too. Here they are counted.
 */
enum {
	FFNTP_JOURNAL_LATER_WORDS = 0
#define LATER_WORD(offset, type, NAME, name, unit, since, codec) +1
#include "../core/page_fields.def"
	,
	FFNTP_JOURNAL_LATER_OPTIONS = 0
#define LATER_KEYWORD(member, usual, least, most, name, unit, scale) +1
#define SERVER_WORD(member, usual, least, most, name, unit, scale) +1
#include "../core/client_options.def"
};

/* A field that is added to one of the structs changes its size, and is missing in the list. Sizes on 64-bit machines.
 */
#if UINTPTR_MAX > 0xffffffff
_Static_assert(sizeof(struct ffntp_map) == 160 + 8 * FFNTP_JOURNAL_LATER_WORDS,
	       "FFNTP_JOURNAL_MAP_FIELDS lists every field of the map");
_Static_assert(sizeof(struct ffntp_client_config) == 128 + 8 * FFNTP_JOURNAL_LATER_OPTIONS,
	       "FFNTP_JOURNAL_CONFIG_FIELDS lists every field of the configuration");
_Static_assert(sizeof(struct ffntp_ensemble_config) == sizeof(struct ffntp_client_config) + 8,
	       "FFNTP_JOURNAL_ENSEMBLE_FIELDS lists every field of an ensemble's configuration");
_Static_assert(sizeof(struct ffntp_member_config) == sizeof(struct ffntp_client_config) + 8,
	       "FFNTP_JOURNAL_MEMBER_FIELDS lists every field of a member's configuration");
#endif

/* The words that begin lines. */
#define FFNTP_JOURNAL_SESSION_WORD "session"
#define FFNTP_JOURNAL_ENSEMBLE_WORD "ensemble"
#define FFNTP_JOURNAL_CONTINUES_WORD "continues"
#define FFNTP_JOURNAL_LISTED_WORD "member"
#define FFNTP_JOURNAL_ADDED_WORD "added"
#define FFNTP_JOURNAL_REMOVED_WORD "removed"
#define FFNTP_JOURNAL_MAP_WORD "map"
#define FFNTP_JOURNAL_MEMBERS_KEY "members="
#define FFNTP_JOURNAL_TABLE_KEY "leap-table="
/* Missing if TAI is unknown once the table has expired, as in the journals of programs without the choice. */
#define FFNTP_JOURNAL_KEEP "leap-expiry=0"
/* Missing in basic mode. */
#define FFNTP_JOURNAL_INTERLEAVED "interleaved=1"

#endif
