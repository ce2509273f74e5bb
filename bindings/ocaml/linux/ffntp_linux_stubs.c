/* ffntp_linux_stubs: the Linux port's counter and reader for OCaml. */
#define CAML_NAME_SPACE
#include <caml/alloc.h>
#include <caml/bigarray.h>
#include <caml/fail.h>
#include <caml/memory.h>
#include <caml/mlvalues.h>
#include <caml/signals.h>

#include <ffntp/linux.h>

#include "counter.h"

value ffntp_ml_linux_counter(value unit)
{
	CAMLparam1(unit);
	CAMLlocal2(record, field);
	struct ffntp_counter_source source;
	const char *refusal;

	caml_enter_blocking_section();
	refusal = ffntp_counter_open(&source, FFNTP_COUNTER_NONE);
	caml_leave_blocking_section();
	if (refusal != NULL)
		caml_raise_sys_error(caml_copy_string(refusal));
	record = caml_alloc(3, 0);
	Store_field(record, 0, Val_int(source.kind));
	field = caml_copy_double(source.period_hint_s);
	Store_field(record, 1, field);
	field = caml_copy_double(source.period_hint_error);
	Store_field(record, 2, field);
	CAMLreturn(record);
}

/* The page is never unmapped, so that no reading can come too late. */
static value wrap(const struct ffntp_page *page)
{
	intnat size = FFNTP_PAGE_SIZE;

	return caml_ba_alloc(CAML_BA_CHAR | CAML_BA_C_LAYOUT | CAML_BA_EXTERNAL, 1, (void *)(uintptr_t)page, &size);
}

value ffntp_ml_linux_map_page(value path)
{
	CAMLparam1(path);
	CAMLlocal2(result, field);
	struct ffntp_linux_reader reader;
	enum ffntp_page_result opened = ffntp_linux_open(&reader, Is_block(path) ? String_val(Field(path, 0)) : NULL);

	field = opened == FFNTP_PAGE_OK ? wrap(reader.page) : Val_int((int)opened - 1);
	result = caml_alloc_small(1, opened == FFNTP_PAGE_OK ? 0 : 1);
	Field(result, 0) = field;
	CAMLreturn(result);
}
