/*
 * records: the messages of NTS key exchange (RFC 8915, section 4), which a TLS connection carries. Pure, and
 * freestanding like core.
 */
#ifndef FFNTP_NTS_RECORDS_H
#define FFNTP_NTS_RECORDS_H

#include "packet.h"

/* Longest message of a server (bytes): eight cookies of any usable size, and records that are ignored. */
#define FFNTP_NTS_MESSAGE_MOST 16384

/* A request offers at most this many algorithms, and then has this many bytes at most. */
#define FFNTP_NTS_OFFERS 2
#define FFNTP_NTS_MESSAGE_REQUEST 32

/* Longest name of a server, with its end (bytes). */
#define FFNTP_NTS_NAME_SIZE 256

/* The result of a key exchange. */
struct ffntp_nts_agreement {
	uint16_t aead;                                     /* its number; it was offered */
	uint16_t exported_aead;                            /* the number in the exporter's context */
	struct ffntp_nts_cookie cookie[FFNTP_NTS_COOKIES]; /* the usable ones */
	unsigned cookies;                                  /* at least 1 */
	char name[FFNTP_NTS_NAME_SIZE];                    /* of the NTP server; "": the one that was asked */
	uint16_t port;                                     /* of the NTP server */
};

/*
 * Write the request for NTPv4 with these algorithms, the preferred one first; 1 to FFNTP_NTS_OFFERS. NTPv5 is not
 * offered beside it, because ntpsec closes the connection then. Returns the length.
 */
size_t ffntp_nts_write_request(const uint16_t *offers, size_t count, uint8_t request[FFNTP_NTS_MESSAGE_REQUEST]);

/* Return whether the message is complete: it has its last record, or one that ends the reading because it is wrong. */
FFNTP_MUST_USE bool ffntp_nts_is_complete(const uint8_t *message, size_t length);

/*
 * Read a server's whole message. offers: those of the request.
 * Returns NULL and the agreement; or the reason for rejection, in words; static.
 */
FFNTP_MUST_USE const char *ffntp_nts_read_message(const uint8_t *message, size_t length, const uint16_t *offers,
						  size_t count, struct ffntp_nts_agreement *agreement);

#endif
