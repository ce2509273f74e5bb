/* refclock: see refclock.h. */
#include "refclock.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

/* Waits after failures (s): the first and the longest one. A device that is gone costs one system call a wait. */
#define WAIT_FIRST_S 1.0
#define WAIT_MOST_S 64.0

void ffntp_refclock_init(struct ffntp_refclock *refclock, const struct ffntp_refclock_config *config, const char *path,
			 const struct ffntp_phc_calls *calls)
{
	*refclock = (struct ffntp_refclock){ .config = *config, .path = path };
	refclock->has_stated_error = config->max_error_s > 0;
	refclock->max_error_s = refclock->has_stated_error ? config->max_error_s : FFNTP_REFCLOCK_ERROR_S;
	ffntp_phc_init(&refclock->phc, calls);
}

void ffntp_refclock_close(struct ffntp_refclock *refclock)
{
	ffntp_phc_close(&refclock->phc);
	ffntp_vmclocksource_close(&refclock->vmclock);
	refclock->has_read = false;
}

/*
 * Read the error bound that the driver of Amazon's ENA states, in nanoseconds. It changes with time, so it is read at
 * each poll. Returns false if there is none.
 */
static bool read_stated_error(const char *path, double *error_s)
{
	const char *device = strrchr(path, '/');
	char name[128], text[32];
	FILE *file;
	char *end;
	bool is_read;

	snprintf(name, sizeof(name), "/sys/class/ptp/%.32s/device/phc_error_bound", device != NULL ? device + 1 : path);
	file = fopen(name, "re");
	if (file == NULL)
		return false;
	is_read = fgets(text, sizeof(text), file) != NULL;
	fclose(file);
	if (!is_read)
		return false;
	*error_s = (double)strtoull(text, &end, 10) * 1e-9;
	return end != text;
}

static void find_error(struct ffntp_refclock *refclock)
{
	double error_s;

	if (refclock->config.max_error_s > 0 || !read_stated_error(refclock->path, &error_s))
		return;
	refclock->has_stated_error = true;
	refclock->max_error_s = error_s;
}

uint32_t ffntp_refclock_refid(const struct ffntp_refclock *refclock)
{
	const char *name = refclock->config.name;
	size_t length = strlen(name);
	uint32_t refid = 0;

	for (size_t i = 0; i < FFNTP_REFCLOCK_NAME_SIZE - 1; i++)
		refid = refid << 8 | (uint8_t)(i < length ? name[i] : 0);
	return refid;
}

static struct ffntp_ntp corrected(struct ffntp_time time, double offset_s)
{
	return ffntp_ntp_from_time(ffntp_time_add_ns(time, (int64_t)(offset_s * 1e9 + (offset_s < 0 ? -0.5 : 0.5))));
}

/* Return the measurement of a clock that showed this time. */
static struct ffntp_measurement describe(const struct ffntp_refclock *refclock, ffntp_counter before,
					 struct ffntp_time time)
{
	const struct ffntp_refclock_config *config = &refclock->config;

	return (struct ffntp_measurement){
		.before = before,
		.time = corrected(time, config->offset_s),
		.is_tai = config->is_tai,
		.leap = FFNTP_LEAP_UNANNOUNCED,
		.stratum = (uint8_t)(config->stratum + 1),
		.refid = ffntp_refclock_refid(refclock),
		.max_error_s = refclock->max_error_s,
		.root_delay_s = config->delay_s,
		.precision_s = config->precision_s,
	};
}

static int read_phc(struct ffntp_refclock *refclock, const struct ffntp_counter_source *source,
		    struct ffntp_measurement *measurement, ffntp_counter *after)
{
	int error = refclock->phc.descriptor >= 0 ? 0 : ffntp_phc_open(&refclock->phc, refclock->path);
	struct ffntp_phc_reading reading;
	struct ffntp_time time;

	if (error == 0)
		error = ffntp_phc_read(&refclock->phc, source, refclock->config.samples, &reading);
	if (error != 0)
		return error;
	find_error(refclock);
	refclock->method = reading.method;
	time = ffntp_time_from_ns(reading.ns);
	time.s = reading.s;
	*measurement = describe(refclock, reading.before, time);
	*after = reading.after;
	return 0;
}

/* Return the leap indicator of a server that knows this. */
static uint8_t indicator_of(enum ffntp_leap leap)
{
	return leap == FFNTP_LEAP_PRE_POSITIVE ? 1 : leap == FFNTP_LEAP_PRE_NEGATIVE ? 2 : 0;
}

