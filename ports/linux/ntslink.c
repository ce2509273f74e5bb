/* ntslink: see ntslink.h. */
#include "ntslink.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "aead.h"

/*
 * Waits between key exchanges (s): after one that failed, and at most. They double, as chrony's do from 16 s to 2^17 s;
 * a day suffices, because a key exchange is then needed only once a day if all is well.
 */
#define WAIT_FIRST_S 16
#define WAIT_MOST_S 65536

/*
 * Requests in a row without an authentic reply, after which there is a new key exchange: ntpsec is silent when it
 * cannot use a cookie. If the server refuses the cookie, one suffices.
 */
#define SILENCE 4

/* The host in a name: without brackets, zone and port. */
static void copy_host(char host[256], const char *name)
{
	const char *begin = name + (name[0] == '['), *colon = strchr(begin, ':');
	bool is_v6 = name[0] == '[' || (colon != NULL && strchr(colon + 1, ':') != NULL);
	size_t length = strcspn(begin, is_v6 ? "]%" : ":");

	length = length < 255 ? length : 255;
	memcpy(host, begin, length);
	host[length] = '\0';
}

void ffntp_ntslink_open(struct ffntp_ntslink *link, const struct ffntp_nts_method *method, const char *name,
			int64_t now_s)
{
	*link = (struct ffntp_ntslink){
		.method = *method, .retry_at_s = now_s, .wait_s = WAIT_FIRST_S, .waited_s = WAIT_FIRST_S
	};
	if (link->method.port == 0)
		link->method.port = FFNTP_NTS_PORT;
	copy_host(link->host, name);
}

static void abandon(struct ffntp_ntslink *link)
{
	if (link->exchange != NULL)
		link->method.ops->abandon(link->exchange);
	link->exchange = NULL;
}

void ffntp_ntslink_forget(struct ffntp_ntslink *link)
{
	abandon(link);
	explicit_bzero(&link->nts, sizeof(link->nts));
	link->unanswered = 0;
}

const struct ffntp_address *ffntp_ntslink_move(struct ffntp_ntslink *link, const struct ffntp_address *address)
{
	struct ffntp_address asked = *address;

	if (link->method.ops == NULL)
		return address;
	ffntp_address_set_port(&asked, link->method.port);
	if (link->nts.aead != NULL && ffntp_address_is_equal(&asked, &link->asked))
		return &link->server;
	ffntp_ntslink_forget(link);
	return address;
}

/* --- files --- */

static int64_t date_s(void)
{
	struct timespec date = { 0 };

	clock_gettime(CLOCK_REALTIME, &date);
	return date.tv_sec;
}

/* Begin a dump of the server whose key exchange is at this address. */
static void describe(const struct ffntp_ntslink *link, const struct ffntp_address *asked, struct ffntp_nts_dump *dump)
{
	*dump = (struct ffntp_nts_dump){ .saved_s = date_s() };
	memcpy(dump->machine, link->machine, sizeof(dump->machine));
	snprintf(dump->host, sizeof(dump->host), "%s", link->host);
	ffntp_address_text(asked, dump->asked);
}

/* A failure costs a key exchange, and nothing else. */
static void keep(const struct ffntp_ntslink *link)
{
	struct ffntp_nts_dump dump;

	describe(link, &link->asked, &dump);
	ffntp_address_text(&link->server, dump.server);
	dump.aead = link->nts.aead->number;
	memcpy(dump.request_key, link->nts.request_key, sizeof(dump.request_key));
	memcpy(dump.reply_key, link->nts.reply_key, sizeof(dump.reply_key));
	memcpy(dump.cookie, link->nts.cookie, sizeof(dump.cookie));
	dump.cookies = link->nts.cookies;
	(void)ffntp_ntsstore_put(link->method.directory, &dump);
	explicit_bzero(&dump, sizeof(dump));
}

/* Use the keys of a dump. Returns false if this program does not have their algorithm, or not the server's address. */
static bool use_dump(const struct ffntp_nts_dump *dump, struct ffntp_nts_outcome *outcome)
{
	struct ffntp_addresses found;

	*outcome = (struct ffntp_nts_outcome){ .is_success = true, .is_recalled = true };
	outcome->nts.aead = ffntp_aead_find(dump->aead);
	if (outcome->nts.aead == NULL || !ffntp_resolve_numeric(dump->server, 0, &found))
		return false;
	memcpy(outcome->nts.request_key, dump->request_key, sizeof(dump->request_key));
	memcpy(outcome->nts.reply_key, dump->reply_key, sizeof(dump->reply_key));
	memcpy(outcome->nts.cookie, dump->cookie, sizeof(dump->cookie));
	outcome->nts.cookies = dump->cookies;
	outcome->server = found.address[0];
	return true;
}

/* Take keys for this address from a file, if there is one. */
static bool recall(struct ffntp_ntslink *link, const struct ffntp_address *address, struct ffntp_nts_outcome *outcome)
{
	struct ffntp_nts_dump dump;
	bool is_found;

	if (link->method.directory[0] == '\0')
		return false;
	link->asking = *address;
	ffntp_address_set_port(&link->asking, link->method.port);
	describe(link, &link->asking, &dump);
	is_found = ffntp_ntsstore_take(link->method.directory, dump.saved_s, &dump) && use_dump(&dump, outcome);
	explicit_bzero(&dump, sizeof(dump));
	return is_found;
}

