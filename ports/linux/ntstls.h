/*
 * ntstls: NTS key exchange over TLS 1.3 (RFC 8915, section 4), by GnuTLS, in a thread of its own: a handshake and the
 * check of certificates take milliseconds, and a silent server many seconds. It is a module that a daemon loads if a
 * server has NTS, because GnuTLS and its libraries take half a megabyte of memory of each process that is linked with
 * them.
 */
#ifndef FFNTP_LINUX_NTSTLS_H
#define FFNTP_LINUX_NTSTLS_H

#include "ntslink.h"

/* Whose certificates a server's may be signed by; read once, and used by any number of key exchanges at a time. */
struct ffntp_ntstls_trust;

struct ffntp_ntstls {
	/*
	 * Read certificates. files, count: each a file of PEM certificates or a folder of such files. system: also
	 * those that the system trusts. Returns NULL if one cannot be read or has none, or if there are none at all;
	 * *problem is static, and *failed the file that it belongs to, or NULL. Otherwise the caller has one reference;
	 * ops holds and drops further ones, and it is freed with the last. Thread-safe after that.
	 */
	struct ffntp_ntstls_trust *(*read_trust)(const char *const *files, size_t count, bool system,
						 const char **problem, const char **failed);
	/* The key exchange for ntslink.h; its context is a struct ffntp_ntstls_trust. */
	struct ffntp_nts_exchange_ops ops;
};

/* The module's file, and its one symbol (module.h). */
#define FFNTP_NTSTLS_MODULE "ffntp-nts.so"
#define FFNTP_NTSTLS_SYMBOL "ffntp_ntstls_module"

extern const struct ffntp_ntstls ffntp_ntstls_module;

#endif
