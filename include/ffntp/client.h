/*
 * client: an NTP client without I/O. The caller sends and receives datagrams, reads the counter and supplies random
 * bits; the client computes requests, judges replies, and yields the map from counter to time.
 *
 * Every call that depends on time takes a counter reading. The client never reads a clock, allocates nothing, and
 * stores nothing outside the memory that the caller gave it. One thread at a time may use a client; several clients
 * are independent of each other.
 *
 *   ffntp_client_timer -> FFNTP_SEND:  ffntp_client_request fills 48 bytes; send them; pass the kernel's transmit
 *                                      stamp, if there is one, to ffntp_client_sent
 *   ffntp_client_timer -> FFNTP_WAIT:  wait until that counter reading or until a datagram arrives
 *   a datagram arrives:                ffntp_client_reply, then ffntp_client_output, then publish the map
 */
#ifndef FFNTP_CLIENT_H
#define FFNTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decision.h"
#include "estimator.h"
#include "instant.h"
#include "linkage.h"
#include "map.h"
#include "page.h"
#include "timescale.h"
#include "verdict.h"

FFNTP_BEGIN_DECLARATIONS

struct ffntp_client;

/* Source of leap-second information when no valid table is available. */
enum ffntp_leap_trust {
	FFNTP_LEAP_TRUST_SERVER = 0, /* the leap indicator of the server in use, in June and December only */
	FFNTP_LEAP_TRUST_CALLER,     /* the majority that the caller passes to ffntp_client_announce */
	FFNTP_LEAP_TRUST_NOBODY,     /* none: the client learns of a leap second from the server's time alone */
};

/* TAI after the table of leap seconds has expired. */
enum ffntp_leap_expiry {
	FFNTP_LEAP_EXPIRY_KEEP = 0, /* the last offset stays in force, with the leap seconds that servers announce */
	FFNTP_LEAP_EXPIRY_STRICT,   /* TAI is unknown */
};

/*
 * Whether requests have chrony's extension field F323, by which a server states its root delay and dispersion to 4 ns
 * instead of 15 us, and its own corrections.
 */
enum ffntp_root_field {
	FFNTP_ROOT_FIELD_PROBE = 0, /* if the server's timestamps show that it is chrony */
	FFNTP_ROOT_FIELD_ASK,       /* from the first request on; for a while not, after four without a reply */
	FFNTP_ROOT_FIELD_NEVER,
};

/* The longest poll interval (s), RFC 5905's: 2^17. */
#define FFNTP_POLL_MOST_S 131072

/*
 * The properties of a client that its caller chooses. A later version of the library may have more fields at the end: a
 * program that was compiled without them gets their usual values. ffntp_client_config_default sets size and all fields.
 */
