/*
 * ensemble: see ffntp/ensemble.h. This file keeps the members and passes inputs and events; ensemble_time.c computes
 * the time.
 */
#include "ensemble.h"

#include "mapping.h"
#include "stamp.h"

#define ALIGNMENT 16u
#define ALIGNED(size) (((size) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)
#define HEAD ALIGNED(sizeof(struct ffntp_ensemble))

/* --- memory --- */

static bool is_usable(const void *memory, size_t size, size_t needed)
{
	return needed > 0 && size >= needed && memory != NULL && (uintptr_t)memory % ALIGNMENT == 0;
}

static bool is_config(const struct ffntp_ensemble_config *config)
{
	return config->members >= 1 && config->members <= FFNTP_ENSEMBLE_MEMBERS &&
	       config->least_sources <= FFNTP_ENSEMBLE_MEMBERS;
}

static size_t members_size(unsigned members)
{
	return ALIGNED(members * sizeof(struct ffntp_member));
}

static size_t events_size(unsigned members)
{
	return ALIGNED(FFNTP_ENSEMBLE_EVENTS(members) * sizeof(struct ffntp_ensemble_event));
}

size_t ffntp_ensemble_memory(const struct ffntp_ensemble_config *config)
{
	size_t session = is_config(config) ? ffntp_session_memory(&config->client) : 0, members = config->members;

	return session > 0 ? HEAD + members_size(config->members) + events_size(config->members) + members * session
			   : 0;
}

/* The parts behind the struct, in this order: members, events, sessions. */
static void place_parts(struct ffntp_ensemble *ensemble)
{
	unsigned members = ensemble->config.members;
	unsigned char *part = (unsigned char *)ensemble + HEAD;

	ensemble->member = (struct ffntp_member *)part;
	ensemble->event = (struct ffntp_ensemble_event *)(part + members_size(members));
	ensemble->sessions = part + members_size(members) + events_size(members);
	for (unsigned i = 0; i < members; i++)
		ensemble->member[i] = (struct ffntp_member){ 0 };
}

struct ffntp_ensemble *ffntp_ensemble_init(void *memory, size_t size, const struct ffntp_ensemble_config *config,
					   ffntp_counter now)
{
	size_t needed = ffntp_ensemble_memory(config);
	struct ffntp_ensemble *ensemble = memory;

	if (!is_usable(memory, size, needed))
		return NULL;
	*ensemble = (struct ffntp_ensemble){ .config = *config, .size = needed, .now = now, .begun = now, .lead = -1 };
	ensemble->stride = ffntp_session_memory(&config->client);
	place_parts(ensemble);
	ensemble->shared_at = now;
	ensemble->publisher.counter_kind = config->client.counter_kind;
	ensemble->publisher.period_shift = ffntp_mapping_shift(config->client.period_hint_s);
	ensemble->publisher.disruption_marker = now;
	ensemble->map = ffntp_publisher_nothing(&ensemble->publisher, config->client.period_hint_s, now);
	ensemble->map.status = FFNTP_STATUS_INITIALISING;
	return ensemble;
}

/* Each member's session is copied to the same place of the copy. */
struct ffntp_ensemble *ffntp_ensemble_copy(const struct ffntp_ensemble *ensemble, void *memory, size_t size)
{
	struct ffntp_ensemble *copy = memory;

	if (!is_usable(memory, size, ensemble->size))
		return NULL;
	*copy = *ensemble;
	copy->sessions = (unsigned char *)memory + HEAD;
	copy->recorder = (struct ffntp_ensemble_recorder){ 0 };
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		if (ensemble->member[i].session != NULL)
			copy->member[i].session = ffntp_session_copy(ensemble->member[i].session,
								     copy->sessions + i * copy->stride, copy->stride);
	}
	return copy;
}

/* --- events --- */

static void add_event(struct ffntp_ensemble *ensemble, unsigned member, struct ffntp_event event)
{
	if (ensemble->events < FFNTP_ENSEMBLE_EVENTS(ensemble->config.members))
		ensemble->event[ensemble->events++] = (struct ffntp_ensemble_event){ member, event };
}

bool ffntp_ensemble_event(struct ffntp_ensemble *ensemble, unsigned *member, struct ffntp_event *event)
{
	if (ensemble->has_new_map) {
		ensemble->has_new_map = false;
		*member = FFNTP_ENSEMBLE_ALL;
		*event = (struct ffntp_event){ .kind = FFNTP_EVENT_MAP };
		return true;
	}
	if (ensemble->taken == ensemble->events)
		return false;
	*member = ensemble->event[ensemble->taken].member;
	*event = ensemble->event[ensemble->taken++].event;
	return true;
}

