/* params: every number that could have been another one, with its unit, its reason and its source. */
#ifndef FFNTP_CORE_PARAMS_H
#define FFNTP_CORE_PARAMS_H

/* --- exchange --- */

/* A server may read receive and transmit from two clocks, and rounds each: te may lie this much before tb (s). */
#define FFNTP_SERVER_ORDER_S 1e-6

/* Round trips beyond this are no measurement; more likely the counter jumped while we waited (s). RFC 5905's MAXDISP. */
#define FFNTP_MAX_RTT_S 16.0

/* --- client --- */

/* Wait for a reply: four times the longest terrestrial round trip over satellites (s). */
#define FFNTP_REPLY_TIMEOUT_S 2.0

/* Between requests of a burst (s): what servers that limit rates allow (chrony's and ntpd's iburst). */
#define FFNTP_BURST_INTERVAL_S 2.0

#endif
