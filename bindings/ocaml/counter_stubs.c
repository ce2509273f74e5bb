/* counter_stubs: the functions of counter.ml, for the raw counters of this machine. */
#include "stubs.h"

#include <time.h>

bool ffntp_ml_read_counter(enum ffntp_counter_kind kind, ffntp_counter *now)
{
#if defined(__x86_64__) || defined(__i386__)
	if (kind == FFNTP_COUNTER_TSC) {
		*now = __builtin_ia32_rdtsc();
		return true;
	}
#elif defined(__aarch64__)
	if (kind == FFNTP_COUNTER_ARM_VIRTUAL) {
		__asm__ volatile("mrs %0, cntvct_el0" : "=r"(*now));
		return true;
	}
#endif
#if defined(CLOCK_MONOTONIC_RAW)
	if (kind == FFNTP_COUNTER_MONOTONIC_RAW) {
		struct timespec t;

		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		*now = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
		return true;
	}
#endif
	return false;
}

/* Return 0 for a counter that cannot be read. */
int64_t ffntp_ml_counter_read(value kind)
{
	ffntp_counter now = 0;

	(void)ffntp_ml_read_counter((enum ffntp_counter_kind)Int_val(kind), &now);
	return (int64_t)now;
}

value ffntp_ml_counter_read_byte(value kind)
{
	return caml_copy_int64(ffntp_ml_counter_read(kind));
}

value ffntp_ml_counter_is_readable(value kind)
{
	ffntp_counter now;

	return Val_bool(ffntp_ml_read_counter((enum ffntp_counter_kind)Int_val(kind), &now));
}
