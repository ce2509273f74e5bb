#include "trace.h"

#define MAX_COLUMNS 6

/* The rest of a line. */
struct cursor {
	const char *at, *end;
};

struct number {
	bool is_negative;
	uint64_t magnitude;
};

/* CR counts as blank, so that a file from another system can be read. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && is_blank(*cursor->at))
		cursor->at++;
}

static bool add_digit(uint64_t *value, char c)
{
	uint64_t digit = (uint64_t)(c - '0');

	if (*value > (UINT64_MAX - digit) / 10)
		return false;
	*value = *value * 10 + digit;
	return true;
}

static const char *parse_number(struct cursor *cursor, struct number *number)
{
	const char *first;

	*number = (struct number){ .is_negative = *cursor->at == '-' };
	if (number->is_negative)
		cursor->at++;
	for (first = cursor->at; cursor->at < cursor->end && !is_blank(*cursor->at); cursor->at++) {
		if (*cursor->at < '0' || *cursor->at > '9')
			return "not a whole number";
		if (!add_digit(&number->magnitude, *cursor->at))
			return "a number beyond 64 bits";
	}
	return cursor->at == first ? "not a whole number" : NULL;
}

static const char *to_counter(struct number number, uint64_t *counter)
{
	if (number.is_negative)
		return "a negative counter reading";
	*counter = number.magnitude;
	return NULL;
}

static const char *to_ns(struct number number, int64_t *ns)
{
	if (number.magnitude > INT64_MAX)
		return "a time beyond 64 bits of nanoseconds";
	*ns = number.is_negative ? -(int64_t)number.magnitude : (int64_t)number.magnitude;
	return NULL;
}

static const char *parse_columns(struct cursor *cursor, struct number numbers[MAX_COLUMNS], size_t *count)
{
	for (*count = 0; cursor->at < cursor->end; (*count)++) {
		const char *error;

		if (*count == MAX_COLUMNS)
			return "more than 6 columns";
		error = parse_number(cursor, &numbers[*count]);
		if (error)
			return error;
		skip_blanks(cursor);
	}
	return *count == 4 || *count == 6 ? NULL : "neither 4 columns nor 6";
}

static const char *fill_row(const struct number numbers[MAX_COLUMNS], size_t count, struct trace_row *row)
{
	const char *error = to_counter(numbers[0], &row->ta);

	if (!error)
		error = to_ns(numbers[1], &row->tb_ns);
	if (!error)
		error = to_ns(numbers[2], &row->te_ns);
	if (!error)
		error = to_counter(numbers[3], &row->tf);
	row->has_truth = count == MAX_COLUMNS;
	if (!error && row->has_truth)
		error = to_ns(numbers[4], &row->truth_tf_ns);
	if (!error && row->has_truth)
		error = to_ns(numbers[5], &row->truth_ta_ns);
	return error;
}

enum trace_line trace_parse(const char *line, size_t length, struct trace_row *row, const char **error)
{
	struct cursor cursor = { line, line + length };
	struct number numbers[MAX_COLUMNS];
	struct trace_row parsed = { 0 };
	const char *what = NULL;
	size_t count;

	skip_blanks(&cursor);
	if (cursor.at == cursor.end || *cursor.at == '#')
		return TRACE_NOTHING;
	if (length > TRACE_MAX_LINE)
		what = "a line too long for a trace";
	if (!what)
		what = parse_columns(&cursor, numbers, &count);
	if (!what)
		what = fill_row(numbers, count, &parsed);
	if (what) {
		*error = what;
		return TRACE_ERROR;
	}
	*row = parsed;
	return TRACE_ROW;
}