static void begin_events(struct ffntp_ensemble *ensemble)
{
	ensemble->events = ensemble->taken = 0;
	ensemble->is_map_due = ensemble->has_new_map = false;
}

static void report_selections(struct ffntp_ensemble *ensemble)
{
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		struct ffntp_member *member = &ensemble->member[i];

		if (member->session != NULL && member->selection != member->shown)
			add_event(ensemble, i, (struct ffntp_event){ .kind = FFNTP_EVENT_SELECTION });
		member->shown = member->selection;
	}
}

/* --- the map --- */

/* With room for one member, its map is the ensemble's. */
static bool is_single(const struct ffntp_ensemble *ensemble)
{
	return ensemble->config.members == 1;
}

static bool has_time(const struct ffntp_map *map)
{
	return map->status == FFNTP_STATUS_SYNCHRONISED || map->status == FFNTP_STATUS_FREE_RUNNING;
}

static void compute_if_due(struct ffntp_ensemble *ensemble)
{
	struct ffntp_map map;

	if (!ensemble->is_map_due)
		return;
	if (is_single(ensemble)) {
		ensemble->map = *ffntp_session_map(ensemble->member[0].session);
		ensemble->has_new_map = true;
		return;
	}
	ffntp_ensemble_compute(ensemble, &map);
	report_selections(ensemble);
	ensemble->keeps_former = ensemble->keeps_former && map.status == FFNTP_STATUS_INITIALISING;
	if (ensemble->keeps_former)
		return;
	ensemble->map = map;
	ensemble->has_new_map = true;
}

const struct ffntp_map *ffntp_ensemble_map(const struct ffntp_ensemble *ensemble)
{
	if (is_single(ensemble) && ensemble->member[0].session != NULL)
		return ffntp_session_map(ensemble->member[0].session);
	return &ensemble->map;
}

/* --- members --- */

/*
 * A member that comes later counts leap seconds as the ensemble does, and knows its counter's rate. With room for one
 * it begins as a session does.
 */
static void introduce(const struct ffntp_ensemble *ensemble, struct ffntp_member *member)
{
	struct ffntp_client *client = member->session->client;
	const struct ffntp_map *map = &ensemble->map;

	if (is_single(ensemble))
		return;
	if (has_time(map))
		ffntp_clock_introduce(&client->clock, client->association.estimator, map);
	ffntp_ensemble_look_at(member);
}

int ffntp_ensemble_add(struct ffntp_ensemble *ensemble, const struct ffntp_member_config *config, ffntp_counter now)
{
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		struct ffntp_member *member = &ensemble->member[i];

		if (member->session != NULL)
			continue;
		*member = (struct ffntp_member){
			.is_preferred = config->is_preferred,
			.is_trusted = config->is_trusted,
			.is_required = config->is_required,
			.is_unused = config->is_unused,
		};
		member->session = ffntp_session_init(ensemble->sessions + i * ensemble->stride, ensemble->stride,
						     &config->client, now);
		if (member->session == NULL)
			return -1;
		member->disruption_marker = member->session->client->clock.publisher.disruption_marker;
		introduce(ensemble, member);
		if (is_single(ensemble))
			ensemble->map = *ffntp_session_map(member->session);
		if (ensemble->recorder.added != NULL)
			ensemble->recorder.added(ensemble->recorder_context, i, config, now);
		return (int)i;
	}
	return -1;
}

void ffntp_ensemble_remove(struct ffntp_ensemble *ensemble, unsigned member, ffntp_counter now)
{
	if (member >= ensemble->config.members || ensemble->member[member].session == NULL)
		return;
	if (ensemble->recorder.removed != NULL)
		ensemble->recorder.removed(ensemble->recorder_context, member, now);
	if (ffntp_counter_is_before(ensemble->now, now))
		ensemble->now = now;
	ffntp_ensemble_release(ensemble, member);
	ensemble->member[member] = (struct ffntp_member){ 0 };
}

const struct ffntp_session *ffntp_ensemble_session(const struct ffntp_ensemble *ensemble, unsigned member)
{
	return member < ensemble->config.members ? ensemble->member[member].session : NULL;
}

