/* configline: see configline.h. */
#include "configline.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Replace control characters, because a file may contain anything and an error message reaches a terminal. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if (!isprint((unsigned char)*text))
			*text = '?';
	}
}

bool ffntp_configline_refuse(const struct ffntp_configline *line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line->error->text, sizeof(line->error->text), format, arguments);
	va_end(arguments);
	make_printable(line->error->text);
	line->error->line = line->number;
	return false;
}

bool ffntp_configline_unsigned(const char *word, unsigned long max, unsigned long *value)
{
	unsigned long sum = 0;

	if (*word == '\0')
		return false;
	for (; *word != '\0'; word++) {
		unsigned long digit = (unsigned long)(*word - '0');

		if (*word < '0' || *word > '9' || digit > max || sum > (max - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return true;
}

/*
 * Parse a finite, decimal number that is at most max; "inf", "nan" and hexadecimal, which strtod accepts, are rejected.
 */
static bool parse_real(const char *word, double max, double *value)
{
	char *end;
	double number;

	if (word[strspn(word, "0123456789.eE+-")] != '\0')
		return false;
	number = strtod(word, &end);
	if (end == word || *end != '\0' || !(number <= max))
		return false;
	*value = number;
	return true;
}

const struct ffntp_confignumber *ffntp_confignumber_find(const struct ffntp_confignumber *numbers, const char *name)
{
	for (; numbers->name != NULL; numbers++) {
		if (strcasecmp(name, numbers->name) == 0)
			return numbers;
	}
	return NULL;
}

bool ffntp_confignumber_store(const struct ffntp_configline *line, const struct ffntp_confignumber *number,
			      const char *word, void *structure)
{
	double most = number->most / number->scale, value = 0;

	if (number->least < 0 && (!parse_real(word, most, &value) || value < number->least / number->scale))
		return ffntp_configline_refuse(line, "%s: '%s' is not a number from %g to %g", number->name, word,
					       number->least / number->scale, most);
	if (number->least >= 0 && (!parse_real(word, most, &value) || value <= 0))
		return ffntp_configline_refuse(line, "%s: '%s' is not a number above 0 and up to %g", number->name,
					       word, most);
	value *= number->scale;
	memcpy((char *)structure + number->offset, &value, sizeof(value));
	return true;
}
