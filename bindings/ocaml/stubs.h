/*
 * stubs: the helper functions that the stubs share. The stubs of each OCaml module are in a file of their own:
 * client_stubs.c for client.ml. Reading allocates only its result. Nothing blocks, so that the runtime's lock is never
 * released, and nothing is static, so that any domain may call any function. Constructors without arguments have the
 * values of the core's enumerations, in the core's order; the tests compare their names.
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
#include <ffntp/session.h>
#include <ffntp/timescale.h>

_Static_assert(sizeof(value) == 8, "nanoseconds are OCaml's integers, which must hold centuries of them");

/* The functions below allocate, so that other values in use must be registered with the runtime. */

/* Return (first, second). */
value ffntp_ml_pair(value first, value second);
/* Return (d, ps), rounded down. */
value ffntp_ml_copy_d_ps(struct ffntp_time time);
/* Return the first constructor with an argument: Ok, Some, Wait_until. */
value ffntp_ml_block_of(value v);
/* Return Error with a constructor without arguments. */
value ffntp_ml_error(int number);
/* Return Error with an Output.refusal; result: any but FFNTP_CLOCK_OK. */
value ffntp_ml_refuse(enum ffntp_clock_result result);
value ffntp_ml_copy_map(const struct ffntp_map *map);
/* Return a Client.source. */
value ffntp_ml_copy_source(const struct ffntp_source *source);
/* Return an (Output.reading, Output.refusal) result. */
value ffntp_ml_read_at(const struct ffntp_map *map, ffntp_counter now, value scale, value max_bound_ns);

/* Convert a Client.config. */
struct ffntp_client_config ffntp_ml_config_of(value config);
/* None: NULL. */
const struct ffntp_leap_table *ffntp_ml_table_of(value option);

/* States are aligned within blocks that are larger by this. */
#define FFNTP_ML_ALIGNMENT 16u

static inline void *ffntp_ml_aligned(void *block)
{
	return (void *)(((uintptr_t)block + FFNTP_ML_ALIGNMENT - 1) / FFNTP_ML_ALIGNMENT * FFNTP_ML_ALIGNMENT);
}

/* The state of a client, a session or an ensemble, behind an OCaml value; its own functions know its type. */
struct ffntp_ml_state {
	void *block, *memory; /* the collector frees the block; the aligned state is in it */
	size_t size;
	enum ffntp_counter_kind counter_kind;
};

static inline struct ffntp_ml_state *ffntp_ml_state_of(value v)
{
	return (struct ffntp_ml_state *)Data_custom_val(v);
}

/* Allocate a state of this size, for the caller to fill. */
value ffntp_ml_new_state(size_t size, enum ffntp_counter_kind kind);
/* Copies a state of the core, as ffntp_client_copy does. */
typedef void *ffntp_ml_copier(const void *state, void *memory, size_t size);
value ffntp_ml_copy_state(value former, ffntp_ml_copier *copy);

/* Convert a Session.input; its map is put into *former. */
struct ffntp_input ffntp_ml_input_of(value input, struct ffntp_map *former);
/* Raise Invalid_argument if the input is a former map of a different counter. */
void ffntp_ml_check_input(const struct ffntp_input *input, enum ffntp_counter_kind kind);
/* Return a Session.event. */
value ffntp_ml_copy_event(struct ffntp_event event);
/* Return the 48 bytes of the request as an option of a string. */
value ffntp_ml_copy_request(const uint8_t *packet);

/* Saturates at OCaml's largest integer. */
value ffntp_ml_long_of_ns(uint64_t ns);
/* Return the number, or 0 if it is beyond the last constructor's, because a page may contain any number. */
value ffntp_ml_constructor(unsigned number, unsigned last);
struct ffntp_map ffntp_ml_map_of(value output);
/* Set both periods, and the growth of the bound, s/s. */
void ffntp_ml_set_period(struct ffntp_map *map, double period_s, double drift);
/* Return false if this machine or this build cannot read the counter. */
bool ffntp_ml_read_counter(enum ffntp_counter_kind kind, ffntp_counter *now);
/* Return whether a counter reading of now shows that the counter was set back since the map was made. */
enum ffntp_clock_result ffntp_ml_judge(const struct ffntp_map *map, ffntp_counter now);

#endif