struct ffntp_client_config {
	size_t size; /* of this struct in bytes, as the caller was compiled with it */
	enum ffntp_estimator_kind estimator;
	enum ffntp_counter_kind counter_kind;
	/*
	 * Nominal period of the counter, seconds per tick; 1e-12 to 1e-6. Coarser counters are not supported, because
	 * a reply that arrives in the tick of its request is taken as proof that the counter stopped.
	 */
	double period_hint_s;
	double period_hint_error; /* maximum relative error of period_hint_s: 500e-6 for 500 ppm; 0 to 0.5 */
	uint32_t poll_min_s;      /* shortest poll interval; 1 to FFNTP_POLL_MOST_S */
	uint32_t poll_max_s;      /* longest poll interval; poll_min_s to FFNTP_POLL_MOST_S */
	/*
	 * true: the client chooses the interval between poll_min_s and poll_max_s from the uncertainty of its clock.
	 * false: it polls at poll_min_s, and a kiss-o'-death RATE may raise the interval up to poll_max_s.
	 */
	bool poll_is_adaptive;
	/*
	 * Adaptive polling only: the standard deviation of the clock that must hold just before each exchange; 0 to 1.
	 * 0: poll when the clock is about as uncertain as the measurement of one exchange.
	 */
	double accuracy_target_s;
	/* Requests at the start and after a disruption, 2 s apart, or poll_min_s apart if that is less; 1 to 16. */
	uint32_t burst;
	uint32_t history; /* stamps that the RADclock estimator stores; 0: the number that poll_min_s requires */
	/*
	 * Largest relative difference between any two rates of the counter within a month; 0 to 1e-3, usually 1e-6. The
	 * bound grows by this beside the error of the rate that the exchanges prove.
	 */
	double max_drift;
	/*
	 * The counter may stop or jump without notice, as in a guest. The first reply outside of the bound then makes
	 * the status disrupted and begins a burst, and the client accepts a new time after three replies that agree,
	 * rather than after half an hour.
	 */
	bool counter_may_jump;
	double max_root_distance_s; /* reject replies whose root distance exceeds this; 0 to 16, usually 3 */
	/*
	 * Any time within 68 years of the true time, seconds since 1970; usually 68 years after the release of the
	 * library, so that any time within 136 years from the release is right.
	 */
	int64_t pivot_s;
	/*
	 * Table of leap seconds that ffntp_leap_table_check accepts, or NULL. It must outlive the client or be replaced
	 * by ffntp_client_leap_table. While it is valid, it is the only source of leap seconds and TAI is known. Once
	 * it has expired, leap_trust and leap_expiry apply.
	 */
	const struct ffntp_leap_table *leap_table;
	enum ffntp_leap_trust leap_trust;
	uint32_t unused; /* padding of the first version, whose callers leave it undefined */
	enum ffntp_leap_expiry leap_expiry;
	/*
	 * 1: ask the server for interleaved mode (RFC 9769), in which the transmit timestamp of a reply is measured
	 * when it has really left, and comes with the next reply. If polls are more than 8 s apart, each poll is then
	 * two requests, 2 s apart. 0, usually: basic mode. Guests (FFNTP_SESSION_MINIMAL) always use basic mode.
	 */
	uint32_t interleaved;
	/*
	 * A value of enum ffntp_root_field, usually FFNTP_ROOT_FIELD_PROBE. Guests (FFNTP_SESSION_MINIMAL) never have
	 * the field, and neither has a request whose caller sends its first FFNTP_REQUEST_SIZE bytes only.
	 */
	uint32_t root_field;
	/*
	 * Added to the server's time (s), to correct a known asymmetry of the path, or a known error of the server; -1
	 * to 1, usually 0. The root dispersion is larger by its size, so that the bound contains the true time whether
	 * the correction is right or not.
	 */
	double correction_s;
};

/*
 * Set 'size' bytes of a configuration: its own size, every field that the library knows to its usual value, and all
 * bytes beyond these to 0. Use ffntp_client_config_default.
 */
void ffntp_client_config_init(struct ffntp_client_config *config, size_t size);

/* Set every field of a configuration to its usual value; period_hint_s to 1e-9 and counter_kind to none. */
static inline void ffntp_client_config_default(struct ffntp_client_config *config)
{
	ffntp_client_config_init(config, sizeof *config);
}

/*
 * Return the number of bytes, a multiple of 16, that a client needs; 0 if the configuration is out of range, its size
 * was not set, or a field that the library does not know yet is not 0.
 */
FFNTP_MUST_USE size_t ffntp_client_memory(const struct ffntp_client_config *config);

/*
 * Create a client in the caller's memory. The client uses the memory until the caller takes it back; nothing needs to
 * be released. The configuration is copied; its leap table is not.
 * memory, size: ffntp_client_memory bytes or more, aligned to 16.
 * Returns NULL if the configuration is out of range, or the memory too small or misaligned.
 */
FFNTP_MUST_USE struct ffntp_client *ffntp_client_init(void *memory, size_t size,
						      const struct ffntp_client_config *config, ffntp_counter now);

/*
 * Make an independent copy of a client, for callers that treat states as immutable values or evaluate alternatives.
 * A request in flight is in flight in both clients: hand its reply to one of them only, or it counts twice.
 * memory, size: as for ffntp_client_init.
 * Returns NULL if the memory is too small or misaligned.
 */
FFNTP_MUST_USE struct ffntp_client *ffntp_client_copy(const struct ffntp_client *client, void *memory, size_t size);

/*
 * Continue from the last map of a former client of the same counter: start from its period, keep all later estimates
 * inside its error bounds, and continue its disruption marker. Call it before the first request.
 * former: as ffntp_page_adopt returns it.
 */
void ffntp_client_continue(struct ffntp_client *client, const struct ffntp_map *former);

/* The next action of the caller of ffntp_client_timer. */
enum ffntp_action_kind {
	FFNTP_WAIT, /* do nothing before the counter reading 'until' */
	FFNTP_SEND, /* call ffntp_client_request now */
	/*
	 * The server has not supplied a usable time for a long while, or denies service: resolve its name again, or
	 * choose a different server.
	 */
	FFNTP_CHANGE_SERVER,
};

