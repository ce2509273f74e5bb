/*
 * A store of Xen sends any bytes, in pieces, with any place in its rings: each call of the driver ends, and
 * a value that is found ends in 0 within its room.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#include "../../ports/guest/machine.h"
#include "../../ports/guest/xen/resume.h"
#include "../../ports/guest/xen/xen.h"
#include "../../ports/guest/xen/xenstore.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

#define PATIENCE 2000   /* ticks: one for each reading of the counter */
#define CALL_MOST 20000 /* of a call: messages that arrive in time are read to their end */

static const uint8_t *at, *end;
static struct xenstore_domain_interface ring;
static uint64_t ticks;

static void require(bool condition)
{
	if (!condition)
		abort();
}

static uint8_t next(void)
{
	return at < end ? *at++ : 0;
}

uint64_t ffntp_processor_counter(void)
{
	return ++ticks;
}

void machine_relax(void)
{
}

void *xen_store_ring(uint32_t *port)
{
	*port = 3;
	return &ring;
}

static void send_bytes(const void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		ring.rsp[MASK_XENSTORE_IDX(ring.rsp_prod++)] = ((const char *)bytes)[i];
}

/* Send a message whose parts are mostly plausible, so that it is read to its end. */
static void send_message(void)
{
	static const uint32_t types[] = { XS_READ, XS_WATCH_EVENT, XS_ERROR, XS_WRITE, XS_WATCH, UINT32_MAX };
	char body[64];
	uint8_t length = next() % sizeof(body);
	struct xsd_sockmsg head = { .type = types[next() % 6], .req_id = next(), .len = length };

	if (next() % 16 == 0)
		head.len = UINT32_C(1) << next() % 32;
	for (size_t i = 0; i < length; i++)
		body[i] = (char)next();
	send_bytes(&head, sizeof(head));
	send_bytes(body, length);
}

void xen_event_send(uint32_t port)
{
	require(port == 3);
	switch (at < end ? next() % 8 : 8) {
	case 0:
	case 1:
	case 2:
	case 3:
		send_message();
		break;
	case 4:
		ring.req_cons = ring.req_prod;
		break;
	case 5:
		ring.rsp_prod += next();
		break;
	case 6:
		ring.req_cons += next();
		break;
	default:
		break;
	}
}

static void ask(void)
{
	char value[24] = "before";
	uint64_t number = 0, begun = ticks;
	enum xenstore_result result;

	switch (next() % 5) {
	case 0:
		result = xenstore_read("folder", "name", value, sizeof(value));
		require(memchr(value, '\0', sizeof(value)) != NULL && (result == XENSTORE_FOUND || value[0] == '\0'));
		break;
	case 1:
		(void)xenstore_read_number("folder", "name", &number);
		break;
	case 2:
		(void)xenstore_write("folder", "name", "value");
		break;
	case 3:
		(void)xenstore_has_changed(next() % 2 == 0 ? XENSTORE_CARD : XENSTORE_PEER);
		break;
	default:
		xenstore_resume(next() % 2 == 0);
		break;
	}
	require(ticks - begun < 8 * CALL_MOST);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	at = input;
	end = input + size;
	memset(&ring, 0, sizeof(ring));
	xenstore_init(PATIENCE);
	xenstore_watch(XENSTORE_CARD, "folder");
	while (at < end)
		ask();
	return 0;
}
