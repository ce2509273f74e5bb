/* peer: see ../neighbour.h. The side that follows another domain's page. */
#include "../neighbour.h"
#include "resume.h"
#include "share.h"
#include "xen.h"
#include "xenstore.h"

#include "../../report.h"
#include "../../words.h"

#define TEXT 128
#define SAME_STAMPS                                                                                                  \
	3            /* Two processors' times may agree by chance once, but hardly three times with the same offset. \
		      */
#define LINK_WIDTH 2 /* ticks: Xen rounds to one, if it scales */

struct mapping {
	uint32_t grant, handle;
	bool is_there;
};

/* Memory given up so that the other domain's pages can be mapped in its place. */
static _Alignas(4096) struct ffntp_page page_place;
static struct share_page stamp_place;

static struct {
	uint64_t wanted; /* PEER_NOBODY: no domain was named */
	uint64_t by_default;
	uint64_t mapped; /* the domain whose pages are mapped */
	struct mapping page, stamp;
	uint64_t last_ns; /* the last stamp that was compared */
	uint64_t offset;  /* ours - theirs */
	unsigned agreed;  /* stamps in a row that gave this offset */
} self;

/* --- mapping --- */

static void unmap(struct mapping *mapping, const void *place)
{
	if (mapping->is_there)
		(void)xen_unmap(place, mapping->handle);
	mapping->is_there = false;
}

static bool map(struct mapping *mapping, const void *place, uint64_t grant)
{
	mapping->grant = (uint32_t)grant;
	mapping->is_there = xen_map(place, (uint16_t)self.wanted, mapping->grant, &mapping->handle);
	return mapping->is_there;
}

static bool is_mapped(void)
{
	return self.page.is_there && self.stamp.is_there;
}

static void let_go(void)
{
	unmap(&self.page, &page_place);
	unmap(&self.stamp, &stamp_place);
	self.agreed = 0;
}

/* --- the store --- */

/* Read the grants that the wanted domain has published for us. */
static enum xenstore_result read_grants(uint64_t *page, uint64_t *stamp)
{
	char folder[TEXT], name[TEXT], value[TEXT];
	struct ffntp_text text = ffntp_text_begin(folder, sizeof folder);
	struct words words = { value };
	struct word first, second;
	enum xenstore_result result = xenstore_read("", "domid", name, sizeof name);

	ffntp_text_add(&text, "/local/domain/");
	ffntp_text_add_number(&text, self.wanted, 1);
	ffntp_text_add(&text, "/" SHARE_PAGES);
	if (result == XENSTORE_FOUND)
		result = xenstore_read(folder, name, value, sizeof value);
	if (result != XENSTORE_FOUND)
		return result;
	return words_next(&words, &first) && words_next(&words, &second) && word_is_number(first, page) &&
			       word_is_number(second, stamp)
		       ? XENSTORE_FOUND
		       : XENSTORE_ABSENT;
}

/* Returns false if the store did not answer; the caller then tries again. */
static bool watch_wanted(void)
{
	char path[TEXT], own[TEXT];
	struct ffntp_text text = ffntp_text_begin(path, sizeof path);

	if (xenstore_read("", "domid", own, sizeof own) == XENSTORE_SILENT)
		return false;
	ffntp_text_add(&text, "/local/domain/");
	ffntp_text_add_number(&text, self.wanted, 1);
	ffntp_text_add(&text, "/" SHARE_PAGES "/");
	ffntp_text_add(&text, own);
	xenstore_watch(XENSTORE_PEER, path);
	return true;
}

/* Return whether a different domain is to be followed. */
static bool has_choice_changed(void)
{
	enum xenstore_result result;
	uint64_t wanted;

	if (!xenstore_has_changed(XENSTORE_FOLLOW))
		return false;
	result = xenstore_read_number(SHARE_FOLDER, "follow", &wanted);
	if (result == XENSTORE_SILENT)
		return false;
	if (result == XENSTORE_ABSENT || wanted >= SHARE_DOMAINS)
		wanted = self.by_default;
	if (wanted == self.wanted)
		return false;
	self.wanted = wanted;
	return true;
}

/* --- the counters --- */

static bool read_stamp(struct xen_stamp *stamp)
{
	uint64_t before = stamp_place.sequence;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	*stamp = stamp_place.stamp;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return (before & 1) == 0 && before == stamp_place.sequence;
}

/* Compare a moment that both domains know. Returns false if its offset differs from that of the moments before. */
static bool compare_stamps(void)
{
	struct xen_stamp ours = xen_stamp(), theirs;
	uint64_t offset;

	if (!read_stamp(&theirs) || ours.system_ns != theirs.system_ns || ours.system_ns == self.last_ns)
		return true;
	self.last_ns = ours.system_ns;
	offset = ours.counter - theirs.counter;
	if (self.agreed > 0 && offset + LINK_WIDTH / 2 - self.offset <= LINK_WIDTH) {
		self.agreed += self.agreed < SAME_STAMPS + 1;
		return true;
	}
	self.offset = offset;
	self.agreed = 1;
	return false;
}

static enum peer_news watch_counters(struct peer *peer)
{
	unsigned before = self.agreed;
	bool is_same = compare_stamps();

	if (!is_same)
		return before >= SAME_STAMPS ? PEER_MOVED : PEER_NOTHING;
	if (self.agreed != SAME_STAMPS || before == SAME_STAMPS)
		return PEER_NOTHING;
	*peer = (struct peer){ &page_place, { self.offset, LINK_WIDTH }, self.wanted };
	return PEER_FOUND;
}

/* --- the functions of neighbour.h --- */

static enum peer_news lose(struct peer *peer)
{
	*peer = (struct peer){ .domain = self.mapped };
	let_go();
	return PEER_LOST;
}

static enum peer_news look_at_grants(struct peer *peer)
{
	uint64_t page, stamp;
	enum xenstore_result result = read_grants(&page, &stamp);
	bool is_found = result == XENSTORE_FOUND;

	if (result == XENSTORE_SILENT)
		return PEER_NOTHING;
	if (is_mapped() && is_found && page == self.page.grant && stamp == self.stamp.grant)
		return PEER_NOTHING;
	if (is_mapped()) {
		if (is_found)
			(void)watch_wanted(); /* reports the new grants, also if the store did not answer */
		return lose(peer);
	}
	self.mapped = self.wanted;
	if (is_found && map(&self.page, &page_place, page) && map(&self.stamp, &stamp_place, stamp))
		return PEER_NOTHING;
	let_go();
	*peer = (struct peer){ .domain = self.wanted };
	return PEER_ABSENT;
}

enum peer_news peer_look(struct peer *peer)
{
	enum peer_news news = PEER_NOTHING;

	if (has_choice_changed()) {
		if (is_mapped())
			news = lose(peer);
		if (self.wanted != PEER_NOBODY && !watch_wanted())
			self.wanted = PEER_NOBODY;
	} else if (self.wanted != PEER_NOBODY && xenstore_has_changed(XENSTORE_PEER)) {
		news = look_at_grants(peer);
	} else if (is_mapped()) {
		news = watch_counters(peer);
	}
	return news;
}

void peer_forget(void)
{
	self.agreed = 0;
}

void peer_leave(void)
{
	let_go();
	self.wanted = PEER_NOBODY;
}

void peer_begin(uint64_t domain)
{
	self.by_default = domain;
	self.wanted = PEER_NOBODY;
	(void)(xen_give_up(&page_place) && xen_give_up(&stamp_place));
	xenstore_watch(XENSTORE_FOLLOW, SHARE_FOLDER "/follow");
}
