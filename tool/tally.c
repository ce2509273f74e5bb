#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void count(struct tally_counts *counts, const struct ffntp_event *event)
{
	counts->events[event->kind]++;
	if (event->kind == FFNTP_EVENT_REPLY)
		counts->verdicts[event->verdict]++;
}

/* Return the server's counts; NULL if memory is short. */
static struct tally_server *find(struct event_tally *tally, const char *name)
{
	struct tally_server *grown;

	for (size_t i = 0; i < tally->servers; i++) {
		if (strcmp(tally->server[i].name, name) == 0)
			return &tally->server[i];
	}
	grown = realloc(tally->server, (tally->servers + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	tally->server = grown;
	grown += tally->servers++;
	memset(grown, 0, sizeof(*grown));
	snprintf(grown->name, sizeof(grown->name), "%s", name);
	return grown;
}

void tally_add(struct event_tally *tally, const char *server, const struct ffntp_event *event)
{
	struct tally_server *of = server ? find(tally, server) : NULL;

	count(&tally->all, event);
	if (of)
		count(&of->counts, event);
}

/* --- text --- */

static void print_verdicts(const struct tally_counts *counts)
{
	const char *separator = " (";

	for (unsigned i = 0; i < FFNTP_VERDICTS; i++) {
		if (counts->verdicts[i] == 0)
			continue;
		printf("%s%s %" PRIu64, separator, ffntp_verdict_name((enum ffntp_verdict)i), counts->verdicts[i]);
		separator = ", ";
	}
	putchar(')');
}

/* separator: between 'before' and the first count. */
static void print_counts(const struct tally_counts *counts, const char *before, const char *separator)
{
	printf("  %s", before);
	for (unsigned kind = FFNTP_EVENT_NONE + 1; kind < FFNTP_EVENTS; kind++) {
		if (kind == FFNTP_EVENT_MAP || counts->events[kind] == 0)
			continue;
		printf("%s%s %" PRIu64, separator, ffntp_event_name((enum ffntp_event_kind)kind), counts->events[kind]);
		separator = ", ";
		if (kind == FFNTP_EVENT_REPLY)
			print_verdicts(counts);
	}
	putchar('\n');
}

void tally_print(const struct event_tally *tally, const char *before)
{
	print_counts(&tally->all, before, ", ");
	for (size_t i = 0; i < tally->servers; i++)
		print_counts(&tally->server[i].counts, tally->server[i].name, " ");
}

/* --- JSON --- */

static void add_counts(json_t *object, const struct tally_counts *counts)
{
	json_t *events = json_object(), *verdicts = json_object();

	for (unsigned i = FFNTP_EVENT_NONE + 1; i < FFNTP_EVENTS; i++)
		json_object_set_new(events, ffntp_event_name((enum ffntp_event_kind)i),
				    json_integer((json_int_t)counts->events[i]));
	for (unsigned i = 0; i < FFNTP_VERDICTS; i++)
		json_object_set_new(verdicts, ffntp_verdict_name((enum ffntp_verdict)i),
				    json_integer((json_int_t)counts->verdicts[i]));
	json_object_set_new(object, "events", events);
	json_object_set_new(object, "verdicts", verdicts);
}

void tally_json(const struct event_tally *tally, json_t *object)
{
	json_t *servers = json_array();

	add_counts(object, &tally->all);
	for (size_t i = 0; i < tally->servers; i++) {
		json_t *server = json_object();

		json_object_set_new(server, "server", json_string(tally->server[i].name));
		add_counts(server, &tally->server[i].counts);
		json_array_append_new(servers, server);
	}
	if (tally->servers > 0)
		json_object_set_new(object, "servers", servers);
	else
		json_decref(servers);
}

void tally_clear(struct event_tally *tally)
{
	free(tally->server);
	*tally = (struct event_tally){ 0 };
}