static int read_vmclock(struct ffntp_refclock *refclock, const struct ffntp_counter_source *source,
			struct ffntp_measurement *measurement, ffntp_counter *after)
{
	int error = refclock->vmclock.is_open ? 0 : ffntp_vmclocksource_open(&refclock->vmclock, refclock->path);
	struct ffntp_vmclocksource_reading reading;
	double bound_s;

	if (error == 0)
		error = ffntp_vmclocksource_read(&refclock->vmclock, source, &reading);
	if (error != 0)
		return error;
	bound_s = (double)reading.bound_ns * 1e-9;
	refclock->has_stated_error = true;
	refclock->max_error_s = bound_s > refclock->config.max_error_s ? bound_s : refclock->config.max_error_s;
	*measurement = describe(refclock, reading.before, reading.time);
	measurement->leap = indicator_of(reading.leap);
	*after = reading.after;
	return 0;
}

/* A device that is used again, such as a card that was plugged in again, has a new descriptor and maybe a new driver.
 */
static int fail(struct ffntp_refclock *refclock, int error)
{
	double longer_s = 2 * refclock->wait_s;

	ffntp_refclock_close(refclock);
	refclock->error = error;
	refclock->wait_s = longer_s < WAIT_FIRST_S ? WAIT_FIRST_S : longer_s < WAIT_MOST_S ? longer_s : WAIT_MOST_S;
	return error;
}

int ffntp_refclock_read(struct ffntp_refclock *refclock, const struct ffntp_counter_source *source,
			struct ffntp_measurement *measurement, ffntp_counter *after)
{
	bool is_vmclock = refclock->config.kind == FFNTP_REFCLOCK_VMCLOCK;
	int error = is_vmclock ? read_vmclock(refclock, source, measurement, after)
			       : read_phc(refclock, source, measurement, after);

	if (error != 0)
		return fail(refclock, error);
	refclock->error = 0;
	refclock->wait_s = 0;
	refclock->has_read = true;
	return 0;
}

const char *ffntp_refclock_way(const struct ffntp_refclock *refclock)
{
	if (refclock->config.kind == FFNTP_REFCLOCK_VMCLOCK)
		return "the bound of its VMClock page";
	return ffntp_phc_method_text(refclock->method);
}

/* --- texts --- */

const char *ffntp_refclock_problem(int error)
{
	if (error == FFNTP_VMCLOCKSOURCE_OWN)
		return "a page of ffntpd itself";
	if (error == FFNTP_VMCLOCKSOURCE_PAGE + FFNTP_PAGE_MISSING)
		return "there is no such device";
	if (error >= FFNTP_VMCLOCKSOURCE_TIME)
		return ffntp_clock_result_text((enum ffntp_clock_result)(error - FFNTP_VMCLOCKSOURCE_TIME));
	if (error >= FFNTP_VMCLOCKSOURCE_PAGE)
		return ffntp_page_result_text((enum ffntp_page_result)(error - FFNTP_VMCLOCKSOURCE_PAGE));
	return strerror(error);
}

const char *ffntp_refclock_advice(int error)
{
	switch (error) {
	case FFNTP_VMCLOCKSOURCE_OWN:
		return "a clock cannot follow itself: name the page of the hypervisor, such as /dev/vmclock0";
	case FFNTP_VMCLOCKSOURCE_PAGE + FFNTP_PAGE_MISSING:
		return "the hypervisor has to offer a VMClock, and its driver, ptp_vmclock, came with Linux 6.13";
	case FFNTP_VMCLOCKSOURCE_PAGE + FFNTP_PAGE_NO_TIME:
		return "this hypervisor's VMClock is no source of time: remove the line, and name servers or a PHC";
	case EACCES:
	case EPERM:
	case FFNTP_VMCLOCKSOURCE_PAGE + FFNTP_PAGE_DENIED:
		return "this user may not read it: let the daemon's group read it, by a udev rule as in ffntpd(8), "
		       "\"Reference clocks\"; a hardened service also needs DeviceAllow";
	case ENOENT:
		return "there is no such device: check its number with 'ls /sys/class/ptp', and that its driver is "
		       "loaded";
	case ENODEV:
	case ENXIO:
		return "the device is gone: plug it in again, or load its driver again";
	case EINVAL:
	case ENOTTY:
	case EOPNOTSUPP:
		return "it is not a PTP hardware clock, which is named /dev/ptpN: correct the line 'refclock'";
	case ERANGE:
		return "it returned no usable time: check it with 'phc_ctl DEVICE get', from the package linuxptp";
	case EIO:
	case EBUSY:
	case ETIMEDOUT:
		return "its driver reported an error: the kernel's log ('dmesg') may have the cause";
	default:
		break;
	}
	if (error >= FFNTP_VMCLOCKSOURCE_PAGE)
		return "the hypervisor writes the page, and has to mend it";
	return "it could not be read";
}