/* Return how far the ensemble's clock is ahead of a member's own at a reading (ns); 0 if one of them has no time. */
static int64_t ahead_ns(const struct ffntp_ensemble *ensemble, const struct ffntp_session *session, ffntp_counter at)
{
	struct ffntp_reading ours, own;

	if (ffntp_clock_at(&ensemble->map, at, FFNTP_UTC, UINT64_MAX, &ours) != FFNTP_CLOCK_OK ||
	    ffntp_clock_at(ffntp_session_map(session), at, FFNTP_UTC, UINT64_MAX, &own) != FFNTP_CLOCK_OK)
		return 0;
	return ffntp_time_diff_ns(ours.estimate, own.estimate);
}

bool ffntp_ensemble_source(const struct ffntp_ensemble *ensemble, unsigned member, struct ffntp_source *source)
{
	const struct ffntp_member *at = &ensemble->member[member < ensemble->config.members ? member : 0];

	if (member >= ensemble->config.members || at->session == NULL)
		return false;
	*source = *ffntp_session_source(at->session);
	if (is_single(ensemble))
		return true;
	source->offset_ns += ahead_ns(ensemble, at->session, source->last_accepted);
	source->selection = (uint8_t)at->selection;
	source->share_percent = (uint8_t)(at->share * 100 + 0.5);
	return true;
}

/* --- inputs --- */

/* Return whether an input concerns the counter of all, rather than a server. */
static bool is_of_counter(const struct ffntp_input *input)
{
	return input->kind == FFNTP_INPUT_DISRUPTED || input->kind == FFNTP_INPUT_COUNTER_REPLACED;
}

/* A member must not keep a former map's bounds: it may be the one that is wrong. The ensemble keeps them. */
static void inherit(struct ffntp_ensemble *ensemble, const struct ffntp_map *former)
{
	if (former == NULL || ensemble->map.status != FFNTP_STATUS_INITIALISING)
		return;
	ensemble->publisher.disruption_marker = former->disruption_marker;
	ensemble->publisher.counter_marker = former->counter_marker;
	ensemble->keeps_former = ffntp_clock_can_continue(ensemble->config.client.pivot_s, former);
	if (!ensemble->keeps_former)
		return;
	ffntp_publisher_continue(&ensemble->publisher, former);
	ensemble->map = *former;
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		if (ensemble->member[i].session != NULL)
			introduce(ensemble, &ensemble->member[i]);
	}
}

/* Return whether an event of a member shows that the counter was set back, which the caller did not report. */
static bool shows_disruption(const struct ffntp_input *input, const struct ffntp_event *event)
{
	return (event->kind == FFNTP_EVENT_REPLY && event->verdict == FFNTP_REFUSED_COUNTER) ||
	       (event->kind == FFNTP_EVENT_DISRUPTED && !is_of_counter(input));
}

/* Pass an input to a member. events: whether its events are the ensemble's. */
static void pass(struct ffntp_ensemble *ensemble, unsigned number, const struct ffntp_input *input, bool with_events)
{
	struct ffntp_member *member = &ensemble->member[number];
	struct ffntp_event event;

	ffntp_session_input(member->session, input);
	if (!is_single(ensemble))
		ffntp_ensemble_look_at(member);
	while (ffntp_session_event(member->session, &event)) {
		if (event.kind == FFNTP_EVENT_MAP)
			ensemble->is_map_due = true;
		else if (with_events)
			add_event(ensemble, number, event);
		if (event.kind == FFNTP_EVENT_SERVER)
			ffntp_ensemble_release(ensemble, number);
		if (shows_disruption(input, &event))
			ensemble->is_disrupted = true;
	}
}

/* An input of one member that shows that the counter was set back concerns all members. */
static void spread_disruption(struct ffntp_ensemble *ensemble, unsigned number, ffntp_counter at)
{
	const struct ffntp_input input = { .kind = FFNTP_INPUT_DISRUPTED, .at = at };

	for (unsigned i = 0; i < ensemble->config.members; i++) {
		if (i != number && ensemble->member[i].session != NULL)
			pass(ensemble, i, &input, false);
	}
	ffntp_publisher_break_counter(&ensemble->publisher, at);
	ensemble->now = at;
	ffntp_ensemble_forget(ensemble);
}

/* A refused reply brings no stamp; nor does an accepted one in interleaved mode whose exchange is not complete yet. */
static bool has_new_stamp(const struct ffntp_member *member)
{
	return member->session->client->association.accepted_at != member->learnt_at;
}

static bool brings_stamps(const struct ffntp_input *input)
{
	return input->kind == FFNTP_INPUT_DATAGRAM || input->kind == FFNTP_INPUT_MEASURED;
}

