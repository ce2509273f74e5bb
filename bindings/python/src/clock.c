/* ClockBase, with all methods that read a clock; and PageClock, the page of a daemon. */
#include "clock.h"

#include <ffntp/linux.h>
#include <ffntp/linuxdevice.h>
#include <stdlib.h>
#include <string.h>

/* --- reading --- */

PyObject *clock_allocate(PyTypeObject *type)
{
	struct binding_state *state = binding_state_of(type);
	allocfunc allocate = PyType_GetSlot(type, Py_tp_alloc);
	PyObject *self = state != NULL ? allocate(type, 0) : NULL;

	if (self != NULL)
		clock_of(self)->state = state;
	return self;
}

static PyObject *raise(PyObject *self, enum ffntp_clock_result result)
{
	return binding_raise(clock_of(self)->state, result);
}

/* scale, max_bound_ns: NULL for the usual value; None, for max_bound_ns, too. */
static bool to_request(PyObject *scale, PyObject *max_bound_ns, enum ffntp_timescale *timescale, uint64_t *max_ns)
{
	*max_ns = UINT64_MAX;
	return binding_to_scale(scale, timescale) && (max_bound_ns == NULL || Py_IsNone(max_bound_ns) ||
						      binding_to_u64(max_bound_ns, "max_bound_ns", max_ns));
}

static PyObject *clock_now(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char scale_name[] = "scale", bound_name[] = "max_bound_ns", *names[] = { scale_name, bound_name, NULL };
	PyObject *scale = NULL, *max_bound_ns = NULL;
	enum ffntp_clock_result result;
	enum ffntp_timescale timescale = FFNTP_UTC;
	struct ffntp_reading reading;
	uint64_t max_ns = UINT64_MAX;

	if ((kwargs != NULL || PyTuple_Size(args) > 0) &&
	    (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OO:now", names, &scale, &max_bound_ns) ||
	     !to_request(scale, max_bound_ns, &timescale, &max_ns)))
		return NULL;
	result = ffntp_device_now(clock_device(self), timescale, max_ns, &reading);
	if (result != FFNTP_CLOCK_OK)
		return raise(self, result);
	return binding_new_reading(clock_of(self)->state, &reading, timescale);
}

static PyObject *clock_at(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char mark_name[] = "mark", scale_name[] = "scale", bound_name[] = "max_bound_ns";
	static char *names[] = { mark_name, scale_name, bound_name, NULL };
	PyObject *object, *scale = NULL, *max_bound_ns = NULL;
	enum ffntp_clock_result result;
	enum ffntp_timescale timescale;
	struct ffntp_reading reading;
	struct ffntp_mark mark;
	uint64_t max_ns;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OO:at", names, &object, &scale, &max_bound_ns) ||
	    !binding_to_mark(clock_of(self)->state, object, mark_name, &mark) ||
	    !to_request(scale, max_bound_ns, &timescale, &max_ns))
		return NULL;
	result = ffntp_device_at(clock_device(self), mark, timescale, max_ns, &reading);
	if (result != FFNTP_CLOCK_OK)
		return raise(self, result);
	return binding_new_reading(clock_of(self)->state, &reading, timescale);
}

static PyObject *clock_monotonic_utc(PyObject *self, PyObject *Py_UNUSED(nothing))
{
	struct ffntp_time utc;
	enum ffntp_clock_result result = ffntp_device_steady(clock_device(self), &utc);

	return result == FFNTP_CLOCK_OK ? binding_new_instant(clock_of(self)->state, utc) : raise(self, result);
}

static PyObject *clock_elapsed_ns(PyObject *self, PyObject *Py_UNUSED(nothing))
{
	uint64_t ns;
	enum ffntp_clock_result result = ffntp_device_elapsed(clock_device(self), &ns);

	return result == FFNTP_CLOCK_OK ? PyLong_FromUnsignedLongLong(ns) : raise(self, result);
}

