/* drive: see drive.h. */
#include "drive.h"

#include "../core/params.h"

/* Without a nonce the client cannot send a request; the port is asked for a new nonce after this time (s). */
#define NONCE_RETRY_S 1u

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

ffntp_counter ffntp_drive_counter(struct ffntp_drive *drive)
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
	struct ffntp_source address = drive->source;

	ffntp_client_output(drive->client, drive->now, &drive->map);
	ffntp_client_source(drive->client, &drive->source);
	for (size_t i = 0; i < sizeof address.address; i++)
		drive->source.address[i] = address.address[i];
	drive->source.port = address.port;
	drive->source.is_selected = 1;
	ffntp_page_hold(drive->page);
	ffntp_page_publish_steadily(drive->page, &drive->map, &drive->source, 1, ffntp_drive_counter(drive));
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
	drive->client = ffntp_client_init(memory, size, config, drive->now);
	if (drive->client == NULL)
		return "the configuration is out of range, or the memory too small";
	drive->until = drive->now;
	ffntp_page_format(page, &identity);
	publish(drive);
	return NULL;
}

void ffntp_drive_server(struct ffntp_drive *drive, const uint8_t address[16], uint16_t port)
{
	bool is_other = drive->source.port != port;

	for (size_t i = 0; i < sizeof drive->source.address; i++) {
		is_other |= drive->source.address[i] != address[i];
		drive->source.address[i] = address[i];
	}
	drive->source.port = port;
	if (drive->is_named && is_other) {
		(void)advance(drive);
		ffntp_client_server_changed(drive->client, drive->now);
		drive->is_awaiting = false;
		drive->until = drive->now;
	}
	drive->is_named = true;
}

/* --- the timer --- */

static bool is_before(ffntp_counter a, ffntp_counter b)
{
	return (int64_t)(a - b) < 0;
}

static ffntp_counter in_s(const struct ffntp_drive *drive, double interval_s)
{
	return drive->now + (ffntp_counter)(interval_s * (double)drive->port->about.frequency_hz);
}

/* Publish, then return the event. */
static struct ffntp_drive_news tell(struct ffntp_drive *drive, enum ffntp_drive_event event)
{
	publish(drive);
	return (struct ffntp_drive_news){ .event = event };
}

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

static void tell_client(struct ffntp_drive *drive)
{
	const struct ffntp_port_counter *about = &drive->port->about;

	if (!is_another_counter(drive)) {
		ffntp_client_disrupted(drive->client, drive->now);
		return;
	}
	drive->frequency_hz = about->frequency_hz;
	ffntp_client_counter_replaced(drive->client, drive->now, 1.0 / (double)about->frequency_hz,
				      (double)about->frequency_error_ppm * 1e-6);
}

static struct ffntp_drive_news disrupt(struct ffntp_drive *drive)
{
	tell_client(drive);
	drive->is_awaiting = drive->is_held = false;
	drive->until = drive->now;
	return tell(drive, FFNTP_DRIVE_DISRUPTED);
}

static struct ffntp_drive_news hold(struct ffntp_drive *drive)
{
	drive->is_held = true;
	drive->until = in_s(drive, NONCE_RETRY_S);
	return tell(drive, FFNTP_DRIVE_NO_RANDOM);
}

static bool make_nonce(struct ffntp_drive *drive, uint64_t *nonce)
{
	uint8_t bytes[8];

	if (!drive->port->random(drive->port->context, bytes, sizeof bytes))
		return false;
	*nonce = 0;
	for (size_t i = 0; i < sizeof bytes; i++)
		*nonce = *nonce << 8 | bytes[i];
	return *nonce != 0;
}

/*
 * If anything fails after the request has begun, the client waits for a reply as usual: it does not ask again at once.
 */
static struct ffntp_drive_news ask(struct ffntp_drive *drive)
{
	uint8_t packet[FFNTP_REQUEST_SIZE];
	uint64_t nonce, sent;

