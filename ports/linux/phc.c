/*
 * phc: see phc.h. The kernel returns the clock's time with timestamps of a system clock around it. Cross-timestamps of
 * that system clock and the counter, before and after the kernel's work, convert those to readings of the counter.
 * Every uncertainty widens the reading, and none of them can leave the two readings of the counter around all of it.
 */
#include "phc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../core/maths.h"

/* Cross-timestamps of which the narrowest is used: the others were interrupted, or missed the caches. */
#define PAIR_TRIES 3

/* Readings with clock_gettime of which the narrowest is used, at least: one may be interrupted. */
#define BRACKETS_LEAST 5

/*
 * Largest difference of a system clock's rate from the counter's hint. CLOCK_MONOTONIC_RAW has the rate of the counter
 * that the kernel keeps time by, against which counter.c measured the hint, to 10 ppm. NTP slews CLOCK_REALTIME by up
 * to 500 ppm; while a program slews it faster, its times from both cross-timestamps contain the true one between them.
 */
#define RAW_RATE_ERROR 100e-6
#define REALTIME_RATE_ERROR 1000e-6

/* The clock's identifier of an open device, by the kernel's convention for dynamic clocks. */
static clockid_t clock_of(int descriptor)
{
	return (clockid_t)(~(unsigned)descriptor << 3 | 3);
}

/* --- the system --- */

static int open_device(const char *path, int *descriptor)
{
	*descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return *descriptor < 0 ? errno : 0;
}

static void close_device(int descriptor)
{
	close(descriptor);
}

static int control_device(int descriptor, unsigned long request, void *argument)
{
	return ioctl(descriptor, request, argument) < 0 ? errno : 0;
}

static int get_time(clockid_t clock, struct timespec *time)
{
	return clock_gettime(clock, time) < 0 ? errno : 0;
}

static ffntp_counter read_counter(const struct ffntp_counter_source *source)
{
	return ffntp_counter_read_ordered(source->kind);
}

const struct ffntp_phc_calls ffntp_phc_linux = { open_device, close_device, control_device, get_time, read_counter };

/* --- opening --- */

void ffntp_phc_init(struct ffntp_phc *phc, const struct ffntp_phc_calls *calls)
{
	*phc = (struct ffntp_phc){ .calls = calls, .descriptor = -1 };
}

int ffntp_phc_open(struct ffntp_phc *phc, const char *path)
{
	int descriptor, error = phc->calls->open(path, &descriptor);

	ffntp_phc_close(phc);
	if (error == 0)
		phc->descriptor = descriptor;
	return error;
}

void ffntp_phc_close(struct ffntp_phc *phc)
{
	if (phc->descriptor >= 0)
		phc->calls->close(phc->descriptor);
	ffntp_phc_init(phc, phc->calls);
}

/* --- a system clock and the counter --- */

static int64_t to_ns(int64_t s, int64_t ns)
{
	return (int64_t)((uint64_t)s * (uint64_t)FFNTP_NS_PER_S + (uint64_t)ns);
}

/* A system clock showed ns between the two readings of the counter. */
struct pair {
	ffntp_counter low, high;
	int64_t ns;
};

static uint64_t width_of(const struct pair *pair)
{
	return pair->high - pair->low;
}

/* The state of one reading of the clock. */
struct measuring {
	const struct ffntp_phc *phc;
	const struct ffntp_counter_source *source;
	clockid_t clock; /* the system clock of the kernel's timestamps */
	double rate_error;
	struct pair before, after;
};

static bool pair_once(const struct measuring *measuring, struct pair *pair)
{
	const struct ffntp_phc_calls *calls = measuring->phc->calls;
	struct timespec time;

	pair->low = calls->counter(measuring->source);
	if (calls->gettime(measuring->clock, &time) != 0)
		return false;
	pair->high = calls->counter(measuring->source);
	pair->ns = to_ns(time.tv_sec, time.tv_nsec);
	return true;
}

static bool take_pair(const struct measuring *measuring, struct pair *best)
{
	struct pair pair;

	if (!pair_once(measuring, best))
		return false;
	for (int i = 1; i < PAIR_TRIES; i++) {
		if (!pair_once(measuring, &pair))
			return false;
		if (width_of(&pair) < width_of(best))
			*best = pair;
	}
	return true;
}

/* Counter readings relative to the first cross-timestamp's, between which something happened. */
struct span {
	double low, high;
};

/* Extrapolate from a cross-timestamp to the nanosecond that begins at ns. */
static struct span extrapolate(const struct measuring *measuring, const struct pair *from, int64_t ns)
{
	double ticks = (double)(ns - from->ns) * 1e-9 / measuring->source->period_hint_s;
	double unsure = ffntp_fabs(ticks) * measuring->rate_error;
	double tick = 1e-9 / measuring->source->period_hint_s;

