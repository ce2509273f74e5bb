/* notify: see notify.h. */
#include "notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "monotonic.h"

/* A sign of life is due after this time (s): systemd ends a daemon after a minute without one (WatchdogSec). */
#define LIFE_S 4

/* A line is shown for this time (s) before the next one, so that a bound that grows does not cause one each second. */
#define LINE_S 10

/* Return the length of the address of the manager's socket; 0 if there is no manager. */
static socklen_t find_manager(struct sockaddr_un *address)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path != NULL ? strlen(path) : 0;

	if (length < 2 || length >= sizeof address->sun_path || (path[0] != '/' && path[0] != '@'))
		return 0;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, path, length);
	if (path[0] == '@')
		address->sun_path[0] = '\0'; /* a name in the abstract namespace */
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

/*
 * Send assignments, one a line, in one datagram. A manager that does not take it now misses it: the clock never waits
 * for the manager.
 */
__attribute__((format(printf, 1, 2))) static void notify_manager(const char *format, ...)
{
	struct sockaddr_un address;
	socklen_t address_length = find_manager(&address);
	char text[256];
	va_list arguments;
	int descriptor, length;

	if (address_length == 0)
		return;
	va_start(arguments, format);
	length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (descriptor < 0)
		return;
	if (length > 0 && (size_t)length < sizeof text)
		(void)!sendto(descriptor, text, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL,
			      (const struct sockaddr *)&address, address_length);
	close(descriptor);
}

/* Describe the map in one line: "synchronised, error bound 1.234 ms at the last reply". */
static void describe(const struct ffntp_page *page, char *line, size_t size)
{
	struct ffntp_map map;
	uint64_t bound_ns;

	if (ffntp_page_read(page, &map) != FFNTP_CLOCK_OK)
		map = (struct ffntp_map){ .status = FFNTP_STATUS_UNKNOWN };
	bound_ns = map.maxerror_before_ns > map.maxerror_after_ns ? map.maxerror_before_ns : map.maxerror_after_ns;
	if (map.status == FFNTP_STATUS_SYNCHRONISED || map.status == FFNTP_STATUS_FREE_RUNNING)
		snprintf(line, size, "STATUS=%s, error bound %.3f ms at the last reply", ffntp_status_name(map.status),
			 (double)bound_ns * 1e-6);
	else
		snprintf(line, size, "STATUS=%s: no time yet", ffntp_status_name(map.status));
}

void ffntp_notify_ready(struct ffntp_notify *notify, const struct ffntp_page *page)
{
	struct sockaddr_un unused;

	*notify = (struct ffntp_notify){ .has_manager = find_manager(&unused) > 0 };
	if (!notify->has_manager)
		return;
	describe(page, notify->line, sizeof notify->line);
	notify->line_at_s = notify->life_at_s = ffntp_monotonic_s();
	notify_manager("READY=1\n%s", notify->line);
}

/* Return whether the line has changed since it was shown, which is looked at once it was shown long enough. */
static bool has_changed(struct ffntp_notify *notify, const struct ffntp_page *page, int64_t now_s)
{
	char line[sizeof notify->line];

	if (now_s - notify->line_at_s < LINE_S)
		return false;
	describe(page, line, sizeof line);
	if (strcmp(line, notify->line) == 0)
		return false;
	memcpy(notify->line, line, sizeof line);
	notify->line_at_s = now_s;
	return true;
}

void ffntp_notify_step(struct ffntp_notify *notify, const struct ffntp_page *page)
{
	int64_t now_s = ffntp_monotonic_s();

	if (!notify->has_manager || now_s - notify->life_at_s < LIFE_S)
		return;
	notify->life_at_s = now_s;
	if (has_changed(notify, page, now_s))
		notify_manager("WATCHDOG=1\n%s", notify->line);
	else
		notify_manager("WATCHDOG=1");
}

void ffntp_notify_reloading(struct ffntp_notify *notify)
{
	notify_manager("STATUS=reading the configuration again");
	notify->line[0] = '\0';
	notify->line_at_s -= LINE_S;
	notify->life_at_s -= LIFE_S;
}

void ffntp_notify_stopping(void)
{
	notify_manager("STOPPING=1");
}
