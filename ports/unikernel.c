/* unikernel: see unikernel.h. */
#include "unikernel.h"

#include "drive.h"
#include "report.h"

#define REST_NS UINT64_C(100000000) /* lwIP's timers must run this often */
#define NS_PER_S ((uint64_t)FFNTP_NS_PER_S)
#define RESOLVE_AGAIN_S UINT64_C(5)
#define PATIENCE_S UINT64_C(10)
#define LISTEN_MS 200 /* replies arrive within this time, if they do */

static struct unikernel {
	const struct ffntp_unikernel_system *system;
	struct ffntp_lwip_system lwip;
	struct options options;
	struct ffntp_drive drive;
	bool has_address, is_complained;
	bool is_driven; /* a server was found, and the drive is running */
	bool is_resolving;
	bool is_address_old;             /* the machine may have been away */
	uint64_t began, resolved, asked; /* counter readings at these moments */
} self;

static void print(const char *first, const char *second)
{
	char line[FFNTP_REPORT_SIZE];
	struct ffntp_text text = ffntp_text_begin(line, sizeof line);

	ffntp_text_add(&text, first);
	ffntp_text_add(&text, second);
	self.system->print(line);
}

static void resolve(void)
{
	self.is_resolving = true;
	self.resolved = self.system->counter();
	ffntp_lwip_resolve(self.options.server, self.options.port);
}

static void take_event(struct ffntp_event event)
{
	char line[FFNTP_REPORT_SIZE];

	if (ffntp_report(line, &self.drive, event))
		self.system->print(line);
	if (event.kind == FFNTP_EVENT_DISRUPTED) {
		self.is_address_old = true;
		self.lwip.counter_hz = self.system->port->about.frequency_hz;
	}
	if (event.kind == FFNTP_EVENT_SENT)
		self.asked = self.system->counter();
	if (event.kind == FFNTP_EVENT_CHANGE_SERVER && !self.is_resolving)
		resolve();
}

/* Return whether this time has passed. Returns true if the counter ran backwards, because the time is then unknown. */
static bool is_past(uint64_t since, uint64_t ms)
{
	return self.system->counter() - since >= self.lwip.counter_hz / 1000 * ms;
}

/* --- the functions for lwIP --- */

/*
 * Random numbers for ports and transactions. They may be predictable, because only the nonce protects; without true
 * randomness no nonce and no request exist.
 */
static uint32_t random_for_lwip(void)
{
	uint32_t bits = 0;

	if (!self.system->port->random(self.system->port->context, (uint8_t *)&bits, sizeof bits))
		return (uint32_t)self.system->counter();
	return bits;
}

static void received(const uint8_t *bytes, size_t length, uint64_t arrived)
{
	struct ffntp_event event;

	if (!self.is_driven)
		return;
	ffntp_drive_receive(&self.drive, bytes, length, arrived);
	while ((event = ffntp_drive_event(&self.drive)).kind != FFNTP_EVENT_NONE)
		take_event(event);
}

/* --- the server --- */

/* Report once, after a while, what is still missing. */
static void complain(const char *what)
{
	if (self.is_complained || self.is_driven || !is_past(self.began, 1000 * PATIENCE_S))
		return;
	print(what, "");
	self.is_complained = true;
}

static void wait_for_address(void)
{
	char text[FFNTP_LWIP_ADDRESS_TEXT];

	if (ffntp_lwip_address(text)) {
		self.has_address = true;
		print("address ", text);
		resolve();
	} else {
		complain("no address yet: neither DHCP nor a router has supplied one; still trying");
	}
}

static void found_server(void)
{
	char text[FFNTP_LWIP_ADDRESS_TEXT];
	uint8_t address[16];

	ffntp_lwip_take_server(address, text);
	ffntp_drive_server(&self.drive, address, self.options.port);
	print(self.is_driven ? "now asking " : "asking ", text);
	self.is_driven = true;
	self.is_resolving = false;
}