static PyObject *clock_mark(PyObject *self, PyObject *Py_UNUSED(nothing))
{
	struct ffntp_mark mark;
	enum ffntp_clock_result result = ffntp_device_mark(clock_device(self), &mark);

	return result == FFNTP_CLOCK_OK ? binding_new_mark(clock_of(self)->state, &mark) : raise(self, result);
}

static PyObject *clock_since(PyObject *self, PyObject *object)
{
	enum ffntp_clock_result result;
	struct ffntp_duration duration;
	struct ffntp_mark mark;

	if (!binding_to_mark(clock_of(self)->state, object, "mark", &mark))
		return NULL;
	result = ffntp_device_since(clock_device(self), mark, &duration);
	return result == FFNTP_CLOCK_OK ? binding_new_duration(clock_of(self)->state, &duration) : raise(self, result);
}

static PyObject *clock_duration(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char begin_name[] = "begin", end_name[] = "end", *names[] = { begin_name, end_name, NULL };
	enum ffntp_clock_result result;
	struct ffntp_duration duration;
	struct ffntp_mark begin, end;
	PyObject *from, *to;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:duration", names, &from, &to) ||
	    !binding_to_mark(clock_of(self)->state, from, begin_name, &begin) ||
	    !binding_to_mark(clock_of(self)->state, to, end_name, &end))
		return NULL;
	result = ffntp_device_duration(clock_device(self), begin, end, &duration);
	return result == FFNTP_CLOCK_OK ? binding_new_duration(clock_of(self)->state, &duration) : raise(self, result);
}

static PyObject *clock_status(PyObject *self, PyObject *Py_UNUSED(nothing))
{
	if (!clock_device(self)->is_connected)
		return raise(self, FFNTP_CLOCK_DISCONNECTED);
	return binding_status(clock_of(self)->state, clock_of(self)->device);
}

static PyObject *clock_close(PyObject *self, PyObject *Py_UNUSED(nothing))
{
	ffntp_device_disconnect(clock_device(self));
	return Py_NewRef(Py_None);
}

static PyObject *clock_closed(PyObject *self, void *Py_UNUSED(closure))
{
	return PyBool_FromLong(!clock_device(self)->is_connected);
}

static PyObject *clock_exit(PyObject *self, PyObject *Py_UNUSED(args))
{
	return clock_close(self, NULL);
}

static PyObject *clock_enter(PyObject *self, PyObject *Py_UNUSED(nothing))
{
	return Py_NewRef(self);
}

static PyObject *base_new(PyTypeObject *Py_UNUSED(type), PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
	PyErr_SetString(PyExc_TypeError, "this class makes no clocks: use Clock or FakeClock");
	return NULL;
}

#define SCALE_AND_BOUND                                                                                              \
	"scale: 'utc'; 'tai'; 'utc-smeared', a leap second spread from noon to noon; 'utc-sls', over its last 1000 " \
	"s.\nmax_bound_ns: the largest error bound to accept, in nanoseconds; None: any.\n"

