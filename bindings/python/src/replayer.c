/*
 * Replayer: runs the lines of journals (ffntp/replay.h), and collects maps, replies and events in columns. The
 * package's replay() reads the files.
 */
#include "binding.h"

#include <ffntp/decision.h>
#include <ffntp/replay.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* --- tables: rows are added while a journal runs; columns are made of them at the end --- */

struct map_row {
	double seconds, period_s;
	uint64_t at, disruption_marker, bound_before_ns, bound_after_ns, esterror_ns, asymmetry_esterror_ns;
	int64_t time_ns;
	uint32_t session, counter_marker;
	int16_t utc_offset_s;
	uint8_t status, leap;
	bool tai_is_known;
};

struct reply_row {
	double seconds, gap_s, outside_s, strain_s;
	uint64_t at, rtt_ns, rtt_min_ns;
	int64_t offset_ns;
	uint32_t session;
	int32_t member;
	uint8_t verdict, decision, reason, selection, share_percent, stratum;
};

struct event_row {
	double seconds;
	uint64_t at;
	uint32_t session;
	int32_t member, error;
	uint8_t event;
};

/* A field of a row. format: as the module struct has it. */
struct column {
	const char *name;
	char format;
	size_t offset, size;
};

#define COLUMN(row, format, name)                                                          \
	{                                                                                  \
#name, format, offsetof(struct row, name), sizeof(((struct row *)0)->name) \
	}

static const struct column map_columns[] = {
	COLUMN(map_row, 'I', session),
	COLUMN(map_row, 'Q', at),
	COLUMN(map_row, 'd', seconds),
	COLUMN(map_row, 'B', status),
	COLUMN(map_row, 'q', time_ns),
	COLUMN(map_row, 'h', utc_offset_s),
	COLUMN(map_row, '?', tai_is_known),
	COLUMN(map_row, 'B', leap),
	COLUMN(map_row, 'd', period_s),
	COLUMN(map_row, 'Q', bound_before_ns),
	COLUMN(map_row, 'Q', bound_after_ns),
	COLUMN(map_row, 'Q', esterror_ns),
	COLUMN(map_row, 'Q', asymmetry_esterror_ns),
	COLUMN(map_row, 'Q', disruption_marker),
	COLUMN(map_row, 'I', counter_marker),
	{ NULL, 0, 0, 0 },
};

static const struct column reply_columns[] = {
	COLUMN(reply_row, 'I', session),
	COLUMN(reply_row, 'Q', at),
	COLUMN(reply_row, 'd', seconds),
	COLUMN(reply_row, 'i', member),
	COLUMN(reply_row, 'B', verdict),
	COLUMN(reply_row, 'B', decision),
	COLUMN(reply_row, 'B', reason),
	COLUMN(reply_row, 'q', offset_ns),
	COLUMN(reply_row, 'Q', rtt_ns),
	COLUMN(reply_row, 'Q', rtt_min_ns),
	COLUMN(reply_row, 'B', stratum),
	COLUMN(reply_row, 'B', selection),
	COLUMN(reply_row, 'B', share_percent),
	COLUMN(reply_row, 'd', gap_s),
	COLUMN(reply_row, 'd', outside_s),
	COLUMN(reply_row, 'd', strain_s),
	{ NULL, 0, 0, 0 },
};

static const struct column event_columns[] = {
	COLUMN(event_row, 'I', session),
	COLUMN(event_row, 'Q', at),
	COLUMN(event_row, 'd', seconds),
	COLUMN(event_row, 'i', member),
	COLUMN(event_row, 'B', event),
	COLUMN(event_row, 'i', error),
	{ NULL, 0, 0, 0 },
};

struct table {
	char *rows;
	size_t count, room;
};

/* Return a place for one more row; NULL if there is no memory. */
static void *add_row(struct table *table, size_t size)
{
	if (table->count == table->room) {
		size_t room = table->room > 0 ? table->room * 2 : 256;
		char *grown = realloc(table->rows, room * size);

		if (grown == NULL)
			return NULL;
		table->rows = grown;
		table->room = room;
	}
	return table->rows + table->count++ * size;
}

/* Return the column as (format, bytes). */
static PyObject *column_of(const struct table *table, size_t size, const struct column *column)
{
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(table->count * column->size));
	char *to;

	if (bytes == NULL)
		return NULL;
	to = PyBytes_AsString(bytes);
	for (size_t i = 0; i < table->count; i++)
		memcpy(to + i * column->size, table->rows + i * size + column->offset, column->size);
	return Py_BuildValue("(CN)", column->format, bytes);
}

