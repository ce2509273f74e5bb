/*
 * stubs: what the OCaml modules call is in a file per module, client.ml's in client_stubs.c; this is what these files
 * share. Reading allocates its result and nothing else. Nothing blocks, so that the runtime's lock is always kept, and
 * nothing is static, so that any domain may call anything.
 *
 * Constructors without arguments have the values of the core's enumerations, in the core's order; the tests compare
 * their names.
 */
#ifndef FFNTP_ML_STUBS_H
#define FFNTP_ML_STUBS_H

#define CAML_NAME_SPACE
#include <caml/alloc.h>
#include <caml/bigarray.h>
#include <caml/custom.h>
#include <caml/fail.h>
#include <caml/memory.h>
#include <caml/mlvalues.h>
#include <stdbool.h>
#include <stdint.h>

#include <ffntp/client.h>
#include <ffntp/clock.h>
#include <ffntp/page.h>
#include <ffntp/timescale.h>

_Static_assert(sizeof(value) == 8, "nanoseconds are OCaml's integers, which must hold centuries of them");

/* Each allocates: what else is held must be registered with the runtime. */

/* (d, ps), rounded down. */
value ffntp_ml_copy_d_ps(struct ffntp_time time);
/* The first constructor with an argument: Ok, Some, Wait_until. */
value ffntp_ml_block_of(value v);
/* Error, of a constructor without arguments. */
value ffntp_ml_error(int number);
/* Error, of an Output.refusal; any result but FFNTP_CLOCK_OK. */
value ffntp_ml_refuse(enum ffntp_clock_result result);
value ffntp_ml_copy_map(const struct ffntp_map *map);
/* (Output.reading, Output.refusal) result. */
value ffntp_ml_read_at(const struct ffntp_map *map, ffntp_counter now, value scale, value max_bound_ns);

/* Saturates. */
value ffntp_ml_long_of_ns(uint64_t ns);
/* A page may hold anything: a number beyond the last constructor's becomes 0. */
value ffntp_ml_constructor(unsigned number, unsigned last);
struct ffntp_map ffntp_ml_map_of(value output);
/* Both periods, and by how much the bound grows, s/s. */
void ffntp_ml_set_period(struct ffntp_map *map, double period_s, double drift);
/* False where this machine or this build cannot read it. */
bool ffntp_ml_read_counter(enum ffntp_counter_kind kind, ffntp_counter *now);
/* Whether a reading of the counter as of now shows that it was set back since the map was made. */
enum ffntp_clock_result ffntp_ml_judge(const struct ffntp_map *map, ffntp_counter now);

#endif
