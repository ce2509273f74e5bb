/*
 * fake: the surroundings of a unikernel: true time, a processor, lwIP, and a server behind it. The fake of a system
 * (fake_solo5.c or fake_minios.c) calls these functions; test_unikernel.c sets the fields of 'fake'.
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
	int64_t stall_ns; /* the machine pauses for this time before it looks for a frame; frames arrive meanwhile */
	/* the network */
	int64_t address_ns;  /* there is an address from this time on */
	bool is_unknown;     /* there is no server of this name */
	bool is_unanswered;  /* the query for the name gets no answer */
	bool is_unreachable; /* the server's address is of a different IP version than ours */
	bool has_reply;
	int64_t reply_ns;
	uint8_t reply[FFNTP_WIRE_SIZE];
	unsigned flood, flooding; /* junk frames that follow each reply; those of them that are still to come */
	int64_t polled_ns;
	unsigned sent, resolved, renewed;
	unsigned frames, most_frames; /* since the last call of lwIP; the largest number */
	uint32_t transaction;         /* the last transaction number that lwIP drew */
	/* the unikernel must listen when a reply may come, and only then */
	bool is_asked;
	int64_t asked_ns;
	unsigned deaf, startled;
	/* called once, at its time */
	int64_t event_ns;
	void (*event)(void);
	/* queries of the system's clock, which loses a little with each */
	unsigned asked;
	/* readings of the page, compared with the truth whenever the machine rests */
	unsigned readings, outside;
	int64_t largest_ns, watched_from_ns;
	char line[FAKE_LINES][FAKE_LINE];
	unsigned lines;
};

extern struct fake fake;

/* --- for the fakes of systems --- */

/* Return the system's clock, as bad as they come: 0.9 % slow, and it loses 200 ns with each call. */
uint64_t fake_monotonic_ns(void);

/* Return the machine's battery clock: hours wrong, in whole seconds. It continues whatever happens to the counter. */
int64_t fake_wall_s(void);

/* Return the true time at which a rest ends that was to last until the system's clock shows monotonic_ns. */
int64_t fake_wake_ns(uint64_t monotonic_ns);

/*
 * Rest until then, or until a frame is there, or about to come if the machine stalls. Return false if the machine is to
 * end.
 */
bool fake_rest(int64_t until_ns);

/* Send a frame, which is a datagram here; and receive one. fake_receive returns its length, or 0 if there is none. */
void fake_transmit(const void *frame, size_t length);
size_t fake_receive(void *frame, size_t size);

/* Take a piece of the console's output. */
void fake_print(const char *text, size_t length);

/* --- functions of each fake system --- */

/* Run until fake.end_ns. Return false if the unikernel ends by itself before. */
bool system_boot(char *command_line);
struct ffntp_page *system_page(void);
extern const bool system_knows_what_left; /* the system reports that the card did not take a frame */

#endif
