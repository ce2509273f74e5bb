/* ntstls: a server that always sends something. GnuTLS and time are fakes; the connection is a real one. */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../ports/linux/ntstls.h"

/* Time passes by this much at each look at the clock, so that ten seconds are over soon. */
#define STEP_MS 100

/* More steps of the handshake than there are looks at the clock in ten seconds. */
#define STEPS 1000

static _Atomic int64_t now_ms;
static _Atomic int steps;

int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_gnutls_handshake(gnutls_session_t session);
int __wrap_gnutls_certificate_set_x509_system_trust(gnutls_certificate_credentials_t credentials);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int64_t ms = atomic_fetch_add(&now_ms, STEP_MS);

	(void)clock;
	*now = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	return 0;
}

/* Each record that came was one that changes nothing, such as a session ticket, and there are more. */
int __wrap_gnutls_handshake(gnutls_session_t session)
{
	(void)session;
	return atomic_fetch_add(&steps, 1) < STEPS ? GNUTLS_E_AGAIN : GNUTLS_E_INTERNAL_ERROR;
}

int __wrap_gnutls_certificate_set_x509_system_trust(gnutls_certificate_credentials_t credentials)
{
	(void)credentials;
	return 1;
}

/* Listen at the loopback. Returns the socket, with its address. */
static int listen_somewhere(struct ffntp_address *address)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t length = sizeof(address->v4);

	*address = (struct ffntp_address){ .v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	assert_int_equal(bind(listener, &address->any, length), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, &address->any, &length), 0);
	return listener;
}

static void time_is_limited_while_there_is_something_to_read(void **state)
{
	const struct ffntp_nts_exchange_ops *ops = &ffntp_ntstls_module.ops;
	const char *problem, *failed;
	struct ffntp_nts_order order = {
		.host = "localhost",
		.context = ffntp_ntstls_module.read_trust(NULL, 0, true, &problem, &failed),
	};
	int listener = listen_somewhere(&order.address), connection;
	struct ffntp_nts_exchange *exchange;
	struct ffntp_nts_outcome outcome;

	(void)state;
	assert_non_null(order.context);
	exchange = ops->start(&order);
	assert_non_null(exchange);
	connection = accept(listener, NULL, NULL);
	assert_int_equal(send(connection, "something", 9, MSG_NOSIGNAL), 9);
	while (!ops->finish(exchange, &outcome))
		usleep(1000);
	assert_false(outcome.is_success);
	assert_string_equal(outcome.problem, "TLS: The operation timed out");
	assert_true(steps > 1 && steps < STEPS);
	close(connection);
	close(listener);
	ops->drop(order.context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_is_limited_while_there_is_something_to_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
