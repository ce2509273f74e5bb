/*
 * netfront: the network card of a Xen guest: two rings of requests shared with another domain, and pages granted to it.
 */
#include "../card.h"

#include "../../memory.h"
#include "../../report.h"
#include "../machine.h"
#include "resume.h"
#include "xen.h"
#include "xenstore.h"

#include <xen/xen.h>
#include <xen/grant_table.h>

/* Xen's ring macros do not compile with these warnings. */
#pragma GCC diagnostic ignored "-Wsign-conversion"

#define xen_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#include <xen/io/netif.h>
#include <xen/io/xenbus.h>

#define PAGE_SIZE 4096
#define RECEIVE_PAGES 32
#define SEND_PAGES 16
#define CARDS "device/vif"
#define FOLDER CARDS "/0"
#define PATH 128
#define CONNECT_S 10

_Static_assert(SEND_PAGES <= 32, "a bit of 'sending' each");

struct page {
	_Alignas(PAGE_SIZE) uint8_t bytes[PAGE_SIZE];
};

static struct page receive_ring_page, send_ring_page, received[RECEIVE_PAGES], to_send[SEND_PAGES];
static uint32_t received_grant[RECEIVE_PAGES], to_send_grant[SEND_PAGES];
static netif_rx_front_ring_t receive_ring;
static netif_tx_front_ring_t send_ring;
static uint32_t sending; /* pages that the backend is sending from, one bit each */
static uint32_t port;
static uint32_t send_ring_grant, receive_ring_grant;
static char backend[PATH]; /* the backend's folder */
static enum {
	ALONE,   /* there is no card, or its backend is not ready */
	OFFERED, /* the backend knows the rings */
	CONNECTED,
} phase;

/* Also repeats the state if the store did not answer when it was written before. */
static void leave(void)
{
	(void)xenstore_write_number(FOLDER, "state", XenbusStateClosed);
	if (phase != ALONE)
		xen_event_close(port);
	phase = ALONE;
}

/* --- frames --- */

/* Return the number of answers. A backend that sends more answers than requests misbehaves, and is left. */
static uint32_t answers(uint32_t produced, uint32_t consumed, uint32_t asked)
{
	if (produced - consumed <= asked - consumed)
		return produced - consumed;
	leave();
	return 0;
}

static void give_back(uint16_t id)
{
	netif_rx_request_t *request = RING_GET_REQUEST(&receive_ring, receive_ring.req_prod_pvt);

	*request = (netif_rx_request_t){ .id = id, .gref = received_grant[id] };
	receive_ring.req_prod_pvt++;
}

static void notify_receive(void)
{
	int is_wanted;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&receive_ring, is_wanted);
	if (is_wanted)
		xen_event_send(port);
}

/* Frames that the backend split over several pages, and malformed responses, are dropped. */
static bool is_whole(const netif_rx_response_t *response)
{
	return response->status > 0 && response->status <= CARD_FRAME && response->offset <= PAGE_SIZE - CARD_FRAME &&
	       (response->flags & (NETRXF_more_data | NETRXF_extra_info)) == 0;
}

static uint32_t frames_there(void)
{
	return answers(__atomic_load_n(&receive_ring.sring->rsp_prod, __ATOMIC_ACQUIRE), receive_ring.rsp_cons,
		       receive_ring.req_prod_pvt);
}

/*
 * If no frame is there, request an event for the next one. It may have come before the backend saw the request, so look
 * again.
 */
static bool is_frame_there(void)
{
	if (frames_there() > 0)
		return true;
	receive_ring.sring->rsp_event = receive_ring.rsp_cons + 1;
	xen_mb();
	return phase == CONNECTED && frames_there() > 0;
}

static bool receive(uint8_t frame[CARD_FRAME], size_t *length, uint64_t *arrived)
{
	netif_rx_response_t response;

	if (phase != CONNECTED || !is_frame_there())
		return false;
	*arrived = machine_counter();
	response = *RING_GET_RESPONSE(&receive_ring, receive_ring.rsp_cons);
	receive_ring.rsp_cons++;
	*length = 0;
	if (response.id < RECEIVE_PAGES && is_whole(&response)) {
		*length = (size_t)response.status;
		memcpy(frame, received[response.id].bytes + response.offset, *length);
	}
	give_back(response.id % RECEIVE_PAGES);
	notify_receive();
	return true;
}

