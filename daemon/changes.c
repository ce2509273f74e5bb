#include "changes.h"

#include <stdlib.h>
#include <string.h>

#include "../ports/linux/resolve.h"
#include "configfiles.h"
#include "log.h"

static const struct ffntp_config *config_of(const struct ffntp_changes *changes)
{
	return &changes->keeper->options->config;
}

/* Return options that are not in use; NULL, which is logged, if memory is short. */
static struct ffntp_options *spare_options(struct ffntp_changes *changes)
{
	struct ffntp_options **spare = &changes->options[changes->keeper->options == changes->options[0]];

	if (*spare == NULL)
		*spare = malloc(sizeof(**spare));
	if (*spare == NULL)
		ffntp_log(FFNTP_LOG_ERROR, "out of memory; the old configuration stays in use");
	return *spare;
}

/* Return a copy of the options in use, likewise. */
static struct ffntp_options *copy_options(struct ffntp_changes *changes)
{
	struct ffntp_options *next = spare_options(changes);

	if (next != NULL)
		ffntp_options_copy(next, changes->keeper->options);
	return next;
}

bool ffntp_changes_is_busy(const struct ffntp_changes *changes)
{
	return ffntp_keeper_is_reloading(changes->keeper);
}

/* --- reading files again --- */

/* Read the configuration file again. Servers that were added stay. Errors are logged. */
static void reload(struct ffntp_changes *changes)
{
	struct ffntp_options *next = spare_options(changes);
	int code;

	ffntp_log(FFNTP_LOG_NOTICE, "reading the configuration again");
	if (next == NULL)
		return;
	if (!ffntp_options_read(changes->argc, changes->argv, config_of(changes), next, &code)) {
		ffntp_log(FFNTP_LOG_ERROR, "the new configuration is not used; the old one stays in use");
		return;
	}
	ffntp_configfiles_add_former(&next->config, config_of(changes));
	ffntp_keeper_reload(changes->keeper, next);
}

/* Remove the servers of sources files, which are read next, and those that were added, which follow them. */
static void remove_changing(struct ffntp_config *config)
{
	for (size_t i = config->servers; i-- > 0;) {
		if (config->server[i].file[0] != '\0' || config->server[i].is_added)
			ffntp_config_remove_server(config, i);
	}
}

/* Read the sources files again. The rest of the configuration stays, as it is in use. */
static void reload_sources(struct ffntp_changes *changes)
{
	struct ffntp_options *next = copy_options(changes);

	ffntp_log(FFNTP_LOG_NOTICE, "reading the sources files again");
	if (next == NULL)
		return;
	remove_changing(&next->config);
	ffntp_configfiles_add_sources(&next->config, config_of(changes));
	ffntp_configfiles_add_former(&next->config, config_of(changes));
	ffntp_keeper_reload(changes->keeper, next);
}

void ffntp_changes_step(struct ffntp_changes *changes)
{
	if (ffntp_changes_is_busy(changes))
		return;
	if (changes->must_reload)
		reload(changes);
	else if (changes->must_reload_sources)
		reload_sources(changes);
	changes->must_reload = changes->must_reload_sources = false;
}

/* --- adding and deleting --- */

/* Use the next options. Returns BUSY if the keeper is to wait, and FAILED with a problem if it refuses them. */
static enum ffntp_control_result apply(struct ffntp_changes *changes, const struct ffntp_options *next,
				       char problem[FFNTP_CONTROL_REPLY_SIZE])
{
	ffntp_log_watch(problem, FFNTP_CONTROL_REPLY_SIZE);
	ffntp_keeper_reload(changes->keeper, next);
	ffntp_log_watch(NULL, 0);
	if (changes->keeper->options == next || ffntp_changes_is_busy(changes))
		return FFNTP_CONTROL_DONE;
	return FFNTP_CONTROL_FAILED;
}

/* Parse a line with a server, on top of a configuration that is for this line alone. */
static bool parse_line(struct ffntp_config *config, const char *line, struct ffntp_config_server *server,
		       char problem[FFNTP_CONTROL_REPLY_SIZE])
{
	static const struct ffntp_config_scope scope = { .sources = "", .is_name = ffntp_resolve_is_name };
	struct ffntp_config_error error;

	ffntp_config_default(config);
	if (!ffntp_config_parse(config, line, strlen(line), &scope, &error)) {
		snprintf(problem, FFNTP_CONTROL_REPLY_SIZE, "%s", error.text);
		return false;
	}
	*server = config->server[0];
	server->is_added = true;
	if (config->servers == 0)
		snprintf(problem, FFNTP_CONTROL_REPLY_SIZE, "no server is named");
	return config->servers > 0;
}

/* Read a line with a server. Returns false with a problem if it is invalid. */
static bool read_line(const char *line, struct ffntp_config_server *server, char problem[FFNTP_CONTROL_REPLY_SIZE])
{
	struct ffntp_config *config = malloc(sizeof(*config));
	bool is_read = config != NULL && parse_line(config, line, server, problem);

	if (config == NULL)
		snprintf(problem, FFNTP_CONTROL_REPLY_SIZE, "out of memory");
	free(config);
	return is_read;
}

/* There is no next configuration. */
static enum ffntp_control_result fail_for_memory(char problem[FFNTP_CONTROL_REPLY_SIZE])
{
	snprintf(problem, FFNTP_CONTROL_REPLY_SIZE, "out of memory");
	return FFNTP_CONTROL_FAILED;
}

enum ffntp_control_result ffntp_changes_add(struct ffntp_changes *changes, const char *line,
					    char problem[FFNTP_CONTROL_REPLY_SIZE])
{
	struct ffntp_config_server server;
	struct ffntp_options *next;

	if (!read_line(line, &server, problem))
		return FFNTP_CONTROL_INVALID;
	next = copy_options(changes);
	if (next == NULL)
		return fail_for_memory(problem);
	if (!ffntp_config_copy_server(&next->config, &server)) {
		snprintf(problem, FFNTP_CONTROL_REPLY_SIZE, "%s: %s", server.name,
			 ffntp_config_has_server(&next->config, &server)
				 ? "the daemon has this server already"
				 : "no room: at most 64 servers, with the maxsources of pools");
		return FFNTP_CONTROL_FAILED;
	}
	ffntp_log(FFNTP_LOG_NOTICE, "adding %s", server.name);
	return apply(changes, next, problem);
}
_Static_assert(FFNTP_CONFIG_SERVERS == 64, "the message above");

enum ffntp_control_result ffntp_changes_delete(struct ffntp_changes *changes, size_t place,
					       char problem[FFNTP_CONTROL_REPLY_SIZE])
{
	struct ffntp_options *next = copy_options(changes);

	if (next == NULL)
		return fail_for_memory(problem);
	if (next->config.servers == 1 && next->config.sourcedirs == 0) {
		snprintf(problem, FFNTP_CONTROL_REPLY_SIZE, "%s: this is the only server; add a different one first",
			 next->config.server[place].name);
		return FFNTP_CONTROL_FAILED;
	}
	ffntp_log(FFNTP_LOG_NOTICE, "deleting %s", next->config.server[place].name);
	ffntp_config_remove_server(&next->config, place);
	return apply(changes, next, problem);
}
