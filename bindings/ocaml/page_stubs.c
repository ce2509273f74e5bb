/* page_stubs: the functions of page.ml. A page's content may make the time wrong, but cannot cause any other harm. */
#include "stubs.h"

#include "clock.h"
#include "device.h"

value ffntp_ml_page_error_text(value reason)
{
	return caml_copy_string(ffntp_page_result_text((enum ffntp_page_result)(Int_val(reason) + 1)));
}

static const struct ffntp_page *page_of(value v)
{
	return (const struct ffntp_page *)Caml_ba_data_val(v);
}

/* Return Ok with the counter's kind, or Error. The page must be aligned, because its words are read as a whole. */
value ffntp_ml_page_check(value v)
{
	struct ffntp_page_identity identity;
	enum ffntp_page_result result;

	if ((uintptr_t)Caml_ba_data_val(v) % _Alignof(struct ffntp_page) != 0)
		caml_invalid_argument("Ffntp.Page.of_bigarray: not aligned to 8");
	result = ffntp_page_check(page_of(v), (size_t)Caml_ba_array_val(v)->dim[0], &identity);
	if (result != FFNTP_PAGE_OK)
		return ffntp_ml_error((int)result - 1);
	return ffntp_ml_block_of(ffntp_ml_constructor(identity.counter_kind, FFNTP_COUNTER_OTHER));
}

value ffntp_ml_page_read(value v)
{
	struct ffntp_map map;
	enum ffntp_clock_result result = ffntp_page_read(page_of(v), &map);

	return result == FFNTP_CLOCK_OK ? ffntp_ml_block_of(ffntp_ml_copy_map(&map)) : ffntp_ml_refuse(result);
}

value ffntp_ml_page_past(value v, value then)
{
	struct ffntp_map map;
	enum ffntp_clock_result result = ffntp_page_read_past(page_of(v), (ffntp_counter)Int64_val(then), &map);

	return result == FFNTP_CLOCK_OK ? ffntp_ml_block_of(ffntp_ml_copy_map(&map)) : ffntp_ml_refuse(result);
}

enum ffntp_clock_result ffntp_ml_judge(const struct ffntp_map *map, ffntp_counter now)
{
	enum ffntp_clock_result result = ffntp_reading_judge_status(map->status);

	return result == FFNTP_CLOCK_OK && ffntp_reading_is_set_back(map, now) ? FFNTP_CLOCK_DISRUPTED : result;
}

/* Return 0 if the counter cannot be read. */
static ffntp_counter count(void *kind)
{
	ffntp_counter now = 0;

	(void)ffntp_ml_read_counter(*(const enum ffntp_counter_kind *)kind, &now);
	return now;
}

static enum ffntp_clock_result read_page(const struct ffntp_page *page, enum ffntp_counter_kind kind,
					 struct ffntp_look *look)
{
	struct ffntp_page_device device;
	enum ffntp_clock_result result;
	ffntp_counter now;

	ffntp_page_device_init(&device, page, count, &kind);
	result = ffntp_page_device_look(&device.device, look);
	if (result != FFNTP_CLOCK_OK)
		return result;
	if (look->map.counter_kind != kind || !ffntp_ml_read_counter(kind, &now))
		return FFNTP_CLOCK_COUNTER;
	return ffntp_ml_judge(&look->map, look->now);
}

value ffntp_ml_page_now(value v, value kind, value scale, value max_bound_ns)
{
	struct ffntp_look look;
	enum ffntp_clock_result result = read_page(page_of(v), (enum ffntp_counter_kind)Int_val(kind), &look);

	return result == FFNTP_CLOCK_OK ? ffntp_ml_read_at(&look.map, look.now, scale, max_bound_ns)
					: ffntp_ml_refuse(result);
}
