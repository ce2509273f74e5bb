/* ntstls: see ntstls.h. */
#include "ntstls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../nts/records.h"
#include "aead.h"
#include "thread.h"

/* A whole key exchange takes no longer (ms). */
#define LIMIT_MS 10000

/* RFC 8915, section 4: TLS 1.3, and this protocol; section 4.2: the keys' label. */
#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define PROTOCOL "ntske/1"
#define LABEL "EXPORTER-network-time-security"

/* --- trust --- */

struct ffntp_ntstls_trust {
	_Atomic unsigned references;
	gnutls_certificate_credentials_t credentials;
};

/* The time that the certificates of this thread's key exchange must be valid at. */
static _Thread_local time_t checked_at;

static time_t get_checked_time(time_t *time)
{
	if (time != NULL)
		*time = checked_at;
	return checked_at;
}

static void set_time_function(void)
{
	gnutls_global_set_time_function(get_checked_time);
}

/* Add the certificates of a file or a folder. Returns how many there were. */
static int add_certificates(gnutls_certificate_credentials_t credentials, const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return gnutls_certificate_set_x509_trust_dir(credentials, path, GNUTLS_X509_FMT_PEM);
	return gnutls_certificate_set_x509_trust_file(credentials, path, GNUTLS_X509_FMT_PEM);
}

/* Returns NULL, or what is wrong. */
static const char *add_all(struct ffntp_ntstls_trust *trust, const char *const *files, size_t count, bool system,
			   const char **failed)
{
	int added = 0;

	for (size_t i = 0; i < count; i++) {
		int result = add_certificates(trust->credentials, files[i]);

		*failed = files[i];
		if (result < 0)
			return access(files[i], R_OK) != 0 ? strerror(errno) : gnutls_strerror(result);
		if (result == 0)
			return "no certificate in it";
		added += result;
	}
	*failed = NULL;
	if (system && gnutls_certificate_set_x509_system_trust(trust->credentials) <= 0 && added == 0)
		return "the system has no trusted certificates that can be read (package ca-certificates)";
	return system || added > 0 ? NULL : "there are no trusted certificates";
}

static void hold(void *context)
{
	struct ffntp_ntstls_trust *trust = context;

	atomic_fetch_add(&trust->references, 1);
}

static void drop(void *context)
{
	struct ffntp_ntstls_trust *trust = context;

	if (atomic_fetch_sub(&trust->references, 1) != 1)
		return;
	gnutls_certificate_free_credentials(trust->credentials);
	free(trust);
}

static struct ffntp_ntstls_trust *read_trust(const char *const *files, size_t count, bool system, const char **problem,
					     const char **failed)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct ffntp_ntstls_trust *trust = calloc(1, sizeof(*trust));

	*failed = NULL;
	*problem = "out of memory";
	pthread_once(&once, set_time_function);
	if (trust == NULL)
		return NULL;
	if (gnutls_certificate_allocate_credentials(&trust->credentials) != 0) {
		free(trust);
		return NULL;
	}
	atomic_init(&trust->references, 1);
	*problem = add_all(trust, files, count, system, failed);
	if (*problem == NULL)
		return trust;
	drop(trust);
	return NULL;
}

/* --- one key exchange --- */

enum progress {
	RUNNING,
	DONE,      /* the outcome is there; the waiting side frees the memory */
	ABANDONED, /* no longer wanted; the thread frees the memory */
};

struct ffntp_nts_exchange {
	_Atomic enum progress progress;
	char host[256];
	struct ffntp_nts_order order;
	struct ffntp_nts_outcome outcome;

	/* The thread's. */
	struct timespec begun;
	int descriptor;
	gnutls_session_t session;
	uint16_t offers[FFNTP_NTS_OFFERS];
	size_t offer_count;
	size_t length;
	uint8_t message[FFNTP_NTS_MESSAGE_MOST];
	struct ffntp_nts_agreement agreement;
};

/* Returns false, for the caller to return. */
static bool fail(struct ffntp_nts_exchange *exchange, const char *doing, const char *problem)
{
	snprintf(exchange->outcome.problem, sizeof(exchange->outcome.problem), "%s: %s", doing, problem);
	return false;
}

