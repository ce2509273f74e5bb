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
static uint32_t left;                  /* bytes of the current message that were not read yet */
static bool is_silent;                 /* the store did not answer a request, and has sent nothing since */
static uint64_t patience_ticks, begun; /* how long to wait, and since when */
static char watched[WATCHES][PATH];
static bool is_registered[WATCHES]; /* the store has registered this watch */
static bool has_changed[WATCHES];

static void attach(void)
{
	ring = xen_store_ring(&port);
	left = 0;
	is_silent = false;
}

void xenstore_init(uint64_t counter_hz)
{
	attach();
	patience_ticks = counter_hz;
}

/* --- bytes --- */

static uint32_t filled(void)
{
	return __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE) - ring->rsp_cons;
}

static uint32_t room(void)
{
	return XENSTORE_RING_SIZE - (ring->req_prod - __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE));
}

/* Wait until this many bytes are available. The store may in turn be waiting for us. */
static bool wait_for(uint32_t (*amount)(void), uint32_t length)
{
	if (amount() < length)
		xen_event_send(port);
	while (amount() < length) {
		if (machine_counter() - begun > patience_ticks)
			return false;
		machine_relax();
	}
	return true;
}

/* Append bytes to the ring of requests. The caller has checked that the ring has room for them. */
static void put(const void *bytes, size_t length)
{
	const char *from = bytes;

	for (size_t i = 0; i < length; i++) {
		/* NOLINTNEXTLINE(*-core.uninitialized.Assign): clang-tidy 14 follows one byte of a struct. */
		ring->req[MASK_XENSTORE_IDX(ring->req_prod + i)] = from[i];
	}
	__atomic_store_n(&ring->req_prod, ring->req_prod + (uint32_t)length, __ATOMIC_RELEASE);
}

/* Read from the current message. bytes: NULL to skip them. */
static bool take(void *bytes, uint32_t length)
{
	char *to = bytes;

	for (uint32_t i = 0; i < length; i++) {
		if (!wait_for(filled, 1))
			return false;
		if (to != NULL)
			to[i] = ring->rsp[MASK_XENSTORE_IDX(ring->rsp_cons)];
		__atomic_store_n(&ring->rsp_cons, ring->rsp_cons + 1, __ATOMIC_RELEASE);
		left--;
	}
	return true;
}

/* Read the next message's header, after skipping the rest of the current one. */
static bool take_head(struct xsd_sockmsg *head)
{
	if (!take(NULL, left) || !wait_for(filled, sizeof *head))
		return false;
	left = sizeof *head;
	if (!take(head, sizeof *head))
		return false;
	left = head->len;
	is_silent = false;
	return true;
}

/* --- messages --- */

/* Read an event: the path that changed, and the watch's number as text. */
static bool take_event(uint32_t length)
{
	char text[PATH + 8];
	struct word word = { text, length > 0 ? length - 1 : 0 };
	uint64_t number;

	if (length > sizeof text)
		return take(NULL, length);
	if (!take(text, length))
		return false;
	if (word_skip_to(&word, 0) && word_is_number(word, &number) && number < WATCHES)
		has_changed[number] = true;
	return true;
}

/* Skip or process a message that is not the awaited answer. */
static bool pass_over(const struct xsd_sockmsg *head)
{
	bool is_whole = head->type == XS_WATCH_EVENT ? take_event(head->len) : take(NULL, head->len);

	xen_event_send(port);
	return is_whole;
}

/* Read the answer to a request, at most size - 1 bytes and a 0. Answers to earlier requests are skipped. */
static enum xenstore_result answer(uint32_t request, uint32_t type, char *value, size_t size)
{
	struct xsd_sockmsg head;
	bool is_ours;

	do {
		if (!take_head(&head))
			return XENSTORE_SILENT;
		is_ours = head.type != XS_WATCH_EVENT && head.req_id == request;
		if (is_ours && head.type == type && head.len < size) {
			value[head.len] = 0;
			return take(value, head.len) ? XENSTORE_FOUND : XENSTORE_SILENT;
		}
		if (!pass_over(&head))
			return XENSTORE_SILENT;
	} while (!is_ours);
	return XENSTORE_ABSENT;
}

/* An event may have been lost, so all watches count as changed. */
static void fall_silent(void)
{
	is_silent = true;
	for (unsigned i = 0; i < WATCHES; i++)
		has_changed[i] = watched[i][0] != 0;
}

/*
 * A request is written completely or not at all: if it were cut off, the store would take the next one's bytes as its
 * end.
 */
