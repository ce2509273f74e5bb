/*
 * session: a client, its server and its map, without I/O. The caller passes every input as a value; the session
 * returns what to send, when to call again, and what happened. The same inputs always give the same maps, bit for bit,
 * on every machine: a recorded session can be replayed (docs/journal.md).
 *
 * The session never reads a clock, draws no random bits, allocates nothing, and stores nothing outside the memory that
 * the caller gave it. One thread at a time may use a session; several sessions are independent of each other.
 * A core built with FFNTP_SESSION_MINIMAL, as in guests, ignores FFNTP_INPUT_LEAP_TABLE, FFNTP_INPUT_LEAP_VOTE,
 * FFNTP_INPUT_FORMER, FFNTP_INPUT_MEASURED, FFNTP_INPUT_NOT_MEASURED, FFNTP_INPUT_BURST and FFNTP_INPUT_LIMITED, and
 * correction_s of the configuration, and calls neither recorder nor tracer.
 *
 *   for (;;) {
 *           input(FFNTP_INPUT_TIMEOUT, .at = counter());
 *           if (ffntp_session_wants_request(session)) {
 *                   input(FFNTP_INPUT_REQUEST, .at = counter(), .nonce = nonce());
 *                   send ffntp_session_request_length(session) bytes of ffntp_session_request(session), if it is not
 *                   NULL;
 *                   pass the kernel's transmit stamp with FFNTP_INPUT_SENT, or a failure with FFNTP_INPUT_NOT_SENT
 *           }
 *           wait for a datagram until ffntp_session_deadline(session);
 *           input(FFNTP_INPUT_DATAGRAM, .at = its arrival, ...)
 *   }
 *
 * Here input() fills struct ffntp_input, calls ffntp_session_input, and takes the events before anything else is
 * passed:
 *
 *   while (ffntp_session_event(session, &event))
 *           FFNTP_EVENT_MAP: publish ffntp_session_map(session); the others: log, or choose a server
 */
#ifndef FFNTP_SESSION_H
#define FFNTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "decision.h"
#include "linkage.h"
#include "map.h"
#include "measurement.h"
#include "page.h"
#include "timescale.h"
#include "verdict.h"

FFNTP_BEGIN_DECLARATIONS

struct ffntp_session;

/* --- inputs --- */

/* Longest request (bytes): a header, and the extension field of fine root values. */
#define FFNTP_REQUEST_MOST (FFNTP_REQUEST_SIZE + 28)

#define FFNTP_CRYPTO_NAK_SIZE (FFNTP_REQUEST_SIZE + 4) /* bytes; a header and a key identifier (RFC 5905) */

/* The kind of an input; behind it the fields of struct ffntp_input that it uses besides 'at'. */
enum ffntp_input_kind {
	FFNTP_INPUT_TIMEOUT = 0, /* time has passed: do what is due. It has no effect before the deadline */
	/*
	 * nonce. Begin the request that ffntp_session_wants_request asks for; 'at' is just before sending, and the
	 * bound assumes that the request left no earlier. nonce: 64 bits from a cryptographic generator, fresh for each
	 * request; 0 if the system has none, and then the session backs off for a second.
	 */
	FFNTP_INPUT_REQUEST,
	/* stamp. A better estimate of the departure of the request in flight than its 'at'. */
	FFNTP_INPUT_SENT,
	/* error. The request could not be sent. It counts as unanswered once its reply is overdue. */
	FFNTP_INPUT_NOT_SENT,
	/*
	 * bytes, length. A datagram from the server; 'at' is its arrival, or later. A port that authenticates replies
	 * passes the bytes that it verified, which are the header and perhaps extension fields. In place of a reply
	 * that it could not verify it passes a crypto-NAK, FFNTP_CRYPTO_NAK_SIZE bytes of zero: the session counts it,
	 * and goes on waiting.
	 */
	FFNTP_INPUT_DATAGRAM,
	/* error. The network reported an error while a reply was awaited, such as an unreachable port. */
	FFNTP_INPUT_ERROR,
	/* The counter jumped or stood still. */
	FFNTP_INPUT_DISRUPTED,
	/*
	 * period_hint_s, period_hint_error. A different counter has taken the former one's place. With a hint outside
	 * of the configuration's ranges it is only a disruption.
	 */
	FFNTP_INPUT_COUNTER_REPLACED,
	/*
	 * address, port. The server that later requests go to. If it differs from the server named before, the path is
	 * forgotten and the oscillator is kept.
	 */
	FFNTP_INPUT_SERVER,
	/* until. Ask for no request before this counter reading. A disruption ends the pause. */
	FFNTP_INPUT_PAUSE,
	/* leap_table; NULL removes it. Replace the table of leap seconds. It must outlive the session. Yields a map. */
	FFNTP_INPUT_LEAP_TABLE,
	/* vote. The leap second that a majority of servers announce, for FFNTP_LEAP_TRUST_CALLER. Yields a map. */
	FFNTP_INPUT_LEAP_VOTE,
	/*
	 * map. Continue from the last map of a former session of the same counter, before the first request. Until this
	 * session has an estimate of its own it publishes nothing, so that the page keeps that map.
	 */
	FFNTP_INPUT_FORMER,
	/* Yield the map as of now, with FFNTP_EVENT_MAP. Otherwise maps come after each reply, where a leap second
	 * begins or ends, and once a minute. */
	FFNTP_INPUT_PUBLISH,
	/*
	 * measurement. A reference clock of this machine was read, in place of the request that
	 * ffntp_session_wants_request asks for; without such a wish it has no effect. 'at' is the counter after reading
	 * it. A member has either a server or a reference clock. A reference clock has no FFNTP_INPUT_SERVER.
	 */
	FFNTP_INPUT_MEASURED,
	/* error. The reference clock could not be read. It counts as a request without a reply. */
	FFNTP_INPUT_NOT_MEASURED,
	/*
	 * The user wants some requests now, 2 s apart. The poll interval stays; a server that asked for fewer requests
	 * gets none.
	 */
	FFNTP_INPUT_BURST,
	/*
	 * until, stamp. The server has asked an earlier session for fewer requests (kiss-o'-death RATE): send none
	 * before 'stamp', and then one in each interval of until - at, or the longest one configured, without a burst.
	 * After a number of replies a shorter interval is tried, as after a kiss-o'-death. Before the first request to
	 * this server.
	 */
	FFNTP_INPUT_LIMITED,
	FFNTP_INPUTS /* the number of kinds */
};

