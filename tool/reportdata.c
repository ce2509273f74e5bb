#include "reportdata.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/client.h"
#include "../core/session.h"

#define NO_SERVER SIZE_MAX

/* Latest time that a session may begin with: the year 9999. */
#define SANE_TIME_S INT64_C(253402300799)

static double seconds_of(const struct report_data *data, ffntp_counter at)
{
	return data->line_s + (double)(int64_t)(at - data->line_at) * data->line_period_s;
}

static void add(struct report_data *data, struct timeseries *series, double t, double y)
{
	data->is_short |= !timeseries_add(series, t, y);
	if (!data->is_pending)
		timeseries_settle(series);
}

static bool has_time(const struct ffntp_map *map)
{
	return map->status == FFNTP_STATUS_SYNCHRONISED || map->status == FFNTP_STATUS_FREE_RUNNING;
}

static double period_s(const struct ffntp_map *map)
{
	return ldexp((double)map->period, -64 - map->period_shift);
}

/* --- all series --- */

static void each_series(struct report_data *data, void (*act)(struct timeseries *series, double argument),
			double argument)
{
	for (size_t i = 0; i < REPORT_LINES; i++)
		act(&data->line[i], argument);
	for (size_t i = 0; i < data->servers; i++) {
		for (size_t j = 0; j < REPORT_SERVER_LINES; j++)
			act(&data->server[i].line[j], argument);
	}
	for (size_t i = 0; i < data->kinds; i++)
		act(&data->kind[i].at, argument);
	act(&data->noted, argument);
}

static void settle(struct timeseries *series, double unused)
{
	(void)unused;
	timeseries_settle(series);
}

static void clear(struct timeseries *series, double unused)
{
	(void)unused;
	timeseries_clear(series);
}

/* --- servers --- */

static struct report_server *server_of(struct report_data *data, const char *name)
{
	struct report_server *grown;

	for (size_t i = 0; i < data->servers; i++) {
		if (strcmp(data->server[i].name, name) == 0)
			return &data->server[i];
	}
	grown = realloc(data->server, (data->servers + 1) * sizeof(*grown));
	if (!grown) {
		data->is_short = true;
		return NULL;
	}
	data->server = grown;
	grown += data->servers++;
	*grown = (struct report_server){ 0 };
	snprintf(grown->name, sizeof(grown->name), "%s", name);
	return grown;
}

/* Return the server of this member; NULL if it is not known yet, or memory is short. */
static struct report_server *server_of_member(struct report_data *data, const struct ffntp_replay_state *state,
					      unsigned member)
{
	char name[TALLY_NAME_SIZE];

	if (member == FFNTP_ENSEMBLE_ALL && state->room == 1)
		member = 0;
	if (member == FFNTP_ENSEMBLE_ALL || !ffntp_ensemble_session(state->ensemble, member))
		return NULL;
	return server_of(data, rerun_server_name(state, member, name));
}

/* --- events --- */

/* Return the place of the events of this kind, added if it is new; SIZE_MAX if memory is short. */
static size_t place_of_kind(struct report_data *data, const char *name)
{
	struct report_kind *grown;

	for (size_t i = 0; i < data->kinds; i++) {
		if (strcmp(data->kind[i].name, name) == 0)
			return i;
	}
	grown = realloc(data->kind, (data->kinds + 1) * sizeof(*grown));
	if (!grown) {
		data->is_short = true;
		return SIZE_MAX;
	}
	data->kind = grown;
	data->kind[data->kinds] = (struct report_kind){ 0 };
	snprintf(data->kind[data->kinds].name, REPORT_KIND_SIZE, "%s", name);
	return data->kinds++;
}

static size_t number_of(const struct report_data *data, const struct report_server *server)
{
	return server ? (size_t)(server - data->server) : NO_SERVER;
}

static void add_kind(struct report_data *data, const char *name, const struct report_server *server, double t)
{
	size_t kind = place_of_kind(data, name);

	if (kind != SIZE_MAX)
		add(data, &data->kind[kind].at, t, server ? (double)number_of(data, server) : (double)NAN);
}

