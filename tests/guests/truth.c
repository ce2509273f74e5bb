/*
 * truth: reads a guest's clock page from outside, in memory that QEMU or Xen shares (memory.h), and judges it by the
 * host's CLOCK_REALTIME at the host's TSC. The guest is asked for its counter alone, through its probe page, so that
 * the difference of the two counters is known. Addresses are the guest's; each output line is a JSON object.
 *
 *   truth bracket MEMORY PROBE                     guest's counter - host's
 *   truth show MEMORY PAGE                         the page's contents
 *   truth statuses MEMORY PAGE SECONDS             each change of status, read every 0.2 ms
 *   truth watch MEMORY PAGE PROBE SECONDS          the page against the host's clock, every 20 ms
 *   truth samples MEMORY PAGE PROBE SECONDS        the same where the counters differ: asked each time
 *   truth switch MEMORY PAGE PROBE SECONDS SHIFT   the page against the host's clock and another, SHIFT s ahead
 *   truth tell MEMORY PROBE DEVICE                 give a following guest its counter's offset, and its device's number
 *   truth agree MEMORY PAGE PROBE MEMORY PAGE PROBE SECONDS
 *                                                  two guests' pages against each other
 *   truth serve PORT SHIFT                         an NTP server of that other clock, until it is stopped
 */
#include <endian.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../../include/ffntp/clock.h"
#include "../../include/ffntp/page.h"
#include "memory.h"

#define S INT64_C(1000000000)
#define READINGS 65536

/* --- the host's clocks --- */

static uint64_t host_counter(void)
{
	__builtin_ia32_lfence();
	uint64_t now = __builtin_ia32_rdtsc();
	__builtin_ia32_lfence();
	return now;
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * S + t.tv_nsec;
}

static void pause_ns(int64_t ns)
{
	nanosleep(&(struct timespec){ ns / S, ns % S }, NULL);
}

struct moment {
	uint64_t counter; /* the host's */
	int64_t ns;       /* CLOCK_REALTIME */
};

/* Take the narrowest of a few readings, because the host's own processes may interrupt any of them. */
static struct moment now(void)
{
	struct moment best = { 0, 0 };
	uint64_t width = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		uint64_t before = host_counter();
		int64_t ns = clock_ns(CLOCK_REALTIME);
		uint64_t after = host_counter();

		if (after - before >= width)
			continue;
		width = after - before;
		best = (struct moment){ before + width / 2, ns };
	}
	return best;
}

static double ticks_per_ns(void)
{
	static double rate;
	struct timespec unused = { 0, 20000000 };

	if (rate == 0) {
		int64_t ns = clock_ns(CLOCK_MONOTONIC_RAW);
		uint64_t ticks = host_counter();

		nanosleep(&unused, NULL);
		rate = (double)(host_counter() - ticks) / (double)(clock_ns(CLOCK_MONOTONIC_RAW) - ns);
	}
	return rate;
}

/* --- a guest --- */

struct guest {
	const struct ffntp_page *page;
	volatile uint64_t *probe;
	uint64_t offset; /* guest's counter - host's */
	uint64_t width;  /* ticks; the offset is known to half of it */
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "truth: %s\n", what);
	exit(1);
}

static void *map(const char *memory, const char *address)
{
	uint64_t at = strtoull(address, NULL, 0);
	void *page = at % 4096 == 0 ? memory_page(memory, at) : NULL;

	if (page == NULL)
		fail("no such page in the guest's memory");
	return page;
}

/* Open a guest. page, probe: addresses, or NULL. */
static struct guest open_guest(const char *memory, const char *page, const char *probe)
{
	struct guest guest = { 0 };

	if (page != NULL)
		guest.page = map(memory, page);
	if (probe != NULL)
		guest.probe = map(memory, probe);
	return guest;
}

enum { QUESTION = 0, ANSWER = 1, COUNTER = 2, LINK = 3, LINK_OFFSET = 4, LINK_WIDTH = 5, LINK_DEVICE = 6 };

#define ANSWER_S 10
#define SPIN_NS 1000000

/*
 * Wait for the guest's answer. After SPIN_NS yield the processor, because the guest may need it at the same priority.
 */
static bool is_answered(const struct guest *guest, uint64_t number)
{
	int64_t began_ns = clock_ns(CLOCK_MONOTONIC), waited_ns = 0;
	uint64_t turns = 0;

	while (__atomic_load_n(&guest->probe[ANSWER], __ATOMIC_ACQUIRE) != number) {
		if (++turns % 4096 == 0)
			waited_ns = clock_ns(CLOCK_MONOTONIC) - began_ns;
		if (waited_ns > ANSWER_S * S)
			return false;
		if (waited_ns > SPIN_NS) {
			pause_ns(SPIN_NS / 10);
			waited_ns = clock_ns(CLOCK_MONOTONIC) - began_ns;
		}
	}
	return true;
}