static enum xenstore_result try_to_ask(const struct xsd_sockmsg *head, const char *path, const char *written,
				       size_t length, char *value, size_t size)
{
	if (is_silent && filled() == 0)
		return XENSTORE_SILENT;
	begun = machine_counter();
	if (!wait_for(room, (uint32_t)sizeof *head + head->len))
		return XENSTORE_SILENT;
	put(head, sizeof *head);
	put(path, strlen(path) + 1);
	put(written, length);
	xen_event_send(port);
	return answer(head->req_id, head->type, value, size);
}

static enum xenstore_result ask(uint32_t type, const char *path, const char *written, size_t length, char *value,
				size_t size)
{
	const struct xsd_sockmsg head = {
		.type = type,
		.req_id = ++next_request,
		.len = (uint32_t)(strlen(path) + 1 + length),
	};
	enum xenstore_result result = try_to_ask(&head, path, written, length, value, size);

	if (result != XENSTORE_FOUND)
		value[0] = 0;
	if (result == XENSTORE_SILENT)
		fall_silent();
	xen_event_send(port);
	return result;
}

/* Send a request whose answer is just OK. */
static enum xenstore_result change(uint32_t type, const char *path, const char *written, size_t length)
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

enum xenstore_result xenstore_read(const char *folder, const char *name, char *value, size_t size)
{
	char path[PATH];

	join(path, folder, name);
	return ask(XS_READ, path, NULL, 0, value, size);
}

enum xenstore_result xenstore_read_number(const char *folder, const char *name, uint64_t *number)
{
	char value[24];
	enum xenstore_result result = xenstore_read(folder, name, value, sizeof value);

	if (result == XENSTORE_FOUND && !word_is_number((struct word){ value, strlen(value) }, number))
		return XENSTORE_ABSENT;
	return result;
}

bool xenstore_write(const char *folder, const char *name, const char *value)
{
	char path[PATH];

	join(path, folder, name);
	return change(XS_WRITE, path, value, strlen(value)) == XENSTORE_FOUND;
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
	return change(XS_RM, path, NULL, 0) == XENSTORE_FOUND;
}

/*
 * Permissions are a letter and a domain each, terminated by 0: n for the owner and no access for others, r for the
 * domain that may read.
 */
bool xenstore_permit(const char *folder, const char *name, uint64_t reader)
{
	char path[PATH], permissions[32];
	struct ffntp_text text = ffntp_text_begin(permissions, sizeof permissions);
	uint64_t own;

	if (xenstore_read_number("", "domid", &own) != XENSTORE_FOUND)
		return false;
	join(path, folder, name);
	ffntp_text_add(&text, "n");
	ffntp_text_add_number(&text, own, 1);
	text = ffntp_text_begin(text.at + 1, text.left);
	ffntp_text_add(&text, "r");
	ffntp_text_add_number(&text, reader, 1);
	return change(XS_SET_PERMS, path, permissions, (size_t)(text.at - permissions) + 1) == XENSTORE_FOUND;
}

/* --- watches --- */

/* If the store has the watch already, its refusal is as good as success. */
static void begin_watch(unsigned watch)
{
	const char token[2] = { (char)('0' + watch), 0 };

	is_registered[watch] = change(XS_WATCH, watched[watch], token, sizeof token) != XENSTORE_SILENT;
}

void xenstore_resume(bool is_new)
{
	if (is_new)
		attach();
	for (unsigned i = 0; i < WATCHES; i++) {
		if (watched[i][0] == 0)
			continue;
		if (is_new)
			begin_watch(i);
		has_changed[i] = true;
	}
}

void xenstore_watch(enum xenstore_watch watch, const char *path)
{
	const char token[2] = { (char)('0' + watch), 0 };
	struct ffntp_text text;

	if (watched[watch][0] != 0)
		(void)change(XS_UNWATCH, watched[watch], token, sizeof token);
	text = ffntp_text_begin(watched[watch], PATH);
	ffntp_text_add(&text, path);
	has_changed[watch] = false;
	begin_watch(watch);
}

static void take_events(void)
{
	struct xsd_sockmsg head;

	begun = machine_counter();
	while (filled() > 0)
		if (!take_head(&head) || !pass_over(&head)) {
			fall_silent();
			break;
		}
}

bool xenstore_has_changed(enum xenstore_watch watch)
{
	bool changed;

	take_events();
	if (watched[watch][0] != 0 && !is_registered[watch])
		begin_watch(watch);
	changed = has_changed[watch];
	has_changed[watch] = false;
	return changed;
}
