/* drive: see drive.h. */
#include "drive.h"

#include "../core/params.h"

/* --- the counter, extended to 64 bits --- */

/* Return newer - older modulo 2^width, with its sign. The two must lie within half a turn of each other. */
static int64_t turn(const struct ffntp_drive *drive, uint64_t newer, uint64_t older)
{
	unsigned unused = 64 - drive->port->about.width;
	int64_t aligned = (int64_t)((newer - older) << unused);

	return aligned / (INT64_C(1) << unused);
}

static ffntp_counter widen(const struct ffntp_drive *drive, uint64_t raw)
{
	return drive->now + (uint64_t)turn(drive, raw, drive->now);
}

/* Read the counter. Returns false if it ran backwards. */
static bool advance(struct ffntp_drive *drive)
{
	ffntp_counter before = drive->now;

	drive->now = widen(drive, drive->port->counter(drive->port->context));
	return (int64_t)(drive->now - before) >= 0;
}

/* Return the counter as map and page use it: the port's counter, extended to 64 bits. */
static ffntp_counter read_counter(struct ffntp_drive *drive)
{
	return widen(drive, drive->port->counter(drive->port->context));
}

/* Return the longest wait after which two readings are still no more than half a turn apart. */
static uint64_t longest_wait(const struct ffntp_drive *drive)
{
	return UINT64_C(1) << (drive->port->about.width - 2);
}

/* --- start --- */

void ffntp_drive_configure(struct ffntp_client_config *config, const struct ffntp_port *port)
{
	ffntp_client_config_default(config);
	config->counter_kind = port->about.kind;
	config->period_hint_s = 1.0 / (double)port->about.frequency_hz;
	config->period_hint_error = (double)port->about.frequency_error_ppm * 1e-6;
	config->counter_may_jump = true;
}

static const char *judge(const struct ffntp_port *port)
{
	const struct ffntp_port_counter *about = &port->about;

	if (about->width < 16 || about->width > 64)
		return "the counter's width is not 16 to 64 bits";
	if (about->width < 64 && about->kind != FFNTP_COUNTER_OTHER)
		return "a counter of less than 64 bits must be of kind FFNTP_COUNTER_OTHER";
	if (about->frequency_hz < 1000000 || about->frequency_hz > UINT64_C(1000000000000))
		return "the counter's frequency is not 1 MHz to 1 THz";
	if (about->frequency_error_ppm > 100000)
		return "the error of the counter's frequency exceeds a tenth";
	return NULL;
}

static void publish(struct ffntp_drive *drive)
{
	ffntp_page_hold(drive->page);
	ffntp_page_publish_steadily(drive->page, ffntp_session_map(drive->session),
				    ffntp_session_source(drive->session), 1, read_counter(drive));
}

const char *ffntp_drive_init(struct ffntp_drive *drive, const struct ffntp_port *port,
			     const struct ffntp_client_config *config, void *memory, size_t size,
			     struct ffntp_page *page)
{
	struct ffntp_page_identity identity = { .counter_kind = port->about.kind };
	const char *problem = judge(port);

	if (problem != NULL)
		return problem;
	if (!port->random(port->context, identity.boot_id, sizeof identity.boot_id))
		return "no random bytes";
	*drive = (struct ffntp_drive){
		.port = port,
		.page = page,
		.epoch = port->epoch(port->context),
		.frequency_hz = port->about.frequency_hz,
		.now = port->counter(port->context),
	};
	drive->session = ffntp_session_init(memory, size, config, drive->now);
	if (drive->session == NULL)
		return "the configuration is out of range, or the memory too small";
	ffntp_page_format(page, &identity);
	publish(drive);
	return NULL;
}

/* --- inputs and events --- */

static void put_kind(struct ffntp_drive *drive, enum ffntp_input_kind kind)
{
	const struct ffntp_input input = { .kind = kind, .at = drive->now };

	ffntp_session_input(drive->session, &input);
}

struct ffntp_event ffntp_drive_event(struct ffntp_drive *drive)
{
	struct ffntp_event event = { .kind = FFNTP_EVENT_NONE };

	if (ffntp_session_event(drive->session, &event) && event.kind == FFNTP_EVENT_MAP)
		publish(drive);
	return event;
}

void ffntp_drive_server(struct ffntp_drive *drive, const uint8_t address[16], uint16_t port)
{
	struct ffntp_input input = { .kind = FFNTP_INPUT_SERVER, .port = port };

	(void)advance(drive);
	input.at = drive->now;
	for (size_t i = 0; i < sizeof input.address; i++)
		input.address[i] = address[i];
	ffntp_session_input(drive->session, &input);
}

/* --- the counter's disruptions --- */

/* Return whether the counter has run without a disruption since the last call. */
static bool is_whole(struct ffntp_drive *drive)
{
	uint64_t epoch = drive->port->epoch(drive->port->context);
	bool went_on = advance(drive);
	bool is_same = epoch == drive->epoch;

	drive->epoch = epoch;
	return went_on && is_same;
}

