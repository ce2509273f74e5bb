/*
 * netfront: the network card of a Xen guest, with a backend that is honest, leaves, or lies, and a store that may be
 * silent.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#define xen_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/netif.h>
#include <xen/io/xenbus.h>

#include "../ports/guest/card.h"
#include "../ports/guest/machine.h"
#include "../ports/guest/xen/resume.h"
#include "../ports/guest/xen/xen.h"
#include "../ports/guest/xen/xenstore.h"

#define BACKEND "/local/domain/0/backend/vif/1/0"
#define FRAMES_AT_MOST 32 /* 16 to receive and 16 to send: the least that netfront has */
#define SENDING 16
#define GRANTS 64
#define PORTS 2

static struct {
	uint64_t counter;
	/* the store */
	bool is_silent, is_gone;
	bool is_offline;
	int written;         /* the number of further writes that succeed; -1: all */
	uint64_t numbers[2]; /* the rings' grants */
	uint64_t frontend_state, backend_state;
	bool changed[XENSTORE_CONTROL + 1];
	/* Xen */
	const void *granted[GRANTS + 1];
	unsigned grants, grants_at_most;
	bool is_open[PORTS + 1];
	unsigned events;
	/* the backend */
	bool is_slow; /* it does not connect */
	uint32_t received, sent;
	bool was_sent_when_counted; /* the counter was read after a frame could be seen */
} fake;

static struct card card;

/* --- Xen --- */

static netif_tx_sring_t *send_ring(void)
{
	return (netif_tx_sring_t *)(uintptr_t)fake.granted[fake.numbers[0]];
}

uint64_t ffntp_processor_counter(void)
{
	fake.was_sent_when_counted = send_ring() != NULL && send_ring()->req_prod != fake.sent;
	return ++fake.counter;
}

uint64_t xen_counter_hz(void)
{
	return 1000;
}

uint32_t xen_event_open(uint16_t domain)
{
	assert_int_equal(domain, 0);
	for (uint32_t port = 1; port <= PORTS; port++)
		if (!fake.is_open[port]) {
			fake.is_open[port] = true;
			return port;
		}
	return 0;
}

void xen_event_send(uint32_t port)
{
	assert_true(port >= 1 && port <= PORTS && fake.is_open[port]);
	fake.events++;
}

void xen_event_close(uint32_t port)
{
	assert_true(port >= 1 && port <= PORTS && fake.is_open[port]);
	fake.is_open[port] = false;
}

uint32_t xen_grant(uint16_t domain, const void *page, bool is_readonly)
{
	(void)is_readonly;
	assert_int_equal(domain, 0);
	for (uint32_t number = 1; number <= fake.grants_at_most; number++)
		if (fake.granted[number] == NULL) {
			fake.granted[number] = page;
			fake.grants++;
			return number;
		}
	return 0;
}

bool xen_grant_end(uint32_t number)
{
	assert_at_most(number, GRANTS, "");
	if (number == 0)
		return true;
	assert_non_null(fake.granted[number]);
	fake.granted[number] = NULL;
	fake.grants--;
	return true;
}

/* --- the store, and in it the backend, which does as Linux's does --- */

static void backend_becomes(uint64_t state)
{
	if (fake.backend_state == state)
		return;
	fake.backend_state = state;
	fake.changed[XENSTORE_BACKEND] = true;
}

static void frontend_becomes(uint64_t state)
{
	fake.frontend_state = state;
	if (state == XenbusStateInitialising && fake.backend_state == XenbusStateClosed)
		backend_becomes(XenbusStateInitWait);
	else if (state == XenbusStateConnected && !fake.is_slow)
		backend_becomes(XenbusStateConnected);
	else if (state == XenbusStateClosed)
		backend_becomes(XenbusStateClosed);
	fake.received = fake.sent = 0;
}

static enum xenstore_result silence(void)
{
	memset(fake.changed, true, sizeof fake.changed);
	return XENSTORE_SILENT;
}