/* Ask one question. Return false if the guest does not answer within ANSWER_S. */
static bool ask(struct guest *guest, uint64_t *offset, uint64_t *width)
{
	uint64_t number = guest->probe[QUESTION] + 1;
	uint64_t before, after;

	before = host_counter();
	__atomic_store_n(&guest->probe[QUESTION], number, __ATOMIC_SEQ_CST);
	if (!is_answered(guest, number))
		return false;
	after = host_counter();
	*width = after - before;
	*offset = guest->probe[COUNTER] - (before + *width / 2);
	return true;
}

/* A cross-timestamp of at most NARROW ticks was not interrupted. One wider than WIDE is of no use. */
#define NARROW 600
#define WIDE 2400

/*
 * Take the narrowest of many cross-timestamps, over several rounds, because host and guest have to have a processor
 * each for a moment.
 */
static bool bracket(struct guest *guest)
{
	uint64_t offset, width;

	guest->width = UINT64_MAX;
	for (int round = 0; round < 120 && guest->width > (round < 12 ? NARROW : WIDE); round++) {
		for (int i = 0; i < 300; i++) {
			if (!ask(guest, &offset, &width))
				return false;
			if (width >= guest->width)
				continue;
			guest->offset = offset;
			guest->width = width;
		}
		pause_ns(15000000);
	}
	return true;
}

static void must_bracket(struct guest *guest)
{
	if (!bracket(guest))
		fail("the guest does not answer its probe");
	if (guest->width > WIDE)
		fail("the guest's counter cannot be known: this machine is too busy");
}

/* --- commands --- */

static int show_bracket(char **arguments)
{
	struct guest guest = open_guest(arguments[0], NULL, arguments[1]);

	must_bracket(&guest);
	printf("{\"offset\": %" PRId64 ", \"width_ns\": %.0f}\n", (int64_t)guest.offset,
	       (double)guest.width / ticks_per_ns());
	return 0;
}

static int tell(char **arguments)
{
	struct guest guest = open_guest(arguments[0], NULL, arguments[1]);

	must_bracket(&guest);
	guest.probe[LINK_OFFSET] = guest.offset;
	guest.probe[LINK_WIDTH] = guest.width;
	guest.probe[LINK_DEVICE] = strtoull(arguments[2], NULL, 0);
	__atomic_store_n(&guest.probe[LINK], guest.probe[LINK] + 1, __ATOMIC_RELEASE);
	return 0;
}

static int show(char **arguments)
{
	struct guest guest = open_guest(arguments[0], arguments[1], NULL);
	struct ffntp_source source = { 0 };
	struct ffntp_page_identity identity;
	struct ffntp_map map;
	size_t count = 0;

	if (ffntp_page_check(guest.page, FFNTP_PAGE_SIZE, &identity) != FFNTP_PAGE_OK ||
	    ffntp_page_read(guest.page, &map) != FFNTP_CLOCK_OK) {
		printf("{}\n");
		return 0;
	}
	if (ffntp_page_read_sources(guest.page, &source, &count) != FFNTP_CLOCK_OK)
		count = 0;
	printf("{\"status\": \"%s\", \"marker\": %" PRIu64 ", \"accepted\": %" PRIu32 ", \"width_ns\": %" PRIu64
	       ", \"esterror_ns\": %" PRIu64 ", \"rtt_ns\": %" PRIu64 "}\n",
	       ffntp_status_name(map.status), map.disruption_marker, source.verdicts[FFNTP_ACCEPTED],
	       map.maxerror_before_ns + map.maxerror_after_ns, map.esterror_ns, source.rtt_ns);
	return 0;
}

static int show_statuses(char **arguments)
{
	struct guest guest = open_guest(arguments[0], arguments[1], NULL);
	int64_t start_ns = clock_ns(CLOCK_MONOTONIC), end_ns = start_ns + (int64_t)(atof(arguments[2]) * 1e9);
	struct ffntp_map last = { 0 }, map;
	bool is_first = true;

	for (int64_t at_ns = start_ns; at_ns < end_ns; at_ns = clock_ns(CLOCK_MONOTONIC)) {
		if (ffntp_page_read(guest.page, &map) == FFNTP_CLOCK_OK &&
		    (is_first || map.status != last.status || map.disruption_marker != last.disruption_marker)) {
			printf("{\"after_s\": %.4f, \"at_s\": %.4f, \"status\": \"%s\", \"marker\": %" PRIu64 "}\n",
			       (double)(at_ns - start_ns) * 1e-9, (double)at_ns * 1e-9, ffntp_status_name(map.status),
			       map.disruption_marker);
			fflush(stdout);
			last = map;
			is_first = false;
		}
		pause_ns(200000);
	}
	return 0;
}

