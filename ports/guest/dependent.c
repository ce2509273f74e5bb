/* dependent: see dependent.h. */
#include "dependent.h"

#include "../follow.h"
#include "../report.h"
#include "control.h"
#include "entropy.h"
#include "ivshmem.h"
#include "neighbour.h"
#include "port_guest.h"
#include "probe.h"

#define IDLE_MS 10

static struct {
	const struct ffntp_port *port;
	struct ffntp_follow follow;
	const char *kind; /* of the page, for the console: "page" of an ivshmem device, or "domain" */
	uint64_t number;  /* of the followed page */
	uint64_t epoch;
	bool is_xen;
} guest;

static void print_about(uint64_t number, const char *words, const char *more)
{
	char line[FFNTP_REPORT_SIZE];
	struct ffntp_text text = ffntp_text_begin(line, sizeof line);

	ffntp_text_add(&text, guest.kind);
	ffntp_text_add(&text, " ");
	ffntp_text_add_number(&text, number, 1);
	ffntp_text_add(&text, words);
	ffntp_text_add(&text, more);
	machine_print_line(line);
}

static void print_reading(void)
{
	char words[FFNTP_REPORT_SIZE];
	struct ffntp_text text = ffntp_text_begin(words, sizeof words);
	struct ffntp_reading now;

	if (ffntp_clock_at(&guest.follow.map, machine_counter(), FFNTP_UTC, UINT64_MAX, &now) == FFNTP_CLOCK_OK) {
		ffntp_text_add_utc(&text, now.estimate);
		ffntp_text_add(&text, " +- ");
		ffntp_text_add_us(&text, "", now.bound_ns);
	} else {
		ffntp_text_add(&text, ffntp_status_name(guest.follow.map.status));
	}
	print_about(guest.number, ": ", words);
}

static void follow(uint64_t number, const void *page, struct ffntp_follow_link link)
{
	guest.number = number;
	ffntp_follow_page(&guest.follow, page, link, machine_counter());
	print_reading();
}

/* Forget the relation of the two counters, because it no longer holds. */
static void forget_link(void)
{
	ffntp_follow_page(&guest.follow, NULL, (struct ffntp_follow_link){ 0, 0 }, machine_counter());
	if (guest.is_xen)
		peer_forget();
}

/* --- the host's page --- */

static void follow_named_page(void)
{
	struct probe_link link;
	const void *page;

	if (!probe_take_link(&link))
		return;
	page = ivshmem_memory((unsigned)link.device);
	if (page == NULL)
		machine_print_line("there is no page with that number to follow; waiting for a new one");
	follow(link.device, page, (struct ffntp_follow_link){ link.offset, link.width });
}

/* --- a neighbour's page --- */

static void follow_neighbour(void)
{
	struct peer peer;

	switch (peer_look(&peer)) {
	case PEER_NOTHING:
		break;
	case PEER_FOUND:
		follow(peer.domain, peer.page, peer.link);
		break;
	case PEER_LOST:
		ffntp_follow_lose(&guest.follow, machine_counter());
		print_about(peer.domain, " is gone, or is no longer followed; ",
			    ffntp_status_name(guest.follow.map.status));
		break;
	case PEER_MOVED:
		machine_print_line(
			"the counters moved against each other; disrupted until their relation is measured again");
		forget_link();
		break;
	case PEER_ABSENT:
		print_about(peer.domain, " does not share its page with this one", "");
		break;
	}
}

/* --- the loop --- */

/* The page in the saved image is already disrupted, so that nobody reads a time from it before the guest runs again. */
static void save(void)
{
	forget_link();
	ffntp_processor_disrupted(control_save());
}

static void step(void)
{
	uint64_t epoch = guest.port->epoch(guest.port->context);

	if (epoch != guest.epoch) {
		machine_print_line(
			"the counter stood still or jumped; disrupted until its relation to the other is known again");
		forget_link();
	}
	guest.epoch = epoch;
	if (guest.is_xen)
		follow_neighbour();
	else
		follow_named_page();
	if (ffntp_follow_update(&guest.follow))
		print_reading();
	probe_answer();
	if (control_look())
		save();
}

static void begin_host(const struct options *options)
{
	guest.kind = "page";
	if (options->probe == 0)
		machine_stop("command line: follow=ivshmem needs probe=ADDRESS, to receive the counters' relation");
	if (ivshmem_memory(0) == NULL)
		machine_stop("there is no page to follow (ivshmem-plain)");
}

static void begin_neighbour(const struct options *options, const struct machine *machine)
{
	guest.kind = "domain";
	guest.is_xen = true;
	if (!machine->is_xen)
		machine_stop("command line: follow=xen is for guests of Xen");
	peer_begin(options->domain);
}

_Noreturn void dependent_main(const struct machine *machine, const struct options *options, struct ffntp_page *page)
{
	struct ffntp_page_identity identity = { .counter_kind = machine->counter_kind };

	if (options->follows_xen)
		begin_neighbour(options, machine);
	else
		begin_host(options);
	if (!entropy_take(identity.boot_id, sizeof identity.boot_id))
		machine_stop("no random bytes");
	guest.port = port_begin(machine);
	guest.epoch = guest.port->epoch(guest.port->context);
	ffntp_follow_begin(&guest.follow, page, &identity, machine_counter());
	machine_print_line("waiting for a page to follow");
	for (;;) {
		step();
		machine_idle(machine->counter_hz / 1000 * IDLE_MS);
	}
}