/* Return the time that is left (ms); 0 once it is over. */
static int left_ms(const struct ffntp_nts_exchange *exchange)
{
	struct timespec now = { 0 };
	int64_t spent_ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	spent_ms = (now.tv_sec - exchange->begun.tv_sec) * INT64_C(1000) +
		   (now.tv_nsec - exchange->begun.tv_nsec) / 1000000;
	return spent_ms < LIMIT_MS ? (int)(LIMIT_MS - spent_ms) : 0;
}

/* Wait for an event of the socket. Returns 0, or an errno value: also if the time is over and the event is there. */
static int wait_for(const struct ffntp_nts_exchange *exchange, short event)
{
	struct pollfd ready = { .fd = exchange->descriptor, .events = event };
	int left;

	while ((left = left_ms(exchange)) > 0) {
		int count = poll(&ready, 1, left);

		if (count > 0)
			return 0;
		if (count < 0 && errno != EINTR)
			return errno;
	}
	return ETIMEDOUT;
}

static bool connect_to_server(struct ffntp_nts_exchange *exchange)
{
	const struct ffntp_address *address = &exchange->order.address;
	int error = 0;
	socklen_t size = sizeof(error);

	exchange->descriptor = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (exchange->descriptor < 0)
		return fail(exchange, "connecting", strerror(errno));
	if (connect(exchange->descriptor, &address->any, ffntp_address_length(address)) != 0) {
		error = errno == EINPROGRESS ? wait_for(exchange, POLLOUT) : errno;
		if (error == 0 && getsockopt(exchange->descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
			error = errno;
	}
	return error == 0 || fail(exchange, "connecting", strerror(error));
}

/* Call again after what GnuTLS waits for. Returns a result of 0 or more, or what has failed. */
static int wait_for_tls(struct ffntp_nts_exchange *exchange, int result)
{
	if (result == GNUTLS_E_INTERRUPTED)
		return result;
	if (result == GNUTLS_E_AGAIN) {
		short event = gnutls_record_get_direction(exchange->session) == 1 ? POLLOUT : POLLIN;

		return wait_for(exchange, event) == 0 ? result : GNUTLS_E_TIMEDOUT;
	}
	return result;
}

static bool is_again(int result)
{
	return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
}

static bool is_numeric(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

/* Describe the fault of the certificate. */
static bool fail_verification(struct ffntp_nts_exchange *exchange)
{
	unsigned status = gnutls_session_get_verify_cert_status(exchange->session);
	gnutls_datum_t text;

	if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) != 0)
		return fail(exchange, "TLS", "the certificate is not valid");
	for (unsigned i = 0; i < text.size; i++) {
		if (text.data[i] == '\n')
			text.data[i] = ' ';
	}
	snprintf(exchange->outcome.problem, sizeof(exchange->outcome.problem), "certificate: %.*s", (int)text.size,
		 (const char *)text.data);
	gnutls_free(text.data);
	return false;
}

static bool set_up_tls(struct ffntp_nts_exchange *exchange)
{
	const struct ffntp_ntstls_trust *trust = exchange->order.context;
	static unsigned char name[] = PROTOCOL;
	const gnutls_datum_t protocol = { name, sizeof(name) - 1 };
	gnutls_session_t session;
	int result = gnutls_init(&exchange->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);

	if (result != 0)
		return fail(exchange, "TLS", gnutls_strerror(result));
	session = exchange->session;
	result = gnutls_priority_set_direct(session, PRIORITY, NULL);
	if (result == 0)
		result = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust->credentials);
	if (result == 0)
		result = gnutls_alpn_set_protocols(session, &protocol, 1, GNUTLS_ALPN_MANDATORY);
	if (result == 0 && !is_numeric(exchange->host))
		result = gnutls_server_name_set(session, GNUTLS_NAME_DNS, exchange->host, strlen(exchange->host));
	if (result != 0)
		return fail(exchange, "TLS", gnutls_strerror(result));
	gnutls_session_set_verify_cert(session, exchange->host,
				       exchange->order.time_s == INT64_MIN
					       ? GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
							 GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS
					       : 0);
	gnutls_transport_set_int(session, exchange->descriptor);
	return true;
}

