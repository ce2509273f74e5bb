/* params: every number that could have been another one, with its unit, its reason and its source. */
#ifndef FFNTP_CORE_PARAMS_H
#define FFNTP_CORE_PARAMS_H

/* --- exchange --- */

/* A server may read receive and transmit from two clocks, and rounds each: te may lie this much before tb (s). */
#define FFNTP_SERVER_ORDER_S 1e-6

/* Round trips beyond this are no measurement; more likely the counter jumped while we waited (s). RFC 5905's MAXDISP.
 */
#define FFNTP_MAX_RTT_S 16.0

/* --- bound --- */

/* What a port's stamps may be wrong by (s): a bracket around CLOCK_REALTIME is 26 to 28 ns wide, and NTP's unit is 0.2
 * ns. */
#define FFNTP_STAMPING_ERROR_S 50e-9

/*
 * An oscillator that leaves its bound by no more than this rate (s/s) since the last exchange has drifted faster than
 * max_drift allows, as in a sudden change of temperature; beyond it, it is the server or the counter that jumped.
 * Crystals without compensation stay within 20 ppm over the range of temperatures that computers work in.
 */
#define FFNTP_WANDER_LIMIT 20e-6

/* How many standard deviations of the period's estimate count as its maximum error, beside max_drift. */
#define FFNTP_PERIOD_SIGMAS 4.0

/* --- dissent --- */

/* A server that contradicts the clock, and not itself, for so long (s) is believed: then it was the counter. */
#define FFNTP_DISSENT_PERSIST_S 1800.0

/* ... and at least as many exchanges, so that two packets half an hour apart do not decide. */
#define FFNTP_DISSENT_EXCHANGES 8

/* Where the counter may stop or jump without notice, as a guest's does, a burst that agrees with itself is enough. */
#define FFNTP_DISSENT_JUMP_EXCHANGES 3

/*
 * Steps in a row from one dissenting exchange to the next that contradict the old rate and fit one other rate: the
 * counter's rate has changed. Three steps of a server that jumps at random do not line up.
 */
#define FFNTP_DISSENT_ALIGNED 3

/* --- client --- */

/* Eras are told apart by a date within 68 years of the truth; without a better one this will do (2026-01-01). */
#define FFNTP_BUILD_S INT64_C(1767225600)

/* How far the period may be off after the counter was disrupted (ratio): another machine's crystal, same nominal rate.
 */
#define FFNTP_DISRUPTED_PERIOD_ERROR 100e-6

/* A saved period ages while nobody watches it (ratio): what temperature does to a crystal from one hour to another. */
#define FFNTP_SAVED_PERIOD_ERROR 0.5e-6

/*
 * Promises are fitted for so many poll intervals ahead: the next map comes after one, or two if a packet is lost.
 */
#define FFNTP_PROMISE_POLLS 2.0

/* An estimate that a promise would move by more than so many of its standard deviations breaks the promise instead. */
#define FFNTP_PROMISE_SIGMAS 6.0

/* A map is void after so many poll intervals without a word from its keeper, and not before FFNTP_VOID_S (s). */
#define FFNTP_VOID_POLLS 8.0
#define FFNTP_VOID_S 1000.0

/* --- polling --- */

/* Wait for a reply (s): longer than any path that can measure microseconds, and than most that cannot. */
#define FFNTP_REPLY_TIMEOUT_S 4.0

/* Between requests of a burst (s): what servers that limit rates allow (chrony's and ntpd's iburst). */
#define FFNTP_BURST_INTERVAL_S 2.0

/* Requests unanswered in a row: the clock is free-running; and: another server, or another address, may do better. */
#define FFNTP_UNANSWERED_FREE_RUNNING 4
#define FFNTP_UNANSWERED_CHANGE 8

/* Replies at an interval that a kiss-o'-death asked for, before a shorter one is tried again. */
#define FFNTP_KISS_DECAY_REPLIES 64

#endif
