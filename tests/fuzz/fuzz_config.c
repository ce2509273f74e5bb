/* Any bytes as a configuration: it is accepted, or rejected with an existing line's number and a printable text. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_config(const struct ffntp_config *config)
{
	check(config->servers <= FFNTP_CONFIG_SERVERS);
#define KEYWORD(member, usual, least, most, name, unit, scale) \
	check(config->member >= (least) && config->member <= (most));
#include "../../core/client_options.def"
	check(memchr(config->leap_list, '\0', sizeof(config->leap_list)) != NULL);
	for (size_t i = 0; i < config->servers; i++) {
		const struct ffntp_config_server *server = &config->server[i];

		check(server->name[0] != '\0' && memchr(server->name, '\0', sizeof(server->name)) != NULL);
#define SERVER_NUMBER(member, type, usual, least, most, name) \
	check(server->member == (usual) || ((uint64_t)server->member + 1 > (least) && server->member <= (most)));
#include "../../daemon/server_options.def"
		check(server->minpoll_log2_s <= server->maxpoll_log2_s &&
		      server->maxpoll_log2_s <= FFNTP_CONFIG_POLL_LAST);
	}
}

static void check_error(const struct ffntp_config_error *error, const char *text, size_t size)
{
	unsigned lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	check(error->line >= 1 && error->line <= lines);
	check(error->text[0] != '\0' && memchr(error->text, '\0', sizeof(error->text)) != NULL);
	for (const char *c = error->text; *c != '\0'; c++)
		check(isprint((unsigned char)*c));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct ffntp_config_scope scope = { 0 }, sources = { .sources = "s.sources" };
	struct ffntp_config config;
	struct ffntp_config_error error = { 0 };
	const char *text = (const char *)bytes;

	ffntp_config_default(&config);
	if (ffntp_config_parse(&config, text, size, &scope, &error))
		check_config(&config);
	else
		check_error(&error, text, size);
	ffntp_config_default(&config);
	if (ffntp_config_parse(&config, text, size, &sources, &error))
		check_config(&config);
	else
		check_error(&error, text, size);
	return 0;
}