/*
 * One input. 'at' is the counter when it happened. A datagram may have arrived before the last input, while that was
 * processed; no other input may be earlier than the last one, except one that reports a disruption. A timeout or a
 * request that is more than 1 ms earlier shows that the counter was set back: it is processed as FFNTP_INPUT_DISRUPTED.
 */
struct ffntp_input {
	enum ffntp_input_kind kind;
	ffntp_counter at;
	uint64_t nonce;
	ffntp_counter stamp;
	ffntp_counter until;
	const uint8_t *bytes;
	size_t length;
	int32_t error; /* of the system, such as an errno value; only passed on to the event */
	double period_hint_s, period_hint_error;
	uint8_t address[16]; /* IPv6, or IPv4 mapped into it */
	uint16_t port;
	struct ffntp_leap_vote vote;
	const struct ffntp_leap_table *leap_table;
	const struct ffntp_map *map;
	const struct ffntp_measurement *measurement;
};

/*
 * Return a short lower-case name such as "datagram", the word that stands for the input in a journal; "unknown" for
 * values outside the enumeration. Never NULL.
 */
const char *ffntp_input_name(enum ffntp_input_kind kind);

/* --- events --- */

/* The kind of an event. Every system has the same. */
enum ffntp_event_kind {
	FFNTP_EVENT_NONE = 0,
	FFNTP_EVENT_SENT,          /* a request was begun */
	FFNTP_EVENT_NOT_SENT,      /* a request could not be sent; 'error' has the reason */
	FFNTP_EVENT_NO_NONCE,      /* the system had no random bits; the session asks again after a second */
	FFNTP_EVENT_REPLY,         /* a datagram arrived, or a reference clock was read; 'verdict' is its result */
	FFNTP_EVENT_ERROR,         /* the network reported 'error' while a reply was awaited, or a reference clock could
				      not be read */
	FFNTP_EVENT_UNANSWERED,    /* no reply was accepted in time */
	FFNTP_EVENT_CHANGE_SERVER, /* resolve the server's name again, or choose a different server */
	FFNTP_EVENT_DISRUPTED,     /* the counter jumped: the time is measured again */
	FFNTP_EVENT_SERVER,        /* later requests go to a different server */
	/* ffntp_session_map is new and is to be published. It is the first event of its input: others may take time to
	 * log. */
	FFNTP_EVENT_MAP,
	FFNTP_EVENT_SELECTION, /* an ensemble uses the server differently from now on (ensemble.h) */
	FFNTP_EVENTS           /* the number of kinds */
};

struct ffntp_event {
	enum ffntp_event_kind kind;
	enum ffntp_verdict verdict;
	int32_t error;
};

/* Return a short lower-case name such as "unanswered"; "unknown" for values outside the enumeration. Never NULL. */
const char *ffntp_event_name(enum ffntp_event_kind kind);

/* --- a session --- */

/* Return the bytes, a multiple of 16, that a session needs; 0 if ffntp_client_memory returns 0 for the configuration.
 */
