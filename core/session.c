/*
 * session: see ffntp/session.h. An input is recorded, applied to the client, and followed by the timer's work; a map
 * that is due then is made last, so that one input publishes at most once.
 */
#include "session.h"

#include "client.h"
#include "mapping.h"
#include "params.h"
#include "stamp.h"
#include "wire.h"

/*
 * Guests have no files. Without the inputs for a former session's map and for tables of leap seconds, and without
 * recorder and tracer, their core is a kilobyte smaller.
 */
#ifdef FFNTP_SESSION_MINIMAL
#define IS_MINIMAL true
#else
#define IS_MINIMAL false
#endif

/* --- memory --- */

#define ALIGNMENT 16u
#define HEAD ((sizeof(struct ffntp_session) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

size_t ffntp_session_memory(const struct ffntp_client_config *config)
{
	size_t client = ffntp_client_memory(config);

	return client > 0 ? HEAD + client : 0;
}

static bool is_usable(const void *memory, size_t size, size_t needed)
{
	return needed > 0 && size >= needed && memory != NULL && (uintptr_t)memory % ALIGNMENT == 0;
}

/* --- counter readings --- */

/* Return the reading this time after 'at'. */
static ffntp_counter later(const struct ffntp_session *session, ffntp_counter at, double interval_s)
{
	return at + ffntp_ticks_of(interval_s, session->period_s);
}

/* --- events --- */

static const struct ffntp_event map_event = { .kind = FFNTP_EVENT_MAP };

static void add_event(struct ffntp_session *session, struct ffntp_event event)
{
	if (session->events < FFNTP_SESSION_EVENTS)
		session->event[session->events++] = event;
}

static void add_kind(struct ffntp_session *session, enum ffntp_event_kind kind)
{
	add_event(session, (struct ffntp_event){ .kind = kind });
}

static void add_error(struct ffntp_session *session, enum ffntp_event_kind kind, int32_t error)
{
	add_event(session, (struct ffntp_event){ .kind = kind, .error = error });
}

bool ffntp_session_event(struct ffntp_session *session, struct ffntp_event *event)
{
	if (session->has_new_map) {
		session->has_new_map = false;
		*event = map_event;
		return true;
	}
	if (session->taken == session->events)
		return false;
	*event = session->event[session->taken++];
	return true;
}

/* --- publishing --- */

/* Get the client's map as of now, and with it the best value of the counter's period, whose conversion is slow. */
static void read_client(struct ffntp_session *session, struct ffntp_map *map)
{
	ffntp_client_output(session->client, session->now, map);
	if (map->period == session->period && map->period_shift == session->period_shift)
		return;
	session->period = map->period;
	session->period_shift = map->period_shift;
	session->period_s = ffntp_mapping_period_s(map->period, map->period_shift);
}

static void read_source(struct ffntp_session *session)
{
	ffntp_client_source(session->client, &session->source);
	for (size_t i = 0; i < sizeof session->address; i++)
		session->source.address[i] = session->address[i];
	session->source.port = session->port;
	session->source.selection = FFNTP_SELECTION_FOLLOWED;
}

/* The client's timer also wakes where a leap second begins or ends: the map is then published at once. */
static void publish_if_due(struct ffntp_session *session)
{
	struct ffntp_map map;

	read_client(session, &map);
	if (!session->is_map_due && ffntp_counter_is_before(session->now, session->publish_at) &&
	    map.leap == session->leap)
		return;
	session->publish_at = later(session, session->now, FFNTP_SESSION_PUBLISH_S);
	session->leap = map.leap;
	read_source(session);
	session->keeps_former = session->keeps_former && map.status == FFNTP_STATUS_INITIALISING;
	if (session->keeps_former)
		return;
	session->map = map;
	session->has_new_map = true;
}

/* --- creating and copying --- */

struct ffntp_session *ffntp_session_init(void *memory, size_t size, const struct ffntp_client_config *config,
					 ffntp_counter now)
{
	size_t needed = ffntp_session_memory(config);
	struct ffntp_session *session = memory;

	if (!is_usable(memory, size, needed))
		return NULL;
	*session = (struct ffntp_session){ .size = needed, .now = now, .deadline = now };
	session->client = ffntp_client_init((unsigned char *)memory + HEAD, needed - HEAD, config, now);
	if (session->client == NULL)
		return NULL;
	read_client(session, &session->map);
	read_source(session);
	session->publish_at = later(session, now, FFNTP_SESSION_PUBLISH_S);
	return session;
}