static void add_note(struct report_data *data, const struct report_server *server, double t, const char *text)
{
	if (data->notes == data->note_room) {
		size_t room = data->note_room * 2 + 64;
		struct report_note *grown = realloc(data->note, room * sizeof(*grown));

		if (!grown) {
			data->is_short = true;
			return;
		}
		data->note = grown;
		data->note_room = room;
	}
	data->note[data->notes].server = number_of(data, server);
	snprintf(data->note[data->notes].text, REPORT_NOTE_SIZE, "%s", text);
	add(data, &data->noted, t, (double)data->notes++);
}

/* --- sessions --- */

/* Nothing before this connects with what follows. */
static void break_phases(struct report_data *data, double t)
{
	add(data, &data->line[REPORT_PHASE], t, (double)NAN);
	for (size_t i = 0; i < data->servers; i++)
		add(data, &data->server[i].line[REPORT_SEEN], t, (double)NAN);
}

static void set_status(struct report_data *data, double t, enum ffntp_status status)
{
	struct timeseries *line = &data->line[REPORT_STATUS];

	if (line->count == 0 || !(line->point[line->count - 1].y == (double)status))
		add(data, line, t, (double)status);
}

static void set_selection(struct report_data *data, struct report_server *server, double t, double selection)
{
	struct timeseries *line = &server->line[REPORT_SELECTION];
	double former = line->count > 0 ? line->point[line->count - 1].y : (double)NAN;

	if (former != selection && !(isnan(former) && isnan(selection)))
		add(data, line, t, selection);
}

/* From now on times of points are preliminary, until a map has the time. */
static void begin_pending(struct report_data *data)
{
	if (!data->is_pending)
		each_series(data, settle, 0);
	data->is_pending = true;
}

/* The pivot may be any number. */
static int64_t sane_time_s(int64_t s)
{
	return s < 0 ? 0 : s > SANE_TIME_S ? SANE_TIME_S : s;
}

/* A session that never had the time keeps the times that it began with. */
static void end_session(struct report_data *data)
{
	if (data->has_session && data->is_pending)
		data->to = fmax(data->to, data->pending_to);
}

void report_data_begun(void *context, const struct ffntp_replay_state *state,
		       const struct ffntp_ensemble_config *ensemble)
{
	const struct ffntp_client_config *config = &ensemble->client;
	struct report_data *data = context;

	if (!data->has_session)
		data->base_s = sane_time_s(config->pivot_s);
	end_session(data);
	data->is_pending = false;
	begin_pending(data);
	data->is_beginning = true;
	data->line_at = state->at;
	data->line_s = (double)(sane_time_s(config->pivot_s) - data->base_s);
	data->line_period_s = data->period_s = config->period_hint_s;
	data->map = (struct ffntp_map){ 0 };
	data->pivot_s = (double)config->pivot_s;
	data->pivot = ffntp_ntp_from_time((struct ffntp_time){ .s = config->pivot_s });
	for (size_t i = 0; i < data->servers; i++) {
		data->server[i].is_member = data->server[i].has_stamp = false;
		set_selection(data, &data->server[i], data->line_s, (double)NAN);
	}
	break_phases(data, data->line_s);
	set_status(data, data->line_s, FFNTP_STATUS_INITIALISING);
	add_kind(data, "session begins", NULL, data->line_s);
	add_note(data, NULL, data->line_s, "session begins");
	if (!data->has_session)
		data->to = (double)-INFINITY;
	data->pending_to = data->line_s;
	data->has_session = true;
}

/* --- maps --- */

/* Return the map's time minus the session's pivot, both continuous, at a counter reading (s). */
static double since_pivot_s(const struct report_data *data, const struct ffntp_map *map, ffntp_counter at)
{
	return (double)map->time.s - data->pivot_s + (double)map->time.frac * 0x1p-64 +
	       (double)(int64_t)(at - map->at) * period_s(map);
}

