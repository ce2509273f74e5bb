/*
 * ntsstore: keys and cookies of NTS in files, a file for each server, so that a restart needs no key exchange. A file
 * is removed before its cookies are used, and written when they are no longer: no cookie is sent twice, also if the
 * machine loses its power. Files of a different machine, damaged ones and old ones are removed and not used.
 */
#ifndef FFNTP_LINUX_NTSSTORE_H
#define FFNTP_LINUX_NTSSTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../nts/dump.h"

/* Longest name of the directory, with its end (bytes). */
#define FFNTP_NTSSTORE_PATH 256

/* A file that is older is not used (s): servers change their own keys every day to every few weeks. */
#define FFNTP_NTSSTORE_AGE_S 604800

#define FFNTP_NTSSTORE_MACHINE_ID "/etc/machine-id"

/* The signs that distinguish this machine from others. */
struct ffntp_ntsstore_signs {
	const char *machine_id; /* a file with its number */
	bool is_guest;          /* it may be cloned and restored, so that its boot counts, too */
	uint8_t boot_id[16];    /* zeroes: unknown */
	uint64_t marker;        /* of its VMClock, with the generation of the machine; 0: it has none */
	uint64_t generation;
};

/*
 * Compute a value that identifies this machine; zeroes if it cannot be distinguished from others: of a guest, or of a
 * machine without a number, the boot is needed. Then no file is written, and none is used.
 */
void ffntp_ntsstore_machine(const struct ffntp_ntsstore_signs *signs, uint8_t machine[FFNTP_NTS_DUMP_MACHINE]);

/*
 * Take the dump of the server whose key exchange is at the address dump->asked, for the machine dump->machine and the
 * host dump->host. now_s: POSIX time. Its file is removed, whatever it holds. Returns false if there is none that can
 * be used, or if it cannot be removed.
 */
FFNTP_MUST_USE bool ffntp_ntsstore_take(const char *directory, int64_t now_s, struct ffntp_nts_dump *dump);

/* Write the file of this dump, readable by its owner alone. Returns 0, or the error; then there is no file. */
int ffntp_ntsstore_put(const char *directory, const struct ffntp_nts_dump *dump);

#endif