static PyMethodDef base_methods[] = {
	{ "now", WITH_KEYWORDS(clock_now), METH_VARARGS | METH_KEYWORDS,
	  "now($self, /, scale='utc', max_bound_ns=None)\n--\n\nReturn a Reading of the time now.\n\n" SCALE_AND_BOUND
	  "Raises UnsynchronisedError, DisruptedError, VoidError, OutOfRangeError, BusyError, CounterError,\n"
	  "DisconnectedError; BoundError if the bound exceeds max_bound_ns, TAIUnknownError for 'tai'." },
	{ "at", WITH_KEYWORDS(clock_at), METH_VARARGS | METH_KEYWORDS,
	  "at($self, /, mark, scale='utc', max_bound_ns=None)\n--\n\nReturn a Reading of the time at a mark, with the "
	  "map that "
	  "was current then.\n\n" SCALE_AND_BOUND "Raises as now does; TooOldError if that map is no longer stored; "
	  "OtherBootError, DisruptedError, FutureError as\nduration does." },
	{ "monotonic_utc", clock_monotonic_utc, METH_NOARGS,
	  "monotonic_utc($self, /)\n--\n\nReturn UTC as an Instant that never runs backwards, in no process: after a "
	  "step of the "
	  "clock it slews by\n500 ppm.\n\nRaises as now does, and NotMonotonicError if the page's writer does not keep "
	  "it." },
	{ "elapsed_ns", clock_elapsed_ns, METH_NOARGS,
	  "elapsed_ns($self, /)\n--\n\nReturn the nanoseconds since the clock was opened. They never run backwards, "
	  "and are there "
	  "whether or not\nthe clock is synchronised.\n\nRaises DisconnectedError, BusyError, CounterError, "
	  "NotMonotonicError." },
	{ "mark", clock_mark, METH_NOARGS,
	  "mark($self, /)\n--\n\nReturn a Mark of this moment, for durations.\n\nRaises DisconnectedError, BusyError, "
	  "CounterError." },
	{ "since", clock_since, METH_O,
	  "since($self, mark, /)\n--\n\nReturn the Duration from a mark to now. Raises as duration does." },
	{ "duration", WITH_KEYWORDS(clock_duration), METH_VARARGS | METH_KEYWORDS,
	  "duration($self, /, begin, end)\n--\n\nReturn the Duration between two marks, without steps of the clock and "
	  "without leap "
	  "seconds.\n\nRaises UnsynchronisedError, VoidError, OutOfRangeError; OtherBootError if a mark is not of this "
	  "clock's\ncounter; DisruptedError if the counter was in doubt since a mark; FutureError; NegativeError if "
	  "end\n"
	  "was taken before begin." },
	{ "_status", clock_status, METH_NOARGS, "_status($self, /)\n--\n\nReturn what the page has as a dictionary." },
	{ "close", clock_close, METH_NOARGS,
	  "close($self, /)\n--\n\nClose the clock. Later readings raise DisconnectedError. A second call has no "
	  "effect." },
	{ "__enter__", clock_enter, METH_NOARGS, "__enter__($self, /)\n--\n\nReturn the clock." },
	{ "__exit__", clock_exit, METH_VARARGS, "__exit__($self, /, *args)\n--\n\nClose the clock." },
	{ NULL, NULL, 0, NULL },
};

