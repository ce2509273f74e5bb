/* standstill: see standstill.h. */
#include "standstill.h"

/*
 * A calendar clock may count whole seconds, so that the difference of two of its readings is wrong by up to 1 s. The
 * rest of the tolerance is for the error of the counter's frequency over the window.
 */
#define WINDOW_S 16
#define TOLERANCE_S 2
#define LOOK_MS 5

static void begin_window(struct ffntp_standstill *self, int64_t seconds, uint64_t now)
{
	self->begin_s = seconds;
	self->begin = now;
}

static void look(struct ffntp_standstill *self, uint64_t now)
{
	int64_t seconds = self->calendar_s();
	int64_t counted_s = (int64_t)(now - self->begin) / (int64_t)self->frequency_hz;
	int64_t gap_s = seconds - self->begin_s - counted_s;

	self->looked_at = now;
	if (seconds < 0)
		return;
	if (self->begin_s < 0) {
		begin_window(self, seconds, now);
	} else if (gap_s > TOLERANCE_S || gap_s < -TOLERANCE_S) {
		self->epoch++;
		begin_window(self, seconds, now);
	} else if (seconds - self->begin_s >= WINDOW_S) {
		begin_window(self, seconds, now);
	}
}

void ffntp_standstill_begin(struct ffntp_standstill *self, int64_t (*calendar_s)(void), uint64_t frequency_hz,
			    uint64_t now)
{
	*self = (struct ffntp_standstill){ .calendar_s = calendar_s, .frequency_hz = frequency_hz, .looked_at = now };
	begin_window(self, calendar_s(), now);
}

void ffntp_standstill_disrupted(struct ffntp_standstill *self, uint64_t frequency_hz, uint64_t now)
{
	self->epoch++;
	self->frequency_hz = frequency_hz;
	begin_window(self, self->calendar_s(), now);
}

uint64_t ffntp_standstill_epoch(struct ffntp_standstill *self, uint64_t now)
{
	if (now - self->looked_at >= self->frequency_hz / 1000 * LOOK_MS)
		look(self, now);
	return self->epoch;
}
