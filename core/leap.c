/* leap: see leap.h. */
#include "leap.h"

#include "maths.h"
#include "params.h"

/* --- the rule --- */

static struct ffntp_numbering shifted(struct ffntp_numbering numbering, int64_t s)
{
	numbering.at_s += s;
	numbering.offset_s = (int16_t)(numbering.offset_s + s);
	return numbering;
}

/* Return whether the table is valid at this TAI; then set the rule from TAI to UTC. */
static bool look_up(const struct ffntp_leap_table *table, struct ffntp_time tai, struct ffntp_numbering *numbering)
{
	return table != NULL && ffntp_numbering_from_table(table, tai, numbering) == FFNTP_TIMESCALE_OK;
}

/* Take the rule from the table, for the core's time 'now', which is base_s behind TAI. */
static bool take_table(struct ffntp_leap_belief *belief, struct ffntp_time now, int64_t base_s)
{
	struct ffntp_numbering numbering;

	now.s += base_s;
	if (!look_up(belief->table, now, &numbering))
		return false;
	belief->numbering = shifted(numbering, -base_s);
	belief->is_announced = false;
	belief->tai_is_known = true;
	belief->tai_base_s = base_s;
	belief->tai_expires_s = belief->table->expires_s;
	return true;
}

/* Find TAI minus the core's time at this time of the core, from the table. */
static bool find_base(const struct ffntp_leap_belief *belief, struct ffntp_time now, int64_t *base_s)
{
	struct ffntp_time tai;

	if (belief->table == NULL ||
	    ffntp_tai_from_utc(belief->table, ffntp_numbering_utc(&belief->numbering, now), &tai) != FFNTP_TIMESCALE_OK)
		return false;
	*base_s = tai.s - now.s;
	return true;
}

/* Return the POSIX time of the midnight after the leap second. */
static int64_t midnight_utc_s(const struct ffntp_numbering *numbering)
{
	return numbering->at_s - numbering->offset_s + (numbering->sign < 0);
}

/*
 * Find TAI minus the core's time from a table that has expired: its last entry was in force at its expiry. A leap
 * second that the rule has after the expiry is not in the table.
 */
static bool find_last_base(const struct ffntp_leap_belief *belief, int64_t utc_s, int64_t *base_s)
{
	const struct ffntp_numbering *numbering = &belief->numbering;
	const struct ffntp_leap_table *table = belief->table;

	if (belief->is_strict || table == NULL || utc_s < table->expires_s)
		return false;
	*base_s = table->entry[table->count - 1].tai_offset_s - numbering->offset_s;
	if (numbering->sign != 0 && midnight_utc_s(numbering) <= table->expires_s)
		*base_s -= numbering->sign;
	return true;
}

void ffntp_leap_begin(struct ffntp_leap_belief *belief, struct ffntp_time utc)
{
	int64_t base_s;

	if (belief->is_begun)
		return;
	belief->is_begun = true;
	belief->numbering = (struct ffntp_numbering){ 0 };
	if (find_base(belief, utc, &base_s) || find_last_base(belief, utc.s, &base_s))
		belief->numbering.offset_s = (int16_t)base_s; /* the core's time is TAI from the beginning */
	utc.s += belief->numbering.offset_s;
	ffntp_leap_follow(belief, utc);
}

void ffntp_leap_continue(struct ffntp_leap_belief *belief, const struct ffntp_map *former)
{
	belief->is_begun = true;
	belief->numbering = ffntp_map_numbering(former);
	belief->is_announced = belief->numbering.sign != 0 && !former->tai_is_known;
	belief->tai_is_known = former->tai_is_known;
	belief->tai_base_s = 0;
	belief->tai_expires_s = former->tai_expires_s;
}

void ffntp_leap_jump(struct ffntp_leap_belief *belief)
{
	belief->has_jumped = true;
}

/*
 * Return whether the table, expired, states more than is known: TAI is unknown, in doubt after a jump, or from an older
 * table. Otherwise the offset stays, because it includes the leap seconds that servers have announced since.
 */
static bool is_last_word(const struct ffntp_leap_belief *belief)
{
	int64_t expires_s = belief->table->expires_s;

	return !belief->tai_is_known || expires_s > belief->tai_expires_s ||
	       (belief->has_jumped && expires_s == belief->tai_expires_s);
}

static void take_last(struct ffntp_leap_belief *belief, int64_t base_s)
{
	belief->tai_is_known = true;
	belief->tai_base_s = base_s;
	belief->tai_expires_s = belief->table->expires_s;
}

