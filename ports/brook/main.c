/* main: the loop that keeps time on Brook. */
#include "port_brook.h"

#include "../drive.h"
#include "../report.h"
#include "brook.h"

static void say(struct ffntp_drive *drive, struct ffntp_event event)
{
	char line[FFNTP_REPORT_SIZE];

	if (ffntp_report(line, drive, event))
		brook_print(line);
}

static void do_what_is_due(struct ffntp_drive *drive)
{
	struct ffntp_event event;

	while ((event = ffntp_drive_timer(drive)).kind != FFNTP_EVENT_NONE)
		say(drive, event);
}

static void take_datagram(struct ffntp_drive *drive, const uint8_t *bytes, size_t length)
{
	struct ffntp_event event;

	ffntp_drive_receive(drive, bytes, length, brook_ticks());
	while ((event = ffntp_drive_event(drive)).kind != FFNTP_EVENT_NONE)
		say(drive, event);
}

const char *ffntp_brook_main(struct ffntp_page *page)
{
	static _Alignas(16) unsigned char memory[16384];
	struct ffntp_client_config config;
	struct ffntp_drive drive;
	const char *problem;
	uint8_t datagram[1024];
	int32_t length;

	ffntp_drive_configure(&config, &ffntp_port_brook);
	problem = ffntp_drive_init(&drive, &ffntp_port_brook, &config, memory, sizeof memory, page);
	if (problem != NULL)
		return problem;
	for (;;) {
		do_what_is_due(&drive);
		length = brook_receive(datagram, sizeof datagram, (uint32_t)ffntp_drive_wait(&drive));
		if (length < 0)
			return NULL;
		if (length > 0)
			take_datagram(&drive, datagram, (size_t)length);
	}
}
