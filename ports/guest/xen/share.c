/* share: see ../neighbour.h. The side whose page other domains read. */
#include "../neighbour.h"
#include "resume.h"
#include "share.h"
#include "xen.h"
#include "xenstore.h"

#include "../../memory.h"
#include "../../report.h"
#include "../../words.h"
#include "../machine.h"

#define READERS 8
#define TEXT 128

static struct reader {
	uint64_t domain;
	uint32_t page, stamp; /* grants; 0: ended */
	bool is_wanted;
} readers[READERS];

static const struct ffntp_page *shared;
static struct share_page stamps;

static void keep_stamp(void)
{
	struct xen_stamp now = xen_stamp();

	if (now.system_ns == stamps.stamp.system_ns)
		return;
	stamps.sequence++;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	stamps.stamp = now;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	stamps.sequence++;
}

/* --- readers --- */

static bool is_free(const struct reader *reader)
{
	return reader->page == 0 && reader->stamp == 0;
}

static struct reader *find(uint64_t domain)
{
	struct reader *unused = NULL;

	for (unsigned i = 0; i < READERS; i++) {
		if (!is_free(&readers[i]) && readers[i].domain == domain)
			return &readers[i];
		if (is_free(&readers[i]))
			unused = &readers[i];
	}
	return unused;
}

static void name_of(uint64_t domain, char name[TEXT])
{
	struct ffntp_text text = ffntp_text_begin(name, TEXT);

	ffntp_text_add_number(&text, domain, 1);
}

/* Publish both grants in one value and permit it last, so that the reader never sees one of them alone. */
static void publish(const struct reader *reader)
{
	char name[TEXT], value[TEXT];
	struct ffntp_text text = ffntp_text_begin(value, sizeof value);

	name_of(reader->domain, name);
	ffntp_text_add_number(&text, reader->page, 1);
	ffntp_text_add(&text, " ");
	ffntp_text_add_number(&text, reader->stamp, 1);
	(void)(xenstore_write(SHARE_PAGES, name, value) && xenstore_permit(SHARE_PAGES, name, reader->domain));
}

static void admit(uint64_t domain)
{
	struct reader *reader = find(domain);

	if (reader == NULL) {
		machine_print_line("too many readers of the page; the last ones are not served");
		return;
	}
	reader->domain = domain;
	reader->is_wanted = true;
	if (reader->page == 0)
		reader->page = xen_grant((uint16_t)domain, shared, true);
	if (reader->stamp == 0)
		reader->stamp = xen_grant((uint16_t)domain, &stamps, true);
	if (reader->page != 0 && reader->stamp != 0)
		publish(reader);
	else
		machine_print_line("no free grant for one more reader of the page; it is not served");
}

static void end(uint32_t *grant)
{
	if (xen_grant_end(*grant))
		*grant = 0;
}

/* A reader that has the page mapped keeps the mapping until it has seen that the grant was withdrawn. */
static void end_unwanted(void)
{
	for (unsigned i = 0; i < READERS; i++) {
		if (readers[i].is_wanted)
			continue;
		end(&readers[i].page);
		end(&readers[i].stamp);
	}
}

static void take_back(struct reader *reader)
{
	char name[TEXT];

	name_of(reader->domain, name);
	(void)xenstore_remove(SHARE_PAGES, name);
}

static void read_list(void)
{
	bool was_wanted[READERS];
	char list[TEXT];
	struct words words;
	struct word word;
	uint64_t domain;

	if (xenstore_read(SHARE_FOLDER, "readers", list, sizeof list) == XENSTORE_SILENT)
		return;
	for (unsigned i = 0; i < READERS; i++) {
		was_wanted[i] = readers[i].is_wanted;
		readers[i].is_wanted = false;
	}
	words = words_of(list);
	while (words_next(&words, &word))
		if (word_is_number(word, &domain) && domain < SHARE_DOMAINS)
			admit(domain);
	for (unsigned i = 0; i < READERS; i++)
		if (was_wanted[i] && !readers[i].is_wanted)
			take_back(&readers[i]);
}

void share_look(void)
{
	if (shared == NULL)
		return;
	keep_stamp();
	if (xenstore_has_changed(XENSTORE_READERS))
		read_list();
	end_unwanted();
}

void share_resume(void)
{
	memset(readers, 0, sizeof readers);
}

void share_begin(const struct ffntp_page *page)
{
	if (!xen_is_here())
		return;
	shared = page;
	xenstore_watch(XENSTORE_READERS, SHARE_FOLDER "/readers");
}