/* Servers may finish the handshake without the protocol, and refuse what comes then; others serve all the same. */
static bool has_protocol(struct ffntp_nts_exchange *exchange)
{
	gnutls_datum_t chosen = { NULL, 0 };

	return gnutls_alpn_get_selected_protocol(exchange->session, &chosen) == 0 &&
	       chosen.size == sizeof(PROTOCOL) - 1 && memcmp(chosen.data, PROTOCOL, chosen.size) == 0;
}

static bool shake_hands(struct ffntp_nts_exchange *exchange)
{
	int result;

	do {
		result = wait_for_tls(exchange, gnutls_handshake(exchange->session));
	} while (is_again(result));
	if (result == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
		return fail_verification(exchange);
	if (result != 0)
		return fail(exchange, "TLS", gnutls_strerror(result));
	return has_protocol(exchange) || fail(exchange, "TLS", "the server does not speak NTS key exchange (ALPN)");
}

static bool send_request(struct ffntp_nts_exchange *exchange)
{
	uint8_t request[FFNTP_NTS_MESSAGE_REQUEST];
	size_t size = ffntp_nts_write_request(exchange->offers, exchange->offer_count, request), sent = 0;

	while (sent < size) {
		int result =
			wait_for_tls(exchange, (int)gnutls_record_send(exchange->session, request + sent, size - sent));

		if (result < 0 && !is_again(result))
			return fail(exchange, "sending", gnutls_strerror(result));
		sent += result > 0 ? (size_t)result : 0;
	}
	return true;
}

/* Receive until the message is complete, the server closes the connection, or there is too much. */
static bool receive_message(struct ffntp_nts_exchange *exchange)
{
	while (exchange->length < sizeof(exchange->message) &&
	       !ffntp_nts_is_complete(exchange->message, exchange->length)) {
		int result = wait_for_tls(
			exchange, (int)gnutls_record_recv(exchange->session, exchange->message + exchange->length,
							  sizeof(exchange->message) - exchange->length));

		if (result == 0 || result == GNUTLS_E_PREMATURE_TERMINATION)
			break; /* ffntp_nts_read_message checks whether anything is missing */
		if (result < 0 && !is_again(result))
			return fail(exchange, "receiving", gnutls_strerror(result));
		exchange->length += result > 0 ? (size_t)result : 0;
	}
	return exchange->length > 0 || fail(exchange, "receiving", "the server closed the connection");
}

/* RFC 8915, section 5.1: the protocol, the algorithm, and the direction. */
static bool export_key(struct ffntp_nts_exchange *exchange, uint8_t direction, size_t size, uint8_t *key)
{
	uint16_t aead = exchange->agreement.exported_aead;
	const uint8_t context[5] = { 0, 0, (uint8_t)(aead >> 8), (uint8_t)aead, direction };
	int result = gnutls_prf_rfc5705(exchange->session, sizeof(LABEL) - 1, LABEL, sizeof(context),
					(const char *)context, size, (char *)key);

	return result == 0 || fail(exchange, "exporting keys", gnutls_strerror(result));
}

static bool export_keys(struct ffntp_nts_exchange *exchange)
{
	struct ffntp_nts *nts = &exchange->outcome.nts;

	nts->aead = ffntp_aead_find(exchange->agreement.aead);
	for (unsigned i = 0; i < exchange->agreement.cookies; i++)
		ffntp_nts_add_cookie(nts, exchange->agreement.cookie[i].bytes, exchange->agreement.cookie[i].size);
	exchange->outcome.is_assumed = exchange->agreement.exported_aead != exchange->agreement.aead;
	return export_key(exchange, 0, nts->aead->key_size, nts->request_key) &&
	       export_key(exchange, 1, nts->aead->key_size, nts->reply_key);
}

/* The server may name a different one for the time. */
static bool find_server(struct ffntp_nts_exchange *exchange)
{
	const struct ffntp_nts_agreement *agreement = &exchange->agreement;
	struct ffntp_addresses found;
	const char *problem;

	exchange->outcome.server = exchange->order.address;
	ffntp_address_set_port(&exchange->outcome.server, agreement->port);
	if (agreement->name[0] == '\0')
		return true;
	problem = ffntp_resolve(agreement->name, agreement->port, &found);
	if (problem != NULL)
		return fail(exchange, "finding the NTP server that the key exchange named", problem);
	exchange->outcome.server = found.address[0];
	ffntp_address_set_port(&exchange->outcome.server, agreement->port);
	return true;
}

static bool read_message(struct ffntp_nts_exchange *exchange)
{
	const char *problem = ffntp_nts_read_message(exchange->message, exchange->length, exchange->offers,
						     exchange->offer_count, &exchange->agreement);

	return problem == NULL || fail(exchange, "key exchange", problem);
}

static void choose_offers(struct ffntp_nts_exchange *exchange)
{
	exchange->offer_count = ffntp_aead_offers(exchange->offers);
	if (exchange->order.is_siv_only) {
		exchange->offers[0] = FFNTP_NTS_AES_SIV_CMAC_256;
		exchange->offer_count = 1;
	}
}

static void exchange_keys(struct ffntp_nts_exchange *exchange)
{
	clock_gettime(CLOCK_MONOTONIC, &exchange->begun);
	checked_at = (time_t)exchange->order.time_s;
	choose_offers(exchange);
	exchange->outcome.is_success = connect_to_server(exchange) && set_up_tls(exchange) && shake_hands(exchange) &&
				       send_request(exchange) && receive_message(exchange) && read_message(exchange) &&
				       export_keys(exchange) && find_server(exchange);
	if (exchange->outcome.is_success)
		(void)gnutls_bye(exchange->session, GNUTLS_SHUT_WR);
	if (exchange->session != NULL)
		gnutls_deinit(exchange->session);
	if (exchange->descriptor >= 0)
		close(exchange->descriptor);
}

/* --- the thread --- */

static void release(struct ffntp_nts_exchange *exchange)
{
	drop(exchange->order.context);
	explicit_bzero(exchange, sizeof(*exchange));
	free(exchange);
}

static void *run(void *argument)
{
	struct ffntp_nts_exchange *exchange = argument;
	enum progress expected = RUNNING;

	exchange_keys(exchange);
	if (!atomic_compare_exchange_strong(&exchange->progress, &expected, DONE))
		release(exchange);
	return NULL;
}

static bool start_thread(struct ffntp_nts_exchange *exchange)
{
	pthread_t thread;

	if (ffntp_thread_start(&thread, run, exchange) != 0)
		return false;
	pthread_detach(thread);
	return true;
}

static struct ffntp_nts_exchange *start(const struct ffntp_nts_order *order)
{
	struct ffntp_nts_exchange *exchange = calloc(1, sizeof(*exchange));

	if (exchange == NULL)
		return NULL;
	exchange->order = *order;
	exchange->descriptor = -1;
	snprintf(exchange->host, sizeof(exchange->host), "%s", order->host);
	exchange->order.host = exchange->host;
	hold(order->context);
	if (start_thread(exchange))
		return exchange;
	release(exchange);
	return NULL;
}

static bool finish(struct ffntp_nts_exchange *exchange, struct ffntp_nts_outcome *outcome)
{
	if (atomic_load(&exchange->progress) != DONE)
		return false;
	*outcome = exchange->outcome;
	release(exchange);
	return true;
}

static void abandon(struct ffntp_nts_exchange *exchange)
{
	enum progress expected = RUNNING;

	if (!atomic_compare_exchange_strong(&exchange->progress, &expected, ABANDONED))
		release(exchange);
}

__attribute__((visibility("default"))) const struct ffntp_ntstls ffntp_ntstls_module = {
	.read_trust = read_trust,
	.ops = { start, finish, abandon, hold, drop },
};