/*
 * If the core's time is TAI it stays so; without a valid table its further leap seconds come from announcements. TAI
 * from an expired table may be wrong, so that a valid table then starts from UTC, which stays.
 */
static void follow(struct ffntp_leap_belief *belief, struct ffntp_time now)
{
	int64_t utc_s = ffntp_numbering_utc(&belief->numbering, now).time.s, base_s;
	bool is_expired = belief->tai_is_known && utc_s >= belief->tai_expires_s;

	if (belief->tai_is_known && !is_expired && !belief->has_jumped && take_table(belief, now, belief->tai_base_s))
		return;
	if (find_base(belief, now, &base_s) && take_table(belief, now, base_s))
		return;
	if (find_last_base(belief, utc_s, &base_s) && is_last_word(belief))
		take_last(belief, base_s);
	else if (is_expired && belief->is_strict)
		belief->tai_is_known = false;
	if (!belief->tai_is_known && belief->table != NULL)
		belief->tai_expires_s = belief->table->expires_s;
}

void ffntp_leap_follow(struct ffntp_leap_belief *belief, struct ffntp_time now)
{
	bool was_known = belief->tai_is_known && !belief->has_jumped;
	int64_t former_s = belief->tai_base_s;

	if (!belief->is_begun)
		return;
	follow(belief, now);
	belief->has_jumped = false;
	if (was_known && belief->tai_is_known && belief->tai_base_s != former_s)
		belief->is_corrected = true;
}

/* Return whether the table determines the leap seconds at this time of the core. */
static bool is_certain(const struct ffntp_leap_belief *belief, struct ffntp_time now)
{
	struct ffntp_numbering numbering;

	now.s += belief->tai_base_s;
	return belief->tai_is_known && look_up(belief->table, now, &numbering);
}

/* --- from UTC --- */

/* Convert a server's UTC to the core's time with a given offset. */
static struct ffntp_time by_offset(struct ffntp_time utc, int offset_s)
{
	return (struct ffntp_time){ utc.s + offset_s, utc.frac };
}

static bool is_in(const struct ffntp_leap_window *window, struct ffntp_time time)
{
	return window->is_known && !ffntp_time_is_before(time, window->earliest) &&
	       !ffntp_time_is_before(window->latest, time);
}

/* Convert UTC by its number alone. Returns false in the second that is counted twice. */
static bool from_number(const struct ffntp_numbering *numbering, struct ffntp_time utc, struct ffntp_time *time)
{
	int64_t midnight_s = midnight_utc_s(numbering);
	bool is_after = numbering->sign != 0 && utc.s >= midnight_s;

	if (numbering->sign > 0 && utc.s == midnight_s - 1)
		return false;
	*time = by_offset(utc, numbering->offset_s + (is_after ? numbering->sign : 0));
	return true;
}

bool ffntp_leap_from_utc(const struct ffntp_leap_belief *belief, struct ffntp_time utc,
			 const struct ffntp_leap_window *window, struct ffntp_time *time)
{
	const struct ffntp_numbering *numbering = &belief->numbering;
	struct ffntp_time before = by_offset(utc, numbering->offset_s);
	struct ffntp_time after = by_offset(utc, numbering->offset_s + numbering->sign);
	int64_t to_midnight_s = midnight_utc_s(numbering) - utc.s;

	if (numbering->sign == 0 || to_midnight_s > FFNTP_LEAP_NEAR_S || to_midnight_s < -FFNTP_LEAP_NEAR_S ||
	    is_in(window, before) == is_in(window, after))
		return from_number(numbering, utc, time);
	*time = is_in(window, before) ? before : after;
	return true;
}

/* --- from TAI --- */

/* Find UTC from the table, or from its last entry once it has expired. */
static bool utc_of_tai(const struct ffntp_leap_table *table, struct ffntp_time tai, struct ffntp_time *utc)
{
	struct ffntp_utc found;

	if (table == NULL)
		return false;
	if (ffntp_utc_from_tai(table, tai, &found) == FFNTP_TIMESCALE_OK) {
		*utc = found.time;
		return true;
	}
	utc->s = tai.s - table->entry[table->count - 1].tai_offset_s;
	utc->frac = tai.frac;
	return utc->s >= table->expires_s;
}

bool ffntp_leap_from_tai(struct ffntp_leap_belief *belief, struct ffntp_time tai, struct ffntp_time *time)
{
	struct ffntp_time utc;

	if (!belief->is_begun) {
		if (!utc_of_tai(belief->table, tai, &utc))
			return false;
		ffntp_leap_begin(belief, utc);
	}
	if (!belief->tai_is_known)
		return false;
	belief->has_jumped = false;
	*time = (struct ffntp_time){ tai.s - belief->tai_base_s, tai.frac };
	return true;
}

