/*
 * client: an NTP client without I/O. Four verbs (init, request, reply, output) and a timer that says what to do next.
 * Every input carries its own counter reading; the client asks for neither time nor randomness, allocates nothing and
 * keeps nothing outside the memory it is given. One thread at a time per client; clients do not know each other.
 *
 *   ffntp_client_timer -> SEND:  ffntp_client_request fills 48 bytes; send them; tell ffntp_client_sent when they left
 *   a datagram arrives:          ffntp_client_reply, then ffntp_client_output and publish
 *   ffntp_client_timer -> WAIT:  nothing to do until that counter reading, or a datagram
 */
#ifndef FFNTP_CLIENT_H
#define FFNTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "estimator.h"
#include "instant.h"
#include "linkage.h"
#include "map.h"
#include "page.h"
#include "timescale.h"
#include "verdict.h"

FFNTP_BEGIN_DECLARATIONS

struct ffntp_client;

/* Whose word on leap seconds is taken where no table holds. */
enum ffntp_leap_trust {
	FFNTP_LEAP_TRUST_SERVER = 0, /* that of the server that is asked, in June and December */
	FFNTP_LEAP_TRUST_CALLER,     /* that of ffntp_client_announce: for who asks several */
	FFNTP_LEAP_TRUST_NOBODY,
};

/*
 * The properties of a client that its caller chooses. A later version of the library may have more fields at the end: a
 * program that was compiled without them gets their usual values. ffntp_client_config_default sets size and all fields.
 */
struct ffntp_client_config {
	size_t size; /* of this struct in bytes, as the caller was compiled with it */
	enum ffntp_estimator_kind estimator;
	enum ffntp_counter_kind counter_kind;
	double period_hint_s; /* seconds per tick, as far as anyone knows; 1e-12 to 1e-6: a request whose reply comes
				 in the same tick tells of a counter that stands still */
	double period_hint_error; /* how wrong the hint may be, as a ratio: 500e-6 for 500 ppm; 0 to 0.1 */
	uint32_t poll_min_s;      /* 1 to 131072 */
	uint32_t poll_max_s;      /* poll_min_s to 131072 */
	bool poll_is_adaptive;    /* false: polls at poll_min_s, and poll_max_s is how far a kiss-o'-death may raise it;
				     true: chooses between the two from how uncertain the clock is */
	double accuracy_target_s; /* adaptive: the standard deviation to keep, before each exchange; 0: what an exchange
				     could tell by itself, so that none is wasted; up to 1 */
	uint32_t burst;   /* requests at the start and after a disruption, 2 s apart or poll_min_s if less; 1 to 16 */
	uint32_t history; /* stamps that the RADclock estimator may remember; 0: as many as poll_min_s asks for */
	double max_drift; /* by how much the counter's rates within a month differ at most, as a ratio: what the bound
			     grows by beside what is proven of the rate; 0 to 1e-3, 1e-6 is usual */
	bool counter_may_jump; /* it may stop or jump without notice, as a guest's: a server that contradicts it and
				  agrees with itself is believed after a burst, not after half an hour */
	double max_root_distance_s; /* replies with more are refused; 0 to 16, 3 is usual */
	int64_t pivot_s;            /* seconds since 1970; the true time lies within 68 years of it */
	/* One that ffntp_leap_table_check accepts, or NULL; it must outlive its use. Until it expires nobody else is
	 * asked for leap seconds, and TAI is known; then it is not, unless another is given in time. */
	const struct ffntp_leap_table *leap_table;
	enum ffntp_leap_trust leap_trust;
};

/*
 * Set 'size' bytes of a configuration: its own size, every field that the library knows to its usual value, and what
 * lies beyond these to 0. Use ffntp_client_config_default.
 */
void ffntp_client_config_init(struct ffntp_client_config *config, size_t size);

/* Set every field to its usual value; period_hint_s and counter_kind to 1 ns and none. */
static inline void ffntp_client_config_default(struct ffntp_client_config *config)
{
	ffntp_client_config_init(config, sizeof *config);
}

/*
 * Bytes that a client of this configuration needs, aligned to 16. 0 if the configuration is out of range, its size was
 * not set, or a field that the library does not know yet is not 0.
 */
FFNTP_MUST_USE size_t ffntp_client_memory(const struct ffntp_client_config *config);

/*
 * Makes a client in the caller's memory, which it uses until the caller takes it back; there is nothing to release.
 * Returns NULL if the configuration is out of range, or the memory too small or not aligned to 16.
 */
FFNTP_MUST_USE struct ffntp_client *ffntp_client_init(void *memory, size_t size,
						      const struct ffntp_client_config *config, ffntp_counter now);

