#include "serverkeys.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

void ffntp_serverkeys_wipe(struct ffntp_serverkeys *keys)
{
	if (keys->key != NULL)
		explicit_bzero(keys->key, keys->count * sizeof(*keys->key));
	free(keys->key);
	*keys = (struct ffntp_serverkeys){ 0 };
}

/* Return the first server that has a key; NULL if there is none. */
static const struct ffntp_config_server *first_with_key(const struct ffntp_config *config)
{
	for (size_t i = 0; i < config->servers; i++) {
		if (config->server[i].key_id != 0)
			return &config->server[i];
	}
	return NULL;
}

static void log_error(const char *path, const struct ffntp_config_server *server, const struct ffntp_key_error *error)
{
	if (error->line > 0)
		ffntp_log(FFNTP_LOG_ERROR, "%s:%u: %s", path, error->line, error->text);
	else
		ffntp_log(FFNTP_LOG_ERROR, "%s: %s, which the server %s needs", path, error->text, server->name);
}

static bool find_key(const struct ffntp_keyfile *file, const char *path, const struct ffntp_config_server *server,
		     struct ffntp_key *key)
{
	struct ffntp_key_error error;

	if (!ffntp_key_find(file, server->key_id, key, &error)) {
		log_error(path, server, &error);
		return false;
	}
	if (key->bits < FFNTP_KEY_BITS_LEAST)
		ffntp_log(FFNTP_LOG_WARNING,
			  "%s: key %u has only %zu bits, so that an attacker can find it by trying; use 128 or more",
			  path, key->id, key->bits);
	if (key->is_bare_hex)
		ffntp_log(FFNTP_LOG_WARNING,
			  "%s: key %u is used as text; ntpsec reads these characters as hexadecimal digits: for such a "
			  "server, write HEX: before them, otherwise ASCII:",
			  path, key->id);
	return true;
}

static bool find_keys(const struct ffntp_keyfile *file, struct ffntp_serverkeys *keys,
		      const struct ffntp_config *config)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (config->server[i].key_id != 0 &&
		    !find_key(file, config->keyfile, &config->server[i], &keys->key[i]))
			return false;
	}
	return true;
}

/* Return whether the file was read. */
static bool read_file(struct ffntp_keyfile *file, const char *path)
{
	const char *problem = ffntp_keyfile_read(file, path);

	if (problem != NULL) {
		ffntp_log(FFNTP_LOG_ERROR, "keyfile %s: %s", path, problem);
		return false;
	}
	if (file->is_exposed)
		ffntp_log(FFNTP_LOG_WARNING,
			  "%s: every user of this machine may access the keys; forbid it with: chmod o= %s", path,
			  path);
	return true;
}

static bool read_keys(struct ffntp_serverkeys *keys, const struct ffntp_config *config)
{
	struct ffntp_keyfile *file = malloc(sizeof(*file));
	bool is_read;

	keys->key = calloc(config->servers, sizeof(*keys->key));
	keys->count = keys->key != NULL ? config->servers : 0;
	if (file == NULL || keys->key == NULL) {
		ffntp_log(FFNTP_LOG_ERROR, "out of memory");
		free(file);
		return false;
	}
	is_read = read_file(file, config->keyfile) && find_keys(file, keys, config);
	ffntp_keyfile_wipe(file);
	free(file);
	return is_read;
}

bool ffntp_serverkeys_read(struct ffntp_serverkeys *keys, const struct ffntp_config *config)
{
	const struct ffntp_config_server *server = first_with_key(config);
	bool is_read;

	*keys = (struct ffntp_serverkeys){ 0 };
	if (server == NULL)
		return true;
	if (config->keyfile[0] == '\0') {
		ffntp_log(FFNTP_LOG_ERROR, "server %s: key %u: the configuration has no line 'keyfile FILE'",
			  server->name, server->key_id);
		return false;
	}
	is_read = read_keys(keys, config);
	if (!is_read)
		ffntp_serverkeys_wipe(keys);
	return is_read;
}
