/* main: a unikernel on Solo5 that keeps UTC. */
#include <solo5.h>

#include "../processor.h"
#include "../unikernel.h"
#include "port_solo5.h"

#define CARD "service" /* the network device's name in manifest.json */
#define FRAME_SIZE 1514
#define FRAMES_AT_ONCE 64 /* limits the frames per turn, so that other work is not delayed */

/* On a memory page of its own, so that it can be shared. */
_Alignas(FFNTP_PAGE_SIZE) struct ffntp_page ffntp_solo5_page;

static solo5_handle_t card;

static void print(const char *text)
{
	size_t length = 0;

	while (text[length] != 0)
		length++;
	solo5_console_write(text, length);
}

static bool transmit(const void *frame, size_t length, uint64_t *sent)
{
	*sent = ffntp_processor_counter();
	return solo5_net_write(card, frame, length) == SOLO5_R_OK;
}

static void print_line(const char *words)
{
	print("ffntp: ");
	print(words);
	print("\n");
}

/* A frame is timestamped after it was found, because a counter read before may be from before it came. */
static void take_frames(void)
{
	static uint8_t frame[FRAME_SIZE];
	size_t length;

	for (unsigned i = 0; i < FRAMES_AT_ONCE && solo5_net_read(card, frame, sizeof frame, &length) == SOLO5_R_OK;
	     i++)
		ffntp_lwip_frame(frame, length, ffntp_processor_counter());
}

static const char *begin(const char *command_line)
{
	static struct ffntp_unikernel_system system;
	struct solo5_net_info info;

	if (solo5_net_acquire(CARD, &card, &info) != SOLO5_R_OK)
		return "no network device named " CARD;
	system = (struct ffntp_unikernel_system){
		.port = ffntp_solo5_port(),
		.transmit = transmit,
		.counter = ffntp_processor_counter,
		.print = print_line,
	};
	for (unsigned i = 0; i < SOLO5_NET_ALEN; i++)
		system.mac[i] = info.mac_address[i];
	return ffntp_unikernel_begin(&system, command_line, &ffntp_solo5_page);
}

int solo5_app_main(const struct solo5_start_info *info)
{
	const char *problem = begin(info->cmdline);

	if (problem != NULL) {
		print_line(problem);
		return SOLO5_EXIT_FAILURE;
	}
	for (;;) {
		take_frames();
		uint64_t rest_ns = ffntp_unikernel_step();

		if (rest_ns > 0)
			solo5_yield(solo5_clock_monotonic() + rest_ns, NULL);
	}
}