enum xenstore_result xenstore_read(const char *folder, const char *name, char *value, size_t size)
{
	value[0] = 0;
	if (fake.is_silent)
		return silence();
	if (fake.is_gone)
		return XENSTORE_ABSENT;
	assert_string_equal(folder, "device/vif/0");
	(void)snprintf(value, size, "%s", strcmp(name, "mac") == 0 ? "00:16:3e:00:00:5A" : BACKEND);
	return XENSTORE_FOUND;
}

enum xenstore_result xenstore_read_number(const char *folder, const char *name, uint64_t *number)
{
	if (fake.is_silent)
		return silence();
	if (fake.is_gone)
		return XENSTORE_ABSENT;
	if (strcmp(name, "backend-id") == 0) {
		*number = 0;
		return XENSTORE_FOUND;
	}
	assert_string_equal(folder, BACKEND);
	*number = strcmp(name, "state") == 0 ? fake.backend_state : !fake.is_offline;
	return XENSTORE_FOUND;
}

bool xenstore_write_number(const char *folder, const char *name, uint64_t number)
{
	assert_string_equal(folder, "device/vif/0");
	if (fake.is_silent || fake.written == 0)
		return silence() == XENSTORE_FOUND;
	if (fake.written > 0)
		fake.written--;
	if (strcmp(name, "tx-ring-ref") == 0)
		fake.numbers[0] = number;
	if (strcmp(name, "rx-ring-ref") == 0)
		fake.numbers[1] = number;
	if (strcmp(name, "state") == 0)
		frontend_becomes(number);
	return true;
}

void xenstore_watch(enum xenstore_watch watch, const char *path)
{
	assert_string_equal(path, watch == XENSTORE_CARD ? "device/vif" : BACKEND "/state");
	fake.changed[watch] = true;
}

bool xenstore_has_changed(enum xenstore_watch watch)
{
	bool has_changed = fake.changed[watch];

	fake.changed[watch] = false;
	return has_changed;
}

/* --- its rings --- */

static netif_rx_sring_t *receive_ring(void)
{
	return (netif_rx_sring_t *)(uintptr_t)fake.granted[fake.numbers[1]];
}

static netif_tx_request_t next_sent(void)
{
	assert_int_not_equal(send_ring()->req_prod, fake.sent);
	return send_ring()->ring[fake.sent++ % 256].req;
}

static void hand_back(uint16_t id)
{
	netif_tx_sring_t *ring = send_ring();

	ring->ring[ring->rsp_prod % 256].rsp = (netif_tx_response_t){ .id = id };
	ring->rsp_prod++;
}

static void check_frame(netif_tx_request_t request, const char *text)
{
	assert_int_equal(request.size, strlen(text));
	assert_in_range(request.gref, 1, GRANTS);
	assert_memory_equal(fake.granted[request.gref], text, strlen(text));
}

static void deliver(const char *text)
{
	netif_rx_sring_t *ring = receive_ring();
	netif_rx_request_t request = ring->ring[fake.received % 256].req;

	assert_int_not_equal(ring->req_prod, fake.received);
	fake.received++;
	assert_in_range(request.gref, 1, GRANTS);
	memcpy((void *)(uintptr_t)fake.granted[request.gref], text, strlen(text));
	ring->ring[ring->rsp_prod % 256].rsp =
		(netif_rx_response_t){ .id = request.id, .status = (int16_t)strlen(text) };
	ring->rsp_prod++;
}

void machine_idle(uint64_t ticks)
{
	fake.counter += ticks;
}

static int reset(void **state)
{
	(void)state;
	netfront_resume();
	memset(&fake, 0, sizeof fake);
	fake.written = -1;
	fake.grants_at_most = GRANTS;
	fake.backend_state = XenbusStateInitWait;
	return 0;
}

static int begin(void **state)
{
	(void)reset(state);
	return netfront_begin(&card) == NULL ? 0 : -1;
}

