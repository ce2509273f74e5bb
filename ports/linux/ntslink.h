/*
 * ntslink: keeps the keys and cookies of one server. It starts a key exchange when there are no cookies, or when they
 * seem to be of no use any more, and waits longer after each one that fails. The key exchange itself is behind
 * functions (ntstls.h), because it needs a TLS library.
 */
#ifndef FFNTP_LINUX_NTSLINK_H
#define FFNTP_LINUX_NTSLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "../../nts/packet.h"
#include "ntsstore.h"
#include "resolve.h"

#define FFNTP_NTS_PORT 4460 /* of key exchange (RFC 8915, section 7.1) */

/* One key exchange to be done. */
struct ffntp_nts_order {
	const char *host; /* whose certificate is asked for: a name, or an address */
	struct ffntp_address address;
	int64_t time_s;   /* POSIX time that certificates must be valid at; INT64_MIN: their dates are not checked */
	bool is_siv_only; /* offer AEAD_AES_SIV_CMAC_256 alone */
	void *context;
};

#define FFNTP_NTS_PROBLEM_SIZE 160

/* The result. */
struct ffntp_nts_outcome {
	bool is_success;
	char problem[FFNTP_NTS_PROBLEM_SIZE]; /* in words, one line */
	struct ffntp_nts nts;                 /* keys and cookies */
	bool is_assumed;                      /* the AEAD algorithm's exporter context was guessed (nts/records.h) */
	struct ffntp_address server;          /* to ask for the time */
	bool is_recalled;                     /* they were in a file */
};

/* A running key exchange. */
struct ffntp_nts_exchange;

struct ffntp_nts_exchange_ops {
	/* Start. Returns NULL if there is no memory or no thread. */
	struct ffntp_nts_exchange *(*start)(const struct ffntp_nts_order *order);
	/* Return false while it runs; true once, with its outcome, and it is freed. */
	bool (*finish)(struct ffntp_nts_exchange *exchange, struct ffntp_nts_outcome *outcome);
	/* The outcome is not needed any more. */
	void (*abandon)(struct ffntp_nts_exchange *exchange);
	/* Take and drop a reference to the context of a method. */
	void (*hold)(void *context);
	void (*drop)(void *context);
};

/* How the servers of a lineup do key exchange. */
struct ffntp_nts_method {
	const struct ffntp_nts_exchange_ops *ops; /* NULL: none, and requests have no NTS */
	void *context;                            /* of ops */
	uint16_t port;                            /* of key exchange; 0: FFNTP_NTS_PORT */
	bool has_unchecked_start;            /* until the clock has a time, the dates of certificates do not count */
	char directory[FFNTP_NTSSTORE_PATH]; /* of files with cookies; "": they are not kept */
};

struct ffntp_ntslink {
	struct ffntp_nts nts; /* for requests and replies */
	struct ffntp_nts_method method;
	struct ffntp_nts_exchange *exchange; /* running, or NULL */
	struct ffntp_address asking;         /* with whom */
	struct ffntp_address asked, server;  /* with whom the keys were agreed, and whom to ask for the time */
	char host[256];
	uint8_t machine[FFNTP_NTS_DUMP_MACHINE]; /* of ntsstore.h */
	int64_t retry_at_s;                      /* no key exchange before then */
	int64_t wait_s;                          /* after the next one that fails */
	int64_t waited_s;                        /* after the last one */
	unsigned unanswered;                     /* requests in a row without an authentic reply */
	bool has_answered;                       /* an authentic reply has come since the last key exchange */
	bool has_news;                           /* for ffntp_ntslink_news */
	bool has_failed;                         /* the last key exchange has */
	char text[FFNTP_NTS_PROBLEM_SIZE];
	bool is_assumed, is_siv_only;
};

/*
 * Begin without keys. They are taken from a file instead of the first key exchange, if the method has a directory and
 * the caller sets 'machine' in the struct. name: the server's, as in ffntp_resolve. now_s: any clock that does not run
 * backwards.
 */
void ffntp_ntslink_open(struct ffntp_ntslink *link, const struct ffntp_nts_method *method, const char *name,
			int64_t now_s);

/* End. Keys that an authentic reply confirmed are written to a file, if the method has a directory. */
void ffntp_ntslink_close(struct ffntp_ntslink *link);

/* Forget keys and cookies, and the key exchange that runs. */
void ffntp_ntslink_forget(struct ffntp_ntslink *link);

/*
 * The server's address is this one from now on. Keys that belong to a different one are forgotten. Returns the address
 * to ask for the time: that of the keys, if there are any.
 */
const struct ffntp_address *ffntp_ntslink_move(struct ffntp_ntslink *link, const struct ffntp_address *address);

/* Permit a key exchange at once, with a further address of the name. */
void ffntp_ntslink_hurry(struct ffntp_ntslink *link);

/* Record that an authentic reply came, or that none came in time. */
void ffntp_ntslink_answered(struct ffntp_ntslink *link);
void ffntp_ntslink_unanswered(struct ffntp_ntslink *link);

enum ffntp_ntslink_event {
	FFNTP_NTSLINK_NOTHING,
	FFNTP_NTSLINK_READY, /* there are new keys: *server is to be asked */
	FFNTP_NTSLINK_FAILED /* it is tried again later */
};

/*
 * Take the result of the last key exchange, to be logged. Returns a line about it; NULL if there is nothing new.
 * *has_failed: it is a problem.
 */
const char *ffntp_ntslink_news(struct ffntp_ntslink *link, bool *has_failed);

/*
 * Start and finish key exchanges; call it about once a second. address: the server's, with any port. time_s: as in
 * struct ffntp_nts_order. *server: set with FFNTP_NTSLINK_READY.
 */
enum ffntp_ntslink_event ffntp_ntslink_work(struct ffntp_ntslink *link, const struct ffntp_address *address,
					    int64_t time_s, int64_t now_s, struct ffntp_address *server);

#endif
