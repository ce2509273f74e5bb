/* main: a guest that keeps UTC: an address, a server, a client driven until the machine is turned off. */
#include "../drive.h"
#include "../lwip/udp.h"
#include "../report.h"
#include "card.h"
#include "dependent.h"
#include "entropy.h"
#include "machine.h"
#include "memory.h"
#include "options.h"
#include "port_guest.h"
#include "probe.h"

#define IDLE_MS 10 /* how long it sleeps at most: somebody may want an answer, and the counter may have stood still */
#define LISTEN_MS 200 /* how long it stays awake for a reply, so that it is stamped when it comes */
#define LINK_LOOK_MS 250
#define PAUSE_MS 2000
#define ADDRESS_PATIENCE_S 10
#define RESOLVE_AGAIN_S 5

static struct {
	const struct machine *machine;
	struct options options;
	struct card card;
	struct ffntp_drive drive;
	struct ffntp_page *page;
	bool is_driven; /* a server was found */
	bool is_resolving;
	bool is_complained; /* that there is no address */
	bool has_link;
	uint64_t listen_until; /* a reply may come */
	uint64_t resolve_at, complain_at, link_at;
} guest;

static uint64_t ms(uint64_t count)
{
	return guest.machine->counter_hz / 1000 * count;
}

static bool is_due(uint64_t at)
{
	return (int64_t)(machine_counter() - at) >= 0;
}

/* --- the console --- */

static void say(const char *first, const char *second)
{
	machine_print("ffntp: ");
	machine_print(first);
	machine_print(second);
	machine_print("\r\n");
}

static void say_start(const char *entropy)
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
	say(line, "");
}

static void say_news(struct ffntp_drive_news news)
{
	char line[FFNTP_REPORT_SIZE];

	if (ffntp_report(line, &guest.drive, news))
		say(line, "");
}

/* --- the network --- */

static uint32_t random_for_lwip(void)
{
	uint32_t bits = 0;

	if (!entropy_take((uint8_t *)&bits, sizeof bits))
		machine_stop("no random bytes for the network");
	return bits;
}

static void received(const uint8_t *bytes, size_t length, uint64_t arrived)
{
	if (guest.is_driven)
		say_news(ffntp_drive_receive(&guest.drive, bytes, length, arrived));
}

static void begin_network(void)
{
	static struct ffntp_lwip_system system;
	const struct options *options = &guest.options;
	const struct ffntp_lwip_addresses addresses = {
		.ipv4 = options->ipv4[0] != 0 ? options->ipv4 : NULL,
		.gateway = options->gateway[0] != 0 ? options->gateway : NULL,
		.dns = options->dns[0] != 0 ? options->dns : NULL,
		.ipv6 = options->ipv6[0] != 0 ? options->ipv6 : NULL,
	};
	const char *problem = guest.machine->is_xen ? netfront_begin(&guest.card)
						    : virtionet_begin(&guest.card, guest.machine->command_line);

	if (problem != NULL)
		machine_stop(problem);
	system = (struct ffntp_lwip_system){
		.transmit = guest.card.transmit,
		.counter = machine_counter,
		.counter_hz = guest.machine->counter_hz,
		.random = random_for_lwip,
		.received = received,
	};
	memcpy(system.mac, guest.card.mac, sizeof system.mac);
	problem = ffntp_lwip_begin(&system, &addresses);
	if (problem != NULL)
		machine_stop(problem);
}

static void take_frames(void)
{
	static uint8_t frame[CARD_FRAME];
	uint64_t arrived;
	size_t length;

	while (guest.card.receive(frame, &length, &arrived))
		ffntp_lwip_frame(frame, length, arrived);
}

static void watch_link(void)
{
	bool has_link;

	if (!is_due(guest.link_at))
		return;
	guest.link_at = machine_counter() + ms(LINK_LOOK_MS);
	has_link = guest.card.has_link();
	if (has_link == guest.has_link)
		return;
	guest.has_link = has_link;
	ffntp_lwip_link(has_link);
	say(has_link ? "the network card has a link" : "the network card has no link, or is gone", "");
}

/* --- the server --- */

static void found_server(void)
{
	char text[FFNTP_LWIP_ADDRESS_TEXT];
	uint8_t address[16];

	ffntp_lwip_server_address(address, text);
	ffntp_drive_server(&guest.drive, address, guest.options.port);
	say(guest.is_driven ? "now asking " : "asking ", text);
	guest.is_driven = true;
}

/* Once, after a while. */
static void complain(const char *what)
{
	if (guest.is_complained || guest.is_driven || !is_due(guest.complain_at))
		return;
	say(what, "");
	guest.is_complained = true;
}