struct ffntp_session *ffntp_session_copy(const struct ffntp_session *session, void *memory, size_t size)
{
	struct ffntp_session *copy = memory;

	if (!is_usable(memory, size, session->size))
		return NULL;
	*copy = *session;
	copy->recorder = NULL;
	copy->tracer = NULL;
	copy->client = ffntp_client_copy(session->client, (unsigned char *)memory + HEAD, session->size - HEAD);
	return copy;
}

/* --- the timer --- */

static void pause_requests(struct ffntp_session *session, ffntp_counter until)
{
	session->is_paused = true;
	session->pause_until = until;
}

static void give_up(struct ffntp_session *session)
{
	session->is_awaiting = false;
	session->is_map_due = true;
	add_kind(session, FFNTP_EVENT_UNANSWERED);
}

/* Return the client's next action besides changing the server, which is an event. */
static struct ffntp_action next_action(struct ffntp_session *session)
{
	struct ffntp_action action = ffntp_client_timer(session->client, session->now);

	if (action.kind == FFNTP_CHANGE_SERVER) {
		add_kind(session, FFNTP_EVENT_CHANGE_SERVER);
		action = ffntp_client_timer(session->client, session->now);
	}
	return action;
}

static void set_deadline(struct ffntp_session *session, struct ffntp_action action)
{
	ffntp_counter until = session->publish_at;

	if (session->wants_request)
		until = session->now;
	if (action.kind == FFNTP_WAIT)
		until = ffntp_counter_earlier(until, action.until);
	else if (session->is_paused)
		until = ffntp_counter_earlier(until, session->pause_until);
	if (session->is_awaiting)
		until = ffntp_counter_earlier(until, session->reply_deadline);
	session->deadline = until;
}

/* Do what is due now. A request that was sent is given up before the next one is begun. */
static void work_timer(struct ffntp_session *session)
{
	struct ffntp_action action;

	session->is_paused = session->is_paused && ffntp_counter_is_before(session->now, session->pause_until);
	if (session->is_awaiting && !ffntp_counter_is_before(session->now, session->reply_deadline))
		give_up(session);
	action = next_action(session);
	if (session->is_awaiting && action.kind == FFNTP_SEND)
		give_up(session);
	session->wants_request = action.kind == FFNTP_SEND && !session->is_paused;
	publish_if_due(session);
	set_deadline(session, action);
}

/* --- inputs --- */

/* Return whether the request in flight has the extension field. */
static bool asks_root(const struct ffntp_session *session)
{
	return FFNTP_CAN_REFINE && session->client->association.exchange.root_field.is_asked;
}

static void begin_request(struct ffntp_session *session, const struct ffntp_input *input)
{
	if (!session->wants_request)
		return;
	if (!ffntp_client_request(session->client, input->at, input->nonce, session->packet)) {
		pause_requests(session, later(session, session->now, FFNTP_SESSION_NONCE_RETRY_S));
		add_kind(session, FFNTP_EVENT_NO_NONCE);
		return;
	}
	session->has_packet = true;
	if (asks_root(session))
		ffntp_wire_ask_root(session->packet + FFNTP_REQUEST_SIZE);
	session->is_awaiting = true;
	session->reply_deadline = later(session, input->at, FFNTP_REPLY_TIMEOUT_S);
	add_kind(session, FFNTP_EVENT_SENT);
}

static void take_datagram(struct ffntp_session *session, const struct ffntp_input *input)
{
	struct ffntp_event event = { .kind = FFNTP_EVENT_REPLY };

	event.verdict = ffntp_client_reply(session->client, input->bytes, input->length, input->at);
	if (event.verdict == FFNTP_ACCEPTED || event.verdict == FFNTP_REFUSED_COUNTER)
		session->is_awaiting = false;
	if (event.verdict == FFNTP_REFUSED_COUNTER) {
		session->now = input->at; /* it may be earlier: the client begins again from this reading */
		session->is_paused = false;
	}
	session->is_map_due = true;
	add_event(session, event);
}