/* The readings of a page and their errors. */
struct tally {
	int64_t error_ns[READINGS]; /* absolute */
	size_t count;
	unsigned outside, refused, busy;
	uint64_t largest_bound_ns;
	int64_t excess_ns;    /* of the reading that is furthest outside its bound */
	int64_t excess_at_ns; /* when that was, by CLOCK_REALTIME */
};

static void count_outside(struct tally *tally, const struct ffntp_reading *reading, int64_t truth_ns)
{
	struct ffntp_time truth = ffntp_time_from_ns(truth_ns);
	int64_t before_ns = ffntp_time_diff_ns(reading->earliest, truth);
	int64_t after_ns = ffntp_time_diff_ns(truth, reading->latest);
	int64_t excess_ns = before_ns > after_ns ? before_ns : after_ns;

	tally->outside += excess_ns > 0;
	if (excess_ns > tally->excess_ns) {
		tally->excess_ns = excess_ns;
		tally->excess_at_ns = truth_ns;
	}
}

static void judge(struct tally *tally, const struct guest *guest)
{
	struct ffntp_reading reading;
	struct ffntp_map map;
	struct moment moment;

	if (ffntp_page_read(guest->page, &map) != FFNTP_CLOCK_OK) {
		tally->busy++;
		return;
	}
	moment = now();
	if (ffntp_clock_at(&map, moment.counter + guest->offset, FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK) {
		tally->refused++;
		return;
	}
	count_outside(tally, &reading, moment.ns);
	if (reading.bound_ns > tally->largest_bound_ns)
		tally->largest_bound_ns = reading.bound_ns;
	if (tally->count < READINGS)
		tally->error_ns[tally->count++] =
			llabs(ffntp_time_diff_ns(reading.estimate, ffntp_time_from_ns(moment.ns)));
}

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static int64_t at_rank(const struct tally *tally, double rank)
{
	return tally->count == 0 ? 0 : tally->error_ns[(size_t)(rank * (double)(tally->count - 1))];
}

/* The host's CLOCK_REALTIME minus CLOCK_MONOTONIC. It changes when the former is set; slewing moves both clocks. */
static int64_t host_set_ns(void)
{
	int64_t least_ns = INT64_MAX;

	for (int i = 0; i < 5; i++) {
		int64_t before_ns = clock_ns(CLOCK_MONOTONIC);
		int64_t apart_ns = clock_ns(CLOCK_REALTIME) - before_ns;

		least_ns = apart_ns < least_ns ? apart_ns : least_ns;
	}
	return least_ns;
}

static int watch(char **arguments)
{
	static struct tally tally;
	struct guest guest = open_guest(arguments[0], arguments[1], arguments[2]);
	int64_t start_ns, set_ns;
	uint64_t offset;

	must_bracket(&guest);
	offset = guest.offset;
	set_ns = host_set_ns();
	start_ns = clock_ns(CLOCK_REALTIME);
	for (int64_t end_ns = clock_ns(CLOCK_MONOTONIC) + (int64_t)(atof(arguments[3]) * 1e9);
	     clock_ns(CLOCK_MONOTONIC) < end_ns;) {
		judge(&tally, &guest);
		pause_ns(20000000);
	}
	set_ns = host_set_ns() - set_ns;
	must_bracket(&guest);
	qsort(tally.error_ns, tally.count, sizeof tally.error_ns[0], compare);
	printf("{\"readings\": %zu, \"outside\": %u, \"refused\": %u, \"busy\": %u, \"median_ns\": %" PRId64
	       ", \"p99_ns\": %" PRId64 ", \"max_ns\": %" PRId64 ", \"largest_bound_ns\": %" PRIu64
	       ", \"excess_ns\": %" PRId64
	       ", \"excess_after_s\": %.3f, \"bracket_ns\": %.0f, \"counter_moved_ns\": %.0f"
	       ", \"host_set_ns\": %" PRId64 "}\n",
	       tally.count, tally.outside, tally.refused, tally.busy, at_rank(&tally, 0.5), at_rank(&tally, 0.99),
	       at_rank(&tally, 1), tally.largest_bound_ns, tally.excess_ns,
	       tally.excess_ns > 0 ? (double)(tally.excess_at_ns - start_ns) * 1e-9 : 0,
	       (double)guest.width / ticks_per_ns(), (double)(int64_t)(guest.offset - offset) / ticks_per_ns(), set_ns);
	return 0;
}

/* Compare the page with the host's clock at the counter that the guest returns, between two readings of that clock. */
static void judge_sample(struct tally *tally, struct guest *guest)
{
	struct ffntp_time before = ffntp_time_from_ns(clock_ns(CLOCK_REALTIME)), after;
	struct ffntp_reading reading;
	struct ffntp_map map;
	uint64_t offset, width;

	if (!ask(guest, &offset, &width))
		fail("the guest does not answer its probe");
	after = ffntp_time_from_ns(clock_ns(CLOCK_REALTIME));
	if (ffntp_time_diff_ns(after, before) > 20000)
		return; /* too wide to be of use */
	if (ffntp_page_read(guest->page, &map) != FFNTP_CLOCK_OK ||
	    ffntp_clock_at(&map, guest->probe[COUNTER], FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK) {
		tally->refused++;
		return;
	}
	tally->outside += ffntp_time_is_before(after, reading.earliest) || ffntp_time_is_before(reading.latest, before);
	if (reading.bound_ns > tally->largest_bound_ns)
		tally->largest_bound_ns = reading.bound_ns;
	if (tally->count < READINGS)
		tally->error_ns[tally->count++] = llabs(ffntp_time_diff_ns(reading.estimate, before));
}

static int samples(char **arguments)
{
	static struct tally tally;
	struct guest guest = open_guest(arguments[0], arguments[1], arguments[2]);
	int64_t end_ns = clock_ns(CLOCK_MONOTONIC) + (int64_t)(atof(arguments[3]) * 1e9);

	while (clock_ns(CLOCK_MONOTONIC) < end_ns) {
		for (int i = 0; i < 20; i++)
			judge_sample(&tally, &guest);
		pause_ns(100000000);
	}
	qsort(tally.error_ns, tally.count, sizeof tally.error_ns[0], compare);
	printf("{\"readings\": %zu, \"outside\": %u, \"refused\": %u, \"busy\": 0, \"median_ns\": %" PRId64
	       ", \"p99_ns\": %" PRId64 ", \"max_ns\": %" PRId64 ", \"largest_bound_ns\": %" PRIu64
	       ", \"counter_moved_ns\": 0}\n",
	       tally.count, tally.outside, tally.refused, at_rank(&tally, 0.5), at_rank(&tally, 0.99),
	       at_rank(&tally, 1), tally.largest_bound_ns);
	return 0;
}

static bool contains(const struct ffntp_reading *reading, int64_t ns)
{
	struct ffntp_time truth = ffntp_time_from_ns(ns);

	return !ffntp_time_is_before(truth, reading->earliest) && !ffntp_time_is_before(reading->latest, truth);
}

/* Check that each reading is right by one of the two clocks, and by the same one as long as the marker stays. */
static int watch_switch(char **arguments)
{
	struct guest guest = open_guest(arguments[0], arguments[1], arguments[2]);
	int64_t shift_ns = (int64_t)(atof(arguments[4]) * 1e9), end_ns;
	unsigned right[2] = { 0, 0 }, wrong = 0, refused = 0, markers = 0;
	struct ffntp_reading reading;
	struct ffntp_map map;
	uint64_t marker = 0;
	bool which = false;

	must_bracket(&guest);
	end_ns = clock_ns(CLOCK_MONOTONIC) + (int64_t)(atof(arguments[3]) * 1e9);
	for (; clock_ns(CLOCK_MONOTONIC) < end_ns; pause_ns(200000)) {
		struct moment moment;
		bool is_shifted;

		if (ffntp_page_read(guest.page, &map) != FFNTP_CLOCK_OK)
			continue;
		moment = now();
		if (ffntp_clock_at(&map, moment.counter + guest.offset, FFNTP_UTC, UINT64_MAX, &reading) !=
		    FFNTP_CLOCK_OK) {
			refused++;
			continue;
		}
		is_shifted = contains(&reading, moment.ns + shift_ns);
		if (map.disruption_marker != marker) {
			markers++;
			marker = map.disruption_marker;
			which = is_shifted;
		}
		if (is_shifted != which || !(is_shifted || contains(&reading, moment.ns)))
			wrong++;
		else
			right[is_shifted]++;
	}
	printf("{\"first\": %u, \"second\": %u, \"wrong\": %u, \"refused\": %u, \"markers\": %u}\n", right[0], right[1],
	       wrong, refused, markers);
	return 0;
}

/* Compare both pages at one reading of the host's counter. */
static void compare_guests(struct tally *tally, const struct guest *a, const struct guest *b)
{
	struct ffntp_reading first, second;
	struct ffntp_map map_a, map_b;
	uint64_t at;

	if (ffntp_page_read(a->page, &map_a) != FFNTP_CLOCK_OK || ffntp_page_read(b->page, &map_b) != FFNTP_CLOCK_OK) {
		tally->busy++;
		return;
	}
	at = host_counter();
	if (ffntp_clock_at(&map_a, at + a->offset, FFNTP_UTC, UINT64_MAX, &first) != FFNTP_CLOCK_OK ||
	    ffntp_clock_at(&map_b, at + b->offset, FFNTP_UTC, UINT64_MAX, &second) != FFNTP_CLOCK_OK) {
		tally->refused++;
		return;
	}
	tally->outside += ffntp_clock_order(&first, &second) != FFNTP_UNORDERED;
	if (tally->count < READINGS)
		tally->error_ns[tally->count++] = llabs(ffntp_time_diff_ns(first.estimate, second.estimate));
}

static int agree(char **arguments)
{
	static struct tally tally;
	struct guest a = open_guest(arguments[0], arguments[1], arguments[2]);
	struct guest b = open_guest(arguments[3], arguments[4], arguments[5]);
	int64_t end_ns;

	must_bracket(&a);
	must_bracket(&b);
	end_ns = clock_ns(CLOCK_MONOTONIC) + (int64_t)(atof(arguments[6]) * 1e9);
	while (clock_ns(CLOCK_MONOTONIC) < end_ns) {
		compare_guests(&tally, &a, &b);
		pause_ns(5000000);
	}
	qsort(tally.error_ns, tally.count, sizeof tally.error_ns[0], compare);
	printf("{\"readings\": %zu, \"apart\": %u, \"refused\": %u, \"busy\": %u, \"median_ns\": %" PRId64
	       ", \"p95_ns\": %" PRId64 ", \"p99_ns\": %" PRId64 ", \"max_ns\": %" PRId64 ", \"bracket_ns\": %.0f}\n",
	       tally.count, tally.outside, tally.refused, tally.busy, at_rank(&tally, 0.5), at_rank(&tally, 0.95),
	       at_rank(&tally, 0.99), at_rank(&tally, 1),
	       (double)(a.width > b.width ? a.width : b.width) / ticks_per_ns());
	return 0;
}

static void put_ntp(unsigned char *bytes, int64_t ns)
{
	uint32_t s = htobe32((uint32_t)(ns / S + 2208988800)); /* since 1900 */
	uint32_t fraction = htobe32((uint32_t)(((uint64_t)(ns % S) << 32) / (uint64_t)S));

	memcpy(bytes, &s, 4);
	memcpy(bytes + 4, &fraction, 4);
}

static int serve(char **arguments)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[0])) }, from;
	int64_t shift_ns = (int64_t)(atof(arguments[1]) * 1e9);
	int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t size = sizeof from;
	unsigned char request[1024], reply[48] = { 0x24, 1, 0, 0xec, [12] = 'T', 'E', 'S', 'T' };

	if (descriptor < 0 || bind(descriptor, (void *)&own, sizeof own) != 0)
		fail("the port is not to be had");
	for (;; size = sizeof from) {
		if (recvfrom(descriptor, request, sizeof request, 0, (void *)&from, &size) < (ssize_t)sizeof reply)
			continue;
		put_ntp(reply + 32, clock_ns(CLOCK_REALTIME) + shift_ns);
		memcpy(reply + 16, reply + 32, 8);
		memcpy(reply + 24, request + 40, 8);
		put_ntp(reply + 40, clock_ns(CLOCK_REALTIME) + shift_ns);
		(void)!sendto(descriptor, reply, sizeof reply, 0, (void *)&from, size);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;
		int (*run)(char **arguments);
	} commands[] = {
		{ "bracket", 2, show_bracket }, { "show", 2, show },           { "statuses", 3, show_statuses },
		{ "watch", 4, watch },          { "agree", 7, agree },         { "tell", 3, tell },
		{ "samples", 4, samples },      { "switch", 5, watch_switch }, { "serve", 2, serve },
	};

	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (argc == commands[i].arguments + 2 && strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argv + 2);
	fail("usage: truth bracket|show|statuses|watch|samples|switch|tell|agree|serve ...");
}