/* --- announcements --- */

/*
 * Return whether the month of this POSIX second ends within a day; then set its date, and the midnight that ends the
 * month.
 */
static bool ends_month(int64_t utc_s, struct ffntp_calendar *date, int64_t *midnight_s)
{
	struct ffntp_calendar tomorrow;
	const struct ffntp_utc now = { .time = { utc_s, 0 } }, then = { .time = { utc_s + 86400, 0 } };

	if (ffntp_calendar_from_utc(now, date) != FFNTP_TIMESCALE_OK ||
	    ffntp_calendar_from_utc(then, &tomorrow) != FFNTP_TIMESCALE_OK || tomorrow.day != 1)
		return false;
	*midnight_s = utc_s + 86400 - (tomorrow.hour * 3600 + tomorrow.minute * 60 + tomorrow.second);
	return true;
}

bool ffntp_leap_is_too_late(const struct ffntp_leap_belief *belief, struct ffntp_time utc, int announced)
{
	struct ffntp_calendar date;
	int64_t midnight_s;

	return announced != 0 && belief->numbering.sign == 0 && ends_month(utc.s, &date, &midnight_s) &&
	       midnight_s - utc.s <= 1;
}

/* Return the core's time minus UTC at a time, on either side of the rule's leap second. */
static int16_t offset_at(const struct ffntp_numbering *numbering, struct ffntp_time now)
{
	return (int16_t)(now.s - ffntp_numbering_utc(numbering, now).time.s);
}

static struct ffntp_numbering numbering_at(int64_t midnight_utc, int16_t offset_s, int sign)
{
	return (struct ffntp_numbering){
		.at_s = midnight_utc + offset_s - (sign < 0),
		.offset_s = offset_s,
		.sign = (int8_t)sign,
	};
}

static void forget(struct ffntp_leap_belief *belief, int16_t offset_s)
{
	belief->numbering = (struct ffntp_numbering){ .offset_s = offset_s };
	belief->is_announced = false;
}

/*
 * Process a withdrawal. One at the last moment is ignored, because such a server has more likely begun its leap second
 * early.
 */
static void withdraw(struct ffntp_leap_belief *belief, struct ffntp_time now)
{
	if (belief->numbering.at_s - now.s > FFNTP_LEAP_FINAL_S)
		forget(belief, belief->numbering.offset_s);
}

void ffntp_leap_take_vote(struct ffntp_leap_belief *belief, struct ffntp_time now, struct ffntp_leap_vote vote)
{
	struct ffntp_numbering numbering;
	struct ffntp_calendar date;
	int64_t utc_s, midnight_s;

	if (!belief->is_begun || (vote.sign == 0 && !belief->is_announced) || is_certain(belief, now))
		return;
	if (vote.sign == 0) {
		withdraw(belief, now);
		return;
	}
	utc_s = ffntp_numbering_utc(&belief->numbering, now).time.s;
	if (!ends_month(utc_s, &date, &midnight_s) || (date.month != 6 && date.month != 12 && !vote.is_unanimous))
		return;
	numbering = numbering_at(midnight_s, offset_at(&belief->numbering, now), vote.sign);
	if (now.s >= numbering.at_s - FFNTP_LEAP_LATEST_S)
		return;
	belief->numbering = numbering;
	belief->is_announced = true;
}

struct ffntp_leap_vote ffntp_leap_count(const uint8_t *indicators, size_t count)
{
	size_t inserted = 0, left_out = 0, most;

	for (size_t i = 0; i < count; i++) {
		inserted += indicators[i] == 1;
		left_out += indicators[i] == 2;
	}
	most = inserted > left_out ? inserted : left_out;
	if (2 * most <= count)
		return (struct ffntp_leap_vote){ 0 };
	return (struct ffntp_leap_vote){
		.sign = most == inserted ? 1 : -1,
		.is_unanimous = most == count && count >= FFNTP_LEAP_UNANIMOUS,
	};
}

/* --- corrections --- */

static bool is_between(int64_t s, struct ffntp_time from, struct ffntp_time to)
{
	return s >= from.s && s <= to.s;
}

/* Drop an announced leap second that the server did not perform. Returns whether that explains the disagreement. */
static bool undo(struct ffntp_leap_belief *belief, struct ffntp_time agreed, struct ffntp_time since, int ahead)
{
	const struct ffntp_numbering *numbering = &belief->numbering;

	if (!belief->is_announced || numbering->sign != ahead || !is_between(numbering->at_s, agreed, since))
		return false;
	forget(belief, numbering->offset_s);
	return true;
}

