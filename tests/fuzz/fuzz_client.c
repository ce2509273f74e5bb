/*
 * A client with a server that sends anything and a counter that reads anything. Input: one byte that chooses the
 * client, then steps, each a byte that chooses the event and the bytes that the event takes; past the end of the input
 * all bytes are 0.
 */
#include <stdlib.h>
#include <string.h>

#include "../../core/estimator.h"
#include "../../core/wire.h"
#include "../../include/ffntp/client.h"
#include "../../include/ffntp/clock.h"
#include "../../include/ffntp/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

#define MAX_STEPS 200
#define START_S INT64_C(1800000000)

struct run {
	const uint8_t *at, *end;
	struct ffntp_client *client;
	ffntp_counter now; /* a counter of 1 GHz, except for jumps */
	uint64_t nonces;
	uint8_t request[FFNTP_REQUEST_SIZE];
	uint32_t replies;
	bool has_map;
	struct ffntp_map map; /* the one published last */
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Take an integer of `count` bytes, big-endian. */
static uint64_t take(struct run *run, size_t count)
{
	uint64_t value = 0;

	while (count-- > 0)
		value = value << 8 | (run->at < run->end ? *run->at++ : 0);
	return value;
}

/* --- what must hold whenever a map is published, besides the assertions of core --- */

static void check_reading(const struct ffntp_map *map, ffntp_counter now)
{
	struct ffntp_reading reading;

	if (ffntp_clock_at(map, now, FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK)
		return;
	require(map->status == FFNTP_STATUS_SYNCHRONISED || map->status == FFNTP_STATUS_FREE_RUNNING);
}

/*
 * Require that the map's time at its own start lies within the bound of the map before it at the same counter reading.
 */
static void check_promise(const struct ffntp_map *before, const struct ffntp_map *after)
{
	struct ffntp_reading promised, kept;

	if (before->disruption_marker != after->disruption_marker || (int64_t)(after->at - before->at) < 0)
		return;
	if (ffntp_clock_at(before, after->at, FFNTP_UTC, UINT64_MAX, &promised) != FFNTP_CLOCK_OK ||
	    ffntp_clock_at(after, after->at, FFNTP_UTC, UINT64_MAX, &kept) != FFNTP_CLOCK_OK)
		return;
	require(!ffntp_time_is_before(kept.estimate, promised.earliest));
	require(!ffntp_time_is_before(promised.latest, kept.estimate));
}

/* The writer asserts that its page gives the map back. */
static void check_page(const struct ffntp_map *map, const struct ffntp_source *source)
{
	static const struct ffntp_page_identity identity = { .counter_kind = FFNTP_COUNTER_OTHER };
	static struct ffntp_page page;
	struct ffntp_map read;

	ffntp_page_format(&page, &identity);
	ffntp_page_publish(&page, map, source, 1);
	require(ffntp_page_read(&page, &read) == FFNTP_CLOCK_OK && read.at == map->at);
}

static void check_source(const struct run *run, struct ffntp_source *source)
{
	uint32_t verdicts = 0;

	ffntp_client_source(run->client, source);
	for (size_t i = 0; i < FFNTP_VERDICTS; i++)
		verdicts += source->verdicts[i];
	require(verdicts == run->replies);
	require(source->leap <= 2 && source->stratum <= 15);
}

static void check(struct run *run)
{
	struct ffntp_source source;
	struct ffntp_map map;

	ffntp_client_output(run->client, run->now, &map);
	require(map.status != FFNTP_STATUS_UNKNOWN && map.period > 0 && map.period_shift <= 62);
	check_reading(&map, run->now);
	check_reading(&map, take(run, 8));
	check_source(run, &source);
	check_page(&map, &source);
	if (run->has_map)
		check_promise(&run->map, &map);
	run->has_map = true;
	run->map = map;
}

/* --- what may happen --- */

static void ask(struct run *run)
{
	require(ffntp_client_request(run->client, run->now, ++run->nonces, run->request));
}

static void hear(struct run *run, const uint8_t *bytes, size_t length)
{
	enum ffntp_verdict verdict = ffntp_client_reply(run->client, bytes, length, run->now);

	require(verdict < FFNTP_VERDICTS);
	run->replies++;
	check(run);
}

static struct ffntp_packet answer(const struct run *run)
{
	struct ffntp_packet request;

	require(ffntp_wire_read(run->request, sizeof(run->request), &request) == FFNTP_ACCEPTED);
	return (struct ffntp_packet){
		.version = FFNTP_WIRE_VERSION,
		.mode = FFNTP_MODE_SERVER,
		.stratum = 1,
		.precision_log2_s = -24,
		.origin = request.transmit,
	};
}

static void hear_packet(struct run *run, const struct ffntp_packet *packet)
{
	uint8_t bytes[FFNTP_WIRE_SIZE];

	ffntp_wire_write(packet, bytes);
	hear(run, bytes, sizeof(bytes));
}

/* Process a reply to the last request, with fields from the input. */
static void hear_anything(struct run *run)
{
	struct ffntp_packet packet = answer(run);

	packet.leap = take(run, 1) & 3;
	packet.stratum = (uint8_t)take(run, 1);
	packet.precision_log2_s = (int8_t)take(run, 1);
	packet.root_delay = (uint32_t)take(run, 4);
	packet.root_dispersion = (uint32_t)take(run, 4);
	packet.refid = (uint32_t)take(run, 4);
	packet.receive.units = take(run, 8);
	packet.transmit.units = packet.receive.units + take(run, 4);
	hear_packet(run, &packet);
}

static struct ffntp_ntp true_time(const struct run *run)
{
	return ffntp_ntp_from_time(ffntp_time_add_ns((struct ffntp_time){ START_S, 0 }, (int64_t)run->now));
}

/* Make an exchange over a path of up to 65 ms with a server that is wrong by up to a second. */
static void exchange(struct run *run, uint64_t there_ns, uint64_t back_ns, int32_t error)
{
	struct ffntp_packet packet;

	ask(run);
	packet = answer(run);
	run->now += 1000 + there_ns;
	packet.receive.units = packet.transmit.units = true_time(run).units + (uint64_t)(int64_t)error;
	run->now += 1000 + back_ns;
	hear_packet(run, &packet);
}

static void exchange_once(struct run *run)
{
	uint64_t there_ns = take(run, 2) * 1000, back_ns = take(run, 2) * 1000;

	exchange(run, there_ns, back_ns, (int32_t)take(run, 4));
}

/* Make exchanges with a good server, for a while. */
static void exchange_often(struct run *run)
{
	uint64_t count = take(run, 1) & 63, interval_ns = (take(run, 1) + 1) * 1000000000;

	while (count-- > 0) {
		exchange(run, 100000, 100000 + count % 7 * 1000, 0);
		run->now += interval_ns;
	}
}

static void hear_datagram(struct run *run)
{
	uint8_t bytes[128];
	size_t length = take(run, 1) % sizeof(bytes);

	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)take(run, 1);
	hear(run, bytes, length);
}

static void follow_timer(struct run *run)
{
	struct ffntp_action action = ffntp_client_timer(run->client, run->now);

	if (action.kind == FFNTP_SEND)
		ask(run);
	else if (action.kind == FFNTP_WAIT)
		run->now = action.until;
	check(run);
}

/* Move the counter anywhere, but not so far that past and future become indistinguishable. */
static void jump(struct run *run, uint64_t ticks)
{
	int64_t limit = INT64_C(1) << 62, where = (int64_t)(run->now + ticks);

	if (where > -limit && where < limit)
		run->now += ticks;
}

static void step(struct run *run)
{
	switch (take(run, 1) % 11) {
	case 0:
		jump(run, take(run, 8));
		break;
	case 1:
		run->now += take(run, 3) * 1000;
		break;
	case 2:
		ask(run);
		break;
	case 3:
		hear_anything(run);
		break;
	case 4:
		exchange_once(run);
		break;
	case 5:
		exchange_often(run);
		break;
	case 6:
		hear_datagram(run);
		break;
	case 7:
		ffntp_client_sent(run->client, run->now + take(run, 4) - (UINT64_C(1) << 31));
		break;
	case 8:
		follow_timer(run);
		break;
	case 9:
		ffntp_client_disrupted(run->client, run->now);
		check(run);
		break;
	default:
		ffntp_client_server_changed(run->client, run->now);
		run->replies = 0; /* none of this server yet */
		check(run);
		break;
	}
}

/* Choose among the first two estimators, all kinds of counter, two poll intervals, and both modes. */
static void choose(struct ffntp_client_config *config, uint64_t bits)
{
	ffntp_client_config_default(config);
	config->estimator = ffntp_estimator_at(bits & 1)->kind;
	config->counter_kind = FFNTP_COUNTER_OTHER;
	config->counter_may_jump = bits & 2;
	config->leap_table = bits & 4 ? ffntp_leap_table_builtin() : NULL;
	config->leap_expiry = bits & 32 ? FFNTP_LEAP_EXPIRY_STRICT : FFNTP_LEAP_EXPIRY_KEEP;
	config->poll_min_s = bits & 8 ? 1 : 16;
	config->history = bits & 16 ? 64 : 0;
	config->interleaved = bits >> 6 & 1;
	config->pivot_s = START_S;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct run run = { .at = input, .end = input + size };
	struct ffntp_client_config config;
	size_t needed;
	void *memory;

	choose(&config, take(&run, 1));
	needed = ffntp_client_memory(&config);
	require(needed > 0);
	memory = aligned_alloc(16, needed);
	require(memory != NULL);
	run.client = ffntp_client_init(memory, needed, &config, run.now);
	require(run.client != NULL);
	ask(&run);
	check(&run);
	for (int i = 0; i < MAX_STEPS && run.at < run.end; i++)
		step(&run);
	free(memory);
	return 0;
}