/* Take back the pages of sent frames, which the backend returns in any order. */
static void take_back(void)
{
	uint32_t sent = answers(__atomic_load_n(&send_ring.sring->rsp_prod, __ATOMIC_ACQUIRE), send_ring.rsp_cons,
				send_ring.req_prod_pvt);

	for (; phase == CONNECTED && sent > 0; sent--) {
		uint16_t id = RING_GET_RESPONSE(&send_ring, send_ring.rsp_cons)->id;

		send_ring.rsp_cons++;
		if (id >= SEND_PAGES || (sending >> id & 1) == 0)
			leave();
		else
			sending &= ~(UINT32_C(1) << id);
	}
}

static bool free_page(uint16_t *id)
{
	for (*id = 0; *id < SEND_PAGES; ++*id)
		if ((sending >> *id & 1) == 0)
			return true;
	return false;
}

static bool transmit(const void *frame, size_t length, uint64_t *sent)
{
	uint16_t id;
	int is_wanted;

	if (phase == CONNECTED)
		take_back();
	if (phase != CONNECTED || length > CARD_FRAME || !free_page(&id))
		return false;
	sending |= UINT32_C(1) << id;
	memcpy(to_send[id].bytes, frame, length);
	*RING_GET_REQUEST(&send_ring, send_ring.req_prod_pvt) =
		(netif_tx_request_t){ .gref = to_send_grant[id], .id = id, .size = (uint16_t)length };
	send_ring.req_prod_pvt++;
	*sent = machine_counter();
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&send_ring, is_wanted);
	if (is_wanted)
		xen_event_send(port);
	return true;
}

static bool read_mac(uint8_t mac[6])
{
	char text[24];
	unsigned value = 0, count = 0;

	if (xenstore_read(FOLDER, "mac", text, sizeof text) != XENSTORE_FOUND)
		return false;
	for (const char *c = text;; c++) {
		if (*c == ':' || *c == 0) {
			if (count == 6)
				return false;
			mac[count++] = (uint8_t)value;
			value = 0;
			if (*c == 0)
				return count == 6;
			continue;
		}
		value = value * 16 + (unsigned)(*c <= '9' ? *c - '0' : (*c | 32) - 'a' + 10);
	}
}

/* --- grants --- */

static void end_grant(uint32_t *grant)
{
	(void)xen_grant_end(*grant);
	*grant = 0;
}

/* End the grants of a card that has gone. Pages that the backend has not released by now are lost. */
static void end_grants(void)
{
	for (unsigned id = 0; id < RECEIVE_PAGES; id++)
		end_grant(&received_grant[id]);
	for (unsigned id = 0; id < SEND_PAGES; id++)
		end_grant(&to_send_grant[id]);
	end_grant(&send_ring_grant);
	end_grant(&receive_ring_grant);
}

static bool grant(uint32_t *number, uint16_t domain, const struct page *page, bool is_readonly)
{
	*number = xen_grant(domain, page->bytes, is_readonly);
	return *number != 0;
}

static bool make_grants(uint16_t domain)
{
	bool is_made = grant(&send_ring_grant, domain, &send_ring_page, false) &&
		       grant(&receive_ring_grant, domain, &receive_ring_page, false);

	for (unsigned id = 0; is_made && id < RECEIVE_PAGES; id++)
		is_made = grant(&received_grant[id], domain, &received[id], false);
	for (unsigned id = 0; is_made && id < SEND_PAGES; id++)
		is_made = grant(&to_send_grant[id], domain, &to_send[id], true);
	return is_made;
}

/* --- connecting and disconnecting --- */

static bool make_rings(uint16_t domain)
{
	netif_rx_sring_t *receive_shared = (void *)receive_ring_page.bytes;
	netif_tx_sring_t *send_shared = (void *)send_ring_page.bytes;

	if (!make_grants(domain))
		return false;
	SHARED_RING_INIT(receive_shared);
	FRONT_RING_INIT(&receive_ring, receive_shared, PAGE_SIZE);
	SHARED_RING_INIT(send_shared);
	FRONT_RING_INIT(&send_ring, send_shared, PAGE_SIZE);
	sending = 0;
	for (uint16_t id = 0; id < RECEIVE_PAGES; id++)
		give_back(id);
	return true;
}

