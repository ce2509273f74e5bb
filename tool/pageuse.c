#include "pageuse.h"

/* Return the page's name for messages: the path given, or the path where it was found or would be. */
static const char *name_of(const char *path, char own[FFNTP_LINUX_PATH_SIZE])
{
	if (path)
		return path;
	return ffntp_linux_usual_path(own) ? own : "the clock page";
}

static bool open_page(const struct tool_command *command, const char *path, struct ffntp_linux_reader *reader)
{
	char own[FFNTP_LINUX_PATH_SIZE];
	const char *name = name_of(path, own);
	enum ffntp_page_result result = ffntp_linux_open(reader, path);

	if (result == FFNTP_PAGE_OK)
		return true;
	if (result == FFNTP_PAGE_MISSING && !path)
		tool_error(command, "%s: %s --page names a different page", name, ffntp_page_result_text(result));
	else if (result == FFNTP_PAGE_UNTRUSTED)
		tool_error(command, "%s: %s; --page %s reads it nevertheless", name, ffntp_page_result_text(result),
			   name);
	else
		tool_error(command, "%s: %s", name, ffntp_page_result_text(result));
	return false;
}

void pageuse_refuse(const struct tool_command *command, const char *path, enum ffntp_clock_result result)
{
	char own[FFNTP_LINUX_PATH_SIZE];

	tool_error(command, "%s: %s", name_of(path, own), ffntp_clock_result_text(result));
}

bool pageuse_take(const struct tool_command *command, const char *path, pageuse_read *read, void *context)
{
	struct ffntp_linux_reader reader;
	enum ffntp_clock_result result;

	if (!open_page(command, path, &reader))
		return false;
	result = read(&reader, context);
	ffntp_linux_close(&reader);
	if (result != FFNTP_CLOCK_OK)
		pageuse_refuse(command, path, result);
	return result == FFNTP_CLOCK_OK;
}