/* A reference clock was read, if the session asked for that. */
static void take_measurement(struct ffntp_session *session, const struct ffntp_input *input)
{
	struct ffntp_event event = { .kind = FFNTP_EVENT_REPLY };

	if (IS_MINIMAL || !session->wants_request || input->measurement == NULL)
		return;
	event.verdict = ffntp_client_measured(session->client, input->measurement, input->at);
	if (event.verdict == FFNTP_REFUSED_COUNTER) {
		session->now = input->at; /* as after a datagram */
		session->is_paused = false;
	}
	session->is_map_due = true;
	add_event(session, event);
}

static void miss_measurement(struct ffntp_session *session, const struct ffntp_input *input)
{
	if (IS_MINIMAL || !session->wants_request)
		return;
	ffntp_client_not_measured(session->client, session->now);
	session->is_map_due = true;
	add_error(session, FFNTP_EVENT_ERROR, input->error);
	add_kind(session, FFNTP_EVENT_UNANSWERED);
}

/* Readings from before a disruption have no meaning after it. */
static void forget_readings(struct ffntp_session *session)
{
	session->is_awaiting = session->is_paused = false;
	session->is_map_due = true;
	add_kind(session, FFNTP_EVENT_DISRUPTED);
}

/* A hint outside of the configuration's ranges would make every later interval meaningless. */
static bool is_hint(const struct ffntp_input *input)
{
	struct ffntp_client_config config;

	ffntp_client_config_default(&config);
	config.period_hint_s = input->period_hint_s;
	config.period_hint_error = input->period_hint_error;
	return ffntp_client_memory(&config) > 0;
}

static void replace_counter(struct ffntp_session *session, const struct ffntp_input *input)
{
	if (is_hint(input))
		ffntp_client_counter_replaced(session->client, session->now, input->period_hint_s,
					      input->period_hint_error);
	else
		ffntp_client_disrupted(session->client, session->now);
	forget_readings(session);
}

static bool is_server_in_use(const struct ffntp_session *session, const struct ffntp_input *input)
{
	bool is_same = session->port == input->port;

	for (size_t i = 0; i < sizeof input->address; i++)
		is_same = is_same && session->address[i] == input->address[i];
	return is_same;
}

static void name_server(struct ffntp_session *session, const struct ffntp_input *input)
{
	bool is_changed = session->is_named && !is_server_in_use(session, input);

	session->is_named = true;
	for (size_t i = 0; i < sizeof input->address; i++)
		session->address[i] = input->address[i];
	session->port = input->port;
	if (is_changed) {
		ffntp_client_server_changed(session->client, session->now);
		session->is_awaiting = false;
		add_kind(session, FFNTP_EVENT_SERVER);
	}
	read_source(session);
}

static bool has_time(const struct ffntp_map *map)
{
	return map->status == FFNTP_STATUS_SYNCHRONISED || map->status == FFNTP_STATUS_FREE_RUNNING;
}

static void continue_from(struct ffntp_session *session, const struct ffntp_map *former)
{
	if (former == NULL || session->map.status != FFNTP_STATUS_INITIALISING)
		return; /* no map, or this session has a time of its own */
	ffntp_client_continue(session->client, former);
	session->keeps_former = has_time(former);
	if (session->keeps_former)
		session->map = *former;
}

/* Apply an input of systems that have files. */
static void apply_stored(struct ffntp_session *session, const struct ffntp_input *input)
{
	if (IS_MINIMAL)
		return;
	if (input->kind == FFNTP_INPUT_FORMER) {
		continue_from(session, input->map);
		return;
	}
	if (input->kind == FFNTP_INPUT_LEAP_TABLE)
		ffntp_client_leap_table(session->client, input->leap_table);
	else
		ffntp_client_announce(session->client, input->vote, session->now);
	session->is_map_due = true;
}

static void limit_requests(struct ffntp_session *session, const struct ffntp_input *input)
{
	double interval_s = ffntp_counter_diff(input->until, input->at) * session->period_s;

	ffntp_polling_limit(&session->client->association.polling, interval_s, input->stamp, session->period_s);
}