static void take_time(struct report_data *data, const struct ffntp_map *map, ffntp_counter at)
{
	double before = seconds_of(data, at);

	data->line_at = map->at;
	data->line_s =
		(double)map->time.s - map->tai_offset_s - (double)data->base_s + (double)map->time.frac * 0x1p-64;
	data->line_period_s = period_s(map);
	data->has_time = true;
	if (!data->is_pending)
		return;
	each_series(data, timeseries_shift, seconds_of(data, at) - before);
	data->is_pending = false;
	if (data->is_beginning && seconds_of(data, at) < data->to)
		data->is_out_of_order = true;
	data->is_beginning = false;
}

/* Return by how much 'map' is ahead of the map before it, at its own counter reading (s). */
static double step_s(const struct ffntp_map *map, const struct ffntp_map *former)
{
	double halves = (double)(int64_t)((map->time.frac >> 1) - (former->time.frac >> 1));

	return (double)map->time.s - (double)former->time.s + halves * 0x1p-63 -
	       (double)(int64_t)(map->at - former->at) * period_s(former);
}

/* Keep by how much the map moved the clock, until the reply that did so is counted. */
static void take_step(struct report_data *data, const struct ffntp_map *map)
{
	struct ffntp_reading former;

	if (!has_time(&data->map) || data->map.disruption_marker != map->disruption_marker ||
	    ffntp_clock_at(&data->map, map->at, FFNTP_UTC, UINT64_MAX, &former) != FFNTP_CLOCK_OK)
		return;
	data->is_moved = true;
	data->moved_s = step_s(map, &data->map);
	data->expected_s = (double)former.esterror_ns * 1e-9;
}

static void add_correction(struct report_data *data, double t)
{
	if (data->is_moved) {
		add(data, &data->line[REPORT_CORRECTION], t, data->moved_s);
		add(data, &data->line[REPORT_EXPECTED], t, data->expected_s);
	}
	data->is_moved = false;
}

