#include "guestpages.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../core/page.h"
#include "log.h"

static void publish(struct ffntp_guestpage *guest)
{
	ffntp_page_mirror(guest->file.page, &guest->page);
}

static void end(struct ffntp_guestpage *guest, ffntp_counter now)
{
	ffntp_follow_end(&guest->follow, now + guest->offset);
	publish(guest);
	guest->is_ended = true;
}

/* A former page continues in its type of time, its sequence and its markers. */
static bool open_guest(struct ffntp_guestpage *guest, const struct ffntp_guestpage_name *name,
		       const struct ffntp_page_identity *identity, ffntp_counter now)
{
	struct ffntp_map unused;
	bool is_adopted;
	const char *problem = ffntp_pagefile_open(&guest->file, name->path, identity, &unused, &is_adopted);

	if (problem != NULL) {
		ffntp_log(FFNTP_LOG_ERROR, "%s: %s", name->path, problem);
		return false;
	}
	memcpy(&guest->page, guest->file.page, sizeof(guest->page));
	guest->offset = name->offset;
	ffntp_follow_begin(&guest->follow, &guest->page, identity, now + guest->offset);
	publish(guest);
	ffntp_log(FFNTP_LOG_NOTICE, "publishing %s for a guest whose counter is this machine's %+" PRId64, name->path,
		  (int64_t)name->offset);
	return true;
}

bool ffntp_guestpages_open(struct ffntp_guestpages *pages, const struct ffntp_guestpage_name *names, size_t count,
			   const struct ffntp_page_identity *identity, ffntp_counter now)
{
	struct ffntp_page_identity guests = *identity;

	*pages = (struct ffntp_guestpages){ .kind = identity->counter_kind };
	if (count == 0)
		return true;
	if (identity->counter_kind == FFNTP_COUNTER_MONOTONIC_RAW) {
		ffntp_log(FFNTP_LOG_ERROR,
			  "%s: a guest's page needs the processor's counter, which cannot be used here: the daemon "
			  "keeps time by CLOCK_MONOTONIC_RAW, which guests cannot read",
			  names->path);
		return false;
	}
	guests.is_guests = true;
	pages->guest = calloc(count, sizeof(*pages->guest));
	if (pages->guest == NULL) {
		ffntp_log(FFNTP_LOG_ERROR, "out of memory");
		return false;
	}
	while (pages->count < count && open_guest(&pages->guest[pages->count], &names[pages->count], &guests, now))
		pages->count++;
	if (pages->count == count)
		return true;
	ffntp_guestpages_close(pages, now);
	return false;
}

static void update(struct ffntp_guestpage *guest, const struct ffntp_page *page, ffntp_counter now)
{
	const struct ffntp_follow_link link = { .offset = guest->offset };
	uint32_t before = ffntp_page_begin(&guest->page);

	ffntp_follow_page(&guest->follow, page, link, now + guest->offset);
	(void)ffntp_follow_update(&guest->follow);
	if (ffntp_page_begin(&guest->page) != before)
		publish(guest);
}

void ffntp_guestpages_update(struct ffntp_guestpages *pages, const struct ffntp_page *page,
			     enum ffntp_counter_kind kind, ffntp_counter now)
{
	for (size_t i = 0; i < pages->count; i++) {
		struct ffntp_guestpage *guest = &pages->guest[i];

		if (kind == pages->kind)
			update(guest, page, now);
		else if (!guest->is_ended)
			end(guest, guest->follow.map.at - guest->offset);
	}
}

void ffntp_guestpages_close(struct ffntp_guestpages *pages, ffntp_counter now)
{
	for (size_t i = 0; i < pages->count; i++) {
		if (!pages->guest[i].is_ended)
			end(&pages->guest[i], now);
		ffntp_pagefile_close(&pages->guest[i].file);
	}
	free(pages->guest);
	*pages = (struct ffntp_guestpages){ 0 };
}