	/* The clock may have shown from->ns for up to a nanosecond before it was read. */
	return (struct span){
		.low = (double)(int64_t)(from->low - measuring->before.low) + ticks - unsure - tick,
		.high = (double)(int64_t)(from->high - measuring->before.low) + ticks + unsure + tick,
	};
}

/*
 * Return where the counter was when the system clock showed ns. If the clock was stepped once or slewed between the
 * cross-timestamps, the truth lies between the two extrapolations.
 */
static struct span place(const struct measuring *measuring, int64_t ns)
{
	struct span earlier = extrapolate(measuring, &measuring->before, ns);
	struct span later = extrapolate(measuring, &measuring->after, ns);

	return (struct span){ ffntp_fmin(earlier.low, later.low), ffntp_fmax(earlier.high, later.high) };
}

/* The kernel's timestamps of one reading of the clock, in the system clock. */
struct sample {
	int64_t before_ns, after_ns;
	int64_t s;
	uint32_t ns;
};

/*
 * Convert a sample to a reading. Returns false if its timestamps are not between the readings of the counter around
 * all, as in a time namespace, where programs see a shifted CLOCK_MONOTONIC_RAW; or if the clock's time is invalid.
 */
static bool convert(const struct measuring *measuring, const struct sample *sample, struct ffntp_phc_reading *reading)
{
	double most = (double)(int64_t)(measuring->after.high - measuring->before.low);
	double low = place(measuring, sample->before_ns).low, high = place(measuring, sample->after_ns).high;

	if (!(low < most) || !(high > 0) || !(low < high) || sample->ns >= FFNTP_NS_PER_S)
		return false;
	reading->before = measuring->before.low + (uint64_t)ffntp_floor(ffntp_fmax(low, 0));
	reading->after = measuring->before.low + (uint64_t)ffntp_ceil(ffntp_fmin(high, most));
	reading->s = sample->s;
	reading->ns = sample->ns;
	return true;
}

static uint64_t reading_width(const struct ffntp_phc_reading *reading)
{
	return reading->after - reading->before;
}

/* Keep the narrowest of the readings. */
static void consider(const struct ffntp_phc_reading *reading, bool *has_any, struct ffntp_phc_reading *best)
{
	if (!*has_any || reading_width(reading) < reading_width(best))
		*best = *reading;
	*has_any = true;
}

/* --- the ways to read a clock. Each returns 0, an errno value, or ERANGE if nothing usable was read --- */

static struct measuring begin(const struct ffntp_phc *phc, const struct ffntp_counter_source *source, clockid_t clock)
{
	return (struct measuring){
		.phc = phc,
		.source = source,
		.clock = clock,
		.rate_error = clock == CLOCK_MONOTONIC_RAW ? RAW_RATE_ERROR : REALTIME_RATE_ERROR,
	};
}

/* Run a request of the driver between two cross-timestamps. */
static int run(struct measuring *measuring, unsigned long request, void *argument)
{
	int error;

	if (!take_pair(measuring, &measuring->before))
		return ERANGE;
	error = measuring->phc->calls->control(measuring->phc->descriptor, request, argument);
	if (error == 0 && !take_pair(measuring, &measuring->after))
		return ERANGE;
	return error;
}

static int read_precise(const struct ffntp_phc *phc, const struct ffntp_counter_source *source,
			struct ffntp_phc_reading *reading)
{
	struct measuring measuring = begin(phc, source, CLOCK_MONOTONIC_RAW);
	struct ptp_sys_offset_precise offset;
	struct sample sample;
	int error;

	memset(&offset, 0, sizeof(offset));
	error = run(&measuring, PTP_SYS_OFFSET_PRECISE, &offset);
	if (error != 0)
		return error;
	sample = (struct sample){
		.before_ns = to_ns(offset.sys_monoraw.sec, offset.sys_monoraw.nsec),
		.after_ns = to_ns(offset.sys_monoraw.sec, offset.sys_monoraw.nsec),
		.s = offset.device.sec,
		.ns = offset.device.nsec,
	};
	return convert(&measuring, &sample, reading) ? 0 : ERANGE;
}