static void add_reading(struct report_data *data, const struct ffntp_replay_state *state, const struct ffntp_map *map,
			ffntp_counter at, double t)
{
	struct ffntp_reading reading;

	if (ffntp_clock_at(map, at, FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK)
		return;
	add(data, &data->line[REPORT_BOUND], t, (double)reading.bound_ns * 1e-9);
	add(data, &data->line[REPORT_ESTERROR], t, (double)reading.esterror_ns * 1e-9);
	if (reading.asymmetry_esterror_ns > 0)
		add(data, &data->line[REPORT_ASYMMETRY], t, (double)reading.asymmetry_esterror_ns * 1e-9);
	add(data, &data->line[REPORT_FREQUENCY], t, (data->period_s / period_s(map) - 1) * 1e6);
	add(data, &data->line[REPORT_FREQUENCY_ERROR], t, (double)map->period_esterror / (double)map->period * 1e6);
	add(data, &data->line[REPORT_PHASE], t, since_pivot_s(data, map, at) - state->seconds);
}

static void take_selections(struct report_data *data, const struct ffntp_replay_state *state, double t)
{
	for (size_t i = 0; i < data->servers; i++)
		data->server[i].is_member = false;
	for (unsigned member = 0; member < state->room; member++) {
		struct ffntp_source source = { 0 };
		struct report_server *server;

		if (!ffntp_ensemble_source(state->ensemble, member, &source))
			continue;
		server = server_of_member(data, state, member);
		if (!server)
			continue;
		server->is_member = true;
		set_selection(data, server, t, source.stratum == 0 ? FFNTP_SELECTION_NONE : (double)source.selection);
	}
	for (size_t i = 0; i < data->servers; i++) {
		if (!data->server[i].is_member)
			set_selection(data, &data->server[i], t, (double)NAN);
	}
}

static void take_map(struct report_data *data, const struct ffntp_replay_state *state)
{
	const struct ffntp_map *map = ffntp_ensemble_map(state->ensemble);
	ffntp_counter at = state->at;
	double t;

	data->is_moved = false;
	if (has_time(map))
		take_time(data, map, at);
	if (data->map.counter_marker != map->counter_marker && has_time(&data->map))
		break_phases(data, seconds_of(data, at));
	t = seconds_of(data, at);
	if (has_time(map)) {
		take_step(data, map);
		add_reading(data, state, map, at, t);
	} else if (has_time(&data->map)) {
		begin_pending(data);
	}
	set_status(data, t, map->status);
	take_selections(data, state, t);
	data->map = *map;
}

/* --- replies --- */

/* Return server minus map at a counter reading near the map's (s), both continuous. */
static double server_ahead_s(const struct ffntp_map *map, struct ffntp_ntp server, ffntp_counter at)
{
	return (double)ffntp_ntp_diff(server, ffntp_ntp_from_time(map->time)) * 0x1p-32 -
	       (double)(int64_t)(at - map->at) * period_s(map);
}

static void add_stamp(struct report_data *data, const struct ffntp_replay_state *state, struct report_server *server,
		      const struct ffntp_stamp *stamp, double t)
{
	const struct ffntp_map *map = ffntp_ensemble_map(state->ensemble);
	double middle_s =
		state->seconds - ffntp_ticks(state->at - (stamp->ta + (stamp->tf - stamp->ta) / 2)) * data->period_s;
	double forward_s = (double)ffntp_ntp_diff(stamp->tb, data->pivot) * 0x1p-32;
	double backward_s = (double)ffntp_ntp_diff(stamp->te, data->pivot) * 0x1p-32;

	add(data, &server->line[REPORT_SEEN], t, (forward_s + backward_s) / 2 - middle_s);
	if (!has_time(map))
		return;
	forward_s = server_ahead_s(map, stamp->tb, stamp->ta);
	backward_s = -server_ahead_s(map, stamp->te, stamp->tf);
	add(data, &server->line[REPORT_FORWARD], t, forward_s);
	add(data, &server->line[REPORT_BACKWARD], t, backward_s);
	add(data, &server->line[REPORT_RTT], t, forward_s + backward_s);
}

static void take_accepted(struct report_data *data, const struct ffntp_replay_state *state, unsigned member,
			  struct report_server *server, double t)
{
	unsigned number = member == FFNTP_ENSEMBLE_ALL ? 0 : member;
	const struct ffntp_association *association =
		&ffntp_ensemble_session(state->ensemble, number)->client->association;
	struct ffntp_source source = { 0 };

	/* In interleaved mode a reply may complete no exchange. */
	if (!association->has_stamp || association->accepted_at != association->stamp.tf ||
	    (server->has_stamp && server->stamp_at == association->stamp.tf))
		return;
	server->has_stamp = true;
	server->stamp_at = association->stamp.tf;
	add_stamp(data, state, server, &association->stamp, t);
	if (!ffntp_ensemble_source(state->ensemble, number, &source) || source.stratum == 0)
		return;
	add(data, &server->line[REPORT_OFFSET], t, (double)source.offset_ns * 1e-9);
	output_refid(&source, server->refid);
	server->stratum = source.stratum;
}

/* A decision that changed the clock by other means than the estimator. */
static void take_decision(struct report_data *data, const struct ffntp_replay_state *state, unsigned member,
			  const struct report_server *server, double t)
{
	unsigned number = member == FFNTP_ENSEMBLE_ALL ? 0 : member;
	const struct ffntp_decision *decision = ffntp_session_decision(ffntp_ensemble_session(state->ensemble, number));
	char text[REPORT_NOTE_SIZE], offset[OUTPUT_NUMBER_SIZE];

	if (decision->kind == FFNTP_DECISION_NONE || decision->kind == FFNTP_DECISION_ACCEPT ||
	    decision->kind == FFNTP_DECISION_REJECT)
		return;
	add_kind(data, ffntp_decision_name(decision->kind), server, t);
	snprintf(text, sizeof(text), "%s, because of %s; clock minus server was %s",
		 ffntp_decision_name(decision->kind), ffntp_decision_reason_name(decision->reason),
		 output_duration(decision->offset_s, offset));
	add_note(data, server, t, text);
}

static void take_reply(struct report_data *data, const struct ffntp_replay_state *state, unsigned member,
		       enum ffntp_verdict verdict, double t)
{
	struct report_server *server = server_of_member(data, state, member);
	char name[REPORT_KIND_SIZE];

	add_correction(data, t);
	if (!server)
		return;
	take_decision(data, state, member, server, t);
	if (verdict == FFNTP_ACCEPTED) {
		take_accepted(data, state, member, server, t);
		return;
	}
	snprintf(name, sizeof(name), "refused: %s", ffntp_verdict_name(verdict));
	add_kind(data, name, server, t);
}

/* --- events --- */

static void note_selection(struct report_data *data, const struct ffntp_replay_state *state, unsigned member, double t)
{
	struct ffntp_source source = { 0 };
	char text[REPORT_NOTE_SIZE];

	if (!ffntp_ensemble_source(state->ensemble, member, &source))
		return;
	snprintf(text, sizeof(text), "selection %s", ffntp_selection_name((enum ffntp_selection)source.selection));
	add_note(data, server_of_member(data, state, member), t, text);
}

static void take_other(struct report_data *data, const struct ffntp_replay_state *state, unsigned member,
		       const struct ffntp_event *event, double t)
{
	struct report_server *server = server_of_member(data, state, member);

	add_kind(data, ffntp_event_name(event->kind), server, t);
	if (event->kind == FFNTP_EVENT_DISRUPTED || event->kind == FFNTP_EVENT_CHANGE_SERVER ||
	    event->kind == FFNTP_EVENT_SERVER)
		add_note(data, server, t, ffntp_event_name(event->kind));
	if (event->kind == FFNTP_EVENT_DISRUPTED)
		break_phases(data, t);
}

void report_data_event(void *context, const struct ffntp_replay_state *state, unsigned member,
		       const struct ffntp_event *event)
{
	struct report_data *data = context;

	if (event->kind == FFNTP_EVENT_MAP)
		take_map(data, state);
	else if (event->kind == FFNTP_EVENT_REPLY)
		take_reply(data, state, member, event->verdict, seconds_of(data, state->at));
	else if (event->kind == FFNTP_EVENT_SELECTION)
		note_selection(data, state, member, seconds_of(data, state->at));
	else if (event->kind != FFNTP_EVENT_SENT)
		take_other(data, state, member, event, seconds_of(data, state->at));
	if (data->is_pending)
		data->pending_to = seconds_of(data, state->at);
	else
		data->to = fmax(data->to, seconds_of(data, state->at));
}

/* --- the end --- */

void report_data_finish(struct report_data *data)
{
	end_session(data);
	data->from = data->to;
	for (size_t i = 0; i < data->line[REPORT_STATUS].count; i++)
		data->from = fmin(data->from, data->line[REPORT_STATUS].point[i].t);
}

static void cut(struct timeseries *series, double from)
{
	timeseries_cut_before(series, from);
}

/* Return the state that lasts at this time; NAN if there is none. */
static double state_at(const struct timeseries *states, double t)
{
	double state = (double)NAN;

	for (size_t i = 0; i < states->count && states->point[i].t <= t; i++)
		state = states->point[i].y;
	return state;
}

static void begin_states(struct timeseries *states, double from)
{
	double state = state_at(states, from);
	size_t i = states->count;

	while (i-- > 0 && !isnan(state)) {
		if (states->point[i].t <= from) {
			states->point[i].t = from;
			break;
		}
	}
}

void report_data_cut(struct report_data *data, double from)
{
	data->from = from;
	begin_states(&data->line[REPORT_STATUS], from);
	for (size_t i = 0; i < data->servers; i++)
		begin_states(&data->server[i].line[REPORT_SELECTION], from);
	each_series(data, cut, from);
}

void report_data_end(struct report_data *data)
{
	each_series(data, clear, 0);
	free(data->server);
	free(data->kind);
	free(data->note);
	*data = (struct report_data){ 0 };
}