static void apply_input(struct ffntp_session *session, const struct ffntp_input *input)
{
	switch (input->kind) {
	case FFNTP_INPUT_TIMEOUT:
	case FFNTP_INPUTS:
		break;
	case FFNTP_INPUT_REQUEST:
		begin_request(session, input);
		break;
	case FFNTP_INPUT_SENT:
		ffntp_client_sent(session->client, input->stamp);
		break;
	case FFNTP_INPUT_NOT_SENT:
		add_error(session, FFNTP_EVENT_NOT_SENT, input->error);
		break;
	case FFNTP_INPUT_DATAGRAM:
		take_datagram(session, input);
		break;
	case FFNTP_INPUT_ERROR:
		add_error(session, FFNTP_EVENT_ERROR, input->error);
		break;
	case FFNTP_INPUT_DISRUPTED:
		ffntp_client_disrupted(session->client, session->now);
		forget_readings(session);
		break;
	case FFNTP_INPUT_COUNTER_REPLACED:
		replace_counter(session, input);
		break;
	case FFNTP_INPUT_SERVER:
		name_server(session, input);
		break;
	case FFNTP_INPUT_PAUSE:
		pause_requests(session, input->until);
		break;
	case FFNTP_INPUT_LEAP_TABLE:
	case FFNTP_INPUT_LEAP_VOTE:
	case FFNTP_INPUT_FORMER:
		apply_stored(session, input);
		break;
	case FFNTP_INPUT_PUBLISH:
		session->is_map_due = true;
		break;
	case FFNTP_INPUT_MEASURED:
		take_measurement(session, input);
		break;
	case FFNTP_INPUT_NOT_MEASURED:
		miss_measurement(session, input);
		break;
	case FFNTP_INPUT_BURST:
		if (!IS_MINIMAL)
			ffntp_client_burst(session->client, session->now);
		break;
	case FFNTP_INPUT_LIMITED:
		if (!IS_MINIMAL)
			limit_requests(session, input);
		break;
	}
}

static void record(const struct ffntp_session *session, const struct ffntp_input *input)
{
	if (!IS_MINIMAL && session->recorder != NULL)
		session->recorder(session->recorder_context, input);
}

static void trace_event(const struct ffntp_session *session, struct ffntp_event event)
{
	const struct ffntp_trace_event traced = {
		.kind = FFNTP_TRACE_EVENT,
		.event = event,
		.at = session->now,
		.map = &session->map,
		.source = &session->source,
		.decision = ffntp_client_decision(session->client),
	};

	session->tracer(session->tracer_context, &traced);
}

static void trace_events(const struct ffntp_session *session)
{
	if (IS_MINIMAL || session->tracer == NULL)
		return;
	if (session->has_new_map)
		trace_event(session, map_event);
	for (unsigned i = 0; i < session->events; i++)
		trace_event(session, session->event[i]);
}

/*
 * Return whether the counter was set back before this input. Only inputs that the caller passes with a present reading
 * show it: a datagram's is that of its arrival, and those of a pause or a name may have waited for others.
 */
static bool is_set_back(const struct ffntp_session *session, const struct ffntp_input *input)
{
	return (input->kind == FFNTP_INPUT_TIMEOUT || input->kind == FFNTP_INPUT_REQUEST) &&
	       ffntp_counter_diff(session->now, input->at) * session->period_s > FFNTP_SET_BACK_S;
}

/*
 * A reading from before the newest one is that of a datagram that arrived while something else was processed. After a
 * disruption the counter may have any value.
 */
static void advance(struct ffntp_session *session, const struct ffntp_input *input)
{
	bool is_disrupted = input->kind == FFNTP_INPUT_DISRUPTED || input->kind == FFNTP_INPUT_COUNTER_REPLACED ||
			    is_set_back(session, input);

	if (is_disrupted || ffntp_counter_is_before(session->now, input->at))
		session->now = input->at;
}

bool ffntp_session_has_effect(const struct ffntp_session *session, const struct ffntp_input *input)
{
	return input->kind != FFNTP_INPUT_TIMEOUT || !ffntp_counter_is_before(input->at, session->deadline) ||
	       is_set_back(session, input);
}

void ffntp_session_input(struct ffntp_session *session, const struct ffntp_input *input)
{
	static const struct ffntp_input disruption = { .kind = FFNTP_INPUT_DISRUPTED };
	bool has_jumped = is_set_back(session, input);

	record(session, input);
	session->events = session->taken = 0;
	session->has_packet = session->is_map_due = session->has_new_map = false;
	if (!ffntp_session_has_effect(session, input))
		return;
	advance(session, input);
	apply_input(session, has_jumped ? &disruption : input);
	work_timer(session);
	trace_events(session);
}

double ffntp_session_limit_s(const struct ffntp_session *session)
{
	return ffntp_polling_limit_s(&session->client->association.polling);
}