static void look_for_server(void)
{
	bool is_time_again = is_past(self.resolved, 1000 * RESOLVE_AGAIN_S);

	switch (ffntp_lwip_resolved()) {
	case FFNTP_LWIP_SEARCHING:
		complain("no server yet: no answer for its name; still trying");
		break;
	case FFNTP_LWIP_UNREACHABLE:
		complain("no server yet: this guest has no address of the server's IP version; still trying");
		if (is_time_again)
			resolve();
		break;
	case FFNTP_LWIP_FOUND:
		found_server();
		break;
	case FFNTP_LWIP_UNKNOWN:
		if (!is_time_again)
			break;
		print("no address is known for the server, trying again: ", self.options.server);
		resolve();
		break;
	}
}

/* --- due work --- */

static void drive(void)
{
	struct ffntp_event event;

	while ((event = ffntp_drive_timer(&self.drive)).kind != FFNTP_EVENT_NONE)
		take_event(event);
}

static uint64_t rest_ns(void)
{
	uint64_t hz = self.lwip.counter_hz, wait;

	if (!self.is_driven)
		return REST_NS;
	wait = ffntp_drive_wait(&self.drive);
	return wait >= hz / (NS_PER_S / REST_NS) ? REST_NS : wait * NS_PER_S / hz;
}

uint64_t ffntp_unikernel_step(void)
{
	ffntp_lwip_poll();
	if (self.is_address_old)
		ffntp_lwip_renew();
	self.is_address_old = false;
	if (!self.has_address)
		wait_for_address();
	else if (self.is_resolving)
		look_for_server();
	if (self.is_driven)
		drive();
	return rest_ns();
}

bool ffntp_unikernel_is_listening(void)
{
	return self.is_driven && ffntp_session_is_awaiting(self.drive.session) && !is_past(self.asked, LISTEN_MS);
}

/* --- start --- */

static const char *begin_network(void)
{
	const struct options *options = &self.options;
	const struct ffntp_lwip_addresses addresses = {
		.ipv4 = options->ipv4[0] != 0 ? options->ipv4 : NULL,
		.gateway = options->gateway[0] != 0 ? options->gateway : NULL,
		.dns = options->dns[0] != 0 ? options->dns : NULL,
		.ipv6 = options->ipv6[0] != 0 ? options->ipv6 : NULL,
	};

	self.lwip = (struct ffntp_lwip_system){
		.transmit = self.system->transmit,
		.counter = self.system->counter,
		.counter_hz = self.system->port->about.frequency_hz,
		.random = random_for_lwip,
		.received = received,
	};
	for (unsigned i = 0; i < sizeof self.lwip.mac; i++)
		self.lwip.mac[i] = self.system->mac[i];
	self.began = self.system->counter();
	return ffntp_lwip_begin(&self.lwip, &addresses);
}

static const char *begin_drive(struct ffntp_page *page)
{
	static _Alignas(16) unsigned char memory[16384];
	struct ffntp_client_config config;

	ffntp_drive_configure(&config, self.system->port);
	config.poll_min_s = self.options.poll_s;
	if (config.poll_max_s < config.poll_min_s)
		config.poll_max_s = config.poll_min_s;
	return ffntp_drive_init(&self.drive, self.system->port, &config, memory, sizeof memory, page);
}

const char *ffntp_unikernel_start(const struct ffntp_unikernel_system *system, const struct options *options,
				  struct ffntp_page *page)
{
	const char *problem;

	self = (struct unikernel){ .system = system, .options = *options };
	problem = begin_drive(page);
	return problem != NULL ? problem : begin_network();
}

const char *ffntp_unikernel_begin(const struct ffntp_unikernel_system *system, const char *command_line,
				  struct ffntp_page *page)
{
	static char problem[OPTIONS_PROBLEM];
	struct options options;

	if (!options_read(&options, command_line, problem))
		return problem;
	if (options.follows || options.page != 0 || options.probe != 0)
		return "command line: follow=, page= and probe= are not supported here";
	return ffntp_unikernel_start(system, &options, page);
}
