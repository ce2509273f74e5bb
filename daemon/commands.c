#include "commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../ports/linux/resolve.h"
#include "log.h"

#define BLANKS " \t"

/* A command. */
struct command {
	struct ffntp_changes *changes;
	const char *rest; /* of its line, behind the first word; "" if there is nothing */
	char *reply;      /* FFNTP_CONTROL_REPLY_SIZE bytes */
};

__attribute__((format(printf, 3, 4))) static enum ffntp_control_result
answer(const struct command *command, enum ffntp_control_result result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command->reply, FFNTP_CONTROL_REPLY_SIZE, format, arguments);
	va_end(arguments);
	return result;
}

static enum ffntp_control_result busy(const struct command *command)
{
	return answer(command, FFNTP_CONTROL_BUSY,
		      "an earlier change waits for the names of its servers; try again in some seconds");
}

static const struct ffntp_config *config_of(const struct command *command)
{
	return &command->changes->keeper->options->config;
}

/* --- naming a server --- */

/* Return whether the server at this place is asked at a numeric address. */
static bool is_at(const struct ffntp_sync *sync, size_t place, const struct ffntp_address *address)
{
	for (unsigned i = 0; i < sync->room; i++) {
		const struct ffntp_peer *peer = ffntp_sync_peer(sync, i);

		if (peer != NULL && sync->peer[i].server == place && ffntp_address_is_equal(&peer->address, address))
			return true;
	}
	return false;
}

/* Return the place of the first server at this address; the number of servers if there is none. */
static size_t find_address(const struct command *command, const char *name)
{
	const struct ffntp_config *config = config_of(command);
	struct ffntp_addresses found;
	size_t i = 0;

	while (i < config->servers && !(ffntp_resolve_numeric(name, config->server[i].port, &found) &&
					is_at(&command->changes->keeper->sync, i, &found.address[0])))
		i++;
	return i;
}

/* Return whether a server has this name: "ntp.example.org", "ntp.example.org:1123", or "PHC0" of a reference clock. */
static bool is_named(const struct ffntp_config_server *server, const char *name)
{
	char with_port[FFNTP_CONFIG_NAME_SIZE + 8];

	snprintf(with_port, sizeof(with_port), strchr(server->name, ':') != NULL ? "[%s]:%u" : "%s:%u", server->name,
		 server->port);
	return strcasecmp(server->name, name) == 0 || strcasecmp(with_port, name) == 0 ||
	       (server->is_refclock && strcasecmp(server->refclock.name, name) == 0);
}

/* Find the first server with this name, or else with this address. Returns false, with an answer, if there is none. */
static bool find_server(const struct command *command, size_t *place)
{
	const struct ffntp_config *config = config_of(command);

	*place = 0;
	while (*place < config->servers && !is_named(&config->server[*place], command->rest))
		(*place)++;
	if (*place == config->servers)
		*place = find_address(command, command->rest);
	if (*place < config->servers)
		return true;
	(void)answer(command, FFNTP_CONTROL_NO_SERVER, "%s: no server has this name or address", command->rest);
	return false;
}

/* Do something with a server; it returns whether it did. */
typedef bool doer(struct ffntp_sync *sync, size_t place);

/* Do something with the server that the command names, or with all. result: the end of the answer. */
static enum ffntp_control_result for_servers(const struct command *command, doer *work, const char *result)
{
	struct ffntp_sync *sync = &command->changes->keeper->sync;
	size_t place, count = 0;

	if (ffntp_changes_is_busy(command->changes))
		return busy(command);
	if (*command->rest != '\0') {
		if (!find_server(command, &place))
			return FFNTP_CONTROL_NO_SERVER;
		count = work(sync, place);
	} else {
		for (place = 0; place < sync->lineup.count; place++)
			count += work(sync, place);
	}
	return answer(command, FFNTP_CONTROL_DONE, "%zu server%s %s", count, count == 1 ? "" : "s", result);
}

