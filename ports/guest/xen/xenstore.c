/* xenstore: see xenstore.h. */
#include "xenstore.h"

#include <xen/io/xs_wire.h>

#include "../../report.h"
#include "../machine.h"
#include "../../memory.h"
#include "../../words.h"
#include "resume.h"
#include "xen.h"

#define PATH 256
#define WATCHES 8

static struct xenstore_domain_interface *ring;
static uint32_t port, next_request;
static uint64_t patience_ticks;
static char watched[WATCHES][PATH];
static bool has_changed[WATCHES];

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

/* What changed: a path, and the watch's number as a text. */
static bool take_event(uint32_t length)
{
	char text[PATH + 8];
	struct word word = { text, length > 0 ? length - 1 : 0 };
	uint64_t number;

	if (length > sizeof text)
		return get(NULL, length);
	if (!get(text, length))
		return false;
	if (word_skip_to(&word, 0) && word_is_number(word, &number) && number < WATCHES)
		has_changed[number] = true;
	return true;
}

/* Whatever it is, if it is no answer that anyone waits for. */
static bool pass_over(const struct xsd_sockmsg *head)
{
	bool is_whole = head->type == XS_WATCH_EVENT ? take_event(head->len) : get(NULL, head->len);

	xen_event_send(port);
	return is_whole;
}

/* The answer to a request, in at most size - 1 bytes, and a 0. Answers to former requests are passed over. */
static bool answer(uint32_t request, uint32_t type, char *value, size_t size)
{
	struct xsd_sockmsg head;

	for (;;) {
		if (!get(&head, sizeof head))
			return false;
		if (head.type != XS_WATCH_EVENT && head.req_id == request && head.type == type && head.len < size)
			break;
		if (!pass_over(&head) || (head.type != XS_WATCH_EVENT && head.req_id == request))
			return false;
	}
	if (!get(value, head.len))
		return false;
	value[head.len] = 0;
	xen_event_send(port);
	return true;
}

static bool ask(uint32_t type, const char *path, const char *written, size_t length, char *value, size_t size)
{
	struct xsd_sockmsg head = {
		.type = type,
		.req_id = ++next_request,
		.len = (uint32_t)(strlen(path) + 1 + length),
	};

	if (!put(&head, sizeof head) || !put(path, strlen(path) + 1) || !put(written, length))
		return false;
	xen_event_send(port);
	return answer(head.req_id, type, value, size);
}

/* Where the answer is no more than OK. */
static bool tell(uint32_t type, const char *path, const char *written, size_t length)
{
	char unused[16];

	return ask(type, path, written, length, unused, sizeof unused);
}

static void join(char path[PATH], const char *folder, const char *name)
{
	struct ffntp_text text = ffntp_text_begin(path, PATH);

	ffntp_text_add(&text, folder);
	if (folder[0] != 0)
		ffntp_text_add(&text, "/");
	ffntp_text_add(&text, name);
}

bool xenstore_read(const char *folder, const char *name, char *value, size_t size)
{
	char path[PATH];

	join(path, folder, name);
	value[0] = 0;
	return ask(XS_READ, path, NULL, 0, value, size);
}

bool xenstore_read_number(const char *folder, const char *name, uint64_t *number)
{
	char value[24];

	return xenstore_read(folder, name, value, sizeof value) &&
	       word_is_number((struct word){ value, strlen(value) }, number);
}

bool xenstore_write(const char *folder, const char *name, const char *value)
{
	char path[PATH];

	join(path, folder, name);
	return tell(XS_WRITE, path, value, strlen(value));
}

bool xenstore_write_number(const char *folder, const char *name, uint64_t number)
{
	char value[24];
	struct ffntp_text text = ffntp_text_begin(value, sizeof value);

	ffntp_text_add_number(&text, number, 1);
	return xenstore_write(folder, name, value);
}

bool xenstore_remove(const char *folder, const char *name)
{
	char path[PATH];

	join(path, folder, name);
	return tell(XS_RM, path, NULL, 0);
}

/* A letter and a domain: n for the owner and nothing for others, r for one that may read. Each ends in a 0. */
bool xenstore_permit(const char *folder, const char *name, uint64_t reader)
{
	char path[PATH], permissions[32];
	struct ffntp_text text = ffntp_text_begin(permissions, sizeof permissions);
	uint64_t own;

	if (!xenstore_read_number("", "domid", &own))
		return false;
	join(path, folder, name);
	ffntp_text_add(&text, "n");
	ffntp_text_add_number(&text, own, 1);
	text = ffntp_text_begin(text.at + 1, text.left);
	ffntp_text_add(&text, "r");
	ffntp_text_add_number(&text, reader, 1);
	return tell(XS_SET_PERMS, path, permissions, (size_t)(text.at - permissions) + 1);
}

void xenstore_resume(bool is_new)
{
	if (is_new)
		ring = xen_store_ring(&port);
	for (unsigned i = 0; i < WATCHES; i++) {
		const char token[2] = { (char)('0' + i), 0 };

		if (watched[i][0] == 0)
			continue;
		if (is_new)
			(void)tell(XS_WATCH, watched[i], token, sizeof token);
		has_changed[i] = true;
	}
}

void xenstore_watch(enum xenstore_watch watch, const char *path)
{
	const char token[2] = { (char)('0' + watch), 0 };
	struct ffntp_text text;

	if (watched[watch][0] != 0)
		(void)tell(XS_UNWATCH, watched[watch], token, sizeof token);
	text = ffntp_text_begin(watched[watch], PATH);
	ffntp_text_add(&text, path);
	has_changed[watch] = false;
	(void)tell(XS_WATCH, path, token, sizeof token);
}

bool xenstore_has_changed(enum xenstore_watch watch)
{
	struct xsd_sockmsg head;
	bool changed;

	while (ring->rsp_cons != __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE))
		if (!get(&head, sizeof head) || !pass_over(&head))
			break;
	changed = has_changed[watch];
	has_changed[watch] = false;
	return changed;
}
