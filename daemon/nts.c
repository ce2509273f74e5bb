#include "nts.h"

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

static struct ffntp_ntstls_trust *read_trust(const struct ffntp_config *config)
{
	const char *files[FFNTP_CONFIG_TRUSTED], *problem, *failed;
	struct ffntp_ntstls_trust *trust;

	for (size_t i = 0; i < config->nts_trusted_count; i++)
		files[i] = config->nts_trusted[i];
	trust = ffntp_ntstls_trust_read(files, config->nts_trusted_count, !config->nts_distrusts_system, &problem,
					&failed);
	if (trust == NULL && failed != NULL)
		ffntp_log(FFNTP_LOG_ERROR, "ntstrustedcerts: %s: %s", failed, problem);
	else if (trust == NULL)
		ffntp_log(FFNTP_LOG_ERROR, "NTS: %s; name some with ntstrustedcerts FILE", problem);
	return trust;
}

bool ffntp_nts_apply(const struct ffntp_config *config, struct ffntp_lineup *lineup)
{
	struct ffntp_nts_method method = {
		.ops = &ffntp_ntstls_ops,
		.has_unchecked_start = config->nts_unchecked > 0,
	};

	if (!is_used(config))
		return true;
	method.context = read_trust(config);
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

void ffntp_nts_log(struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room; i++) {
		bool has_failed;
		const char *text = ffntp_sync_nts_news(sync, i, &has_failed);

		if (text != NULL && has_failed)
			ffntp_log(FFNTP_LOG_WARNING, "%s: NTS key exchange: %s; it is tried again until that succeeds",
				  ffntp_sync_name(sync, i), text);
		else if (text != NULL)
			ffntp_log(FFNTP_LOG_NOTICE, "%s: NTS key exchange: %s", ffntp_sync_name(sync, i), text);
	}
}
