/* words: splits a command line without copying it. */
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

/* Return the next word between blanks. */
bool words_next(struct words *words, struct word *word);

/* If the word has this beginning, remove it and return true. */
bool word_takes(struct word *word, const char *beginning);

/* If c is in the word, remove it with everything before it and return true. */
bool word_skip_to(struct word *word, char c);

/*
 * Remove a number at the word's beginning, decimal or hexadecimal with 0x, below 2^64. Returns false if there is none.
 */
bool word_take_number(struct word *word, uint64_t *number);

/* Return whether the whole word is a number. */
bool word_is_number(struct word word, uint64_t *number);

bool word_is(struct word word, const char *text);

/* Copy the word as text. Returns false if it does not fit with its final 0. */
bool word_copy(struct word word, char *text, size_t size);

#endif
