/* nts: the servers of a configuration that have the option nts, and the certificates that they are checked by. */
#ifndef FFNTP_DAEMON_NTS_H
#define FFNTP_DAEMON_NTS_H

#include "../ports/linux/lineup.h"
#include "../ports/linux/sync.h"
#include "config.h"
#include "log.h"

/*
 * Give the servers of a lineup key exchange, if they have the option nts. Their places are the same in both.
 * Returns false if the certificates cannot be read; it was logged.
 */
FFNTP_MUST_USE bool ffntp_nts_apply(const struct ffntp_config *config, struct ffntp_lineup *lineup);

/* The lines about the key exchanges of one member. */
struct ffntp_nts_log {
	struct ffntp_log_limit failed, agreed;
};

/* Log what the key exchange of a member has led to, if that is new. The same failure is logged once. */
void ffntp_nts_log(struct ffntp_nts_log *log, struct ffntp_sync *sync, unsigned member, int64_t now_s);

#endif
