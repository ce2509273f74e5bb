/*
 * state_stubs: memory of the states of clients, sessions and ensembles. Each state is a copy in memory of its own, so
 * that states never change; the collector frees it.
 */
#include "stubs.h"

static void finalize_state(value v)
{
	caml_stat_free(ffntp_ml_state_of(v)->block);
}

static struct custom_operations state_operations = {
	.identifier = "ffntp.state",
	.finalize = finalize_state,
	.compare = custom_compare_default,
	.compare_ext = custom_compare_ext_default,
	.hash = custom_hash_default,
	.serialize = custom_serialize_default,
	.deserialize = custom_deserialize_default,
	.fixed_length = custom_fixed_length_default,
};

value ffntp_ml_new_state(size_t size, enum ffntp_counter_kind kind)
{
	value v = caml_alloc_custom_mem(&state_operations, sizeof(struct ffntp_ml_state), size + FFNTP_ML_ALIGNMENT);
	struct ffntp_ml_state *state = ffntp_ml_state_of(v);

	*state = (struct ffntp_ml_state){ .size = size, .counter_kind = kind };
	state->block = caml_stat_alloc_noexc(size + FFNTP_ML_ALIGNMENT);
	if (state->block == NULL)
		caml_raise_out_of_memory();
	state->memory = ffntp_ml_aligned(state->block);
	return v;
}

value ffntp_ml_copy_state(value former, ffntp_ml_copier *copy)
{
	CAMLparam1(former);
	CAMLlocal1(v);
	struct ffntp_ml_state *state;

	v = ffntp_ml_new_state(ffntp_ml_state_of(former)->size, ffntp_ml_state_of(former)->counter_kind);
	state = ffntp_ml_state_of(v);
	state->memory = copy(ffntp_ml_state_of(former)->memory, state->memory, state->size);
	CAMLreturn(v);
}