/* Return a dictionary of all columns. */
static PyObject *columns_of(const struct table *table, size_t size, const struct column *columns)
{
	PyObject *dictionary = PyDict_New();

	for (; dictionary != NULL && columns->name != NULL; columns++) {
		PyObject *column = column_of(table, size, columns);

		if (column == NULL || PyDict_SetItemString(dictionary, columns->name, column) < 0)
			Py_CLEAR(dictionary);
		Py_XDECREF(column);
	}
	return dictionary;
}

/* --- the replay; these functions run without the interpreter's lock --- */

struct replayer_object {
	PyObject ob_base;
	struct ffntp_replay *replay;
	const struct ffntp_replay_state *state;
	struct table maps, replies, events;
	uint64_t sessions_before;               /* in the files before the present one */
	bool is_short;                          /* of memory */
	bool is_running;                        /* in a thread that has released the interpreter's lock */
	bool compares;                          /* false: go on after a map that differs */
	unsigned long line;                     /* number of the present line, from 1 */
	char begun[FFNTP_REPLAY_LINE_SIZE + 1]; /* a line whose end was not fed yet; longer ones are cut to this size */
	size_t begun_length;
};

static uint32_t session_of(const struct replayer_object *self)
{
	return (uint32_t)(self->sessions_before + self->state->sessions);
}

static int32_t number_of(unsigned member)
{
	return member == FFNTP_ENSEMBLE_ALL ? -1 : (int32_t)member;
}

static void add_map(struct replayer_object *self)
{
	const struct ffntp_map *map = ffntp_ensemble_map(self->state->ensemble);
	struct map_row *row = add_row(&self->maps, sizeof(*row));

	if (row == NULL) {
		self->is_short = true;
		return;
	}
	*row = (struct map_row){
		.session = session_of(self),
		.at = map->at,
		.seconds = self->state->seconds,
		.status = (uint8_t)map->status,
		.time_ns = ffntp_time_to_ns(map->time),
		.utc_offset_s = map->tai_offset_s,
		.tai_is_known = map->tai_is_known,
		.leap = (uint8_t)map->leap,
		.period_s = ldexp((double)map->period, -64 - map->period_shift),
		.bound_before_ns = map->maxerror_before_ns,
		.bound_after_ns = map->maxerror_after_ns,
		.esterror_ns = map->esterror_ns,
		.asymmetry_esterror_ns = map->asymmetry_esterror_ns,
		.disruption_marker = map->disruption_marker,
		.counter_marker = map->counter_marker,
	};
}

static void add_reply(struct replayer_object *self, unsigned member, const struct ffntp_event *event)
{
	const struct ffntp_session *session = ffntp_ensemble_session(self->state->ensemble, member);
	struct reply_row *row = add_row(&self->replies, sizeof(*row));
	const struct ffntp_decision *decision;
	struct ffntp_source source = { 0 };

	if (row == NULL || session == NULL) {
		self->is_short |= row == NULL;
		self->replies.count -= row != NULL;
		return;
	}
	if (!ffntp_ensemble_source(self->state->ensemble, member, &source))
		source.stratum = 0;
	decision = ffntp_session_decision(session);
	*row = (struct reply_row){
		.session = session_of(self),
		.at = self->state->at,
		.seconds = self->state->seconds,
		.member = number_of(member),
		.verdict = (uint8_t)event->verdict,
		.decision = (uint8_t)decision->kind,
		.reason = (uint8_t)decision->reason,
		.offset_ns = source.offset_ns,
		.rtt_ns = source.rtt_ns,
		.rtt_min_ns = source.rtt_min_ns,
		.stratum = source.stratum,
		.selection = source.selection,
		.share_percent = source.share_percent,
		.gap_s = decision->gap_s,
		.outside_s = decision->outside_s,
		.strain_s = decision->strain_s,
	};
}

static void take_event(void *context, const struct ffntp_replay_state *state, unsigned member,
		       const struct ffntp_event *event)
{
	struct replayer_object *self = context;
	struct event_row *row = add_row(&self->events, sizeof(*row));

	if (event->kind == FFNTP_EVENT_MAP)
		add_map(self);
	if (event->kind == FFNTP_EVENT_REPLY)
		add_reply(self, state->room == 1 ? 0 : member, event);
	if (row == NULL) {
		self->is_short = true;
		return;
	}
	*row = (struct event_row){
		.session = session_of(self),
		.at = state->at,
		.seconds = state->seconds,
		.member = number_of(member),
		.event = (uint8_t)event->kind,
		.error = event->error,
	};
}

