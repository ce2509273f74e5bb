/* FakeClock: a clock that tests set by hand (ffntp/fake.h). */
#include "clock.h"

#include <ffntp/fake.h>
#include <string.h>

struct fake_object {
	struct clock_object base;
	struct ffntp_fake fake;
};

static struct ffntp_fake *fake_of(PyObject *self)
{
	return &((struct fake_object *)self)->fake;
}

/* The first second of 2026, UTC, where a fake begins unless its test sets a time. */
#define BEGINNING_NS (INT64_C(1767225600) * FFNTP_NS_PER_S)

static PyObject *fake_new(PyTypeObject *type, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
	PyObject *self = clock_allocate(type);

	if (self == NULL)
		return NULL;
	ffntp_fake_init(fake_of(self), BEGINNING_NS);
	clock_of(self)->device = &fake_of(self)->over_page;
	return self;
}

/* Returns false with an exception set. */
static bool connect_fake(PyObject *self)
{
	const char *problem = ffntp_device_connect(clock_device(self));

	if (problem != NULL)
		binding_raise_page(clock_of(self)->state, NULL, problem);
	return problem == NULL;
}

static int fake_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char utc_name[] = "utc_ns", *names[] = { utc_name, NULL };
	int64_t utc_ns = BEGINNING_NS;
	PyObject *object = NULL;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:FakeClock", names, &object) ||
	    (object != NULL && !binding_to_i64(object, utc_name, &utc_ns)))
		return -1;
	ffntp_device_disconnect(clock_device(self));
	ffntp_fake_init(fake_of(self), utc_ns);
	return connect_fake(self) ? 0 : -1;
}

static PyObject *none_or_raise(PyObject *self, enum ffntp_clock_result result)
{
	return result == FFNTP_CLOCK_OK ? Py_NewRef(Py_None) : binding_raise(clock_of(self)->state, result);
}

static PyObject *fake_advance(PyObject *self, PyObject *object)
{
	int64_t ns;

	if (!binding_to_range(object, "ns", 0, INT64_MAX, &ns))
		return NULL;
	return none_or_raise(self, ffntp_fake_advance(fake_of(self), ns));
}

static PyObject *fake_tick(PyObject *self, PyObject *object)
{
	int64_t ns;

	if (!binding_to_range(object, "ns", 0, INT64_MAX, &ns))
		return NULL;
	ffntp_fake_tick(fake_of(self), (uint64_t)ns);
	return Py_NewRef(Py_None);
}

static PyObject *fake_run(PyObject *self, PyObject *object)
{
	int64_t gain_ppb;

	if (!binding_to_range(object, "gain_ppb", -100000000, 100000000, &gain_ppb))
		return NULL;
	return none_or_raise(self, ffntp_fake_run(fake_of(self), gain_ppb));
}

static PyObject *fake_step(PyObject *self, PyObject *object)
{
	int64_t ns;

	if (!binding_to_i64(object, "ns", &ns))
		return NULL;
	ffntp_fake_step(fake_of(self), ns);
	return Py_NewRef(Py_None);
}

static PyObject *fake_set(PyObject *self, PyObject *object)
{
	int64_t utc_ns;

	if (!binding_to_i64(object, "utc_ns", &utc_ns))
		return NULL;
	ffntp_fake_set(fake_of(self), utc_ns);
	return Py_NewRef(Py_None);
}

static PyObject *fake_set_bound(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char bound_name[] = "bound_ns", growth_name[] = "growth_ppb",
		    *names[] = { bound_name, growth_name, NULL };
	PyObject *bound, *growth = NULL;
	int64_t growth_ppb = 0;
	uint64_t bound_ns;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:set_bound", names, &bound, &growth) ||
	    !binding_to_u64(bound, bound_name, &bound_ns) ||
	    (growth != NULL && !binding_to_range(growth, growth_name, 0, UINT32_MAX, &growth_ppb)))
		return NULL;
	ffntp_fake_bound(fake_of(self), bound_ns, (uint32_t)growth_ppb);
	return Py_NewRef(Py_None);
}

static PyObject *fake_set_status(PyObject *self, PyObject *object)
{
	for (int i = FFNTP_STATUS_UNKNOWN; PyUnicode_Check(object) && i <= FFNTP_STATUS_DISRUPTED; i++) {
		if (PyUnicode_CompareWithASCIIString(object, ffntp_status_name(i)) == 0) {
			ffntp_fake_status(fake_of(self), (enum ffntp_status)i);
			return Py_NewRef(Py_None);
		}
	}
	if (PyUnicode_Check(object))
		PyErr_Format(PyExc_ValueError,
			     "status must be 'unknown', 'initialising', 'synchronised', 'free-running' or 'disrupted', "
			     "not %R",
			     object);
	else
		binding_raise_type("status", "a str", object);
	return NULL;
}