/* Return whether a member's server contradicts its clock, whose counter may have jumped. */
static bool is_contradicted(const struct ffntp_member *member)
{
	const struct ffntp_clock_state *clock = ffntp_member_clock(member);

	return ffntp_clock_may_have_jumped(clock) && ffntp_dissent_excludes_clock(&clock->dissent);
}

static void input_to_member(struct ffntp_ensemble *ensemble, unsigned number, const struct ffntp_input *input)
{
	bool was_disrupted = ensemble->is_disrupted, was_contradicted = is_contradicted(&ensemble->member[number]);

	ensemble->is_disrupted = false;
	pass(ensemble, number, input, true);
	if (!is_single(ensemble) && !was_contradicted && is_contradicted(&ensemble->member[number]))
		ffntp_ensemble_begin_doubt(ensemble, number, input->at);
	if (ensemble->is_disrupted)
		spread_disruption(ensemble, number, input->at);
	ensemble->is_disrupted = ensemble->is_disrupted || was_disrupted;
	if (!is_single(ensemble) && brings_stamps(input) && has_new_stamp(&ensemble->member[number]))
		ffntp_ensemble_learn(ensemble, number);
}

/* The members have processed this disruption. A hint that is out of range is none for them either. */
static void disrupt(struct ffntp_ensemble *ensemble, const struct ffntp_input *input)
{
	struct ffntp_ensemble_config config = ensemble->config;

	ffntp_publisher_break_counter(&ensemble->publisher, input->at);
	ensemble->is_disrupted = ensemble->publisher.has_map || ensemble->is_disrupted;
	ffntp_ensemble_forget(ensemble);
	config.client.period_hint_s = input->period_hint_s;
	config.client.period_hint_error = input->period_hint_error;
	if (input->kind != FFNTP_INPUT_COUNTER_REPLACED || ffntp_ensemble_memory(&config) == 0)
		return;
	ensemble->config = config;
	ensemble->publisher.period_shift = ffntp_mapping_shift(input->period_hint_s);
}

static void input_to_all(struct ffntp_ensemble *ensemble, const struct ffntp_input *input)
{
	bool is_first = true;

	if (input->kind == FFNTP_INPUT_FORMER && !is_single(ensemble)) {
		inherit(ensemble, input->map);
		return;
	}
	for (unsigned i = 0; i < ensemble->config.members; i++) {
		if (ensemble->member[i].session == NULL)
			continue;
		pass(ensemble, i, input, is_first);
		is_first = false;
	}
	if (is_of_counter(input))
		disrupt(ensemble, input);
	if (!is_single(ensemble) && (input->kind == FFNTP_INPUT_PUBLISH || is_of_counter(input)))
		ensemble->is_map_due = true;
}

/* As for a session, a timeout before the member's deadline has no effect: journals leave it out. */
static bool has_effect(const struct ffntp_ensemble *ensemble, unsigned member, const struct ffntp_input *input)
{
	return member == FFNTP_ENSEMBLE_ALL || ffntp_session_has_effect(ensemble->member[member].session, input);
}

/* As in a session: only a disruption's reading may be earlier than those before it, apart from a datagram's. */
static void advance(struct ffntp_ensemble *ensemble, const struct ffntp_input *input)
{
	if (is_of_counter(input) || ffntp_counter_is_before(ensemble->now, input->at))
		ensemble->now = input->at;
}

void ffntp_ensemble_input(struct ffntp_ensemble *ensemble, unsigned member, const struct ffntp_input *input)
{
	begin_events(ensemble);
	if (member != FFNTP_ENSEMBLE_ALL && ffntp_ensemble_session(ensemble, member) == NULL)
		return;
	if (ensemble->recorder.input != NULL)
		ensemble->recorder.input(ensemble->recorder_context, member, input);
	if (has_effect(ensemble, member, input))
		advance(ensemble, input);
	if (member == FFNTP_ENSEMBLE_ALL)
		input_to_all(ensemble, input);
	else
		input_to_member(ensemble, member, input);
	compute_if_due(ensemble);
	if (ensemble->recorder.published != NULL && ensemble->has_new_map)
		ensemble->recorder.published(ensemble->recorder_context, &ensemble->map);
}

void ffntp_ensemble_record(struct ffntp_ensemble *ensemble, const struct ffntp_ensemble_recorder *recorder,
			   void *context)
{
	ensemble->recorder = recorder != NULL ? *recorder : (struct ffntp_ensemble_recorder){ 0 };
	ensemble->recorder_context = context;
}