/*
 * A copy that goes on without the original, for who keeps states as values or plans ahead. memory, size: as for
 * ffntp_client_init. A request in flight is in flight in both: hand its reply to one of them, or it counts twice.
 * Returns NULL if the memory is too small or not aligned to 16.
 */
FFNTP_MUST_USE struct ffntp_client *ffntp_client_copy(const struct ffntp_client *client, void *memory, size_t size);

/*
 * Continues where a former client of the same counter stopped: its period is a start, its promises are kept, its
 * disruption marker goes on. Before the first request; 'former' as ffntp_page_adopt gives it.
 */
void ffntp_client_continue(struct ffntp_client *client, const struct ffntp_map *former);

/* What the caller of ffntp_client_timer is to do. */
enum ffntp_action_kind {
	FFNTP_WAIT,          /* nothing to do before 'until' */
	FFNTP_SEND,          /* call ffntp_client_request now */
	FFNTP_CHANGE_SERVER, /* this server has given no time for long, answered or not, or refuses: resolve its name
				anew, or take another */
};

struct ffntp_action {
	enum ffntp_action_kind kind;
	ffntp_counter until;
};

/* What to do next. Also ends a request that has waited too long. FFNTP_CHANGE_SERVER is said once, then it goes on. */
FFNTP_MUST_USE struct ffntp_action ffntp_client_timer(struct ffntp_client *client, ffntp_counter now);

/* Bytes of a request: RFC 5905 without extension fields. */
#define FFNTP_REQUEST_SIZE 48

/*
 * Begins an exchange; a request still in flight is given up.
 * ta:    the counter just before sending; the bound assumes that the request left no earlier.
 * nonce: 64 bits from a cryptographic generator, new for each request; 0 is refused.
 * Returns false, and nothing is to be sent, if nonce is 0.
 */
FFNTP_MUST_USE bool ffntp_client_request(struct ffntp_client *client, ffntp_counter ta, uint64_t nonce,
					 uint8_t packet[FFNTP_REQUEST_SIZE]);

/*
 * Set a better estimate of when the request left, such as the kernel's stamp. The bound stands on the ta of
 * ffntp_client_request all the same, because a stamp may be that of another copy. Ignored once the reply has been
 * handed in.
 */
void ffntp_client_sent(struct ffntp_client *client, ffntp_counter ta);

/*
 * A datagram from the server. tf: the counter when it arrived.
 * Returns what became of it; each verdict is counted. Only FFNTP_ACCEPTED changes the time that ffntp_client_output
 * says, but for FFNTP_REFUSED_COUNTER and FFNTP_REFUSED_SMEAR; a refusal may change the status, and
 * FFNTP_REFUSED_CONTRADICTION widens the bound.
 */
enum ffntp_verdict ffntp_client_reply(struct ffntp_client *client, const uint8_t *bytes, size_t length,
				      ffntp_counter tf);

/*
 * The port knows that the counter jumped or stood still (suspend, migration, restore): all is void until measured anew.
 */
void ffntp_client_disrupted(struct ffntp_client *client, ffntp_counter now);

/*
 * The same, and the counter is another one, as a restored machine's may be: nothing is known of its rate but this hint,
 * in the configuration's ranges.
 */
void ffntp_client_counter_replaced(struct ffntp_client *client, ffntp_counter now, double period_hint_s,
				   double period_hint_error);

/* Another table of leap seconds, as in the configuration. What TAI is may become known by it, or cease to be. */
void ffntp_client_leap_table(struct ffntp_client *client, const struct ffntp_leap_table *table);

/*
 * What several servers, asked within the last day of a month, say of its end: FFNTP_LEAP_TRUST_CALLER. Once more
 * whenever they have been asked: none (sign 0) takes back what was said before.
 */
void ffntp_client_announce(struct ffntp_client *client, struct ffntp_leap_vote vote, ffntp_counter now);

/* From now on requests go to another server: forgets the path and what became of replies, keeps the oscillator. */
void ffntp_client_server_changed(struct ffntp_client *client, ffntp_counter now);

/*
 * The map as of now; its status at least always holds. To be published after each reply and each timer's WAIT that
 * follows one. A timer's WAIT ends where a leap second begins or ends, too: readers of the map are right across it, but
 * what the map says of it (leap, tai_offset_s) is as of when it was published.
 */
void ffntp_client_output(struct ffntp_client *client, ffntp_counter now, struct ffntp_map *map);

/*
 * What is known of the server; the address, port and is_selected are the caller's to fill in. Stratum 0: no reply of
 * its has had time, or none since the counter was disrupted; of replies nothing but the verdicts is told then.
 */
void ffntp_client_source(const struct ffntp_client *client, struct ffntp_source *source);

FFNTP_END_DECLARATIONS

#endif