/* Run the line that has been fed. Returns a static text, or NULL. */
static const char *run_line(struct replayer_object *self)
{
	const char *problem = NULL;
	enum ffntp_replay_result result;

	self->line++;
	result = ffntp_replay_line(self->replay, self->begun, self->begun_length, &problem);
	self->begun_length = 0;
	if (self->is_short)
		return "out of memory";
	return result == FFNTP_REPLAY_INVALID || (result == FFNTP_REPLAY_DIFFERENT && self->compares) ? problem : NULL;
}

static const char *run_bytes(struct replayer_object *self, const char *bytes, size_t length)
{
	const char *problem = NULL, *end = bytes + length;

	while (bytes < end && problem == NULL) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t part = (size_t)((newline != NULL ? newline : end) - bytes);
		size_t room = sizeof(self->begun) - self->begun_length;

		memcpy(self->begun + self->begun_length, bytes, part < room ? part : room);
		self->begun_length += part < room ? part : room;
		bytes += part + (newline != NULL);
		if (newline != NULL)
			problem = run_line(self);
	}
	return problem;
}

/* --- the object --- */

static struct replayer_object *replayer_of(PyObject *self)
{
	return (struct replayer_object *)self;
}

static struct binding_state *state_of(PyObject *self)
{
	return PyType_GetModuleState(Py_TYPE(self));
}

static PyObject *replayer_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	static const struct ffntp_replay_listener listener = { .event = take_event };
	static char compare_name[] = "compare", *names[] = { compare_name, NULL };
	allocfunc allocate = PyType_GetSlot(type, Py_tp_alloc);
	struct replayer_object *self;
	int compares = 1;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|p:Replayer", names, &compares))
		return NULL;
	self = (struct replayer_object *)allocate(type, 0);
	if (self == NULL)
		return NULL;
	self->compares = compares != 0;
	self->replay = ffntp_replay_new(&listener, self);
	if (self->replay == NULL) {
		Py_DECREF(self);
		return PyErr_NoMemory();
	}
	self->state = ffntp_replay_state(self->replay);
	return (PyObject *)self;
}

static void replayer_dealloc(PyObject *object)
{
	struct replayer_object *self = replayer_of(object);

	ffntp_replay_free(self->replay);
	free(self->maps.rows);
	free(self->replies.rows);
	free(self->events.rows);
	binding_free(object);
}

/* Only one thread may use the object, and another may come while a replay runs without the interpreter's lock. */
static bool is_free(const struct replayer_object *self)
{
	if (self->is_running)
		PyErr_SetString(PyExc_RuntimeError, "the replayer is running in another thread");
	return !self->is_running;
}

static PyObject *replayer_begin_file(PyObject *object, PyObject *Py_UNUSED(nothing))
{
	struct replayer_object *self = replayer_of(object);

	if (!is_free(self))
		return NULL;
	self->sessions_before += self->state->sessions;
	self->line = 0;
	self->begun_length = 0;
	ffntp_replay_begin_file(self->replay);
	return Py_NewRef(Py_None);
}

/* Another version may compute other maps: that is the first thing to know about a difference. */
static PyObject *raise(struct replayer_object *self, const char *problem)
{
	PyObject *class = state_of((PyObject *)self)->journal_error;

	if (self->is_short)
		return PyErr_NoMemory();
	if (self->state->different == 0)
		return PyErr_Format(class, "%lu: %s", self->line, problem);
	return PyErr_Format(class,
			    "%lu: %s; %llu maps before it are equal. The journal was written by version %s; "
			    "compare=False replays it all the same",
			    self->line, problem, (unsigned long long)self->state->equal, self->state->program);
}

static PyObject *replayer_feed(PyObject *object, PyObject *argument)
{
	struct replayer_object *self = replayer_of(object);
	PyThreadState *thread;
	const char *problem;
	Py_buffer buffer;

	if (!is_free(self) || PyObject_GetBuffer(argument, &buffer, PyBUF_SIMPLE) < 0)
		return NULL;
	self->is_running = true;
	thread = PyEval_SaveThread();
	problem = run_bytes(self, buffer.buf, (size_t)buffer.len);
	PyEval_RestoreThread(thread);
	self->is_running = false;
	PyBuffer_Release(&buffer);
	return problem == NULL ? Py_NewRef(Py_None) : raise(self, problem);
}