static bool send(const char *text)
{
	uint64_t sent;

	return card.transmit(text, strlen(text), &sent);
}

static bool receives(const char *text)
{
	static uint8_t frame[CARD_FRAME];
	uint64_t arrived;
	size_t length;

	return card.receive(frame, &length, &arrived) && length == strlen(text) && memcmp(frame, text, length) == 0;
}

static void check_works(void)
{
	for (int i = 0; i < 100; i++) {
		deliver("tick");
		assert_true(receives("tick"));
		assert_false(receives("tick"));
		assert_true(send("tock"));
		netif_tx_request_t request = next_sent();

		check_frame(request, "tock");
		hand_back(request.id);
	}
	assert_int_equal(card.look(&card), CARD_LINK);
}

static void check_gone(void)
{
	assert_int_equal(card.look(&card), CARD_GONE);
	assert_false(send("tock"));
	assert_false(receives("tick"));
}

/* Check that it comes back within a second of looks. */
static void check_comes_back(void)
{
	for (int i = 0; i < 4; i++)
		(void)card.look(&card);
	check_works();
	assert_at_most(fake.grants, FRAMES_AT_MOST + SENDING + 2, "");
	assert_true(fake.is_open[1] != fake.is_open[2]);
}

/* --- honest --- */

static void test_frames_go_both_ways(void **state)
{
	static const uint8_t mac[6] = { 0x00, 0x16, 0x3e, 0, 0, 0x5a };

	(void)state;
	assert_memory_equal(card.mac, mac, sizeof mac);
	check_works();
}

static void test_a_frame_is_stamped_before_it_can_be_seen(void **state)
{
	uint64_t sent, before = machine_counter();

	(void)state;
	assert_true(card.transmit("tock", 4, &sent));
	assert_false(fake.was_sent_when_counted);
	assert_int_equal(sent, before + 1);
	assert_int_equal(fake.counter, sent);
}

/* Frames are handed back in any order; those still to be sent are not touched. */
static void test_frames_that_are_sent_in_another_order(void **state)
{
	netif_tx_request_t first, second;

	(void)state;
	assert_true(send("first"));
	assert_true(send("second"));
	first = next_sent();
	second = next_sent();
	hand_back(second.id);
	for (int i = 0; i < SENDING - 1; i++)
		assert_true(send("later"));
	assert_false(send("later"));
	check_frame(first, "first");
	hand_back(first.id);
	assert_true(send("last"));
	assert_int_equal(card.look(&card), CARD_LINK);
}

/* --- lies --- */

static void test_it_hands_back_what_it_does_not_have(void **state)
{
	static const uint16_t ids[] = { 1, SENDING - 1, SENDING, 32, UINT16_MAX };

	(void)state;
	for (unsigned i = 0; i < sizeof ids / sizeof *ids; i++) {
		assert_true(send("frame"));
		assert_int_equal(next_sent().id, 0);
		hand_back(ids[i]);
		assert_false(send("frame"));
		check_comes_back();
	}
}

static void test_it_hands_back_more_than_it_has(void **state)
{
	(void)state;
	send_ring()->rsp_prod = 1000;
	assert_false(send("frame"));
	check_comes_back();
	receive_ring()->rsp_prod += 1000;
	assert_false(receives("tick"));
	check_comes_back();
}

/* --- gone, and there again --- */

static void test_a_backend_that_closes_is_begun_anew(void **state)
{
	(void)state;
	backend_becomes(XenbusStateClosing);
	check_gone();
	check_comes_back();
}

/* A card that is to be taken away stays closed until it is there again. */
static void test_a_card_that_is_taken_away(void **state)
{
	(void)state;
	fake.is_offline = true;
	backend_becomes(XenbusStateClosing);
	for (int i = 0; i < 10; i++)
		check_gone();
	assert_int_equal(fake.frontend_state, XenbusStateClosed);
	assert_false(fake.is_open[1] || fake.is_open[2]);
	fake.is_gone = true;
	fake.changed[XENSTORE_CARD] = true;
	check_gone();
	fake.is_gone = fake.is_offline = false;
	fake.changed[XENSTORE_CARD] = true;
	fake.backend_state = XenbusStateInitWait;
	check_comes_back();
}

