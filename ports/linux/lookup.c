/* lookup: see lookup.h. */
#include "lookup.h"

#include <stddef.h>
#include <string.h>

/* Wait after the first failure (s), and the longest one: a resolver that is down is asked 340 times a day. */
#define RETRY_FIRST_S 2
#define RETRY_LAST_S 256

/* Wait after a success (s): two weeks, because getaddrinfo() does not return how long an address is valid. */
#define AGAIN_S (14 * INT64_C(86400))

/* Least wait after any attempt until the next one that is made because a server does not answer (s). */
#define RENEW_S 64

void ffntp_lookup_init(struct ffntp_lookup *lookup, const char *name, uint16_t port)
{
	*lookup = (struct ffntp_lookup){ .name = name, .port = port, .retry_s = RETRY_FIRST_S, .is_due = true };
}

void ffntp_lookup_close(struct ffntp_lookup *lookup)
{
	if (lookup->thread != NULL)
		ffntp_resolver_abandon(lookup->thread);
	lookup->thread = NULL;
}

bool ffntp_lookup_has_ended(const struct ffntp_lookup *lookup)
{
	return lookup->found.count > 0 || lookup->problem != NULL;
}

/* --- results --- */

static bool contains(const struct ffntp_addresses *found, const struct ffntp_address *address)
{
	size_t i = 0;

	while (i < found->count && !ffntp_address_is_equal(&found->address[i], address))
		i++;
	return i < found->count;
}

/* The order does not matter, because name servers change it with each answer. */
static bool is_same(const struct ffntp_addresses *a, const struct ffntp_addresses *b)
{
	size_t i = 0;

	while (i < a->count && contains(b, &a->address[i]))
		i++;
	return i == a->count && a->count == b->count;
}

static enum ffntp_lookup_event succeed(struct ffntp_lookup *lookup, const struct ffntp_addresses *found, int64_t now_s)
{
	bool is_news = lookup->problem != NULL || !is_same(&lookup->found, found);

	lookup->found = *found;
	lookup->problem = NULL;
	lookup->retry_s = RETRY_FIRST_S;
	lookup->ended_s = now_s;
	lookup->next_s = now_s + AGAIN_S;
	return is_news ? FFNTP_LOOKUP_FOUND : FFNTP_LOOKUP_NOTHING;
}

static enum ffntp_lookup_event fail(struct ffntp_lookup *lookup, const char *problem, int64_t now_s)
{
	bool is_news = lookup->problem == NULL || strcmp(lookup->problem, problem) != 0;

	lookup->problem = problem;
	lookup->ended_s = now_s;
	lookup->next_s = now_s + lookup->retry_s;
	lookup->retry_s = 2 * lookup->retry_s < RETRY_LAST_S ? 2 * lookup->retry_s : RETRY_LAST_S;
	return is_news ? FFNTP_LOOKUP_PROBLEM : FFNTP_LOOKUP_NOTHING;
}

/* --- attempts --- */

/* The address is kept without its interface, so that requests fail, are counted, and make the clock free-running. */
static enum ffntp_lookup_event poll_zone(struct ffntp_lookup *lookup, int64_t now_s)
{
	struct ffntp_addresses found;

	if (ffntp_resolve_numeric(lookup->name, lookup->port, &found))
		return succeed(lookup, &found, now_s);
	return fail(lookup, "there is no network interface of that name", now_s);
}

static enum ffntp_lookup_event begin(struct ffntp_lookup *lookup, int64_t now_s)
{
	struct ffntp_addresses found;

	if (ffntp_resolve_numeric(lookup->name, lookup->port, &found))
		return succeed(lookup, &found, now_s);
	lookup->thread = ffntp_resolver_start(lookup->name, lookup->port);
	return lookup->thread != NULL ? FFNTP_LOOKUP_NOTHING : fail(lookup, "out of memory, or of threads", now_s);
}

static enum ffntp_lookup_event finish(struct ffntp_lookup *lookup, int64_t now_s)
{
	struct ffntp_addresses found;
	const char *problem;

	if (!ffntp_resolver_finish(lookup->thread, &found, &problem))
		return FFNTP_LOOKUP_NOTHING;
	lookup->thread = NULL;
	return problem == NULL ? succeed(lookup, &found, now_s) : fail(lookup, problem, now_s);
}

enum ffntp_lookup_event ffntp_lookup_poll(struct ffntp_lookup *lookup, int64_t now_s)
{
	if (lookup->thread != NULL)
		return finish(lookup, now_s);
	if (ffntp_resolve_has_zone(lookup->name))
		return poll_zone(lookup, now_s);
	if (!lookup->is_due && now_s < lookup->next_s)
		return FFNTP_LOOKUP_NOTHING;
	lookup->is_due = false;
	return begin(lookup, now_s);
}

/* After a failure the next attempt is due soon enough. */
void ffntp_lookup_renew(struct ffntp_lookup *lookup)
{
	if (lookup->thread == NULL && lookup->problem == NULL && lookup->next_s > lookup->ended_s + RENEW_S)
		lookup->next_s = lookup->ended_s + RENEW_S;
}
