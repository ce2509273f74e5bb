/*
 * fake: what lies around a unikernel, made here: true time, a processor, lwIP, a server behind it. What calls it is the
 * fake of a system, fake_solo5.c or fake_minios.c; what tells it what to do is test_unikernel.c.
 */
#ifndef UNIKERNEL_FAKE_H
#define UNIKERNEL_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/ffntp/page.h"
#include "../world.h"

#define FAKE_LINES 8192
#define FAKE_LINE 200

struct fake {
	struct world world;
	int64_t end_ns;
	/* the machine */
	bool has_no_card, has_no_entropy, is_link_down;
	int64_t stall_ns; /* it is not run for as long before it looks for a frame, which comes meanwhile */
	/* the network */
	int64_t address_ns;  /* from then on there is an address */
	bool is_unknown;     /* the server's name is */
	bool is_unanswered;  /* the question for it is */
	bool is_unreachable; /* its address is of another kind than ours */
	bool has_reply;
	int64_t reply_ns;
	uint8_t reply[FFNTP_WIRE_SIZE];
	unsigned flood, flooding; /* so many more frames come with each reply; those that are still to come */
	int64_t polled_ns;
	unsigned sent, resolved, renewed;
	unsigned frames, most_frames; /* since lwIP was called last, and at most */
	uint32_t transaction;         /* the last that lwIP drew */
	/* it listens when a reply may come, and only then */
	bool is_asked;
	int64_t asked_ns;
	unsigned deaf, startled;
	/* done once, when its time comes */
	int64_t event_ns;
	void (*event)(void);
	/* the system's clock loses so much with each question */
	unsigned asked;
	/* the page against the truth, whenever the machine rests */
	unsigned readings, outside;
	int64_t largest_ns, watched_from_ns;
	char line[FAKE_LINES][FAKE_LINE];
	unsigned lines;
};

extern struct fake fake;

/* --- for the fakes of systems --- */

/* A system's clock as bad as they come: 0.9 % slow, and 200 ns lost whenever it is asked. */
uint64_t fake_monotonic_ns(void);

/* The machine's battery clock: hours wrong, in whole seconds; it goes on whatever the counter does. */
int64_t fake_wall_s(void);

/* True time until which the machine rests if it asked to until that clock says so. */
int64_t fake_wake_ns(uint64_t monotonic_ns);

/* Rests until then, or until a frame is there, or about to come if the machine stalls. False: the machine is to end. */
bool fake_rest(int64_t until_ns);

/* A frame out, which is a datagram, and one in, if there is one: its length, or 0. */
void fake_transmit(const void *frame, size_t length);
size_t fake_receive(void *frame, size_t size);

/* What the console is sent, in pieces. */
void fake_print(const char *text, size_t length);

/* --- what each of them defines --- */

/* Runs until fake.end_ns, or until the unikernel ends by itself: then false. */
bool system_boot(char *command_line);
struct ffntp_page *system_page(void);
extern const bool system_knows_what_left; /* a frame that the card does not take is told of */

#endif
