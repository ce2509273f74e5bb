/* trace: the parser, line by line, and the scores computed from its rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assertions.h"
#include "../tool/score.h"
#include "../tool/trace.h"
#include "count.h"
#include "prng.h"

static enum trace_line parse(const char *line, struct trace_row *row)
{
	const char *error = NULL;
	enum trace_line kind = trace_parse(line, strlen(line), row, &error);

	assert_int_equal(kind == TRACE_ERROR, error != NULL);
	return kind;
}

static void columns_are_read_in_their_order(void **state)
{
	struct trace_row row;

	(void)state;
	assert_int_equal(parse("1 22 333 4444 55555 666666", &row), TRACE_ROW);
	assert_int_equal(row.ta, 1);
	assert_int_equal(row.tb_ns, 22);
	assert_int_equal(row.te_ns, 333);
	assert_int_equal(row.tf, 4444);
	assert_true(row.has_truth);
	assert_int_equal(row.truth_tf_ns, 55555);
	assert_int_equal(row.truth_ta_ns, 666666);
}

static void truth_may_be_missing(void **state)
{
	struct trace_row row;

	(void)state;
	assert_int_equal(parse("1 2 3 4", &row), TRACE_ROW);
	assert_false(row.has_truth);
	assert_int_equal(row.tf, 4);
}

static void the_ends_of_the_ranges_are_read(void **state)
{
	struct trace_row row;

	(void)state;
	assert_int_equal(parse("18446744073709551615 9223372036854775807 -9223372036854775807 0", &row), TRACE_ROW);
	assert_exactly(row.ta, UINT64_MAX, "");
	assert_exactly(row.tb_ns, INT64_MAX, "ns");
	assert_exactly(row.te_ns, -INT64_MAX, "ns");
}

static void lines_without_a_row(void **state)
{
	static const char *const lines[] = { "", " ", "\t \r", "#", "# 1 2 3 4", "  # x" };
	struct trace_row row;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_int_equal(parse(lines[i], &row), TRACE_NOTHING);
}

static void lines_that_are_rows(void **state)
{
	static const char *const lines[] = { " 1 2 3 4",  "1\t2\t3\t4", "1 2 3 4 ",
					     "1 2 3 4\r", "1  2   3 4", "01 002 3 4" };
	struct trace_row row;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		assert_int_equal(parse(lines[i], &row), TRACE_ROW);
		assert_int_equal(row.ta, 1);
		assert_int_equal(row.tf, 4);
	}
}

static void malformed_lines_leave_the_row_alone(void **state)
{
	static const char *const lines[] = {
		"1",
		"1 2 3",
		"1 2 3 4 5",
		"1 2 3 4 5 6 7",
		"1 2 3 x",
		"1 2 3 4x",
		"1 2 3 0x4",
		"1 2 3 4.5",
		"1 2 3 1e9",
		"1,2,3,4",
		"+1 2 3 4",
		"- 2 3 4",
		"1 2 3 --4",
		"-1 2 3 4", /* a counter has no sign */
		"1 2 3 -4",
		"18446744073709551616 2 3 4", /* 2^64 */
		"99999999999999999999999 2 3 4",
		"1 9223372036854775808 3 4", /* 2^63 */
		"1 2 -9223372036854775808 4",
		"1 2 3 4 5 9223372036854775808",
		"1 2 3 4 # no comment here",
		"1 2 3 4 nan inf",
	};
	struct trace_row row = { .ta = 77 };

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		assert_int_equal(parse(lines[i], &row), TRACE_ERROR);
		assert_int_equal(row.ta, 77);
	}
}

static void a_zero_byte_is_not_the_end(void **state)
{
	const char *error = NULL;
	struct trace_row row;

	(void)state;
	assert_int_equal(trace_parse("1 2 3 4\0 5", 10, &row, &error), TRACE_ERROR);
	assert_int_equal(trace_parse("\0", 1, &row, &error), TRACE_ERROR);
}

/* The text is surrounded by digits that a parser which reads too far would take. */
static void nothing_beyond_the_length_is_read(void **state)
{
	const char *error = NULL;
	struct trace_row row;

	(void)state;
	assert_int_equal(trace_parse("1 2 3 45", 7, &row, &error), TRACE_ROW);
	assert_int_equal(row.tf, 4);
	assert_int_equal(trace_parse("1 2 3 4", 6, &row, &error), TRACE_ERROR);
	assert_int_equal(trace_parse("1 2 3 -4", 7, &row, &error), TRACE_ERROR);
}

static void a_line_has_a_longest_length(void **state)
{
	char line[TRACE_MAX_LINE + 2];
	const char *error = NULL;
	struct trace_row row;

	(void)state;
	memset(line, ' ', sizeof(line));
	memcpy(line, "1 2 3 4", 7);
	assert_int_equal(trace_parse(line, TRACE_MAX_LINE, &row, &error), TRACE_ROW);
	assert_int_equal(trace_parse(line, TRACE_MAX_LINE + 1, &row, &error), TRACE_ERROR);
	line[0] = '#';
	assert_int_equal(trace_parse(line, TRACE_MAX_LINE + 1, &row, &error), TRACE_NOTHING);
}

static void quantiles_interpolate(void **state)
{
	static const double values[] = { 1, 2, 4, 8, 16 };

	(void)state;
	assert_exactly(score_quantile(values, 5, 0), 1, "");
	assert_exactly(score_quantile(values, 5, 0.5), 4, "");
	assert_exactly(score_quantile(values, 5, 0.625), 6, "");
	assert_exactly(score_quantile(values, 5, 1), 16, "");
	assert_exactly(score_quantile(values, 4, 0.5), 3, "");
	assert_exactly(score_quantile(values, 1, 0.99), 1, "");
}

static void a_summary_sorts_first(void **state)
{
	double errors[] = { 4, 0, 3 };
	struct score_summary summary = score_summarise(errors, COUNT(errors));

	(void)state;
	assert_true(summary.rms * summary.rms > 8.333 && summary.rms * summary.rms < 8.334);
	assert_exactly(summary.median, 3, "");
	assert_true(summary.p99 > 3.97 && summary.p99 < 3.99);
	assert_exactly(summary.max, 4, "");
}

/*
 * The method is the default one of numpy's percentile, which other projects score with; here it is compared with the
 * definition.
 */
static void quantiles_lie_between_their_neighbours(void **state)
{
	struct prng prng = { 1 };
	double values[101];

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++)
		values[i] = (double)prng_below(&prng, 1000);
	score_sort(values, COUNT(values));
	for (size_t i = 0; i < 100; i++) {
		double middle = score_quantile(values, COUNT(values), ((double)i + 0.5) / 100);
		double expected = (values[i] + values[i + 1]) / 2;

		assert_true(middle - expected < 1e-6 && expected - middle < 1e-6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_read_in_their_order),
		cmocka_unit_test(truth_may_be_missing),
		cmocka_unit_test(the_ends_of_the_ranges_are_read),
		cmocka_unit_test(lines_without_a_row),
		cmocka_unit_test(lines_that_are_rows),
		cmocka_unit_test(malformed_lines_leave_the_row_alone),
		cmocka_unit_test(a_zero_byte_is_not_the_end),
		cmocka_unit_test(nothing_beyond_the_length_is_read),
		cmocka_unit_test(a_line_has_a_longest_length),
		cmocka_unit_test(quantiles_interpolate),
		cmocka_unit_test(a_summary_sorts_first),
		cmocka_unit_test(quantiles_lie_between_their_neighbours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
