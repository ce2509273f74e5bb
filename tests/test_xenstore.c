/*
 * xenstore: the guest's side of Xen's store, with a store that is slow, stops half-way, or sends more than it was asked
 * for.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include <xen/io/xs_wire.h>

#include "../ports/guest/machine.h"
#include "../ports/guest/xen/resume.h"
#include "../ports/guest/xen/xen.h"
#include "../ports/guest/xen/xenstore.h"

#define PATIENCE 10000 /* ticks: one for each reading of the counter */
#define PORT 3

/* The store: one name, "folder/name", and its value. It acts only after a notification. */
static struct {
	struct xenstore_domain_interface ring;
	uint64_t counter;
	char value[4096];
	size_t length;
	bool is_absent;
	bool is_stopped;
	size_t stops_after; /* bytes that it still sends before it stops; 0: no end */
	char saying[16384];
	size_t said, to_say;
	char asked[8192]; /* bytes of requests, until one is whole */
	size_t asked_length;
	unsigned requests, watches, refused;
} fake;

uint64_t ffntp_processor_counter(void)
{
	return ++fake.counter;
}

void machine_relax(void)
{
}

void *xen_store_ring(uint32_t *port)
{
	*port = PORT;
	return &fake.ring;
}

static void say(uint32_t type, uint32_t request, const char *text, size_t length)
{
	struct xsd_sockmsg head = { .type = type, .req_id = request, .len = (uint32_t)length };

	assert_at_most(fake.to_say + sizeof head + length, sizeof fake.saying, "");
	memcpy(fake.saying + fake.to_say, &head, sizeof head);
	memcpy(fake.saying + fake.to_say + sizeof head, text, length);
	fake.to_say += sizeof head + length;
}

static void answer(const struct xsd_sockmsg *head, const char *text)
{
	fake.requests++;
	switch (head->type) {
	case XS_READ:
		assert_string_equal(text, "folder/name");
		if (fake.is_absent)
			say(XS_ERROR, head->req_id, "ENOENT", 7);
		else
			say(XS_READ, head->req_id, fake.value, fake.length);
		break;
	case XS_WATCH:
		if (fake.watches++ > 0)
			say(XS_ERROR, head->req_id, "EEXIST", 7);
		else
			say(XS_WATCH, head->req_id, "OK", 3);
		break;
	case XS_WRITE:
	case XS_UNWATCH:
		say(head->type, head->req_id, "OK", 3);
		break;
	default:
		fake.refused++;
		say(XS_ERROR, head->req_id, "EINVAL", 7);
		break;
	}
}

static void hear(void)
{
	struct xsd_sockmsg head;

	while (fake.ring.req_cons != fake.ring.req_prod) {
		fake.asked[fake.asked_length++] = fake.ring.req[MASK_XENSTORE_IDX(fake.ring.req_cons++)];
		if (fake.asked_length < sizeof head)
			continue;
		memcpy(&head, fake.asked, sizeof head);
		assert_below(sizeof head + head.len, sizeof fake.asked, "");
		if (fake.asked_length < sizeof head + head.len)
			continue;
		fake.asked[fake.asked_length] = 0;
		fake.asked_length = 0;
		answer(&head, fake.asked + sizeof head);
	}
}

static void speak(void)
{
	while (fake.said < fake.to_say && fake.ring.rsp_prod - fake.ring.rsp_cons < XENSTORE_RING_SIZE &&
	       !fake.is_stopped) {
		fake.ring.rsp[MASK_XENSTORE_IDX(fake.ring.rsp_prod++)] = fake.saying[fake.said++];
		fake.is_stopped = fake.stops_after > 0 && --fake.stops_after == 0;
	}
	if (fake.said == fake.to_say)
		fake.said = fake.to_say = 0;
}

void xen_event_send(uint32_t port)
{
	assert_int_equal(port, PORT);
	if (fake.is_stopped)
		return;
	hear();
	speak();
}

/* --- requests --- */

static int begin(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof fake);
	strcpy(fake.value, "value");
	fake.length = 5;
	xenstore_init(PATIENCE);
	xenstore_watch(XENSTORE_CARD, "folder");
	(void)xenstore_has_changed(XENSTORE_CARD);
	return 0;
}