static PyGetSetDef base_fields[] = {
	{ "closed", clock_closed, NULL, "Whether the clock is closed.", NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static char base_doc[] =
	"The base of all clocks. Any thread may read a clock; no reading releases the interpreter's lock.";

static PyType_Slot base_slots[] = {
	{ Py_tp_doc, base_doc },
	{ Py_tp_new, (void *)base_new },
	{ Py_tp_methods, base_methods },
	{ Py_tp_getset, base_fields },
	{ 0, NULL },
};

static PyType_Spec base_spec = {
	.name = "ffntp._ffntp.ClockBase",
	.basicsize = sizeof(struct clock_object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = base_slots,
};

/* --- the page of a daemon --- */

struct page_clock_object {
	struct clock_object base;
	struct ffntp_linux_page_device device;
	char *path; /* NULL: the usual places */
};

static struct page_clock_object *page_clock_of(PyObject *self)
{
	return (struct page_clock_object *)self;
}

static PyObject *page_clock_new(PyTypeObject *type, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
	PyObject *self = clock_allocate(type);

	if (self == NULL)
		return NULL;
	page_clock_of(self)->path = NULL;
	ffntp_linux_page_device_init(&page_clock_of(self)->device, NULL);
	clock_of(self)->device = &page_clock_of(self)->device.over_page;
	return self;
}

/* Connect at the path that the object has. Returns false with an exception set. */
static bool connect_page(PyObject *self)
{
	struct page_clock_object *clock = page_clock_of(self);
	char usual[FFNTP_LINUX_PATH_SIZE];
	const char *problem;

	ffntp_linux_page_device_init(&clock->device, clock->path);
	problem = ffntp_device_connect(clock_device(self));
	if (problem == NULL)
		return true;
	if (clock->path != NULL)
		binding_raise_page(clock->base.state, clock->path, problem);
	else
		binding_raise_page(clock->base.state, ffntp_linux_usual_path(usual) ? usual : NULL, problem);
	return false;
}

/* Return the path in *copy, to be freed; NULL for None. Returns false with an exception set. */
static bool to_path(PyObject *object, char **copy)
{
	PyObject *bytes;

	*copy = NULL;
	if (object == NULL || Py_IsNone(object))
		return true;
	if (!PyUnicode_FSConverter(object, &bytes))
		return false;
	*copy = strdup(PyBytes_AsString(bytes));
	Py_DECREF(bytes);
	if (*copy == NULL)
		PyErr_NoMemory();
	return *copy != NULL;
}

static int page_clock_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char path_name[] = "path", *names[] = { path_name, NULL };
	PyObject *object = NULL;
	char *path;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:Clock", names, &object) || !to_path(object, &path))
		return -1;
	ffntp_device_disconnect(clock_device(self));
	free(page_clock_of(self)->path);
	page_clock_of(self)->path = path;
	return connect_page(self) ? 0 : -1;
}

static void page_clock_dealloc(PyObject *self)
{
	ffntp_device_disconnect(clock_device(self));
	free(page_clock_of(self)->path);
	binding_free(self);
}

static PyObject *page_clock_is_replaced(PyObject *self, PyObject *Py_UNUSED(nothing))
{
	const struct page_clock_object *clock = page_clock_of(self);

	if (!clock_device(self)->is_connected)
		return raise(self, FFNTP_CLOCK_DISCONNECTED);
	return PyBool_FromLong(ffntp_linux_is_replaced(&clock->device.reader, clock->path));
}

static PyObject *page_clock_reopen(PyObject *self, PyObject *Py_UNUSED(nothing))
{
	ffntp_device_disconnect(clock_device(self));
	return connect_page(self) ? Py_NewRef(Py_None) : NULL;
}

static PyObject *page_clock_path(PyObject *self, void *Py_UNUSED(closure))
{
	const char *path = page_clock_of(self)->path;

	return path != NULL ? PyUnicode_DecodeFSDefault(path) : Py_NewRef(Py_None);
}

static PyMethodDef page_clock_methods[] = {
	{ "is_replaced", page_clock_is_replaced, METH_NOARGS,
	  "is_replaced($self, /)\n--\n\nReturn whether the file is no longer the one that was opened, as after a "
	  "daemon with a "
	  "new page began.\n\nOne system call; use it after a reading has failed. Raises DisconnectedError." },
	{ "reopen", page_clock_reopen, METH_NOARGS,
	  "reopen($self, /)\n--\n\nOpen the page again: elapsed_ns begins at 0. Raises as the class does; the clock is "
	  "closed "
	  "then." },
	{ NULL, NULL, 0, NULL },
};

static PyGetSetDef page_clock_fields[] = {
	{ "path", page_clock_path, NULL, "The path as given; None: the usual places.", NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static char page_clock_doc[] = "PageClock(path=None)\n--\n\nThe page of ffntpd: see ffntp.Clock.";

static PyType_Slot page_clock_slots[] = {
	{ Py_tp_doc, page_clock_doc },
	{ Py_tp_new, (void *)page_clock_new },
	{ Py_tp_init, (void *)page_clock_init },
	{ Py_tp_dealloc, (void *)page_clock_dealloc },
	{ Py_tp_methods, page_clock_methods },
	{ Py_tp_getset, page_clock_fields },
	{ 0, NULL },
};

static PyType_Spec page_clock_spec = {
	.name = "ffntp._ffntp.PageClock",
	.basicsize = sizeof(struct page_clock_object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = page_clock_slots,
};

bool binding_add_clocks(PyObject *module, struct binding_state *state)
{
	return binding_add_type(module, &base_spec, NULL, &state->clock_base) &&
	       binding_add_type(module, &page_clock_spec, state->clock_base, &state->page_clock);
}