/* --- the commands --- */

static enum ffntp_control_result add(const struct command *command)
{
	if (ffntp_changes_is_busy(command->changes))
		return busy(command);
	return ffntp_changes_add(command->changes, command->rest, command->reply);
}

static enum ffntp_control_result delete (const struct command *command) {
	size_t place;

	if (*command->rest == '\0') return answer(command, FFNTP_CONTROL_INVALID,
						  "delete needs the name or the address of a server");
	if (ffntp_changes_is_busy(command->changes)) return busy(command);
	if (!find_server(command, &place)) return FFNTP_CONTROL_NO_SERVER;
	return ffntp_changes_delete(command->changes, place, command->reply);
}

static bool set_online(struct ffntp_sync *sync, size_t place)
{
	ffntp_sync_set_offline(sync, place, false);
	return true;
}

static bool set_offline(struct ffntp_sync *sync, size_t place)
{
	ffntp_sync_set_offline(sync, place, true);
	return true;
}

static bool set_by_route(struct ffntp_sync *sync, size_t place)
{
	bool has_route = ffntp_sync_has_route(sync, place);

	ffntp_sync_set_offline(sync, place, !has_route);
	return has_route;
}

static enum ffntp_control_result online(const struct command *command)
{
	return for_servers(command, set_online, "online");
}

static enum ffntp_control_result offline(const struct command *command)
{
	return for_servers(command, set_offline, "offline");
}

static enum ffntp_control_result onoffline(const struct command *command)
{
	if (*command->rest != '\0')
		return answer(command, FFNTP_CONTROL_INVALID,
			      "onoffline '%s': it takes no argument, because it is for all servers", command->rest);
	return for_servers(command, set_by_route, "online, because they have a route or no address yet");
}

static enum ffntp_control_result burst(const struct command *command)
{
	return for_servers(command, ffntp_sync_burst, "asked with a burst");
}

/* Read files again, now or once the change in progress has ended. */
static enum ffntp_control_result reload(const struct command *command)
{
	bool is_sources = strcasecmp(command->rest, "sources") == 0;
	struct ffntp_changes *changes = command->changes;

	if (*command->rest != '\0' && !is_sources)
		return answer(command, FFNTP_CONTROL_INVALID, "reload '%s': the only argument is sources",
			      command->rest);
	if (!is_sources && !changes->keeper->options->has_config_file)
		return answer(command, FFNTP_CONTROL_FAILED, "the daemon has no configuration file");
	*(is_sources ? &changes->must_reload_sources : &changes->must_reload) = true;
	if (ffntp_changes_is_busy(changes))
		return answer(command, FFNTP_CONTROL_DONE, "later, because an earlier change is in progress");
	ffntp_log_watch(command->reply, FFNTP_CONTROL_REPLY_SIZE);
	ffntp_changes_step(changes);
	ffntp_log_watch(NULL, 0);
	return *command->reply == '\0' ? FFNTP_CONTROL_DONE : FFNTP_CONTROL_FAILED;
}

enum ffntp_control_result ffntp_commands_do(void *context, char *request, char reply[FFNTP_CONTROL_REPLY_SIZE])
{
	static const struct {
		const char *name;
		enum ffntp_control_result (*work)(const struct command *command);
	} commands[] = {
		{ "add", add },         { "delete", delete },       { "online", online },
		{ "offline", offline }, { "onoffline", onoffline }, { "burst", burst },
		{ "reload", reload },
	};
	char *word = request + strspn(request, BLANKS);
	char *rest = word + strcspn(word, BLANKS);
	struct command command = { .changes = context, .rest = "", .reply = reply };

	if (*rest != '\0') {
		*rest++ = '\0';
		command.rest = rest + strspn(rest, BLANKS);
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcasecmp(word, commands[i].name) == 0)
			return commands[i].work(&command);
	}
	return answer(&command, FFNTP_CONTROL_INVALID, "unknown command '%s'", word);
}
