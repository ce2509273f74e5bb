/* value_stubs: constructors of values that several modules use. */
#include "stubs.h"

value ffntp_ml_pair(value first, value second)
{
	CAMLparam2(first, second);
	value block = caml_alloc_small(2, 0);

	Field(block, 0) = first;
	Field(block, 1) = second;
	CAMLreturn(block);
}

value ffntp_ml_copy_d_ps(struct ffntp_time time)
{
	CAMLparam0();
	CAMLlocal2(ps, pair);
	struct ffntp_day day = ffntp_day_from_time(time);

	ps = caml_copy_int64((int64_t)day.ps);
	pair = caml_alloc_small(2, 0);
	Field(pair, 0) = Val_long((intnat)day.day);
	Field(pair, 1) = ps;
	CAMLreturn(pair);
}

value ffntp_ml_block_of(value v)
{
	CAMLparam1(v);
	value block = caml_alloc_small(1, 0);

	Field(block, 0) = v;
	CAMLreturn(block);
}

value ffntp_ml_error(int number)
{
	value block = caml_alloc_small(1, 1);

	Field(block, 0) = Val_int(number);
	return block;
}

value ffntp_ml_refuse(enum ffntp_clock_result result)
{
	return ffntp_ml_error((int)result - 1);
}

value ffntp_ml_long_of_ns(uint64_t ns)
{
	return Val_long(ns > (uint64_t)Max_long ? Max_long : (intnat)ns);
}

value ffntp_ml_constructor(unsigned number, unsigned last)
{
	return Val_int(number > last ? 0 : (int)number);
}

/* The fields are in the order of Client.source. */
value ffntp_ml_copy_source(const struct ffntp_source *source)
{
	CAMLparam0();
	CAMLlocal2(record, field);

	record = caml_alloc(9, 0);
	Store_field(record, 0, Val_int(source->stratum));
	field = caml_copy_int32((int32_t)source->refid);
	Store_field(record, 1, field);
	Store_field(record, 2, Val_int(source->leap));
	Store_field(record, 3, Val_int(source->reach));
	Store_field(record, 4, Val_long((intnat)source->offset_ns));
	Store_field(record, 5, ffntp_ml_long_of_ns(source->rtt_ns));
	Store_field(record, 6, ffntp_ml_long_of_ns(source->rtt_min_ns));
	Store_field(record, 7, ffntp_ml_long_of_ns(source->root_delay_ns));
	Store_field(record, 8, ffntp_ml_long_of_ns(source->root_dispersion_ns));
	CAMLreturn(record);
}
