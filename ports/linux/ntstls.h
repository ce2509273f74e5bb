/*
 * ntstls: NTS key exchange over TLS 1.3 (RFC 8915, section 4), by GnuTLS, in a thread of its own: a handshake and the
 * check of certificates take milliseconds, and a silent server many seconds. Linked by the daemon and the tool alone;
 * libffntp has no TLS.
 */
#ifndef FFNTP_LINUX_NTSTLS_H
#define FFNTP_LINUX_NTSTLS_H

#include "ntslink.h"

/* Whose certificates a server's may be signed by; read once, and used by any number of key exchanges at a time. */
struct ffntp_ntstls_trust;

/*
 * Read certificates. files, count: each a file of PEM certificates or a folder of such files. system: also those that
 * the system trusts.
 * Returns NULL if one cannot be read or has none, or if there are none at all; *problem is static, and *failed the file
 * that it belongs to, or NULL. Otherwise the caller has one reference; ffntp_ntstls_ops holds and drops further ones,
 * and it is freed with the last. Thread-safe after that.
 */
FFNTP_MUST_USE struct ffntp_ntstls_trust *ffntp_ntstls_trust_read(const char *const *files, size_t count, bool system,
								  const char **problem, const char **failed);

/* The key exchange for ntslink.h; its context is a struct ffntp_ntstls_trust. */
extern const struct ffntp_nts_exchange_ops ffntp_ntstls_ops;

#endif