static PyObject *fake_set_tai_offset(PyObject *self, PyObject *object)
{
	int64_t offset_s = 0;

	if (!Py_IsNone(object) && !binding_to_range(object, "offset_s", INT16_MIN, INT16_MAX, &offset_s))
		return NULL;
	ffntp_fake_tai(fake_of(self), !Py_IsNone(object), (int16_t)offset_s);
	return Py_NewRef(Py_None);
}

static PyObject *fake_leap(PyObject *self, PyObject *object)
{
	int64_t sign;

	if (!binding_to_range(object, "sign", -1, 1, &sign))
		return NULL;
	return none_or_raise(self, ffntp_fake_leap(fake_of(self), (int)sign));
}

static PyObject *fake_reboot(PyObject *self, PyObject *Py_UNUSED(nothing))
{
	ffntp_device_disconnect(clock_device(self));
	ffntp_fake_reboot(fake_of(self));
	return connect_fake(self) ? Py_NewRef(Py_None) : NULL;
}

static PyMethodDef fake_methods[] = {
	{ "advance", fake_advance, METH_O,
	  "advance($self, ns, /)\n--\n\nLet ns nanoseconds pass, 0 or more. Raises TypeError, ValueError." },
	{ "tick", fake_tick, METH_O,
	  "tick($self, ns, /)\n--\n\nLet ns nanoseconds pass at each later reading, so that code which waits in a loop "
	  "ends; 0 "
	  "stops that.\nRaises TypeError, ValueError." },
	{ "run", fake_run, METH_O,
	  "run($self, gain_ppb, /)\n--\n\nLet the clock gain gain_ppb nanoseconds per second from now on, or lose them "
	  "if negative; "
	  "at most 10^8.\nRaises TypeError, ValueError." },
	{ "step", fake_step, METH_O,
	  "step($self, ns, /)\n--\n\nStep the clock by ns nanoseconds, forwards or backwards. Elapsed time and "
	  "durations do not "
	  "step, and\nmonotonic UTC slews. Raises TypeError, ValueError." },
	{ "set", fake_set, METH_O,
	  "set($self, utc_ns, /)\n--\n\nStep the clock to utc_ns, nanoseconds since 1970 in UTC. Raises TypeError, "
	  "ValueError." },
	{ "set_bound", WITH_KEYWORDS(fake_set_bound), METH_VARARGS | METH_KEYWORDS,
	  "set_bound($self, /, bound_ns, growth_ppb=0)\n--\n\nSet the error bound in nanoseconds, which then grows by "
	  "growth_ppb "
	  "nanoseconds per second. The estimated\nerror becomes a quarter of it. Raises TypeError, ValueError." },
	{ "set_status", fake_set_status, METH_O,
	  "set_status($self, status, /)\n--\n\nSet the status: an element of ffntp.STATUSES. 'disrupted' also makes "
	  "durations from "
	  "earlier marks fail.\nRaises TypeError, ValueError." },
	{ "set_tai_offset", fake_set_tai_offset, METH_O,
	  "set_tai_offset($self, offset_s, /)\n--\n\nSet TAI - UTC in seconds, within 16 bits; None: unknown. UTC does "
	  "not change. "
	  "Raises TypeError, ValueError." },
	{ "leap", fake_leap, METH_O,
	  "leap($self, sign, /)\n--\n\nLet the present UTC day end with a leap second: 1 inserts 23:59:60, -1 leaves "
	  "out 23:59:59, "
	  "0 withdraws\nit. Raises TypeError, ValueError." },
	{ "reboot", fake_reboot, METH_NOARGS,
	  "reboot($self, /)\n--\n\nRestart the machine: a new boot, status initialising. Earlier marks raise "
	  "OtherBootError." },
	{ NULL, NULL, 0, NULL },
};

static char fake_doc[] =
	"FakeClock(utc_ns=1767225600000000000)\n--\n\nA clock that tests set by hand: see ffntp.FakeClock.";

static PyType_Slot fake_slots[] = {
	{ Py_tp_doc, fake_doc },           { Py_tp_new, (void *)fake_new },
	{ Py_tp_init, (void *)fake_init }, { Py_tp_dealloc, (void *)binding_free },
	{ Py_tp_methods, fake_methods },   { 0, NULL },
};

static PyType_Spec fake_spec = {
	.name = "ffntp._ffntp.FakeClock",
	.basicsize = sizeof(struct fake_object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = fake_slots,
};

bool binding_add_fake(PyObject *module, struct binding_state *state)
{
	return binding_add_type(module, &fake_spec, state->clock_base, &state->fake_clock);
}