static bool publish(void)
{
	return xenstore_write_number(FOLDER, "tx-ring-ref", send_ring_grant) &&
	       xenstore_write_number(FOLDER, "rx-ring-ref", receive_ring_grant) &&
	       xenstore_write_number(FOLDER, "event-channel", port) &&
	       xenstore_write_number(FOLDER, "request-rx-copy", 1) &&
	       xenstore_write_number(FOLDER, "feature-rx-notify", 1) &&
	       /* Request checksums, because lwIP drops frames that the other domain sends without one. */
	       xenstore_write_number(FOLDER, "feature-no-csum-offload", 1) &&
	       xenstore_write_number(FOLDER, "feature-ipv6-csum-offload", 0) &&
	       xenstore_write_number(FOLDER, "feature-sg", 0) &&
	       xenstore_write_number(FOLDER, "state", XenbusStateConnected);
}

/* If the card cannot be offered, it is restarted, as a card that was left is. */
static void offer(struct card *card)
{
	uint64_t domain;

	if (xenstore_read_number(FOLDER, "backend-id", &domain) != XENSTORE_FOUND || !read_mac(card->mac))
		return;
	end_grants();
	port = xen_event_open((uint16_t)domain);
	phase = port != 0 ? OFFERED : ALONE;
	if (phase == ALONE || !make_rings((uint16_t)domain) || !publish())
		leave();
}

/* Watch the backend's state, so that its changes are noticed at once. */
static enum xenstore_result find_backend(void)
{
	char found[PATH] = { 0 }, state[PATH + 8];
	struct ffntp_text text = ffntp_text_begin(state, sizeof state);
	enum xenstore_result result = xenstore_read(FOLDER, "backend", found, sizeof found);

	if (result != XENSTORE_FOUND || memcmp(found, backend, sizeof found) == 0)
		return result;
	memcpy(backend, found, sizeof backend);
	ffntp_text_add(&text, backend);
	ffntp_text_add(&text, "/state");
	xenstore_watch(XENSTORE_BACKEND, state);
	return result;
}

/* Ask for a new connection after the backend has left, unless the card is to be removed. */
static void begin_anew(void)
{
	uint64_t is_online;

	if (xenstore_read_number(backend, "online", &is_online) == XENSTORE_FOUND && is_online != 0)
		(void)xenstore_write_number(FOLDER, "state", XenbusStateInitialising);
}

static void follow_state(struct card *card, uint64_t state)
{
	switch (state) {
	case XenbusStateInitWait:
		if (phase == CONNECTED)
			leave();
		if (phase == ALONE)
			offer(card);
		break;
	case XenbusStateConnected:
		if (phase == ALONE) {
			leave();
		} else if (phase == OFFERED) {
			phase = CONNECTED;
			notify_receive();
		}
		break;
	case XenbusStateClosing:
		leave();
		break;
	case XenbusStateClosed:
		if (phase != ALONE)
			leave();
		begin_anew();
		break;
	default:
		break;
	}
}

static void follow_backend(struct card *card)
{
	enum xenstore_result result = find_backend();
	uint64_t state;

	if (result == XENSTORE_FOUND)
		result = xenstore_read_number(backend, "state", &state);
	if (result == XENSTORE_FOUND)
		follow_state(card, state);
	else if (result == XENSTORE_ABSENT && phase != ALONE)
		leave();
}

static enum card_state look(struct card *card)
{
	bool has_changed = xenstore_has_changed(XENSTORE_CARD);

	if (xenstore_has_changed(XENSTORE_BACKEND) || has_changed)
		follow_backend(card);
	return phase == CONNECTED ? CARD_LINK : CARD_GONE;
}

void netfront_resume(void)
{
	phase = ALONE;
	send_ring_grant = receive_ring_grant = 0;
	memset(received_grant, 0, sizeof received_grant);
	memset(to_send_grant, 0, sizeof to_send_grant);
	memset(backend, 0, sizeof backend);
}

const char *netfront_begin(struct card *card)
{
	uint64_t hz = xen_counter_hz(), start = machine_counter();
	char unused[24];

	card->transmit = transmit;
	card->receive = receive;
	card->look = look;
	if (xenstore_read(FOLDER, "mac", unused, sizeof unused) == XENSTORE_ABSENT)
		return "there is no network card (vif) for this guest";
	xenstore_watch(XENSTORE_CARD, CARDS);
	while (look(card) != CARD_LINK) {
		if (machine_counter() - start > CONNECT_S * hz)
			return "the network card (vif) does not connect";
		machine_idle(hz / 100);
	}
	return NULL;
}
