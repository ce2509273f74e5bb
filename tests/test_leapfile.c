/* The table of leap seconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../ports/linux/leapfile.h"

#define DAY INT64_C(86400)

/* 1 Jul 2015, 36 s; 1 Jan 2017, 37 s; expires 28 Jun 2026. */
static const char table[] = "# a comment\n"
			    "#$\t3960835200\n"
			    "#@\t3991593600\n"
			    "3644697600      36      # 1 Jul 2015\n"
			    "3692217600\t37\t# 1 Jan 2017\n"
			    "#h\t49db2447 571e5e1b\n";

static const int64_t in_2017_s = INT64_C(1483228800);

static enum ffntp_leapfile_result parse(const char *text, int64_t now_s, int16_t *offset_s)
{
	return ffntp_leapfile_parse(text, strlen(text), now_s, offset_s);
}

static void tells_the_offset_of_a_date(void **state)
{
	static const struct {
		int64_t now_s;
		enum ffntp_leapfile_result result;
		int16_t offset_s;
	} cases[] = {
		{ INT64_C(1483228800), FFNTP_LEAPFILE_OK, 37 },
		{ INT64_C(1483228799), FFNTP_LEAPFILE_OK, 36 },
		{ INT64_C(3644697600) - FFNTP_NTP_UNIX_S, FFNTP_LEAPFILE_OK, 36 },
		{ INT64_C(3644697599) - FFNTP_NTP_UNIX_S, FFNTP_LEAPFILE_TOO_EARLY, -1 },
		{ INT64_C(3991593599) - FFNTP_NTP_UNIX_S, FFNTP_LEAPFILE_OK, 37 },
		{ INT64_C(3991593600) - FFNTP_NTP_UNIX_S, FFNTP_LEAPFILE_EXPIRED, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int16_t offset_s = -1;

		assert_int_equal(parse(table, cases[i].now_s, &offset_s), cases[i].result);
		assert_int_equal(offset_s, cases[i].offset_s);
	}
}

static void refuses_what_is_no_table(void **state)
{
	static const char *const texts[] = {
		"",
		"#@ 3991593600\n",
		"3692217600 37\n",
		"#@ 3991593600\n3692217600\n",
		"#@ 3991593600\n3692217600 99999\n",
		"#@ 3991593600\n3692217600 x\n",
		"#@ 3991593600\nnonsense\n",
		"#@ soon\n3692217600 37\n",
		"#@ 3991593600\n3692217600 37\n3644697600 36\n",
		"#@ 3991593600\n3692217600 37\n3692217600 37\n",
		"#@ 39915936009999999999999999\n99999999999999999999 37\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int16_t offset_s = -1;

		if (parse(texts[i], in_2017_s + DAY, &offset_s) != FFNTP_LEAPFILE_MALFORMED)
			fail_msg("not malformed: %s", texts[i]);
		assert_int_equal(offset_s, -1);
	}
}

static void needs_no_newline_at_the_end(void **state)
{
	int16_t offset_s = -1;

	(void)state;
	assert_int_equal(parse("#@ 3991593600\r\n\r\n3692217600 37", in_2017_s, &offset_s), FFNTP_LEAPFILE_OK);
	assert_int_equal(offset_s, 37);
}

static void a_missing_file_is_not_fatal(void **state)
{
	int16_t offset_s = -1;

	(void)state;
	assert_int_equal(ffntp_leapfile_read("/nonexistent/leap-seconds.list", in_2017_s, &offset_s),
			 FFNTP_LEAPFILE_MISSING);
	assert_int_equal(offset_s, -1);
}

static void reads_the_systems_table(void **state)
{
	int16_t offset_s = -1;
	enum ffntp_leapfile_result result = ffntp_leapfile_read(FFNTP_LEAPFILE_DEFAULT, in_2017_s, &offset_s);

	(void)state;
	if (result == FFNTP_LEAPFILE_MISSING)
		skip();
	assert_int_equal(result, FFNTP_LEAPFILE_OK);
	assert_int_equal(offset_s, 37);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_offset_of_a_date),  cmocka_unit_test(refuses_what_is_no_table),
		cmocka_unit_test(needs_no_newline_at_the_end), cmocka_unit_test(a_missing_file_is_not_fatal),
		cmocka_unit_test(reads_the_systems_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
