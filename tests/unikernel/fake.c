/* fake: see fake.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "../../ports/lwip/udp.h"
#include "../../ports/processor.h"
#include "../../ports/unikernel.h"
#include "fake.h"

struct fake fake;

static const struct ffntp_lwip_system *lwip;

/* --- time --- */

#define SLOWNESS 0.96 /* rate of a clock that was calibrated while its host was busy */
#define LOSS_NS 200
#define PATIENCE_NS 110000000 /* lwIP's */
#define LISTEN_NS 200000000
#define LISTEN_EDGE_NS 10000000
#define MOMENT_NS 1000000 /* the duration of a rest that ends at once, because a frame is waiting */

static double monotonic_now(void)
{
	return (double)fake.world.now_ns - (double)fake.world.counter_from_ns;
}

uint64_t fake_monotonic_ns(void)
{
	return (uint64_t)(1e12 + monotonic_now() * SLOWNESS - LOSS_NS * (double)fake.asked++);
}

int64_t fake_wall_s(void)
{
	return fake.world.now_ns / 1000000000 - 12345;
}

int64_t fake_wake_ns(uint64_t monotonic_ns)
{
	double left_ns = (double)(int64_t)(monotonic_ns - fake_monotonic_ns()) / SLOWNESS;

	return fake.world.now_ns + (left_ns > 0 ? (int64_t)left_ns + 1 : 0);
}

static void watch(void)
{
	struct ffntp_time truth = ffntp_time_from_ns(fake.world.now_ns);
	struct ffntp_reading reading;
	struct ffntp_map map;

	if (ffntp_page_read(system_page(), &map) != FFNTP_CLOCK_OK ||
	    ffntp_clock_at(&map, ffntp_processor_counter(), FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK)
		return;
	fake.readings++;
	if (fake.world.now_ns < fake.watched_from_ns)
		return;
	fake.outside += ffntp_time_is_before(truth, reading.earliest) || ffntp_time_is_before(reading.latest, truth);
	int64_t error_ns = llabs(ffntp_time_diff_ns(reading.estimate, truth));

	fake.largest_ns = error_ns > fake.largest_ns ? error_ns : fake.largest_ns;
}

/* Check that it listens for a reply, and only then. Near the end of that time both are right. */
static void watch_listening(void)
{
	int64_t waited_ns = fake.world.now_ns - fake.asked_ns;
	bool is_listening = fake.sent > 0 && ffntp_unikernel_is_listening();

	fake.deaf += fake.is_asked && waited_ns < LISTEN_NS - LISTEN_EDGE_NS && !is_listening;
	fake.startled += (!fake.is_asked || waited_ns > LISTEN_NS + LISTEN_EDGE_NS) && is_listening;
}

static void watch_polling(void)
{
	assert_true(fake.sent == 0 || fake.world.now_ns - fake.polled_ns <= PATIENCE_NS);
}

static void move_to(int64_t ns)
{
	if (ns >= fake.event_ns) {
		ns = fake.event_ns;
		fake.event_ns = INT64_MAX;
		fake.world.now_ns = ns;
		fake.event();
		fake.polled_ns = fake.world.now_ns;
		return;
	}
	if (ns > fake.world.now_ns)
		fake.world.now_ns = ns;
}

bool fake_rest(int64_t until_ns)
{
	watch();
	watch_listening();
	watch_polling();
	if (fake.has_reply && fake.reply_ns - fake.stall_ns < until_ns)
		until_ns = fake.reply_ns - fake.stall_ns;
	move_to(until_ns > fake.world.now_ns ? until_ns : fake.world.now_ns + MOMENT_NS);
	return fake.world.now_ns < fake.end_ns;
}

/* --- the network --- */

void fake_transmit(const void *frame, size_t length)
{
	int64_t arrival_ns = fake.world.now_ns + world_delay_ns(&fake.world);

	assert_int_equal(length, FFNTP_WIRE_SIZE);
	fake.sent++;
	fake.is_asked = true;
	fake.asked_ns = fake.world.now_ns;
	if (fake.world.is_silent || fake.is_link_down)
		return;
	world_answer(&fake.world, frame, arrival_ns, fake.reply);
	fake.reply_ns = arrival_ns + fake.world.residence_ns + world_delay_ns(&fake.world);
	fake.has_reply = true;
}

/* Let time pass as if the machine did not run between its last action and its next look for a frame. */
static void stall(void)
{
	if (fake.has_reply && fake.reply_ns - fake.world.now_ns <= fake.stall_ns)
		move_to(fake.reply_ns);
}

size_t fake_receive(void *frame, size_t size)
{
	stall();
	assert_true(size >= sizeof fake.reply);
	if (fake.flooding > 0) {
		fake.flooding--;
		memset(frame, 0xaa, sizeof fake.reply);
		return sizeof fake.reply;
	}
	if (!fake.has_reply || fake.reply_ns > fake.world.now_ns)
		return 0;
	fake.has_reply = false;
	fake.flooding = fake.flood;
	memcpy(frame, fake.reply, sizeof fake.reply);
	return sizeof fake.reply;
}

/* --- the processor --- */

enum ffntp_counter_kind ffntp_processor_counter_kind(void)
{
	return FFNTP_COUNTER_TSC;
}

uint64_t ffntp_processor_counter(void)
{
	return world_counter(&fake.world, fake.world.now_ns);
}

uint64_t ffntp_processor_counter_hz(void)
{
	return 0;
}

bool ffntp_processor_random(uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length && !fake.has_no_entropy; i++)
		bytes[i] = (uint8_t)prng_next(&fake.world.prng);
	return !fake.has_no_entropy;
}

