/*
 * A VMClock page of any content, as a hypervisor or another program might hand over. Input: the counter's distance from
 * the page's counter_value (8 bytes, little-endian), and the page, which continues with zeroes.
 */
#include <stdlib.h>
#include <string.h>

#include "../../core/page.h"
#include "../../core/vmclock.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

#define DISTANCE_SIZE 8
#define COUNTER_AT 0x28

static union {
	struct ffntp_page page;
	uint8_t bytes[FFNTP_PAGE_SIZE];
} memory;

static void require(bool condition)
{
	if (!condition)
		abort();
}

static uint64_t load_le64(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (size_t i = 8; i-- > 0;)
		value = value << 8 | bytes[i];
	return value;
}

/* Require of a reading all that clock.h promises. */
static void check_reading(const struct ffntp_map *map, ffntp_counter now, enum ffntp_timescale scale)
{
	struct ffntp_reading reading;

	if (ffntp_clock_at(map, now, scale, UINT64_MAX, &reading) != FFNTP_CLOCK_OK)
		return;
	require(reading.bound_ns > 0);
	require(!ffntp_time_is_before(reading.latest, reading.earliest));
	require(reading.status == FFNTP_STATUS_SYNCHRONISED || reading.status == FFNTP_STATUS_FREE_RUNNING);
	require((int64_t)(now - map->at) <= (int64_t)(map->void_after - map->at));
}

static void check_state(const struct ffntp_vmclock *state, uint64_t distance)
{
	enum ffntp_counter_kind kind = FFNTP_COUNTER_NONE;
	bool may_have_time = ffntp_vmclock_check_time(&memory.page, &kind) == FFNTP_PAGE_OK;
	ffntp_counter now = load_le64(memory.bytes + COUNTER_AT) + distance;

	require(state->status <= FFNTP_STATUS_DISRUPTED);
	if (state->result != FFNTP_CLOCK_OK)
		return;
	require(may_have_time && state->map.counter_kind == kind);
	require(state->map.maxerror_before_ns > 0 && state->map.period > 0 && state->map.period_shift <= 62);
	for (int scale = FFNTP_UTC; scale <= FFNTP_UTC_SLS; scale++)
		check_reading(&state->map, now, (enum ffntp_timescale)scale);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct ffntp_vmclock state;
	size_t given;

	if (size < DISTANCE_SIZE)
		return 0;
	given = size - DISTANCE_SIZE;
	memset(&memory, 0, sizeof(memory));
	memcpy(memory.bytes, input + DISTANCE_SIZE, given < FFNTP_PAGE_SIZE ? given : FFNTP_PAGE_SIZE);
	if (ffntp_vmclock_check(&memory.page, FFNTP_PAGE_SIZE) != FFNTP_PAGE_OK)
		return 0;
	if (ffntp_vmclock_read(&memory.page, &state) == FFNTP_CLOCK_OK)
		check_state(&state, load_le64(input));
	else
		require(memory.bytes[0x0c] % 2 == 1);
	return 0;
}
