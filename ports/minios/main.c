/* main: a domain on Mini-OS that keeps UTC. */
#include <mini-os/os.h>
#include <mini-os/console.h>
#include <mini-os/kernel.h>
#include <mini-os/sched.h>

#include "../processor.h"
#include "../unikernel.h"
#include "card.h"
#include "port_minios.h"

#define REST_MS 10 /* frames that arrive meanwhile are timestamped in the interrupt */
#define NS_PER_MS UINT64_C(1000000)

/* On a memory page of its own, so that it can be shared. */
_Alignas(FFNTP_PAGE_SIZE) struct ffntp_page ffntp_minios_page;

int app_main(void *unused);

static void print_line(const char *words)
{
	printk("ffntp: %s\n", words);
}

static const char *begin(void)
{
	static struct ffntp_unikernel_system system;

	system = (struct ffntp_unikernel_system){
		.port = ffntp_minios_port(),
		.transmit = ffntp_minios_card_transmit,
		.counter = ffntp_processor_counter,
		.print = print_line,
	};
	if (!ffntp_minios_card_begin(system.mac))
		return "no network device";
	return ffntp_unikernel_begin(&system, cmdline, &ffntp_minios_page);
}

static void step(void)
{
	uint64_t rest_ms;

	ffntp_minios_card_take();
	rest_ms = ffntp_unikernel_step() / NS_PER_MS + 1;
	msleep((uint32_t)(rest_ms < REST_MS ? rest_ms : REST_MS));
}

/* Aligns the stack, because Mini-OS starts threads with one that compilers do not expect. */
__attribute__((force_align_arg_pointer)) static void run(void *unused)
{
	const char *problem = begin();

	(void)unused;
	if (problem != NULL) {
		print_line(problem);
		return;
	}
	for (;;)
		step();
}

/* This function must not block; a thread may. */
int app_main(void *unused)
{
	static char name[] = "ffntp";

	(void)unused;
	create_thread(name, run, NULL);
	return 0;
}
