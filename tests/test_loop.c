/* Loops around a client: what they make of what poll() said. No datagram comes but those that are made up here. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ffntp/linuxdevice.h>

#include "../daemon/survey.h"
#include "../ports/linux/udp.h"

#define DATAGRAMS 3

/* What poll() said of each datagram, as the socket is told. */
static int told[16];
static unsigned times;

enum ffntp_udp_arrival __wrap_ffntp_udp_receive(struct ffntp_udp *udp, const struct ffntp_counter_source *source,
						int events, ffntp_counter woke, uint8_t bytes[FFNTP_UDP_SIZE],
						size_t *length, int *error);

enum ffntp_udp_arrival __wrap_ffntp_udp_receive(struct ffntp_udp *udp, const struct ffntp_counter_source *source,
						int events, ffntp_counter woke, uint8_t bytes[FFNTP_UDP_SIZE],
						size_t *length, int *error)
{
	(void)udp;
	(void)source;
	(void)woke;
	(void)bytes;
	(void)error;
	assert_true(times < sizeof(told) / sizeof(told[0]));
	told[times++] = events;
	*length = 0;
	return times <= DATAGRAMS ? FFNTP_UDP_DATAGRAM : FFNTP_UDP_NOTHING;
}

/* Whatever comes after the first may have come after poll(), and is not to be dated back to it. */
static void what_poll_said_counts_for_one_datagram(void **state)
{
	static const char *const servers[] = { "127.0.0.1:9" };
	struct ffntp_linux_ntp_config config;
	struct ffntp_linux_ntp_device device;

	(void)state;
	ffntp_linux_ntp_config_init(&config, servers, 1);
	config.counter_kind = FFNTP_COUNTER_MONOTONIC_RAW;
	ffntp_linux_loop_device_init(&device, &config);
	assert_null(ffntp_device_connect(ffntp_linux_ntp_clock(&device)));
	ffntp_linux_loop_step(&device, 0);
	assert_true(ffntp_linux_loop_descriptor(&device) >= 0);
	times = 0;
	ffntp_linux_loop_step(&device, POLLIN);
	assert_int_equal(times, DATAGRAMS + 1);
	assert_int_equal(told[0], POLLIN);
	for (unsigned i = 1; i < times; i++)
		assert_int_equal(told[i], 0);
	ffntp_device_disconnect(ffntp_linux_ntp_clock(&device));
}

/* Nobody has polled the sockets of a survey. */
static void a_survey_dates_nothing_back(void **state)
{
	static struct ffntp_survey survey;
	const struct ffntp_address *address[1];
	struct ffntp_counter_source source;
	struct ffntp_client_config config;
	struct ffntp_addresses found;

	(void)state;
	assert_true(ffntp_resolve_numeric("127.0.0.1:9", 123, &found));
	address[0] = &found.address[0];
	assert_null(ffntp_counter_open(&source, FFNTP_COUNTER_MONOTONIC_RAW));
	ffntp_client_config_default(&config);
	config.counter_kind = source.kind;
	ffntp_survey_begin(&survey, &config, &source, address, 1, 1);
	assert_false(ffntp_survey_step(&survey));
	times = 0;
	assert_false(ffntp_survey_step(&survey));
	assert_int_equal(times, 1);
	assert_int_equal(told[0], 0);
	ffntp_survey_close(&survey);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_poll_said_counts_for_one_datagram),
		cmocka_unit_test(a_survey_dates_nothing_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