void ffntp_ntslink_close(struct ffntp_ntslink *link)
{
	if (link->method.directory[0] != '\0' && link->has_answered && link->nts.cookies > 0)
		keep(link);
	ffntp_ntslink_forget(link);
	link->method.ops = NULL;
}

/* The wait grows once for all addresses of the name, or an hour without them would cost the whole day. */
void ffntp_ntslink_hurry(struct ffntp_ntslink *link)
{
	link->retry_at_s = INT64_MIN;
	link->wait_s = link->waited_s;
}

void ffntp_ntslink_answered(struct ffntp_ntslink *link)
{
	link->unanswered = 0;
	link->has_answered = true;
	link->wait_s = WAIT_FIRST_S;
}

void ffntp_ntslink_unanswered(struct ffntp_ntslink *link)
{
	link->unanswered++;
}

/* A refusal of the cookie can be forged, so it counts only if no authentic reply came to that request. */
static bool needs_keys(const struct ffntp_ntslink *link)
{
	return link->nts.cookies == 0 || link->unanswered >= SILENCE || (link->unanswered > 0 && link->nts.naks > 0);
}

static void wait_longer(struct ffntp_ntslink *link, int64_t now_s)
{
	link->retry_at_s = now_s + link->wait_s;
	link->waited_s = link->wait_s;
	link->wait_s = 2 * link->wait_s < WAIT_MOST_S ? 2 * link->wait_s : WAIT_MOST_S;
}

/* Keys that no reply ever confirmed are no better than a failure: the next exchange waits, and guesses nothing. */
static void start(struct ffntp_ntslink *link, const struct ffntp_address *address, int64_t time_s, int64_t now_s)
{
	struct ffntp_nts_order order = {
		.host = link->host,
		.address = *address,
		.time_s = time_s,
		.context = link->method.context,
	};

	link->is_siv_only = link->is_siv_only || (link->is_assumed && !link->has_answered);
	order.is_siv_only = link->is_siv_only;
	ffntp_address_set_port(&order.address, link->method.port);
	link->asking = order.address;
	link->exchange = link->method.ops->start(&order);
	wait_longer(link, now_s);
}

/* A failure is news if it is not the one that was logged. */
static enum ffntp_ntslink_event take_failure(struct ffntp_ntslink *link, const char *problem)
{
	link->has_news = link->has_news || !link->has_failed || strcmp(link->text, problem) != 0;
	link->has_failed = true;
	snprintf(link->text, sizeof(link->text), "%s", problem);
	return FFNTP_NTSLINK_FAILED;
}

static enum ffntp_ntslink_event take_keys(struct ffntp_ntslink *link, const struct ffntp_nts_outcome *outcome)
{
	char address[FFNTP_ADDRESS_TEXT_SIZE];

	ffntp_address_text(&outcome->server, address);
	link->nts = outcome->nts;
	link->asked = link->asking;
	link->server = outcome->server;
	link->is_assumed = outcome->is_assumed;
	link->has_answered = link->has_failed = false;
	link->has_news = true;
	link->unanswered = 0;
	snprintf(link->text, sizeof(link->text), "%u %scookies for %s, AEAD algorithm %u", link->nts.cookies,
		 outcome->is_recalled ? "stored " : "", address, link->nts.aead->number);
	return FFNTP_NTSLINK_READY;
}

/* Use the keys of a file, or start a key exchange. */
static enum ffntp_ntslink_event begin(struct ffntp_ntslink *link, const struct ffntp_address *address, int64_t time_s,
				      int64_t now_s, struct ffntp_address *server)
{
	struct ffntp_nts_outcome outcome;
	enum ffntp_ntslink_event event = FFNTP_NTSLINK_NOTHING;

	if (recall(link, address, &outcome)) {
		*server = outcome.server;
		event = take_keys(link, &outcome);
	} else {
		start(link, address, time_s, now_s);
	}
	explicit_bzero(&outcome, sizeof(outcome));
	return event;
}

static enum ffntp_ntslink_event finish(struct ffntp_ntslink *link, struct ffntp_address *server)
{
	enum ffntp_ntslink_event event;
	struct ffntp_nts_outcome outcome;

	if (!link->method.ops->finish(link->exchange, &outcome))
		return FFNTP_NTSLINK_NOTHING;
	link->exchange = NULL;
	*server = outcome.server;
	event = outcome.is_success ? take_keys(link, &outcome) : take_failure(link, outcome.problem);
	explicit_bzero(&outcome, sizeof(outcome));
	return event;
}

const char *ffntp_ntslink_news(struct ffntp_ntslink *link, bool *has_failed)
{
	bool has_news = link->has_news;

	link->has_news = false;
	*has_failed = link->has_failed;
	return has_news ? link->text : NULL;
}

enum ffntp_ntslink_event ffntp_ntslink_work(struct ffntp_ntslink *link, const struct ffntp_address *address,
					    int64_t time_s, int64_t now_s, struct ffntp_address *server)
{
	if (link->method.ops == NULL)
		return FFNTP_NTSLINK_NOTHING;
	if (link->exchange != NULL)
		return finish(link, server);
	if (needs_keys(link) && now_s >= link->retry_at_s && ffntp_address_is_some(address))
		return begin(link, address, time_s, now_s, server);
	return FFNTP_NTSLINK_NOTHING;
}
