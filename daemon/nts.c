#include "nts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../ports/linux/module.h"
#include "../ports/linux/ntstls.h"
#include "log.h"

static bool is_used(const struct ffntp_config *config)
{
	for (size_t i = 0; i < config->servers; i++) {
		if (config->server[i].nts)
			return true;
	}
	return false;
}

/* The module stays loaded, because its threads may run. */
static const struct ffntp_ntstls *load(void)
{
	static const struct ffntp_ntstls *module;

	if (module == NULL)
		module = ffntp_module_load(FFNTP_NTSTLS_MODULE, FFNTP_MODULE_DIR "/" FFNTP_NTSTLS_MODULE,
					   FFNTP_NTSTLS_SYMBOL);
	if (module == NULL)
		ffntp_log(FFNTP_LOG_ERROR, "NTS: %s", dlerror());
	return module;
}

static struct ffntp_ntstls_trust *read_trust(const struct ffntp_ntstls *module, const struct ffntp_config *config)
{
	const char *files[FFNTP_CONFIG_TRUSTED], *problem, *failed;
	struct ffntp_ntstls_trust *trust;

	for (size_t i = 0; i < config->nts_trusted_count; i++)
		files[i] = config->nts_trusted[i];
	trust = module->read_trust(files, config->nts_trusted_count, !config->nts_distrusts_system, &problem, &failed);
	if (trust == NULL && failed != NULL)
		ffntp_log(FFNTP_LOG_ERROR, "ntstrustedcerts: %s: %s", failed, problem);
	else if (trust == NULL)
		ffntp_log(FFNTP_LOG_ERROR, "NTS: %s; name some with ntstrustedcerts FILE", problem);
	return trust;
}

/* Without the directory each start has a key exchange of its own. */
static void check_directory(const char *directory)
{
	if (directory[0] != '\0' && access(directory, R_OK | W_OK | X_OK) != 0)
		ffntp_log(FFNTP_LOG_WARNING, "ntsdumpdir %s: %s; cookies are not kept", directory, strerror(errno));
}

bool ffntp_nts_apply(const struct ffntp_config *config, struct ffntp_lineup *lineup)
{
	const struct ffntp_ntstls *module = is_used(config) ? load() : NULL;
	struct ffntp_nts_method method = { .has_unchecked_start = config->nts_unchecked > 0 };

	if (module == NULL)
		return !is_used(config);
	method.ops = &module->ops;
	check_directory(config->nts_directory);
	snprintf(method.directory, sizeof(method.directory), "%s", config->nts_directory);
	method.context = read_trust(module, config);
	if (method.context == NULL)
		return false;
	for (size_t i = 0; i < config->servers; i++) {
		method.port = config->server[i].ntsport;
		if (config->server[i].nts)
			ffntp_lineup_use_nts(&lineup->server[i], &method);
	}
	method.ops->drop(method.context);
	return true;
}

void ffntp_nts_log(struct ffntp_nts_log *log, struct ffntp_sync *sync, unsigned member, int64_t now_s)
{
	static const struct ffntp_log_levels problem_levels = { FFNTP_LOG_WARNING, FFNTP_LOG_INFO };
	static const struct ffntp_log_levels change_levels = { FFNTP_LOG_NOTICE, FFNTP_LOG_INFO };
	bool has_failed;
	const char *text = ffntp_sync_nts_news(sync, member, &has_failed);

	if (text != NULL && has_failed)
		ffntp_log_limited(&log->failed, now_s, problem_levels,
				  "%s: NTS key exchange: %s; it is tried again until that succeeds",
				  ffntp_sync_name(sync, member), text);
	else if (text != NULL)
		ffntp_log_limited(&log->agreed, now_s, change_levels, "%s: NTS key exchange: %s",
				  ffntp_sync_name(sync, member), text);
}