static enum xenstore_result read_name(void)
{
	char value[24] = "before";
	enum xenstore_result result = xenstore_read("folder", "name", value, sizeof value);

	assert_string_equal(value, result == XENSTORE_FOUND ? fake.value : "");
	return result;
}

static void test_a_value_is_read(void **state)
{
	uint64_t number = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(read_name(), XENSTORE_FOUND);
	fake.length = 0;
	fake.value[0] = 0;
	assert_int_equal(read_name(), XENSTORE_FOUND);
	assert_int_equal(xenstore_read_number("folder", "name", &number), XENSTORE_ABSENT);
	strcpy(fake.value, "42");
	fake.length = 2;
	assert_int_equal(xenstore_read_number("folder", "name", &number), XENSTORE_FOUND);
	assert_int_equal(number, 42);
	fake.is_absent = true;
	assert_int_equal(read_name(), XENSTORE_ABSENT);
	assert_int_equal(xenstore_read_number("folder", "name", &number), XENSTORE_ABSENT);
	assert_true(xenstore_write("folder", "name", "x"));
	assert_int_equal(fake.refused, 0);
}

/* The value does not fit into the ring: the store waits until we have taken a part, and notified it. */
static void test_a_value_that_does_not_fit_is_passed_over(void **state)
{
	(void)state;
	for (fake.length = 24; fake.length <= 4000; fake.length += 71) {
		memset(fake.value, 'x', fake.length);
		assert_int_equal(read_name(), XENSTORE_ABSENT);
	}
	strcpy(fake.value, "value");
	fake.length = 5;
	assert_int_equal(read_name(), XENSTORE_FOUND);
	assert_false(xenstore_has_changed(XENSTORE_CARD));
}

static void test_no_answer_is_not_an_answer(void **state)
{
	uint64_t number, before;

	(void)state;
	fake.is_stopped = true;
	before = fake.counter;
	assert_int_equal(read_name(), XENSTORE_SILENT);
	assert_in_range(fake.counter - before, PATIENCE, PATIENCE + 100);
	assert_int_equal(xenstore_read_number("folder", "name", &number), XENSTORE_SILENT);
	assert_true(xenstore_has_changed(XENSTORE_CARD)); /* and other values may have changed unnoticed */
	assert_false(xenstore_has_changed(XENSTORE_CARD));
	assert_false(xenstore_write("folder", "name", "x"));
	assert_true(xenstore_has_changed(XENSTORE_CARD));
	assert_false(xenstore_has_changed(XENSTORE_BACKEND));
	fake.is_stopped = false;
	xen_event_send(PORT);
	assert_int_equal(read_name(), XENSTORE_FOUND);
	assert_int_equal(fake.refused, 0);
}

/* The clock has more important work than to wait for the store. */
static void test_a_silent_store_is_waited_for_once(void **state)
{
	unsigned requests = fake.requests;
	uint64_t before;

	(void)state;
	fake.is_stopped = true;
	assert_int_equal(read_name(), XENSTORE_SILENT);
	before = fake.counter;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(read_name(), XENSTORE_SILENT);
		assert_true(xenstore_has_changed(XENSTORE_CARD));
	}
	assert_below(fake.counter - before, 5000, "");
	fake.is_stopped = false;
	assert_int_equal(read_name(), XENSTORE_SILENT); /* it is notified, and answers the former request first */
	assert_int_equal(read_name(), XENSTORE_FOUND);
	assert_int_equal(fake.requests, requests + 2);
}

/* The store sends a part of its answer, of any length, and the rest after we have given up waiting. */
static void test_a_store_that_stops_half_way_is_understood_afterwards(void **state)
{
	(void)state;
	for (size_t length = 1; length < sizeof(struct xsd_sockmsg) + 5; length++) {
		begin(NULL);
		fake.stops_after = length;
		assert_int_equal(read_name(), XENSTORE_SILENT);
		fake.is_stopped = false;
		xen_event_send(PORT);
		strcpy(fake.value, "other");
		assert_int_equal(read_name(), XENSTORE_FOUND);
		assert_int_equal(fake.refused, 0);
	}
}

