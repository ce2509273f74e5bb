/*
 * assertions: comparisons of numbers that print both values with their unit, and the line of the test.
 *
 *     assert_below(fabs(error_s), 1e-3, "s");
 *
 * fails with "fabs(error_s) = 0.0123 s, which is not below 1e-3 = 0.001 s".
 *
 * A long double holds every double and every 64-bit integer exactly on the machines that run the tests.
 */
#ifndef FFNTP_TESTS_ASSERTIONS_H
#define FFNTP_TESTS_ASSERTIONS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Print before the failure, in TAP as its remark. cmocka exports it, but no header declares it. */
__attribute__((format(printf, 1, 2))) void cm_print_error(const char *format, ...);

/* A number of a test: its value and the text of its expression. */
struct assertion_number {
	long double value;
	const char *text;
};

static inline void assertion_fail(struct assertion_number a, const char *relation, struct assertion_number b,
				  const char *unit, const char *file, int line)
{
	cm_print_error("%s = %.17Lg %s, which is not %s %s = %.17Lg %s\n", a.text, a.value, unit, relation, b.text,
		       b.value, unit);
	_fail(file, line);
}

#define ASSERTION_NUMBER(number) ((struct assertion_number){ (long double)(number), #number })
#define ASSERTION_COMPARE(name, operator, relation)                                                     \
	static inline void name(struct assertion_number a, struct assertion_number b, const char *unit, \
				const char *file, int line)                                             \
	{                                                                                               \
		if (!(a.value operator b.value))                                                        \
			assertion_fail(a, relation, b, unit, file, line);                               \
	}

ASSERTION_COMPARE(assertion_below, <, "below")
ASSERTION_COMPARE(assertion_at_most, <=, "at most")
ASSERTION_COMPARE(assertion_above, >, "above")
ASSERTION_COMPARE(assertion_at_least, >=, "at least")
ASSERTION_COMPARE(assertion_exactly, ==, "exactly")

/* unit: "" for numbers that have none. */
#define assert_below(a, b, unit) assertion_below(ASSERTION_NUMBER(a), ASSERTION_NUMBER(b), unit, __FILE__, __LINE__)
#define assert_at_most(a, b, unit) assertion_at_most(ASSERTION_NUMBER(a), ASSERTION_NUMBER(b), unit, __FILE__, __LINE__)
#define assert_above(a, b, unit) assertion_above(ASSERTION_NUMBER(a), ASSERTION_NUMBER(b), unit, __FILE__, __LINE__)
#define assert_at_least(a, b, unit) \
	assertion_at_least(ASSERTION_NUMBER(a), ASSERTION_NUMBER(b), unit, __FILE__, __LINE__)
#define assert_exactly(a, b, unit) assertion_exactly(ASSERTION_NUMBER(a), ASSERTION_NUMBER(b), unit, __FILE__, __LINE__)

/* Require that a and b differ by less than the tolerance. */
#define assert_within(a, b, tolerance, unit) assert_below((a) < (b) ? (b) - (a) : (a) - (b), tolerance, unit)

#endif