	if (!make_nonce(drive, &nonce))
		return hold(drive);
	(void)advance(drive);
	if (!ffntp_client_request(drive->client, drive->now, nonce, packet))
		return hold(drive);
	drive->is_awaiting = true;
	drive->sent_at = drive->now;
	if (!drive->port->send(drive->port->context, packet, sizeof packet, &sent))
		return tell(drive, FFNTP_DRIVE_NOT_SENT);
	ffntp_client_sent(drive->client, widen(drive, sent));
	return tell(drive, FFNTP_DRIVE_SENT);
}

static struct ffntp_drive_news give_up(struct ffntp_drive *drive)
{
	drive->is_awaiting = false;
	return tell(drive, FFNTP_DRIVE_UNANSWERED);
}

static bool is_overdue(const struct ffntp_drive *drive)
{
	double waited_s = (double)(drive->now - drive->sent_at) / (double)drive->port->about.frequency_hz;

	return drive->is_awaiting && waited_s >= FFNTP_REPLY_TIMEOUT_S;
}

struct ffntp_drive_news ffntp_drive_timer(struct ffntp_drive *drive)
{
	const struct ffntp_drive_news nothing = { .event = FFNTP_DRIVE_NOTHING };
	struct ffntp_action action;

	if (!is_whole(drive))
		return disrupt(drive);
	if (drive->is_held && is_before(drive->now, drive->until))
		return nothing;
	drive->is_held = false;
	if (is_overdue(drive))
		return give_up(drive);
	action = ffntp_client_timer(drive->client, drive->now);
	switch (action.kind) {
	case FFNTP_CHANGE_SERVER:
		return tell(drive, FFNTP_DRIVE_CHANGE_SERVER);
	case FFNTP_SEND:
		return drive->is_awaiting ? give_up(drive) : ask(drive);
	case FFNTP_WAIT:
		drive->until = action.until;
		break;
	}
	return nothing;
}

uint64_t ffntp_drive_wait(struct ffntp_drive *drive)
{
	uint64_t left = drive->until - ffntp_drive_counter(drive);

	if ((int64_t)left <= 0)
		return 0;
	return left < longest_wait(drive) ? left : longest_wait(drive);
}

/* --- receiving a datagram --- */

struct ffntp_drive_news ffntp_drive_receive(struct ffntp_drive *drive, const uint8_t *bytes, size_t length,
					    uint64_t arrived)
{
	struct ffntp_drive_news news = { .event = FFNTP_DRIVE_REPLY };

	if (!is_whole(drive))
		return disrupt(drive);
	news.verdict = ffntp_client_reply(drive->client, bytes, length, widen(drive, arrived));
	if (news.verdict == FFNTP_ACCEPTED)
		drive->is_awaiting = false;
	if (news.verdict == FFNTP_REFUSED_COUNTER)
		drive->is_awaiting = drive->is_held = false;
	publish(drive);
	drive->until = drive->now; /* because the client may want a different time now */
	return news;
}

/* --- reading --- */

enum ffntp_clock_result ffntp_drive_now(struct ffntp_drive *drive, enum ffntp_timescale scale, uint64_t max_bound_ns,
					struct ffntp_reading *reading)
{
	struct ffntp_map map;
	enum ffntp_clock_result result = ffntp_page_read(drive->page, &map);

	if (result != FFNTP_CLOCK_OK)
		return result;
	return ffntp_clock_at(&map, ffntp_drive_counter(drive), scale, max_bound_ns, reading);
}

static ffntp_counter count(void *drive)
{
	return ffntp_drive_counter(drive);
}

void ffntp_drive_device(struct ffntp_drive *drive, struct ffntp_page_device *device)
{
	ffntp_page_device_init(device, drive->page, count, drive);
}

const char *ffntp_drive_event_name(enum ffntp_drive_event event)
{
	static const char *const names[] = {
		"nothing", "sent", "not-sent", "no-random", "reply", "unanswered", "change-server", "disrupted",
	};

	return (unsigned)event < sizeof names / sizeof names[0] ? names[event] : "unknown";
}
