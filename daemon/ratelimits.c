/*
 * ratelimits: see ratelimits.h. The text has a line for each limit between its first and its last one, which has their
 * number, so that a file cut short is noticed:
 *
 *   ffntp-state 1
 *   limited 192.0.2.1:123 256 1796000000 1796000300
 *   end 1
 */
#include "ratelimits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../include/ffntp/client.h"

#define HEAD "ffntp-state 1\n"

/* No time of a system's clock has more digits. */
#define TIME_DIGITS 12

struct ffntp_ratelimit *ffntp_ratelimits_find(struct ffntp_ratelimits *limits, const char *address)
{
	for (size_t i = 0; i < limits->count; i++) {
		if (strcmp(limits->limit[i].address, address) == 0)
			return &limits->limit[i];
	}
	return NULL;
}

static struct ffntp_ratelimit *find_oldest(struct ffntp_ratelimits *limits)
{
	struct ffntp_ratelimit *oldest = &limits->limit[0];

	for (size_t i = 1; i < limits->count; i++) {
		if (limits->limit[i].kissed_s < oldest->kissed_s)
			oldest = &limits->limit[i];
	}
	return oldest;
}

/* Return the place of a new limit. */
static struct ffntp_ratelimit *make_room(struct ffntp_ratelimits *limits)
{
	return limits->count < FFNTP_RATELIMITS ? &limits->limit[limits->count++] : find_oldest(limits);
}

void ffntp_ratelimits_add(struct ffntp_ratelimits *limits, const char *address, uint32_t interval_s, int64_t now_s)
{
	struct ffntp_ratelimit *limit = ffntp_ratelimits_find(limits, address);

	if (limit == NULL)
		limit = make_room(limits);
	*limit = (struct ffntp_ratelimit){ .interval_s = interval_s, .kissed_s = now_s, .asked_s = now_s };
	snprintf(limit->address, sizeof(limit->address), "%s", address);
}

void ffntp_ratelimits_remove(struct ffntp_ratelimits *limits, struct ffntp_ratelimit *limit)
{
	*limit = limits->limit[--limits->count];
}

void ffntp_ratelimits_expire(struct ffntp_ratelimits *limits, int64_t now_s)
{
	for (size_t i = limits->count; i-- > 0;) {
		if (limits->limit[i].kissed_s < now_s - FFNTP_RATELIMITS_AGE_S)
			ffntp_ratelimits_remove(limits, &limits->limit[i]);
	}
}

/* Of a difference of whole seconds, up to a second has not elapsed yet. */
double ffntp_ratelimits_wait_s(const struct ffntp_ratelimit *limit, int64_t now_s)
{
	int64_t elapsed_s = now_s > limit->asked_s ? now_s - limit->asked_s - 1 : 0;
	int64_t wait_s = elapsed_s < limit->interval_s ? limit->interval_s - elapsed_s : 0;

	return wait_s < FFNTP_RATELIMITS_WAIT_S ? (double)wait_s : FFNTP_RATELIMITS_WAIT_S;
}

/* --- writing --- */

size_t ffntp_ratelimits_write(const struct ffntp_ratelimits *limits, char *text)
{
	char *at = text + sprintf(text, HEAD);

	for (size_t i = 0; i < limits->count; i++) {
		const struct ffntp_ratelimit *limit = &limits->limit[i];

		at += sprintf(at, "limited %s %" PRIu32 " %" PRId64 " %" PRId64 "\n", limit->address, limit->interval_s,
			      limit->kissed_s, limit->asked_s);
	}
	at += sprintf(at, "end %zu\n", limits->count);
	return (size_t)(at - text);
}

/* --- reading --- */

/* The rest of a text. */
struct rest {
	const char *at, *end;
};

static bool take(struct rest *rest, const char *expected)
{
	size_t length = strlen(expected);

	if ((size_t)(rest->end - rest->at) < length || memcmp(rest->at, expected, length) != 0)
		return false;
	rest->at += length;
	return true;
}

/* Take a decimal number without a sign. */
static bool take_number(struct rest *rest, int64_t *number)
{
	const char *begin = rest->at;

	for (*number = 0; rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9'; rest->at++) {
		if (rest->at - begin == TIME_DIGITS)
			return false;
		*number = *number * 10 + (*rest->at - '0');
	}
	return rest->at > begin;
}

/* Addresses are printed by messages. */
static bool take_address(struct rest *rest, char address[FFNTP_RATELIMITS_ADDRESS_SIZE])
{
	size_t length = 0;

	while (rest->at<rest->end && * rest->at> ' ' && *rest->at <= '~' && length < FFNTP_RATELIMITS_ADDRESS_SIZE - 1)
		address[length++] = *rest->at++;
	address[length] = '\0';
	return length > 0;
}

static bool take_limit(struct rest *rest, struct ffntp_ratelimit *limit)
{
	int64_t interval_s;

	if (!take_address(rest, limit->address) || !take(rest, " ") || !take_number(rest, &interval_s) ||
	    !take(rest, " ") || !take_number(rest, &limit->kissed_s) || !take(rest, " ") ||
	    !take_number(rest, &limit->asked_s) || !take(rest, "\n"))
		return false;
	limit->interval_s = (uint32_t)interval_s;
	limit->is_read = true;
	return interval_s >= 1 && interval_s <= FFNTP_POLL_MOST_S;
}

/* Take the limits' lines. Returns whether each of them is one. */
static bool take_limits(struct rest *rest, struct ffntp_ratelimits *limits)
{
	while (take(rest, "limited ")) {
		if (limits->count == FFNTP_RATELIMITS || !take_limit(rest, &limits->limit[limits->count]))
			return false;
		limits->count++;
	}
	return true;
}

static const char *read_text(struct ffntp_ratelimits *limits, struct rest *rest)
{
	int64_t count;

	if (!take(rest, HEAD))
		return "it is no state file of this version";
	if (!take_limits(rest, limits))
		return "a line is damaged";
	if (!take(rest, "end ") || !take_number(rest, &count) || !take(rest, "\n") || rest->at != rest->end)
		return "it is cut short or damaged";
	return count == (int64_t)limits->count ? NULL : "lines are missing";
}

const char *ffntp_ratelimits_read(struct ffntp_ratelimits *limits, const char *text, size_t length)
{
	struct rest rest = { text, text + length };
	const char *problem;

	limits->count = 0;
	problem = read_text(limits, &rest);
	if (problem != NULL)
		limits->count = 0;
	return problem;
}
