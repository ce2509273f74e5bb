/* probe: see probe.h. */
#include "probe.h"

#include "machine.h"

enum { QUESTION = 0, ANSWER = 1, COUNTER = 2, LINK = 3, LINK_OFFSET = 4, LINK_WIDTH = 5, LINK_DEVICE = 6 };

static uint64_t *page;
static uint64_t linger_ticks, quiet_ticks, taken_link;

void probe_begin(uint64_t address, uint64_t counter_hz)
{
	page = (uint64_t *)(uintptr_t)address;
	linger_ticks = counter_hz / 50;
	quiet_ticks = counter_hz / 1000;
	/* A link that was written before a reset does not hold for the counter after it. */
	taken_link = page == NULL ? 0 : __atomic_load_n(&page[LINK], __ATOMIC_ACQUIRE);
}

static bool answer_one(void)
{
	uint64_t question = __atomic_load_n(&page[QUESTION], __ATOMIC_ACQUIRE);

	if (question == __atomic_load_n(&page[ANSWER], __ATOMIC_RELAXED))
		return false;
	__atomic_store_n(&page[COUNTER], machine_counter(), __ATOMIC_RELAXED);
	__atomic_store_n(&page[ANSWER], question, __ATOMIC_RELEASE);
	return true;
}

void probe_answer(void)
{
	uint64_t start = machine_counter(), now = start, asked_at = start;

	if (page == NULL || !answer_one())
		return;
	for (; now - start < linger_ticks && now - asked_at < quiet_ticks; now = machine_counter())
		if (answer_one())
			asked_at = now;
}

bool probe_take_link(struct probe_link *link)
{
	uint64_t number = page == NULL ? taken_link : __atomic_load_n(&page[LINK], __ATOMIC_ACQUIRE);

	if (number == taken_link)
		return false;
	taken_link = number;
	*link = (struct probe_link){ page[LINK_OFFSET], page[LINK_WIDTH], page[LINK_DEVICE] };
	return true;
}
