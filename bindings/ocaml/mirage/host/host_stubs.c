/*
 * host_stubs: the host's clocks. Unix and Unikraft have POSIX clocks. ocaml-solo5's C library has none, and there the
 * clocks are Solo5's, which mirage-solo5 and mirage-xen link.
 */
#define CAML_NAME_SPACE
#include <caml/alloc.h>
#include <caml/mlvalues.h>
#include <stdint.h>
#include <time.h>

#include "params.h"

#if defined(CLOCK_REALTIME)
static int64_t now_ns(clockid_t id)
{
	struct timespec t;

	return clock_gettime(id, &t) == 0 ? (int64_t)t.tv_sec * 1000000000 + t.tv_nsec : 0;
}

static int64_t wall_ns(void)
{
	return now_ns(CLOCK_REALTIME);
}

static int64_t elapsed_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}
#else
#include <solo5.h>

static int64_t wall_ns(void)
{
	return (int64_t)solo5_clock_wall();
}

static int64_t elapsed_ns(void)
{
	return (int64_t)solo5_clock_monotonic();
}
#endif

int64_t ffntp_ml_host_wall_ns(value unit)
{
	(void)unit;
	return wall_ns();
}

value ffntp_ml_host_wall_ns_byte(value unit)
{
	return caml_copy_int64(ffntp_ml_host_wall_ns(unit));
}

int64_t ffntp_ml_host_elapsed_ns(value unit)
{
	(void)unit;
	return elapsed_ns();
}

value ffntp_ml_host_elapsed_ns_byte(value unit)
{
	return caml_copy_int64(ffntp_ml_host_elapsed_ns(unit));
}

value ffntp_ml_host_release_s(value unit)
{
	(void)unit;
	return Val_long(FFNTP_RELEASE_S);
}
