/* words: a command line taken apart, without a copy. */
#ifndef FFNTP_WORDS_H
#define FFNTP_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct words {
	const char *at;
};

struct word {
	const char *at;
	size_t length;
};

struct words words_of(const char *line);

/* The next word between blanks. */
bool words_next(struct words *words, struct word *word);

/* Whether the word begins like that; then the beginning is taken off. */
bool word_takes(struct word *word, const char *beginning);

/* Whether c is in the word; then it and what stands before it are taken off. */
bool word_skip_to(struct word *word, char c);

/* A number at the word's beginning, decimal or after 0x hexadecimal, below 2^64; then it is taken off. */
bool word_take_number(struct word *word, uint64_t *number);

/* The whole of it is a number. */
bool word_is_number(struct word word, uint64_t *number);

bool word_is(struct word word, const char *text);

/* False if it does not fit with its final 0. */
bool word_copy(struct word word, char *text, size_t size);

#endif