/* The store does not get half a request either. */
static void test_a_store_that_takes_nothing_is_understood_afterwards(void **state)
{
	(void)state;
	fake.is_stopped = true;
	for (int i = 0; i < 50; i++) {
		say(XS_WATCH_EVENT, 0,
		    "folder\0"
		    "3",
		    9); /* a sign of life */
		fake.is_stopped = false;
		speak();
		fake.is_stopped = true;
		assert_int_equal(read_name(), XENSTORE_SILENT);
	}
	fake.is_stopped = false;
	xen_event_send(PORT);
	(void)xenstore_has_changed(XENSTORE_CARD);
	assert_int_equal(read_name(), XENSTORE_FOUND);
	assert_int_equal(fake.refused, 0);
}

/* --- watches --- */

static void tell(const char *path)
{
	char text[2048];
	int length = snprintf(text, sizeof text, "%s%c%d", path, 0, XENSTORE_CARD);

	assert_in_range(length, 0, sizeof text - 1);
	say(XS_WATCH_EVENT, 0, text, (size_t)length + 1);
}

static void test_changes_are_told_of_whenever_they_come(void **state)
{
	char longest[1500];

	(void)state;
	assert_false(xenstore_has_changed(XENSTORE_CARD));
	tell("folder/name");
	xen_event_send(PORT);
	assert_true(xenstore_has_changed(XENSTORE_CARD));
	assert_false(xenstore_has_changed(XENSTORE_CARD));
	tell("folder/name"); /* before an answer */
	assert_int_equal(read_name(), XENSTORE_FOUND);
	assert_false(xenstore_has_changed(XENSTORE_BACKEND));
	assert_true(xenstore_has_changed(XENSTORE_CARD));
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = 0;
	tell(longest);
	tell("folder");
	xen_event_send(PORT);
	assert_true(xenstore_has_changed(XENSTORE_CARD));
	assert_int_equal(read_name(), XENSTORE_FOUND);
}

static void test_a_watch_that_was_not_heard_is_set_again(void **state)
{
	(void)state;
	fake.is_stopped = true;
	fake.watches = 0;
	(void)read_name();
	xenstore_watch(XENSTORE_PEER, "folder");
	assert_true(xenstore_has_changed(XENSTORE_PEER));
	assert_int_equal(fake.watches, 0);
	fake.is_stopped = false;
	xen_event_send(PORT);
	(void)xenstore_has_changed(XENSTORE_PEER);
	(void)xenstore_has_changed(XENSTORE_PEER);
	assert_int_equal(fake.watches, 1);
	xenstore_watch(XENSTORE_PEER, "folder"); /* the store has this watch already */
	(void)xenstore_has_changed(XENSTORE_PEER);
	assert_int_equal(fake.watches, 2);
}

/* The store of another domain does not have the message that was begun with the former one. */
static void test_a_restored_guest_begins_anew(void **state)
{
	(void)state;
	fake.stops_after = 10;
	assert_int_equal(read_name(), XENSTORE_SILENT);
	begin(NULL);
	fake.stops_after = 18;
	assert_int_equal(read_name(), XENSTORE_SILENT);
	memset(&fake.ring, 0, sizeof fake.ring);
	fake.said = fake.to_say = fake.watches = 0;
	fake.is_stopped = false;
	xenstore_resume(true);
	assert_above(fake.watches, 0, "");
	assert_true(xenstore_has_changed(XENSTORE_CARD));
	assert_int_equal(read_name(), XENSTORE_FOUND);
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_value_is_read),
		TEST(test_a_value_that_does_not_fit_is_passed_over),
		TEST(test_no_answer_is_not_an_answer),
		TEST(test_a_silent_store_is_waited_for_once),
		TEST(test_a_store_that_stops_half_way_is_understood_afterwards),
		TEST(test_a_store_that_takes_nothing_is_understood_afterwards),
		TEST(test_changes_are_told_of_whenever_they_come),
		TEST(test_a_watch_that_was_not_heard_is_set_again),
		TEST(test_a_restored_guest_begins_anew),
	};

	return cmocka_run_group_tests_name("xenstore", tests, NULL, NULL);
}
