/* netfront: the network card of a Xen guest: two rings of requests shared with another domain, and pages granted to it.
 */
#include "../card.h"

#include "../machine.h"
#include "../../memory.h"
#include "xen.h"
#include "xenstore.h"

#include <xen/xen.h>
#include <xen/grant_table.h>

/* Xen's macros for rings are not written for so strict a compiler. */
#pragma GCC diagnostic ignored "-Wsign-conversion"

#define xen_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#include <xen/io/netif.h>
#include <xen/io/xenbus.h>

#define PAGE_SIZE 4096
#define RECEIVE_PAGES 32
#define SEND_PAGES 16
#define FOLDER "device/vif/0"
#define PATH 128
#define CONNECT_S 10

struct page {
	_Alignas(PAGE_SIZE) uint8_t bytes[PAGE_SIZE];
};

static struct page receive_ring_page, send_ring_page, received[RECEIVE_PAGES], to_send[SEND_PAGES];
static uint32_t received_grant[RECEIVE_PAGES], to_send_grant[SEND_PAGES];
static netif_rx_front_ring_t receive_ring;
static netif_tx_front_ring_t send_ring;
static uint16_t next_to_send, in_flight;
static uint32_t port;
static char backend[PATH];

/* --- frames --- */

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

/* Nothing of it: a frame that was cut into pages, or one of a backend that lies. */
static bool is_whole(const netif_rx_response_t *response)
{
	return response->status > 0 && response->status <= CARD_FRAME && response->offset <= PAGE_SIZE - CARD_FRAME &&
	       (response->flags & (NETRXF_more_data | NETRXF_extra_info)) == 0;
}

static bool receive(uint8_t frame[CARD_FRAME], size_t *length, uint64_t *arrived)
{
	netif_rx_response_t response;

	if (receive_ring.rsp_cons == __atomic_load_n(&receive_ring.sring->rsp_prod, __ATOMIC_ACQUIRE)) {
		receive_ring.sring->rsp_event = receive_ring.rsp_cons + 1;
		return false;
	}
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

static bool transmit(const void *frame, size_t length, uint64_t *sent)
{
	uint16_t id;
	int is_wanted;

	while (send_ring.rsp_cons != __atomic_load_n(&send_ring.sring->rsp_prod, __ATOMIC_ACQUIRE)) {
		send_ring.rsp_cons++;
		in_flight--;
	}
	if (in_flight >= SEND_PAGES || length > CARD_FRAME)
		return false;
	id = next_to_send++ % SEND_PAGES; /* answered in the order of asking */
	memcpy(to_send[id].bytes, frame, length);
	*RING_GET_REQUEST(&send_ring, send_ring.req_prod_pvt) =
		(netif_tx_request_t){ .gref = to_send_grant[id], .id = id, .size = (uint16_t)length };
	send_ring.req_prod_pvt++;
	in_flight++;
	*sent = machine_counter();
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&send_ring, is_wanted);
	if (is_wanted)
		xen_event_send(port);
	return true;
}

/* The store is asked: each time costs two switches of domains. */
static enum card_state look(struct card *card)
{
	uint64_t state = XenbusStateUnknown;

	(void)card;
	return xenstore_read_number(backend, "state", &state) && state == XenbusStateConnected ? CARD_LINK : CARD_GONE;
}

/* --- beginning --- */

static bool read_mac(uint8_t mac[6])
{
	char text[24];
	unsigned value = 0, count = 0;

	if (!xenstore_read(FOLDER, "mac", text, sizeof text))
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

static void make_rings(uint16_t domain)
{
	netif_rx_sring_t *receive_shared = (void *)receive_ring_page.bytes;
	netif_tx_sring_t *send_shared = (void *)send_ring_page.bytes;

	SHARED_RING_INIT(receive_shared);
	FRONT_RING_INIT(&receive_ring, receive_shared, PAGE_SIZE);
	SHARED_RING_INIT(send_shared);
	FRONT_RING_INIT(&send_ring, send_shared, PAGE_SIZE);
	for (uint16_t id = 0; id < RECEIVE_PAGES; id++) {
		received_grant[id] = xen_grant(domain, received[id].bytes, false);
		give_back(id);
	}
	for (uint16_t id = 0; id < SEND_PAGES; id++)
		to_send_grant[id] = xen_grant(domain, to_send[id].bytes, true);
}

static bool publish(uint16_t domain)
{
	return xenstore_write_number(FOLDER, "tx-ring-ref", xen_grant(domain, send_ring_page.bytes, false)) &&
	       xenstore_write_number(FOLDER, "rx-ring-ref", xen_grant(domain, receive_ring_page.bytes, false)) &&
	       xenstore_write_number(FOLDER, "event-channel", port) &&
	       xenstore_write_number(FOLDER, "request-rx-copy", 1) &&
	       xenstore_write_number(FOLDER, "feature-rx-notify", 1) &&
	       /* lwIP drops what the other domain leaves unsummed. */
	       xenstore_write_number(FOLDER, "feature-no-csum-offload", 1) &&
	       xenstore_write_number(FOLDER, "feature-ipv6-csum-offload", 0) &&
	       xenstore_write_number(FOLDER, "feature-sg", 0) &&
	       xenstore_write_number(FOLDER, "state", XenbusStateConnected);
}

static bool wait_for_backend(uint64_t wanted, uint64_t hz)
{
	uint64_t start = machine_counter(), state;

	while (machine_counter() - start < CONNECT_S * hz) {
		if (xenstore_read_number(backend, "state", &state) && state == wanted)
			return true;
		machine_idle(hz / 100);
	}
	return false;
}

const char *netfront_begin(struct card *card)
{
	uint64_t domain, hz = xen_counter_hz();

	if (!xenstore_read(FOLDER, "backend", backend, sizeof backend) ||
	    !xenstore_read_number(FOLDER, "backend-id", &domain) || !read_mac(card->mac))
		return "there is no network card (vif) for this guest";
	port = xen_event_open((uint16_t)domain);
	make_rings((uint16_t)domain);
	if (port == 0 || !wait_for_backend(XenbusStateInitWait, hz) || !publish((uint16_t)domain) ||
	    !wait_for_backend(XenbusStateConnected, hz))
		return "the network card (vif) does not connect";
	notify_receive();
	card->transmit = transmit;
	card->receive = receive;
	card->look = look;
	return NULL;
}
