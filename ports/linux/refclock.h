/*
 * refclock: a reference clock of this machine in place of a server: a PTP hardware clock (phc.h), or a VMClock page
 * (vmclocksource.h). It is opened when it is read for the first time, and again after each failure.
 */
#ifndef FFNTP_LINUX_REFCLOCK_H
#define FFNTP_LINUX_REFCLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/ffntp/measurement.h"
#include "counter.h"
#include "phc.h"
#include "vmclocksource.h"

/* Size of a name, such as "PHC0", with its NUL. */
#define FFNTP_REFCLOCK_NAME_SIZE 5

enum ffntp_refclock_kind {
	FFNTP_REFCLOCK_PHC = 0,
	FFNTP_REFCLOCK_VMCLOCK,
};

/* The properties of a reference clock that a user states. */
struct ffntp_refclock_config {
	enum ffntp_refclock_kind kind;
	char name[FFNTP_REFCLOCK_NAME_SIZE]; /* its reference identifier; letters and digits */
	bool is_tai;                         /* it keeps TAI instead of UTC */
	unsigned samples;                    /* readings at each poll, of which the narrowest is used; 1 to 25 */
	uint8_t stratum;                     /* 0 to 14: that of the clock; a server that has it is one stratum below */
	double offset_s;                     /* is added to its time */
	double delay_s;                      /* root delay */
	double max_error_s;                  /* largest error of its time; 0: as its driver states it, or 1 ms; of a
						VMClock page: the least one, as the page states its own */
	double precision_s;                  /* size of its steps */
};

/* The largest error of a clock of which neither its driver nor its user states one (s). */
#define FFNTP_REFCLOCK_ERROR_S 1e-3

struct ffntp_refclock {
	struct ffntp_refclock_config config;
	const char *path; /* the caller's; it must outlive the refclock */
	struct ffntp_phc phc;
	struct ffntp_vmclocksource vmclock;
	bool has_stated_error; /* max_error_s is stated by the user, or by the driver */
	double max_error_s;    /* in use */
	int error;             /* errno value of the last reading; 0: it succeeded, or there was none yet */
	double wait_s;         /* until the next try, after a failure; 0: none */
	bool has_read;         /* a reading succeeded since it was opened */
	enum ffntp_phc_method method;
};

/* Begin with a clock that is not open. calls: as for ffntp_phc_init. */
void ffntp_refclock_init(struct ffntp_refclock *refclock, const struct ffntp_refclock_config *config, const char *path,
			 const struct ffntp_phc_calls *calls);

/* Close it; this may be called at any time. */
void ffntp_refclock_close(struct ffntp_refclock *refclock);

/*
 * Read the clock. Returns 0, the measurement, and in *after the counter after it. Or an errno value, or an error of
 * vmclocksource.h: then the clock is closed, and refclock->wait_s is the time to wait before the next try: longer after
 * each failure, up to 64 s.
 */
FFNTP_MUST_USE int ffntp_refclock_read(struct ffntp_refclock *refclock, const struct ffntp_counter_source *source,
				       struct ffntp_measurement *measurement, ffntp_counter *after);

/* Return a text with the way in which it is read, such as "precise cross-timestamps". Never NULL. */
const char *ffntp_refclock_way(const struct ffntp_refclock *refclock);

/* Return the reference identifier: the name, whose first letter is the top byte; a shorter one ends in zeros. */
uint32_t ffntp_refclock_refid(const struct ffntp_refclock *refclock);

/* Return a text for this error of a reading, such as strerror's; and a text with the likely cause and the remedy. Never
 * NULL.
 */
const char *ffntp_refclock_problem(int error);
const char *ffntp_refclock_advice(int error);

#endif
