/*
 * main: a guest that keeps UTC until the machine is turned off. The loop passes the card's frames to the unikernel, and
 * sleeps.
 */
#include "../options.h"
#include "../report.h"
#include "../unikernel.h"
#include "card.h"
#include "control.h"
#include "dependent.h"
#include "entropy.h"
#include "machine.h"
#include "neighbour.h"
#include "port_guest.h"
#include "probe.h"

#define IDLE_MS 10 /* the longest sleep: a probe may be waiting for an answer, and the counter may have stood still */
#define NS_PER_MS UINT64_C(1000000)
#define CARD_LOOK_MS 250
#define FRAMES_AT_ONCE 64 /* frames per turn, so that other work is not delayed */
#define PAUSE_MS 2000

static struct {
	const struct machine *machine;
	struct options options;
	struct card card;
	struct ffntp_page *page;
	enum card_state card_state;
	uint64_t looked_at; /* when the card was last checked */
} guest;

static uint64_t ms(uint64_t count)
{
	return guest.machine->counter_hz / 1000 * count;
}

static void print_start(const char *entropy)
{
	char line[FFNTP_REPORT_SIZE];
	struct ffntp_text text = ffntp_text_begin(line, sizeof line);

	ffntp_text_add(&text, guest.machine->name);
	ffntp_text_add(&text, ", counter ");
	ffntp_text_add_number(&text, guest.machine->counter_hz / 1000, 1);
	ffntp_text_add(&text, " kHz +- ");
	ffntp_text_add_number(&text, guest.machine->counter_error_ppm, 1);
	ffntp_text_add(&text, " ppm, entropy from ");
	ffntp_text_add(&text, entropy);
	ffntp_text_add(&text, ", image ");
	ffntp_text_add_number(&text, guest.machine->image_bytes / 1024, 1);
	ffntp_text_add(&text, " KiB, page at ");
	ffntp_text_add_hex(&text, (uintptr_t)guest.page);
	machine_print_line(line);
}

/* --- the loop --- */

static void take_frames(void)
{
	static uint8_t frame[CARD_FRAME];
	uint64_t arrived;
	size_t length;

	for (unsigned i = 0; i < FRAMES_AT_ONCE && guest.card.receive(frame, &length, &arrived); i++)
		ffntp_lwip_frame(frame, length, arrived);
}

static void watch_card(void)
{
	static const char *const words[] = {
		[CARD_GONE] = "the network card is gone",
		[CARD_NO_LINK] = "the network card has no link",
		[CARD_LINK] = "the network card has a link",
	};
	enum card_state state;

	if (machine_counter() - guest.looked_at < ms(CARD_LOOK_MS)) /* false where the counter ran backwards */
		return;
	guest.looked_at = machine_counter();
	state = guest.card.look(&guest.card);
	if (state == guest.card_state)
		return;
	guest.card_state = state;
	ffntp_lwip_link(state == CARD_LINK, guest.card.mac);
	machine_print_line(words[state]);
}

/*
 * Report that the guest was paused while its counter continued. The clock is unaffected, but the console gets a line.
 */
static void notice_pause(uint64_t slept_at)
{
	uint64_t away_ms = (machine_counter() - slept_at) / ms(1);
	char line[FFNTP_REPORT_SIZE];
	struct ffntp_text text = ffntp_text_begin(line, sizeof line);

	if (away_ms < PAUSE_MS)
		return;
	ffntp_text_add(&text, "was paused for ");
	ffntp_text_add_number(&text, away_ms / 1000, 1);
	ffntp_text_add(&text, " s while the counter continued");
	machine_print_line(line);
}

/*
 * While a reply is expected the guest does not execute `pause`, because it leaves the guest for QEMU's own loop. That
 * loop takes the lock which the thread with the frame is waiting for, and replies would arrive later than requests
 * leave.
 */
static void rest(uint64_t rest_ns)
{
	uint64_t slept_at = machine_counter();

	if (ffntp_unikernel_is_listening())
		return;
	if (rest_ns < IDLE_MS * NS_PER_MS)
		machine_idle(rest_ns * ms(1) / NS_PER_MS);
	else
		machine_idle(ms(IDLE_MS));
	notice_pause(slept_at);
}

/* The page in the saved image is disrupted too, so that nobody reads a time from it before the guest runs again. */
static void save(void)
{
	ffntp_processor_disrupted(0);
	(void)ffntp_unikernel_step();
	ffntp_processor_disrupted(control_save());
}

static void step(void)
{
	uint64_t rest_ns;

	take_frames();
	watch_card();
	rest_ns = ffntp_unikernel_step();
	probe_answer();
	share_look();
	if (control_look())
		save();
	rest(rest_ns);
}

/* --- start --- */

static void place_page(void)
{
	static _Alignas(FFNTP_PAGE_SIZE) struct ffntp_page own;
	const struct options *options = &guest.options;

	if (options->page != 0 && !machine_is_free(options->page, FFNTP_PAGE_SIZE))
		machine_stop("command line: page= is not free memory of this machine");
	if (options->probe != 0 &&
	    (!machine_is_free(options->probe, FFNTP_PAGE_SIZE) || options->probe == options->page))
		machine_stop("command line: probe= is not free memory of this machine");
	guest.page = options->page != 0 ? (struct ffntp_page *)(uintptr_t)options->page : &own;
}

static void begin_card(void)
{
	const char *problem = guest.machine->is_xen ? netfront_begin(&guest.card)
						    : virtionet_begin(&guest.card, guest.machine->command_line);

	if (problem != NULL)
		machine_stop(problem);
	guest.card_state = CARD_LINK;
	guest.looked_at = machine_counter();
}

static void begin_unikernel(void)
{
	static struct ffntp_unikernel_system system;
	const char *problem;

	system = (struct ffntp_unikernel_system){
		.port = port_begin(guest.machine),
		.transmit = guest.card.transmit,
		.counter = machine_counter,
		.print = machine_print_line,
	};
	for (unsigned i = 0; i < sizeof system.mac; i++)
		system.mac[i] = guest.card.mac[i];
	problem = ffntp_unikernel_start(&system, &guest.options, guest.page);
	if (problem != NULL)
		machine_stop(problem);
}

_Noreturn void guest_main(const struct machine *machine)
{
	char problem[OPTIONS_PROBLEM];
	const char *entropy;

	guest.machine = machine;
	if (!options_read(&guest.options, machine->command_line, problem))
		machine_stop(problem);
	place_page();
	entropy = entropy_begin(machine->command_line, machine->counter_hz);
	if (entropy == NULL)
		machine_stop("no entropy: neither virtio-rng nor rdrand");
	print_start(entropy);
	control_begin();
	probe_begin(guest.options.probe, machine->counter_hz);
	if (guest.options.follows)
		dependent_main(machine, &guest.options, guest.page);
	begin_card();
	begin_unikernel();
	share_begin(guest.page);
	for (;;)
		step();
}