/*
 * Add a leap second that was not announced, if the server stepped at the end of a month. Returns whether that explains
 * the disagreement.
 */
static bool find_late(struct ffntp_leap_belief *belief, struct ffntp_time agreed, struct ffntp_time since, int ahead)
{
	int16_t offset_s = offset_at(&belief->numbering, agreed);
	struct ffntp_numbering numbering;
	struct ffntp_calendar date;
	int64_t midnight_s;

	if (!ends_month(agreed.s - offset_s, &date, &midnight_s))
		return false;
	numbering = numbering_at(midnight_s, offset_s, -ahead);
	if (!is_between(numbering.at_s, agreed, since))
		return false;
	belief->numbering = numbering;
	belief->is_announced = true;
	return true;
}

/* Return whether a month of UTC ended between these two times of the core. */
static bool is_month_end(const struct ffntp_leap_belief *belief, struct ffntp_time agreed, struct ffntp_time since)
{
	int16_t offset_s = offset_at(&belief->numbering, agreed);
	struct ffntp_calendar date;
	int64_t midnight_s;

	/* A second that is left out is missing before midnight. */
	return ends_month(agreed.s - offset_s, &date, &midnight_s) &&
	       is_between(midnight_s + offset_s - 1, agreed, since);
}

/* Return the sign of an offset that is one second within the tolerance, else 0. */
static int one_second(double ahead_s)
{
	if (!ffntp_is_within(ffntp_fabs(ahead_s), 1 - FFNTP_LEAP_TOLERANCE_S, 1 + FFNTP_LEAP_TOLERANCE_S))
		return 0;
	return ahead_s > 0 ? 1 : -1;
}

enum ffntp_leap_ruling ffntp_leap_rule(struct ffntp_leap_belief *belief, const struct ffntp_leap_dispute *dispute)
{
	const struct ffntp_time agreed = dispute->agreed, since = dispute->since;
	int ahead = one_second(dispute->ahead_s);

	if (!belief->is_begun || ahead == 0)
		return FFNTP_LEAP_NO_CAUSE;
	if (is_certain(belief, since))
		return dispute->lasted_s < FFNTP_LEAP_PERSIST_S && is_month_end(belief, agreed, since)
			       ? FFNTP_LEAP_MISSED
			       : FFNTP_LEAP_NO_CAUSE;
	return undo(belief, agreed, since, ahead) || find_late(belief, agreed, since, ahead) ? FFNTP_LEAP_REVISED
											     : FFNTP_LEAP_NO_CAUSE;
}

/* --- the course of a leap second --- */

enum phase { TO_COME, INSIDE, OVER };

/* Return the phase at a time. A time is INSIDE only while an inserted leap second passes. */
static enum phase phase_at(const struct ffntp_numbering *numbering, struct ffntp_time time)
{
	if (numbering->sign != 0 && time.s < numbering->at_s)
		return TO_COME;
	return numbering->sign > 0 && time.s == numbering->at_s ? INSIDE : OVER;
}

bool ffntp_leap_next(const struct ffntp_leap_belief *belief, struct ffntp_time now, double *wait_s)
{
	const struct ffntp_numbering *numbering = &belief->numbering;
	enum phase phase = phase_at(numbering, now);

	if (phase == OVER)
		return false;
	*wait_s = (double)(numbering->at_s + (phase == INSIDE) - now.s) - (double)now.frac * 0x1p-64;
	return true;
}

bool ffntp_leap_cross(struct ffntp_leap_belief *belief, struct ffntp_time from, struct ffntp_time to)
{
	const struct ffntp_numbering *numbering = &belief->numbering;
	int64_t former_at_s = numbering->at_s;

	ffntp_leap_follow(belief, to);
	return numbering->at_s != former_at_s || phase_at(numbering, to) != phase_at(numbering, from);
}

/* --- output --- */

void ffntp_leap_describe(const struct ffntp_leap_belief *belief, struct ffntp_map *map)
{
	const struct ffntp_numbering numbering = shifted(belief->numbering, belief->tai_base_s);

	map->time.s += belief->tai_base_s;
	map->tai_is_known = belief->tai_is_known;
	map->tai_offset_s = offset_at(&numbering, map->time);
	map->leap = ffntp_numbering_leap(&numbering, map->time);
	map->leap_sign = numbering.sign;
	map->leap_at_s = numbering.sign != 0 ? numbering.at_s : 0;
	map->tai_expires_s = belief->tai_expires_s;
	map->tai_outlasts_table = belief->tai_is_known && !belief->is_strict;
}
