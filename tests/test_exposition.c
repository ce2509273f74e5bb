/* exposition: numbers at their limits, both formats, escaped labels, families without samples. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../tool/exposition.h"

static const struct exposition_family gauge = { "a_seconds", "seconds", "Help", EXPOSITION_GAUGE };
static const struct exposition_family counter = { "b", "", "Help", EXPOSITION_COUNTER };
static const struct exposition_family info = { "c", "", "Help", EXPOSITION_INFO };

struct text {
	char *bytes;
	size_t length;
	struct exposition out;
};

static struct exposition *begin(struct text *text, enum exposition_format format)
{
	text->out = (struct exposition){ .file = open_memstream(&text->bytes, &text->length), .format = format };
	assert_non_null(text->out.file);
	return &text->out;
}

static void check(struct text *text, const char *expected)
{
	exposition_end(&text->out);
	fclose(text->out.file);
	assert_string_equal(text->bytes, expected);
	free(text->bytes);
}

static void test_nanoseconds(void **state)
{
	static const struct {
		int64_t ns;
		const char *expected;
	} cases[] = { { 0, "0.000000000" },
		      { 1, "0.000000001" },
		      { -1, "-0.000000001" },
		      { -500000000, "-0.500000000" },
		      { 1796027593377706205, "1796027593.377706205" },
		      { INT64_MAX, "9223372036.854775807" },
		      { INT64_MIN, "-9223372036.854775808" } };
	char expected[200];
	struct text text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		exposition_begin(begin(&text, EXPOSITION_PROMETHEUS), &gauge);
		exposition_ns(&text.out, NULL, cases[i].ns);
		snprintf(expected, sizeof(expected), "# HELP a_seconds Help\n# TYPE a_seconds gauge\na_seconds %s\n",
			 cases[i].expected);
		check(&text, expected);
	}
}

static void test_numbers_that_are_not_finite_have_no_sample(void **state)
{
	struct text text;

	(void)state;
	exposition_begin(begin(&text, EXPOSITION_OPENMETRICS), &gauge);
	exposition_real(&text.out, NULL, (double)NAN);
	exposition_real(&text.out, NULL, -(double)INFINITY);
	exposition_begin(&text.out, &info);
	check(&text, "# EOF\n");
}

static void write_all(struct exposition *out)
{
	const struct exposition_labels labels = { { { "l", "x" }, { "m", "y" } } };

	exposition_begin(out, &gauge);
	exposition_real(out, NULL, 1.5e-7);
	exposition_begin(out, &counter);
	exposition_integer(out, &labels, 7);
	exposition_begin(out, &info);
	exposition_integer(out, &labels, 1);
}

static void test_openmetrics(void **state)
{
	struct text text;

	(void)state;
	write_all(begin(&text, EXPOSITION_OPENMETRICS));
	check(&text, "# HELP a_seconds Help\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1.5e-07\n"
		     "# HELP b Help\n# TYPE b counter\nb_total{l=\"x\",m=\"y\"} 7\n"
		     "# HELP c Help\n# TYPE c info\nc_info{l=\"x\",m=\"y\"} 1\n# EOF\n");
}

static void test_prometheus(void **state)
{
	struct text text;

	(void)state;
	write_all(begin(&text, EXPOSITION_PROMETHEUS));
	check(&text, "# HELP a_seconds Help\n# TYPE a_seconds gauge\na_seconds 1.5e-07\n"
		     "# HELP b_total Help\n# TYPE b_total counter\nb_total{l=\"x\",m=\"y\"} 7\n"
		     "# HELP c_info Help\n# TYPE c_info gauge\nc_info{l=\"x\",m=\"y\"} 1\n");
}

static void test_labels_are_escaped(void **state)
{
	const struct exposition_labels labels = { { { "l", "a\"b\\c\nd\te\xff" } } };
	struct text text;

	(void)state;
	exposition_begin(begin(&text, EXPOSITION_PROMETHEUS), &counter);
	exposition_integer(&text.out, &labels, -1);
	check(&text, "# HELP b_total Help\n# TYPE b_total counter\nb_total{l=\"a\\\"b\\\\c\\nd?e?\"} -1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nanoseconds),
		cmocka_unit_test(test_numbers_that_are_not_finite_have_no_sample),
		cmocka_unit_test(test_openmetrics),
		cmocka_unit_test(test_prometheus),
		cmocka_unit_test(test_labels_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