struct ffntp_action {
	enum ffntp_action_kind kind;
	ffntp_counter until;
};

/*
 * Return the next action, and give up a request that has waited too long for its reply. FFNTP_CHANGE_SERVER is not
 * repeated by the next call: a caller that has no other server goes on with this one.
 */
FFNTP_MUST_USE struct ffntp_action ffntp_client_timer(struct ffntp_client *client, ffntp_counter now);

/* Bytes of a request: the header of RFC 5905 without extension fields. */
#define FFNTP_REQUEST_SIZE 48

/*
 * Begin an exchange and write its request. A request still in flight is given up.
 * ta:     the counter just before sending. The error bound assumes that the request left no earlier.
 * nonce:  64 bits from a cryptographic generator, fresh for each request; not 0.
 * packet: the bytes to send.
 * Returns false, and nothing may be sent, if nonce is 0.
 */
FFNTP_MUST_USE bool ffntp_client_request(struct ffntp_client *client, ffntp_counter ta, uint64_t nonce,
					 uint8_t packet[FFNTP_REQUEST_SIZE]);

/*
 * Set a better estimate of the request's departure, such as the kernel's transmit stamp. The error bound still uses the
 * ta of ffntp_client_request, because the stamp may be that of a cloned datagram. The call has no effect once the reply
 * has been handed in.
 */
void ffntp_client_sent(struct ffntp_client *client, ffntp_counter ta);

/*
 * Process a datagram from the server.
 * tf: the counter when the datagram arrived; no earlier than the arrival.
 * Returns the verdict, which is also counted. FFNTP_ACCEPTED, FFNTP_REFUSED_COUNTER and FFNTP_REFUSED_SMEAR may change
 * the time of the map; FFNTP_REFUSED_CONTRADICTION widens its error bound; every rejection may change its status.
 */
enum ffntp_verdict ffntp_client_reply(struct ffntp_client *client, const uint8_t *bytes, size_t length,
				      ffntp_counter tf);

/*
 * Return the decision on the newest reply, or on a reported disruption after it, with its evidence. It is valid until
 * the next call of ffntp_client_reply, and its memory is the client's.
 */
const struct ffntp_decision *ffntp_client_decision(const struct ffntp_client *client);

/*
 * Report that the counter jumped or stood still (suspend, migration, restore). The time becomes unknown, the status
 * disrupted, until the next usable exchange; the rate is kept with a larger error.
 */
void ffntp_client_disrupted(struct ffntp_client *client, ffntp_counter now);

/*
 * Report that a different counter has taken the place of the former one, as in a machine restored elsewhere. Its rate
 * is known from this hint alone; both values must be in the ranges of the configuration.
 */
void ffntp_client_counter_replaced(struct ffntp_client *client, ffntp_counter now, double period_hint_s,
				   double period_hint_error);

/*
 * Replace the table of leap seconds; NULL removes it. TAI may become known or unknown.
 * table: as in the configuration.
 */
void ffntp_client_leap_table(struct ffntp_client *client, const struct ffntp_leap_table *table);

/*
 * Set the leap second that a majority of servers announce for the end of this month, for FFNTP_LEAP_TRUST_CALLER. Call
 * it after each round of queries within the month's last day; a vote with sign 0 withdraws an earlier announcement.
 */
void ffntp_client_announce(struct ffntp_client *client, struct ffntp_leap_vote vote, ffntp_counter now);

/*
 * Report that later requests go to a different server. The client discards the path, the counts of verdicts and the
 * evidence against the clock; it keeps the map, its error bound and the oscillator's rate.
 */
void ffntp_client_server_changed(struct ffntp_client *client, ffntp_counter now);

/*
 * Return the map with its status as of now. Publish it after each reply, and after each FFNTP_WAIT that follows one.
 * The timer also wakes where a leap second begins and ends, because the map's leap and tai_offset_s are as of its
 * publication; readers number UTC correctly across the leap second in any case.
 */
void ffntp_client_output(struct ffntp_client *client, ffntp_counter now, struct ffntp_map *map);

/*
 * Fill in the state of the server; address, port and selection are left to the caller. Stratum 0 means that no reply
 * of this server has supplied a usable time since it was chosen or since the counter was disrupted; then only the
 * counts of verdicts are valid.
 */
void ffntp_client_source(const struct ffntp_client *client, struct ffntp_source *source);

FFNTP_END_DECLARATIONS

#endif