static void look_for_server(void)
{
	switch (ffntp_lwip_resolved()) {
	case FFNTP_LWIP_SEARCHING:
		complain("no server yet: its name is not answered, or there is no address of its kind");
		break;
	case FFNTP_LWIP_FOUND:
		guest.is_resolving = false;
		found_server();
		break;
	case FFNTP_LWIP_UNKNOWN:
		if (!is_due(guest.resolve_at))
			break;
		if (guest.resolve_at != 0)
			say("nobody knows the server's address: ", guest.options.server);
		guest.resolve_at = machine_counter() + ms(1000 * RESOLVE_AGAIN_S);
		ffntp_lwip_resolve(guest.options.server, guest.options.port);
		break;
	}
}

/* Until there is an address, and with it a server. */
static void wait_for_address(void)
{
	char text[FFNTP_LWIP_ADDRESS_TEXT];

	if (ffntp_lwip_address(text)) {
		say("address ", text);
		guest.is_resolving = true;
		guest.resolve_at = 0;
	} else {
		complain("no address yet: nobody answers DHCP, and no router advertises one");
	}
}

/* --- the loop --- */

static void do_what_is_due(void)
{
	struct ffntp_drive_news news;

	while ((news = ffntp_drive_timer(&guest.drive)).event != FFNTP_DRIVE_NOTHING) {
		say_news(news);
		if (news.event == FFNTP_DRIVE_SENT)
			guest.listen_until = machine_counter() + ms(LISTEN_MS);
		if (news.event == FFNTP_DRIVE_CHANGE_SERVER && !guest.is_resolving) {
			guest.is_resolving = true;
			ffntp_lwip_resolve(guest.options.server, guest.options.port);
		}
	}
}

/* A guest that was paused while its counter went on: nothing is wrong, and it is worth a line. */
static void notice_pause(uint64_t slept_at)
{
	uint64_t away_ms = (machine_counter() - slept_at) / ms(1);
	char line[FFNTP_REPORT_SIZE];
	struct ffntp_text text = ffntp_text_begin(line, sizeof line);

	if (away_ms < PAUSE_MS)
		return;
	ffntp_text_add(&text, "was not run for ");
	ffntp_text_add_number(&text, away_ms / 1000, 1);
	ffntp_text_add(&text, " s, while the counter went on");
	say(line, "");
}

static void rest(void)
{
	uint64_t slept_at = machine_counter();
	uint64_t wait = guest.is_driven ? ffntp_drive_wait(&guest.drive) : ms(IDLE_MS);

	if (guest.is_driven && guest.drive.is_awaiting && !is_due(guest.listen_until))
		machine_relax();
	else
		machine_idle(wait < ms(IDLE_MS) ? wait : ms(IDLE_MS));
	notice_pause(slept_at);
}

static void step(void)
{
	take_frames();
	ffntp_lwip_poll();
	watch_link();
	if (guest.is_resolving)
		look_for_server();
	else if (!guest.is_driven)
		wait_for_address();
	if (guest.is_driven)
		do_what_is_due();
	probe_answer();
	rest();
}

/* --- beginning --- */

static void place_page(void)
{
	static struct ffntp_page own;
	const struct options *options = &guest.options;

	if (options->page != 0 && !machine_is_free(options->page, FFNTP_PAGE_SIZE))
		machine_stop("command line: page= is not free memory of this machine");
	if (options->probe != 0 &&
	    (!machine_is_free(options->probe, FFNTP_PAGE_SIZE) || options->probe == options->page))
		machine_stop("command line: probe= is not free memory of this machine");
	guest.page = options->page != 0 ? (struct ffntp_page *)(uintptr_t)options->page : &own;
}

static void begin_drive(void)
{
	static _Alignas(16) unsigned char memory[8192];
	const struct ffntp_port *port = port_begin(guest.machine);
	struct ffntp_client_config config;
	const char *problem;

	ffntp_drive_configure(&config, port);
	config.poll_min_s = guest.options.poll_s;
	if (config.poll_max_s < config.poll_min_s)
		config.poll_max_s = config.poll_min_s;
	problem = ffntp_drive_init(&guest.drive, port, &config, memory, sizeof memory, guest.page);
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
	say_start(entropy);
	probe_begin(guest.options.probe, machine->counter_hz);
	if (guest.options.follows)
		dependent_main(machine, &guest.options, guest.page);
	begin_drive();
	begin_network();
	guest.has_link = true;
	guest.link_at = machine_counter();
	guest.complain_at = machine_counter() + ms(1000 * ADDRESS_PATIENCE_S);
	for (;;)
		step();
}
