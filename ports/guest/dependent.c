/* dependent: see dependent.h. */
#include "dependent.h"

#include "../follow.h"
#include "../report.h"
#include "entropy.h"
#include "ivshmem.h"
#include "port_guest.h"
#include "probe.h"

#define IDLE_MS 10

static struct {
	const struct ffntp_port *port;
	struct ffntp_follow follow;
	struct probe_link link; /* as last told */
	uint64_t epoch;
	bool is_told;
} guest;

static void say_reading(void)
{
	char line[FFNTP_REPORT_SIZE];
	struct ffntp_text text = ffntp_text_begin(line, sizeof line);
	struct ffntp_reading now;

	ffntp_text_add(&text, "page ");
	ffntp_text_add_number(&text, guest.link.device, 1);
	ffntp_text_add(&text, ": ");
	if (ffntp_clock_at(&guest.follow.map, machine_counter(), FFNTP_UTC, UINT64_MAX, &now) == FFNTP_CLOCK_OK) {
		ffntp_text_add_utc(&text, now.estimate);
		ffntp_text_add(&text, " +- ");
		ffntp_text_add_us(&text, "", now.bound_ns);
	} else {
		ffntp_text_add(&text, ffntp_status_name(guest.follow.map.status));
	}
	machine_say(line);
}

static void follow_what_is_told(void)
{
	const struct ffntp_follow_link link = { guest.link.offset, guest.link.width };
	const void *page = ivshmem_memory((unsigned)guest.link.device);

	if (page == NULL)
		machine_say("there is no such page to follow");
	ffntp_follow_page(&guest.follow, page, link, machine_counter());
	guest.is_told = page != NULL;
	say_reading();
}

/* What was told of the two counters holds no more. */
static void forget_link(void)
{
	machine_say("the counter stood still or jumped; disrupted until the link is told anew");
	ffntp_follow_page(&guest.follow, NULL, (struct ffntp_follow_link){ 0, 0 }, machine_counter());
	guest.is_told = false;
}

static void step(void)
{
	uint64_t epoch = guest.port->epoch(guest.port->context);

	if (epoch != guest.epoch && guest.is_told)
		forget_link();
	guest.epoch = epoch;
	if (probe_take_link(&guest.link))
		follow_what_is_told();
	else if (ffntp_follow_update(&guest.follow))
		say_reading();
	probe_answer();
}

_Noreturn void dependent_main(const struct machine *machine, const struct options *options, struct ffntp_page *page)
{
	struct ffntp_page_identity identity = { .counter_kind = machine->counter_kind };

	if (options->probe == 0)
		machine_stop("command line: follow=ivshmem needs probe=ADDRESS, where the link is told");
	if (ivshmem_memory(0) == NULL)
		machine_stop("there is no page to follow (ivshmem-plain)");
	if (!entropy_take(identity.boot_id, sizeof identity.boot_id))
		machine_stop("no random bytes");
	guest.port = port_begin(machine);
	guest.epoch = guest.port->epoch(guest.port->context);
	ffntp_follow_begin(&guest.follow, page, &identity, machine_counter());
	machine_say("waiting to be told of a page to follow");
	for (;;) {
		step();
		machine_idle(machine->counter_hz / 1000 * IDLE_MS);
	}
}