/*
 * Return whether the rate changed by more than the client allows for after a disruption, as it does when the machine is
 * restored on another processor.
 */
static bool is_another_counter(const struct ffntp_drive *drive)
{
	double ratio = (double)drive->port->about.frequency_hz / (double)drive->frequency_hz;

	return ratio > 1 + FFNTP_DISRUPTED_PERIOD_ERROR || ratio < 1 - FFNTP_DISRUPTED_PERIOD_ERROR;
}

static void disrupt(struct ffntp_drive *drive)
{
	const struct ffntp_port_counter *about = &drive->port->about;
	struct ffntp_input input = { .kind = FFNTP_INPUT_DISRUPTED, .at = drive->now };

	if (is_another_counter(drive)) {
		drive->frequency_hz = about->frequency_hz;
		input.kind = FFNTP_INPUT_COUNTER_REPLACED;
		input.period_hint_s = 1.0 / (double)about->frequency_hz;
		input.period_hint_error = (double)about->frequency_error_ppm * 1e-6;
	}
	ffntp_session_input(drive->session, &input);
}

/* --- the timer --- */

/* Return 64 random bits, or 0 if the port has none. */
static uint64_t make_nonce(const struct ffntp_drive *drive)
{
	uint8_t bytes[8];
	uint64_t nonce = 0;

	if (!drive->port->random(drive->port->context, bytes, sizeof bytes))
		return 0;
	for (size_t i = 0; i < sizeof bytes; i++)
		nonce = nonce << 8 | bytes[i];
	return nonce;
}

static void put_sent(struct ffntp_drive *drive, uint64_t sent)
{
	const struct ffntp_input input = { .kind = FFNTP_INPUT_SENT, .at = drive->now, .stamp = widen(drive, sent) };

	ffntp_session_input(drive->session, &input);
}

/*
 * Begin the request that the session wants, and send it. A map that is published meanwhile is no event for the caller.
 * If the port cannot send, the session waits for a reply as usual: it does not ask again at once.
 */
static struct ffntp_event ask(struct ffntp_drive *drive)
{
	struct ffntp_input input = { .kind = FFNTP_INPUT_REQUEST, .nonce = make_nonce(drive) };
	struct ffntp_event event;
	const uint8_t *packet;
	uint64_t sent;

	(void)advance(drive);
	input.at = drive->now;
	ffntp_session_input(drive->session, &input);
	while ((event = ffntp_drive_event(drive)).kind == FFNTP_EVENT_MAP)
		;
	packet = ffntp_session_request(drive->session);
	if (packet == NULL)
		return event;
	if (drive->port->send(drive->port->context, packet, FFNTP_REQUEST_SIZE, &sent)) {
		put_sent(drive, sent);
		return event;
	}
	put_kind(drive, FFNTP_INPUT_NOT_SENT);
	return ffntp_drive_event(drive);
}

struct ffntp_event ffntp_drive_timer(struct ffntp_drive *drive)
{
	struct ffntp_event event = ffntp_drive_event(drive);

	if (event.kind != FFNTP_EVENT_NONE)
		return event;
	if (is_whole(drive))
		put_kind(drive, FFNTP_INPUT_TIMEOUT);
	else
		disrupt(drive);
	event = ffntp_drive_event(drive);
	if (event.kind == FFNTP_EVENT_NONE && ffntp_session_wants_request(drive->session))
		return ask(drive);
	return event;
}

uint64_t ffntp_drive_wait(struct ffntp_drive *drive)
{
	uint64_t left = ffntp_session_deadline(drive->session) - read_counter(drive);

	if ((int64_t)left <= 0)
		return 0;
	return left < longest_wait(drive) ? left : longest_wait(drive);
}

/* --- receiving a datagram --- */

void ffntp_drive_receive(struct ffntp_drive *drive, const uint8_t *bytes, size_t length, uint64_t arrived)
{
	struct ffntp_input input = { .kind = FFNTP_INPUT_DATAGRAM, .bytes = bytes, .length = length };

	if (!is_whole(drive)) {
		disrupt(drive);
		return;
	}
	input.at = widen(drive, arrived);
	ffntp_session_input(drive->session, &input);
}

/* --- reading --- */

enum ffntp_clock_result ffntp_drive_now(struct ffntp_drive *drive, enum ffntp_timescale scale, uint64_t max_bound_ns,
					struct ffntp_reading *reading)
{
	struct ffntp_map map;
	enum ffntp_clock_result result = ffntp_page_read(drive->page, &map);

	if (result != FFNTP_CLOCK_OK)
		return result;
	return ffntp_clock_at(&map, read_counter(drive), scale, max_bound_ns, reading);
}

static ffntp_counter count(void *drive)
{
	return read_counter(drive);
}

void ffntp_drive_device(struct ffntp_drive *drive, struct ffntp_page_device *device)
{
	ffntp_page_device_init(device, drive->page, count, drive);
}
