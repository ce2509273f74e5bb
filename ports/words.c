/* words: see words.h. */
#include "words.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct words words_of(const char *line)
{
	return (struct words){ line };
}

bool words_next(struct words *words, struct word *word)
{
	while (is_blank(*words->at))
		words->at++;
	*word = (struct word){ words->at, 0 };
	while (*words->at != 0 && !is_blank(*words->at))
		words->at++;
	word->length = (size_t)(words->at - word->at);
	return word->length > 0;
}

static void take(struct word *word, size_t count)
{
	word->at += count;
	word->length -= count;
}

bool word_takes(struct word *word, const char *beginning)
{
	size_t i;

	for (i = 0; beginning[i] != 0; i++)
		if (i >= word->length || word->at[i] != beginning[i])
			return false;
	take(word, i);
	return true;
}

bool word_skip_to(struct word *word, char c)
{
	for (size_t i = 0; i < word->length; i++)
		if (word->at[i] == c) {
			take(word, i + 1);
			return true;
		}
	return false;
}

static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

bool word_take_number(struct word *word, uint64_t *number)
{
	struct word left = *word;
	unsigned base = word_takes(&left, "0x") ? 16 : 10;
	size_t length = left.length;
	uint64_t value = 0;

	while (left.length > 0 && digit(left.at[0]) < base) {
		if (value > (UINT64_MAX - digit(left.at[0])) / base)
			return false;
		value = value * base + digit(left.at[0]);
		take(&left, 1);
	}
	if (left.length == length)
		return false;
	*word = left;
	*number = value;
	return true;
}

bool word_is_number(struct word word, uint64_t *number)
{
	uint64_t value;

	if (!word_take_number(&word, &value) || word.length > 0)
		return false;
	*number = value;
	return true;
}

bool word_is(struct word word, const char *text)
{
	return word_takes(&word, text) && word.length == 0;
}

bool word_copy(struct word word, char *text, size_t size)
{
	if (word.length >= size)
		return false;
	for (size_t i = 0; i < word.length; i++)
		text[i] = word.at[i];
	text[word.length] = 0;
	return true;
}