/* --- lwIP, in which a datagram needs no frame around it --- */

const char *ffntp_lwip_begin(const struct ffntp_lwip_system *system, const struct ffntp_lwip_addresses *addresses)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };

	lwip = system;
	assert_memory_equal(system->mac, mac, sizeof mac);
	fake.polled_ns = fake.world.now_ns;
	return addresses->ipv4 != NULL && addresses->ipv4[0] == 'x' ? "ip= is no IPv4 address with a prefix length"
								    : NULL;
}

void ffntp_lwip_frame(const void *frame, size_t length, uint64_t arrived)
{
	fake.is_asked = false;
	if (++fake.frames > fake.most_frames)
		fake.most_frames = fake.frames;
	lwip->received(frame, length, arrived);
}

void ffntp_lwip_poll(void)
{
	watch_polling();
	fake.polled_ns = fake.world.now_ns;
	fake.frames = 0;
}

void ffntp_lwip_renew(void)
{
	fake.renewed++;
}

bool ffntp_lwip_address(char text[FFNTP_LWIP_ADDRESS_TEXT])
{
	strcpy(text, "192.0.2.7");
	return fake.world.now_ns >= fake.address_ns;
}

void ffntp_lwip_resolve(const char *name, uint16_t port)
{
	assert_string_equal(name, "time.example");
	assert_int_equal(port, 123);
	fake.resolved++;
	fake.transaction = lwip->random();
}

enum ffntp_lwip_server ffntp_lwip_resolved(void)
{
	if (fake.is_unanswered)
		return FFNTP_LWIP_SEARCHING;
	if (fake.is_unknown)
		return FFNTP_LWIP_UNKNOWN;
	return fake.is_unreachable ? FFNTP_LWIP_UNREACHABLE : FFNTP_LWIP_FOUND;
}

void ffntp_lwip_take_server(uint8_t address[16], char text[FFNTP_LWIP_ADDRESS_TEXT])
{
	memset(address, 7, 16);
	strcpy(text, "192.0.2.1");
}

bool ffntp_lwip_send(const uint8_t *bytes, size_t length, uint64_t *sent)
{
	return lwip->transmit(bytes, length, sent);
}

/* --- the console --- */

void fake_print(const char *text, size_t length)
{
	char *line = fake.line[fake.lines];

	for (size_t i = 0; i < length; i++) {
		size_t at = strlen(line);

		if (text[i] != '\n') {
			assert_true(at + 1 < FAKE_LINE);
			line[at] = text[i];
			continue;
		}
		assert_true(++fake.lines < FAKE_LINES);
		line = fake.line[fake.lines];
	}
}
