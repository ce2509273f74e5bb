/* leapfile: the table of leap seconds as a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "assertions.h"
#include "../ports/linux/leapfile.h"

/* A file with the dates of IERS's file of 2025 and the last two of its leap seconds; Python computed its hash. */
#define ISSUED "#$\t3960835200\n"
#define EXPIRES "#@\t3991593600\n"
#define ENTRY_2015 "3644697600      36      # 1 Jul 2015\n"
#define ENTRY_2017 "3692217600\t37\t# 1 Jan 2017\n"
#define HASH "#h\tae85f6f9 da6aaf74 c8eb0544 5e2ec81d ef95e0a4\n"

static const char table_text[] = "# a comment\n#\n\n" ISSUED EXPIRES ENTRY_2015 ENTRY_2017 HASH;

static const char *parse(const char *text, struct ffntp_leap_table *table)
{
	return ffntp_leapfile_parse(text, strlen(text), table);
}

static void assert_is_the_table(const struct ffntp_leap_table *table)
{
	assert_int_equal(table->count, 2);
	assert_true(table->entry[0].from_s == 1435708800 && table->entry[0].tai_offset_s == 36);
	assert_true(table->entry[1].from_s == 1483228800 && table->entry[1].tai_offset_s == 37);
	assert_exactly(table->expires_s, 1782604800, "s");
}

static void reads_a_table(void **state)
{
	struct ffntp_leap_table table = { 0 };

	(void)state;
	assert_null(parse(table_text, &table));
	assert_is_the_table(&table);
}

static void refuses_what_is_no_table(void **state)
{
	static const struct {
		const char *text, *problem;
	} cases[] = {
		{ "", "not a table" },
		{ ISSUED ENTRY_2015 ENTRY_2017 HASH, "not a table" },
		{ ISSUED EXPIRES "3692217600\n" HASH, "not a table" },
		{ ISSUED EXPIRES "3692217600 99999\n" HASH, "not a table" },
		{ ISSUED EXPIRES "3692217600 x\n" HASH, "not a table" },
		{ ISSUED EXPIRES "nonsense\n" HASH, "not a table" },
		{ "#@ soon\n" ENTRY_2017 HASH, "not a table" },
		{ "#$\n" EXPIRES ENTRY_2017 HASH, "not a table" },
		{ ISSUED EXPIRES ENTRY_2015 ENTRY_2017 "#h 49db2447 571e5e1b 2f002a53 9c8da8e4\n", "not a table" },
		{ ISSUED EXPIRES ENTRY_2015 ENTRY_2017 "#h 49db2447 571e5e1b 2f002a53 9c8da8e4 no\n", "not a table" },
		{ "#@ 39915936009999999999999999\n99999999999999999999 37\n", "not a table" },
		{ ISSUED EXPIRES HASH, "without entries" },
		{ ISSUED EXPIRES ENTRY_2017 ENTRY_2015 HASH, "not in order" },
		{ ISSUED EXPIRES ENTRY_2015 "3692217600 38\n" HASH, "not one second" },
		{ ISSUED EXPIRES ENTRY_2015 "3692217601 37\n" HASH, "not at the end of a month" },
		{ ISSUED "#@ 3692217599\n" ENTRY_2015 ENTRY_2017 HASH, "expires" },
		{ ISSUED EXPIRES ENTRY_2015 ENTRY_2017, "without a checksum" },
		{ ISSUED EXPIRES ENTRY_2015 ENTRY_2017 "#h 1 2 3 4 5\n", "checksum (#h) is wrong" },
		{ ISSUED EXPIRES ENTRY_2015 HASH, "checksum (#h) is wrong" },
		{ "#$ 3960835201\n" EXPIRES ENTRY_2015 ENTRY_2017 HASH, "checksum (#h) is wrong" },
		{ ISSUED "#@ 3991593601\n" ENTRY_2015 ENTRY_2017 HASH, "checksum (#h) is wrong" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ffntp_leap_table table = { .count = 77 };
		const char *problem = parse(cases[i].text, &table);

		if (problem == NULL || strstr(problem, cases[i].problem) == NULL)
			fail_msg("case %zu: %s", i, problem != NULL ? problem : "taken");
		assert_int_equal(table.count, 77);
	}
}

static void refuses_more_than_there_is_room_for(void **state)
{
	char text[8192] = ISSUED EXPIRES;
	struct ffntp_leap_table table = { .count = 77 };

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(text, ENTRY_2017);
	assert_non_null(strstr(parse(text, &table), "room"));
	assert_int_equal(table.count, 77);
}

static void needs_no_newline_at_the_end(void **state)
{
	struct ffntp_leap_table table = { 0 };

	(void)state;
	assert_null(ffntp_leapfile_parse(table_text, strlen(table_text) - 1, &table));
	assert_is_the_table(&table);
}

static void a_missing_file_is_told(void **state)
{
	struct ffntp_leap_table table = { .count = 77 };

	(void)state;
	assert_string_equal(ffntp_leapfile_read("/nonexistent/leap-seconds.list", &table), "No such file or directory");
	assert_int_equal(table.count, 77);
}

/* The system's table continues the one in core. */
static void reads_the_systems_table(void **state)
{
	const struct ffntp_leap_table *builtin = ffntp_leap_table_builtin();
	struct ffntp_leap_table table = { 0 };
	const char *problem = ffntp_leapfile_read(FFNTP_LEAPFILE_DEFAULT, &table);

	(void)state;
	if (problem != NULL && strstr(problem, "No such file") != NULL)
		skip();
	assert_null(problem);
	assert_true(table.count >= builtin->count && table.expires_s >= builtin->expires_s);
	for (uint32_t i = 0; i < builtin->count; i++)
		assert_true(table.entry[i].from_s == builtin->entry[i].from_s &&
			    table.entry[i].tai_offset_s == builtin->entry[i].tai_offset_s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_table),
		cmocka_unit_test(refuses_what_is_no_table),
		cmocka_unit_test(refuses_more_than_there_is_room_for),
		cmocka_unit_test(needs_no_newline_at_the_end),
		cmocka_unit_test(a_missing_file_is_told),
		cmocka_unit_test(reads_the_systems_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