void ffntp_session_hurry(struct ffntp_session *session, ffntp_counter at)
{
	ffntp_polling_restart(&session->client->association.polling, at, session->period_s);
	session->deadline = ffntp_counter_earlier(session->deadline, at);
}

/* --- reading --- */

bool ffntp_session_wants_request(const struct ffntp_session *session)
{
	return session->wants_request;
}

const uint8_t *ffntp_session_request(const struct ffntp_session *session)
{
	return session->has_packet ? session->packet : NULL;
}

size_t ffntp_session_request_length(const struct ffntp_session *session)
{
	if (!session->has_packet)
		return 0;
	return asks_root(session) ? FFNTP_REQUEST_SIZE + FFNTP_WIRE_ROOT_SIZE : FFNTP_REQUEST_SIZE;
}

bool ffntp_session_is_awaiting(const struct ffntp_session *session)
{
	return session->is_awaiting;
}

ffntp_counter ffntp_session_deadline(const struct ffntp_session *session)
{
	return session->deadline;
}

double ffntp_session_period_s(const struct ffntp_session *session)
{
	return session->period_s;
}

const struct ffntp_map *ffntp_session_map(const struct ffntp_session *session)
{
	return &session->map;
}

const struct ffntp_source *ffntp_session_source(const struct ffntp_session *session)
{
	return &session->source;
}

const struct ffntp_decision *ffntp_session_decision(const struct ffntp_session *session)
{
	return ffntp_client_decision(session->client);
}

/* --- hooks --- */

void ffntp_session_record(struct ffntp_session *session, ffntp_session_recorder *recorder, void *context)
{
	session->recorder = recorder;
	session->recorder_context = context;
}

void ffntp_session_trace(struct ffntp_session *session, ffntp_session_tracer *tracer, void *context)
{
	session->tracer = tracer;
	session->tracer_context = context;
}

/* --- names --- */

const char *ffntp_input_name(enum ffntp_input_kind kind)
{
	static const char *const names[FFNTP_INPUTS] = {
		[FFNTP_INPUT_TIMEOUT] = "timeout",
		[FFNTP_INPUT_REQUEST] = "request",
		[FFNTP_INPUT_SENT] = "sent",
		[FFNTP_INPUT_NOT_SENT] = "not-sent",
		[FFNTP_INPUT_DATAGRAM] = "datagram",
		[FFNTP_INPUT_ERROR] = "error",
		[FFNTP_INPUT_DISRUPTED] = "disrupted",
		[FFNTP_INPUT_COUNTER_REPLACED] = "counter-replaced",
		[FFNTP_INPUT_SERVER] = "server",
		[FFNTP_INPUT_PAUSE] = "pause",
		[FFNTP_INPUT_LEAP_TABLE] = "leap-table",
		[FFNTP_INPUT_LEAP_VOTE] = "leap-vote",
		[FFNTP_INPUT_FORMER] = "former",
		[FFNTP_INPUT_PUBLISH] = "publish",
		[FFNTP_INPUT_MEASURED] = "measured",
		[FFNTP_INPUT_NOT_MEASURED] = "not-measured",
		[FFNTP_INPUT_BURST] = "burst",
		[FFNTP_INPUT_LIMITED] = "limited",
	};

	return (unsigned)kind < FFNTP_INPUTS ? names[kind] : "unknown";
}

const char *ffntp_event_name(enum ffntp_event_kind kind)
{
	static const char *const names[FFNTP_EVENTS] = {
		[FFNTP_EVENT_NONE] = "none",
		[FFNTP_EVENT_SENT] = "sent",
		[FFNTP_EVENT_NOT_SENT] = "not-sent",
		[FFNTP_EVENT_NO_NONCE] = "no-nonce",
		[FFNTP_EVENT_REPLY] = "reply",
		[FFNTP_EVENT_ERROR] = "error",
		[FFNTP_EVENT_UNANSWERED] = "unanswered",
		[FFNTP_EVENT_CHANGE_SERVER] = "change-server",
		[FFNTP_EVENT_DISRUPTED] = "disrupted",
		[FFNTP_EVENT_SERVER] = "server",
		[FFNTP_EVENT_MAP] = "map",
		[FFNTP_EVENT_SELECTION] = "selection",
	};

	return (unsigned)kind < FFNTP_EVENTS ? names[kind] : "unknown";
}