/* Nothing is leaked however often, and wherever, the beginning fails. */
static void test_a_beginning_that_fails_costs_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 60; i++) {
		backend_becomes(XenbusStateClosing);
		fake.written = i % 12;
		for (int looks = 0; looks < 4; looks++)
			(void)card.look(&card);
		fake.written = -1;
		check_comes_back();
	}
}

static void test_a_table_of_grants_that_is_full(void **state)
{
	(void)state;
	for (unsigned most = 0; most < FRAMES_AT_MOST + SENDING + 2; most += 7) {
		fake.grants_at_most = most;
		backend_becomes(XenbusStateClosing);
		for (int looks = 0; looks < 4; looks++)
			check_gone();
		assert_false(fake.is_open[1] && fake.is_open[2]);
	}
	fake.grants_at_most = GRANTS;
	check_comes_back();
}

static void test_a_silent_store_is_no_missing_card(void **state)
{
	(void)state;
	fake.is_silent = true;
	memset(fake.changed, true, sizeof fake.changed);
	for (int i = 0; i < 10; i++)
		assert_int_equal(card.look(&card), CARD_LINK);
	check_works();
	fake.is_silent = false;
	check_works();
	assert_int_equal(fake.backend_state, XenbusStateConnected);
}

/* Changes that could not be written while the store was silent are written later. */
static void test_a_card_that_is_left_while_the_store_is_silent(void **state)
{
	(void)state;
	fake.is_silent = true;
	send_ring()->rsp_prod = 1000;
	assert_false(send("frame"));
	check_gone();
	fake.is_silent = false;
	check_comes_back();
}

static void test_a_restored_guest_has_no_grants_of_before(void **state)
{
	(void)state;
	memset(fake.granted, 0, sizeof fake.granted);
	memset(fake.is_open, 0, sizeof fake.is_open);
	fake.grants = 0;
	netfront_resume();
	fake.backend_state = XenbusStateInitWait;
	fake.changed[XENSTORE_CARD] = true;
	check_comes_back();
}

/* --- beginning --- */

static void test_without_a_card_there_is_no_beginning(void **state)
{
	(void)state;
	fake.is_gone = true;
	assert_non_null(strstr(netfront_begin(&card), "there is no network card"));
	fake.is_gone = false;
	fake.is_silent = true;
	assert_non_null(strstr(netfront_begin(&card), "does not connect"));
	fake.is_silent = false;
	fake.is_slow = true;
	assert_non_null(strstr(netfront_begin(&card), "does not connect"));
}

/* The backend is in the state that a former driver left. */
static void test_a_backend_that_was_closed_before(void **state)
{
	(void)state;
	fake.backend_state = XenbusStateClosed;
	assert_null(netfront_begin(&card));
	check_works();
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_frames_go_both_ways),
		TEST(test_a_frame_is_stamped_before_it_can_be_seen),
		TEST(test_frames_that_are_sent_in_another_order),
		TEST(test_it_hands_back_what_it_does_not_have),
		TEST(test_it_hands_back_more_than_it_has),
		TEST(test_a_backend_that_closes_is_begun_anew),
		TEST(test_a_card_that_is_taken_away),
		TEST(test_a_beginning_that_fails_costs_nothing),
		TEST(test_a_table_of_grants_that_is_full),
		TEST(test_a_silent_store_is_no_missing_card),
		TEST(test_a_card_that_is_left_while_the_store_is_silent),
		TEST(test_a_restored_guest_has_no_grants_of_before),
		cmocka_unit_test_setup(test_without_a_card_there_is_no_beginning, reset),
		cmocka_unit_test_setup(test_a_backend_that_was_closed_before, reset),
	};

	return cmocka_run_group_tests_name("netfront", tests, NULL, NULL);
}