FFNTP_MUST_USE size_t ffntp_session_memory(const struct ffntp_client_config *config);

/*
 * Create a session in the caller's memory. Nothing needs to be released. The configuration is copied; its leap table
 * is not.
 * memory, size: ffntp_session_memory bytes or more, aligned to 16.
 * Returns NULL if the configuration is out of range, or the memory too small or misaligned.
 */
FFNTP_MUST_USE struct ffntp_session *ffntp_session_init(void *memory, size_t size,
							const struct ffntp_client_config *config, ffntp_counter now);

/* Make an independent copy of a session, as ffntp_client_copy does. The copy has neither recorder nor trace. */
FFNTP_MUST_USE struct ffntp_session *ffntp_session_copy(const struct ffntp_session *session, void *memory, size_t size);

/*
 * Process one input. It may yield events; those of the input before it that were not taken are discarded. An input that
 * has no meaning now (a stamp without a request, a datagram that was not asked for) is counted or ignored, never an
 * error.
 */
void ffntp_session_input(struct ffntp_session *session, const struct ffntp_input *input);

/*
 * Return whether the session would do anything with an input now. A timeout before the deadline has no effect, so that
 * records may leave it out, unless it shows that the counter was set back.
 */
FFNTP_MUST_USE bool ffntp_session_has_effect(const struct ffntp_session *session, const struct ffntp_input *input);

/* Take the next event of the last input. Returns false if there is none. */
FFNTP_MUST_USE bool ffntp_session_event(struct ffntp_session *session, struct ffntp_event *event);

/* Return whether a request is due: pass FFNTP_INPUT_REQUEST. */
FFNTP_MUST_USE bool ffntp_session_wants_request(const struct ffntp_session *session);

/* Return the FFNTP_REQUEST_SIZE bytes of the request begun by the last input; NULL if it began none. */
const uint8_t *ffntp_session_request(const struct ffntp_session *session);

/*
 * Return the length of that request with its extension field, FFNTP_REQUEST_SIZE to FFNTP_REQUEST_MOST; 0 if there is
 * no request. A caller that sends the header alone gets replies without the field.
 */
size_t ffntp_session_request_length(const struct ffntp_session *session);

/* Return whether datagrams are awaited: a request was sent, and no reply to it has been accepted or given up yet. */
bool ffntp_session_is_awaiting(const struct ffntp_session *session);

/* Return the counter reading at which FFNTP_INPUT_TIMEOUT is due. */
ffntp_counter ffntp_session_deadline(const struct ffntp_session *session);

/* Return the best value of the counter's period for now (s per tick), to turn the deadline into a wait. */
double ffntp_session_period_s(const struct ffntp_session *session);

/*
 * Return the map of the last FFNTP_EVENT_MAP. Before the first one: that of the beginning, or the one of
 * FFNTP_INPUT_FORMER if it has a time. It is the map that the page should have.
 */
const struct ffntp_map *ffntp_session_map(const struct ffntp_session *session);

/*
 * Return the server as of the last map that was due (FFNTP_EVENT_MAP, unless a former map is kept), or as of the input
 * that named it.
 */
const struct ffntp_source *ffntp_session_source(const struct ffntp_session *session);

/* Return the decision on the newest reply or disruption, with its evidence (docs/decisions.md). */
const struct ffntp_decision *ffntp_session_decision(const struct ffntp_session *session);

/* Called with each input before it is processed. The input's pointers are valid during the call only. */
typedef void ffntp_session_recorder(void *context, const struct ffntp_input *input);

/* Record: call recorder with each input from now on; NULL ends it. */
void ffntp_session_record(struct ffntp_session *session, ffntp_session_recorder *recorder, void *context);

/* The kind of a trace event. A later release may add kinds at the end, and fields to struct ffntp_trace_event. */
enum ffntp_trace_kind {
	FFNTP_TRACE_EVENT = 0, /* the session yielded 'event' */
};

/* An event, and the measurements behind it. The pointers are valid during the call only. */
struct ffntp_trace_event {
	enum ffntp_trace_kind kind;
	struct ffntp_event event;
	ffntp_counter at;
	const struct ffntp_map *map;       /* as ffntp_session_map returns it */
	const struct ffntp_source *source; /* offset, round trip, poll interval, counts of verdicts */
	const struct ffntp_decision
		*decision; /* on the newest reply or disruption, as ffntp_session_decision returns it */
};

/* Called with each event once its input has been processed. It must not call the session. */
typedef void ffntp_session_tracer(void *context, const struct ffntp_trace_event *event);

/* Trace: call tracer with each event from now on; NULL ends it. It does not change what the session yields. */
void ffntp_session_trace(struct ffntp_session *session, ffntp_session_tracer *tracer, void *context);

FFNTP_END_DECLARATIONS

#endif
