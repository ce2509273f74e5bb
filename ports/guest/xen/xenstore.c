/* xenstore: see xenstore.h. */
#include "xenstore.h"

#include <xen/io/xs_wire.h>

#include "../../report.h"
#include "../machine.h"
#include "../../memory.h"
#include "../../words.h"
#include "xen.h"

#define PATH 256

static struct xenstore_domain_interface *ring;
static uint32_t port, next_request;
static uint64_t patience_ticks;

void xenstore_init(uint64_t counter_hz)
{
	ring = xen_store_ring(&port);
	patience_ticks = counter_hz;
}

static bool put(const void *bytes, size_t length)
{
	const char *from = bytes;
	uint64_t start = machine_counter();

	for (size_t i = 0; i < length; i++) {
		while (ring->req_prod - __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE) >= XENSTORE_RING_SIZE) {
			xen_event_send(port);
			if (machine_counter() - start > patience_ticks)
				return false;
		}
		ring->req[MASK_XENSTORE_IDX(ring->req_prod)] = from[i];
		__atomic_store_n(&ring->req_prod, ring->req_prod + 1, __ATOMIC_RELEASE);
	}
	return true;
}

/* bytes: NULL to skip them. */
static bool get(void *bytes, size_t length)
{
	char *to = bytes;
	uint64_t start = machine_counter();

	for (size_t i = 0; i < length; i++) {
		while (ring->rsp_cons == __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE)) {
			if (machine_counter() - start > patience_ticks)
				return false;
			machine_relax();
		}
		if (to != NULL)
			to[i] = ring->rsp[MASK_XENSTORE_IDX(ring->rsp_cons)];
		__atomic_store_n(&ring->rsp_cons, ring->rsp_cons + 1, __ATOMIC_RELEASE);
	}
	return true;
}

/* The answer to a request, in at most size - 1 bytes, and a 0. Answers to former requests are passed over. */
static bool answer(uint32_t request, uint32_t type, char *value, size_t size)
{
	struct xsd_sockmsg head;

	for (;;) {
		if (!get(&head, sizeof head))
			return false;
		if (head.req_id == request && head.type == type && head.len < size)
			break;
		if (!get(NULL, head.len) || head.req_id == request)
			return false;
		xen_event_send(port);
	}
	if (!get(value, head.len))
		return false;
	value[head.len] = 0;
	xen_event_send(port);
	return true;
}

static bool ask(uint32_t type, const char *path, const char *written, char *value, size_t size)
{
	struct xsd_sockmsg head = {
		.type = type,
		.req_id = ++next_request,
		.len = (uint32_t)(strlen(path) + 1 + (written != NULL ? strlen(written) : 0)),
	};

	if (!put(&head, sizeof head) || !put(path, strlen(path) + 1) ||
	    (written != NULL && !put(written, strlen(written))))
		return false;
	xen_event_send(port);
	return answer(head.req_id, type, value, size);
}

static void join(char path[PATH], const char *folder, const char *name)
{
	struct ffntp_text text = ffntp_text_begin(path, PATH);

	ffntp_text_add(&text, folder);
	ffntp_text_add(&text, "/");
	ffntp_text_add(&text, name);
}

bool xenstore_read(const char *folder, const char *name, char *value, size_t size)
{
	char path[PATH];

	join(path, folder, name);
	value[0] = 0;
	return ask(XS_READ, path, NULL, value, size);
}

bool xenstore_read_number(const char *folder, const char *name, uint64_t *number)
{
	char value[24];

	return xenstore_read(folder, name, value, sizeof value) &&
	       word_is_number((struct word){ value, strlen(value) }, number);
}

bool xenstore_write(const char *folder, const char *name, const char *value)
{
	char path[PATH], unused[16];

	join(path, folder, name);
	return ask(XS_WRITE, path, value, unused, sizeof unused);
}

bool xenstore_write_number(const char *folder, const char *name, uint64_t number)
{
	char value[24];
	struct ffntp_text text = ffntp_text_begin(value, sizeof value);

	ffntp_text_add_number(&text, number, 1);
	return xenstore_write(folder, name, value);
}