/* A last line without a newline is one that a recorder has not finished: it is not run. */
static PyObject *replayer_end_file(PyObject *object, PyObject *Py_UNUSED(nothing))
{
	struct replayer_object *self = replayer_of(object);
	const struct ffntp_replay_state *state = self->state;
	bool is_cut = self->begun_length > 0;

	if (!is_free(self))
		return NULL;
	ffntp_replay_end_file(self->replay);
	return Py_BuildValue("{s:s,s:K,s:K,s:K,s:K,s:K,s:K,s:N}", "program", state->program, "sessions",
			     (unsigned long long)state->sessions, "inputs", (unsigned long long)state->inputs,
			     "maps_equal", (unsigned long long)state->equal, "maps_different",
			     (unsigned long long)state->different, "maps_uncompared",
			     (unsigned long long)state->uncompared, "maps_unwritten",
			     (unsigned long long)state->unwritten, "cut_in_line",
			     is_cut ? PyLong_FromUnsignedLong(self->line + 1) : Py_NewRef(Py_None));
}

static PyObject *replayer_servers(PyObject *object, PyObject *Py_UNUSED(nothing))
{
	const struct replayer_object *self = replayer_of(object);
	PyObject *servers;
	struct ffntp_source source;

	if (!is_free(self))
		return NULL;
	servers = PyDict_New();
	for (unsigned i = 0; servers != NULL && self->state->ensemble != NULL && i < self->state->room; i++) {
		PyObject *number, *address;

		if (!ffntp_ensemble_source(self->state->ensemble, i, &source))
			continue;
		number = PyLong_FromUnsignedLong(i);
		address = binding_address(&source);
		if (number == NULL || address == NULL || PyDict_SetItem(servers, number, address) < 0)
			Py_CLEAR(servers);
		Py_XDECREF(number);
		Py_XDECREF(address);
	}
	return servers;
}

static PyObject *replayer_tables(PyObject *object, PyObject *Py_UNUSED(nothing))
{
	const struct replayer_object *self = replayer_of(object);

	if (!is_free(self))
		return NULL;
	return Py_BuildValue("{s:N,s:N,s:N}", "maps", columns_of(&self->maps, sizeof(struct map_row), map_columns),
			     "replies", columns_of(&self->replies, sizeof(struct reply_row), reply_columns), "events",
			     columns_of(&self->events, sizeof(struct event_row), event_columns));
}

static PyMethodDef replayer_methods[] = {
	{ "begin_file", replayer_begin_file, METH_NOARGS,
	  "begin_file($self, /)\n--\n\nBegin a file, which continues the session of the file before it, or begins "
	  "one." },
	{ "feed", replayer_feed, METH_O,
	  "feed($self, data, /)\n--\n\nRun the next bytes of the file; others may run meanwhile. Raises JournalError, "
	  "whose text "
	  "begins with the\nnumber of the line; RuntimeError if the replayer runs in another thread." },
	{ "end_file", replayer_end_file, METH_NOARGS,
	  "end_file($self, /)\n--\n\nEnd the file. Returns its counts as a dictionary." },
	{ "servers", replayer_servers, METH_NOARGS,
	  "servers($self, /)\n--\n\nReturn the address of each member that the last ensemble has, by its number." },
	{ "tables", replayer_tables, METH_NOARGS,
	  "tables($self, /)\n--\n\nReturn a dictionary of tables, each a dictionary from a column's name to (format, "
	  "bytes)." },
	{ NULL, NULL, 0, NULL },
};

static char replayer_doc[] = "Replayer(compare=True)\n--\n\nRuns the lines of journals: see ffntp.replay.";

static PyType_Slot replayer_slots[] = {
	{ Py_tp_doc, replayer_doc },
	{ Py_tp_new, (void *)replayer_new },
	{ Py_tp_dealloc, (void *)replayer_dealloc },
	{ Py_tp_methods, replayer_methods },
	{ 0, NULL },
};

static PyType_Spec replayer_spec = {
	.name = "ffntp._ffntp.Replayer",
	.basicsize = sizeof(struct replayer_object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = replayer_slots,
};

bool binding_add_replayer(PyObject *module, struct binding_state *state)
{
	return binding_add_type(module, &replayer_spec, NULL, &state->replayer);
}
