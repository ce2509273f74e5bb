#include "pageuse.h"

/* Return the page's name for messages: the path given, or the path where it was found or would be. */
static const char *name_of(const char *path, char own[FFNTP_LINUX_PATH_SIZE])
{
	if (path)
		return path;
	return ffntp_linux_usual_path(own) ? own : "the clock page";
}

static void report_page(const struct tool_command *command, const char *path, enum ffntp_page_result result)
{
	char own[FFNTP_LINUX_PATH_SIZE];
	const char *name = name_of(path, own);

	if (result == FFNTP_PAGE_MISSING && !path)
		tool_error(command, "%s: %s --page names a different page", name, ffntp_page_result_text(result));
	else if (result == FFNTP_PAGE_UNTRUSTED)
		tool_error(command, "%s: %s; --page %s reads it nevertheless", name, ffntp_page_result_text(result),
			   name);
	else
		tool_error(command, "%s: %s", name, ffntp_page_result_text(result));
}

void pageuse_refuse(const struct tool_command *command, const char *path, enum ffntp_clock_result result)
{
	char own[FFNTP_LINUX_PATH_SIZE];

	tool_error(command, "%s: %s", name_of(path, own), ffntp_clock_result_text(result));
}

bool pageuse_try(const char *path, pageuse_read *read, void *context, struct pageuse_outcome *outcome)
{
	struct ffntp_linux_reader reader;

	*outcome = (struct pageuse_outcome){ ffntp_linux_open(&reader, path), FFNTP_CLOCK_OK };
	if (outcome->page != FFNTP_PAGE_OK)
		return false;
	outcome->clock = read(&reader, context);
	ffntp_linux_close(&reader);
	return outcome->clock == FFNTP_CLOCK_OK;
}

bool pageuse_take(const struct tool_command *command, const char *path, pageuse_read *read, void *context)
{
	struct pageuse_outcome outcome;

	if (pageuse_try(path, read, context, &outcome))
		return true;
	if (outcome.page != FFNTP_PAGE_OK)
		report_page(command, path, outcome.page);
	else
		pageuse_refuse(command, path, outcome.clock);
	return false;
}
