/*
 * dump: keys and cookies of one server as bytes, to be kept while the program does not run. Pure, and freestanding like
 * core. The bytes have secrets: keep them where only their owner can read. They may be used once: a cookie that was
 * sent must not be sent again.
 */
#ifndef FFNTP_NTS_DUMP_H
#define FFNTP_NTS_DUMP_H

#include "packet.h"
#include "records.h"

#define FFNTP_NTS_DUMP_MACHINE 32 /* bytes that identify the machine */
#define FFNTP_NTS_DUMP_ADDRESS 80 /* longest text of an address, with its end (bytes) */

/* Longest dump (bytes). */
#define FFNTP_NTS_DUMP_MOST 4096

struct ffntp_nts_dump {
	uint8_t machine[FFNTP_NTS_DUMP_MACHINE];
	int64_t saved_s;                     /* POSIX time */
	char host[FFNTP_NTS_NAME_SIZE];      /* whose certificate was checked */
	char asked[FFNTP_NTS_DUMP_ADDRESS];  /* address of the key exchange */
	char server[FFNTP_NTS_DUMP_ADDRESS]; /* address to ask for the time */
	uint16_t aead;                       /* number of the algorithm */
	uint8_t request_key[FFNTP_NTS_KEY_MOST], reply_key[FFNTP_NTS_KEY_MOST];
	struct ffntp_nts_cookie cookie[FFNTP_NTS_COOKIES];
	unsigned cookies; /* at least 1 */
};

/* Write a dump. Returns its length. */
size_t ffntp_nts_dump_write(const struct ffntp_nts_dump *dump, uint8_t bytes[FFNTP_NTS_DUMP_MOST]);

/*
 * Read a dump. Returns false if it is damaged: every byte counts, and each dump has one valid form. Whether it is of
 * this machine, and how old it is, is for the caller.
 */
FFNTP_MUST_USE bool ffntp_nts_dump_read(const uint8_t *bytes, size_t length, struct ffntp_nts_dump *dump);

#endif
