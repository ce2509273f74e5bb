/* notify: see notify.h. */
#include "notify.h"

#ifdef FFNTP_HAS_SYSTEMD

#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

/* A line is shown for this time (s) before the next one, so that a bound that grows does not cause one each second. */
#define LINE_S 10

static int64_t monotonic_s(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
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
	describe(page, notify->line, sizeof notify->line);
	notify->line_at_s = monotonic_s();
	sd_notifyf(0, "READY=1\n%s", notify->line);
}

void ffntp_notify_step(struct ffntp_notify *notify, const struct ffntp_page *page)
{
	char line[sizeof notify->line];
	int64_t now_s = monotonic_s();

	describe(page, line, sizeof line);
	if (strcmp(line, notify->line) == 0 || now_s - notify->line_at_s < LINE_S) {
		sd_notify(0, "WATCHDOG=1");
		return;
	}
	memcpy(notify->line, line, sizeof line);
	notify->line_at_s = now_s;
	sd_notifyf(0, "WATCHDOG=1\n%s", line);
}

void ffntp_notify_reloading(void)
{
	sd_notify(0, "STATUS=reading the configuration again");
}

void ffntp_notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

#else

void ffntp_notify_ready(struct ffntp_notify *notify, const struct ffntp_page *page)
{
	(void)notify;
	(void)page;
}

void ffntp_notify_step(struct ffntp_notify *notify, const struct ffntp_page *page)
{
	(void)notify;
	(void)page;
}

void ffntp_notify_reloading(void)
{
}

void ffntp_notify_stopping(void)
{
}

#endif