/* The first reserved word of the request is the system clock since Linux 6.12; before, it must be 0: CLOCK_REALTIME. */
static int read_extended(const struct ffntp_phc *phc, const struct ffntp_counter_source *source, clockid_t clock,
			 unsigned samples, struct ffntp_phc_reading *best)
{
	struct measuring measuring = begin(phc, source, clock);
	struct ptp_sys_offset_extended offset;
	struct ffntp_phc_reading reading = { 0 };
	bool has_any = false;
	int error;

	memset(&offset, 0, sizeof(offset));
	offset.n_samples = samples < PTP_MAX_SAMPLES ? samples : PTP_MAX_SAMPLES;
	offset.rsv[0] = (unsigned)clock;
	error = run(&measuring, PTP_SYS_OFFSET_EXTENDED, &offset);
	if (error != 0)
		return error;
	for (unsigned i = 0; i < offset.n_samples && i < PTP_MAX_SAMPLES; i++) {
		const struct ptp_clock_time *times = offset.ts[i];
		const struct sample sample = {
			.before_ns = to_ns(times[0].sec, times[0].nsec),
			.after_ns = to_ns(times[2].sec, times[2].nsec),
			.s = times[1].sec,
			.ns = times[1].nsec,
		};

		if (convert(&measuring, &sample, &reading))
			consider(&reading, &has_any, best);
	}
	return has_any ? 0 : ERANGE;
}

static int bracket_once(const struct ffntp_phc *phc, const struct ffntp_counter_source *source,
			struct ffntp_phc_reading *reading)
{
	struct timespec time;
	int error;

	reading->before = phc->calls->counter(source);
	error = phc->calls->gettime(clock_of(phc->descriptor), &time);
	reading->after = phc->calls->counter(source);
	if (error != 0)
		return error;
	if (time.tv_nsec < 0 || time.tv_nsec >= FFNTP_NS_PER_S || (int64_t)(reading->after - reading->before) <= 0)
		return ERANGE;
	reading->s = time.tv_sec;
	reading->ns = (uint32_t)time.tv_nsec;
	return 0;
}

static int read_brackets(const struct ffntp_phc *phc, const struct ffntp_counter_source *source, unsigned samples,
			 struct ffntp_phc_reading *best)
{
	unsigned tries = samples > BRACKETS_LEAST ? samples : BRACKETS_LEAST;
	struct ffntp_phc_reading reading = { 0 };
	bool has_any = false;
	int last = ERANGE;

	for (unsigned i = 0; i < tries; i++) {
		int error = bracket_once(phc, source, &reading);

		if (error == 0)
			consider(&reading, &has_any, best);
		else
			last = error;
	}
	return has_any ? 0 : last;
}

static int read_by(const struct ffntp_phc *phc, const struct ffntp_counter_source *source, unsigned samples,
		   enum ffntp_phc_method method, struct ffntp_phc_reading *reading)
{
	switch (method) {
	case FFNTP_PHC_PRECISE:
		return read_precise(phc, source, reading);
	case FFNTP_PHC_EXTENDED_RAW:
		return read_extended(phc, source, CLOCK_MONOTONIC_RAW, samples, reading);
	case FFNTP_PHC_EXTENDED_REALTIME:
		return read_extended(phc, source, CLOCK_REALTIME, samples, reading);
	case FFNTP_PHC_BRACKET:
		return read_brackets(phc, source, samples, reading);
	case FFNTP_PHC_METHODS:
		break;
	}
	return ERANGE;
}

/* A request that the driver or the kernel does not have is not tried again. */
static bool is_missing(int error)
{
	return error == EOPNOTSUPP || error == ENOTTY || error == EINVAL || error == ENOSYS;
}

/* The last way is that of every clock: its error is the device's. */
int ffntp_phc_read(struct ffntp_phc *phc, const struct ffntp_counter_source *source, unsigned samples,
		   struct ffntp_phc_reading *reading)
{
	struct ffntp_phc_reading taken;
	int error = EBADF;

	for (unsigned i = 0; phc->descriptor >= 0 && i < FFNTP_PHC_METHODS; i++) {
		if (phc->is_absent[i])
			continue;
		error = read_by(phc, source, samples, (enum ffntp_phc_method)i, &taken);
		if (error == 0) {
			taken.method = (enum ffntp_phc_method)i;
			*reading = taken;
			return 0;
		}
		phc->is_absent[i] = i != FFNTP_PHC_BRACKET && is_missing(error);
	}
	return error;
}

const char *ffntp_phc_method_text(enum ffntp_phc_method method)
{
	switch (method) {
	case FFNTP_PHC_PRECISE:
		return "precise cross-timestamps";
	case FFNTP_PHC_EXTENDED_RAW:
		return "timestamps of CLOCK_MONOTONIC_RAW";
	case FFNTP_PHC_EXTENDED_REALTIME:
		return "timestamps of CLOCK_REALTIME";
	case FFNTP_PHC_BRACKET:
		return "readings of the counter";
	case FFNTP_PHC_METHODS:
		break;
	}
	return "unknown";
}
