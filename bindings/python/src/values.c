/* Conversions of arguments, and the types of values: Instant, Reading, Duration, Mark. Their objects never change. */
#include "binding.h"

#include <inttypes.h>
#include <stdio.h>

struct instant_object {
	PyObject ob_base;
	struct ffntp_time time;
};

struct reading_object {
	PyObject ob_base;
	struct ffntp_reading reading;
	enum ffntp_timescale scale;
};

struct duration_object {
	PyObject ob_base;
	struct ffntp_duration duration;
};

struct mark_object {
	PyObject ob_base;
	struct ffntp_mark mark;
};

/* Attoseconds per second. */
#define AS_PER_S UINT64_C(1000000000000000000)

/* --- conversions --- */

bool binding_raise_type(const char *name, const char *wanted, PyObject *object)
{
	PyObject *type = PyType_GetName(Py_TYPE(object));

	if (type != NULL)
		PyErr_Format(PyExc_TypeError, "%s must be %s, not %U", name, wanted, type);
	Py_XDECREF(type);
	return false;
}

/* Return an int, or NULL with an exception set. */
static PyObject *to_integer(PyObject *object, const char *name)
{
	if (!PyIndex_Check(object)) {
		binding_raise_type(name, "an integer", object);
		return NULL;
	}
	return PyNumber_Index(object);
}

/* Replace an OverflowError by a ValueError that names the argument. Returns whether no exception is set. */
static bool is_within(const char *name, const char *range)
{
	if (PyErr_Occurred() == NULL)
		return true;
	if (PyErr_ExceptionMatches(PyExc_OverflowError))
		PyErr_Format(PyExc_ValueError, "%s must be within %s", name, range);
	return false;
}

bool binding_to_u64(PyObject *object, const char *name, uint64_t *value)
{
	PyObject *integer = to_integer(object, name);

	if (integer == NULL)
		return false;
	*value = PyLong_AsUnsignedLongLong(integer);
	Py_DECREF(integer);
	return is_within(name, "0 and 2^64 - 1");
}

bool binding_to_i64(PyObject *object, const char *name, int64_t *value)
{
	PyObject *integer = to_integer(object, name);

	if (integer == NULL)
		return false;
	*value = PyLong_AsLongLong(integer);
	Py_DECREF(integer);
	return is_within(name, "-2^63 and 2^63 - 1");
}

bool binding_to_range(PyObject *object, const char *name, int64_t least, int64_t most, int64_t *value)
{
	if (!binding_to_i64(object, name, value))
		return false;
	if (*value >= least && *value <= most)
		return true;
	PyErr_Format(PyExc_ValueError, "%s must be within %lld and %lld", name, (long long)least, (long long)most);
	return false;
}

static const char *const scale_names[] = {
	[FFNTP_UTC] = "utc",
	[FFNTP_TAI] = "tai",
	[FFNTP_UTC_SMEARED] = "utc-smeared",
	[FFNTP_UTC_SLS] = "utc-sls",
};

bool binding_to_scale(PyObject *object, enum ffntp_timescale *scale)
{
	*scale = FFNTP_UTC;
	if (object == NULL)
		return true;
	if (!PyUnicode_Check(object))
		return binding_raise_type("scale", "a str", object);
	for (int i = FFNTP_UTC; i <= FFNTP_UTC_SLS; i++) {
		if (PyUnicode_CompareWithASCIIString(object, scale_names[i]) == 0) {
			*scale = (enum ffntp_timescale)i;
			return true;
		}
	}
	PyErr_Format(PyExc_ValueError, "scale must be 'utc', 'tai', 'utc-smeared' or 'utc-sls', not %R", object);
	return false;
}

/* Add a * b to c as Python's integers; steals c, which may be NULL. */
static PyObject *times_plus(PyObject *a, PyObject *b, PyObject *c)
{
	PyObject *product = a != NULL && b != NULL && c != NULL ? PyNumber_Multiply(a, b) : NULL;
	PyObject *sum = product != NULL ? PyNumber_Add(product, c) : NULL;

	Py_XDECREF(product);
	Py_XDECREF(c);
	return sum;
}

/* Return s * per_s + part as an int of any size. */
static PyObject *scaled(int64_t s, uint64_t per_s, uint64_t part)
{
	PyObject *seconds = PyLong_FromLongLong(s), *unit = PyLong_FromUnsignedLongLong(per_s);
	PyObject *result = times_plus(seconds, unit, PyLong_FromUnsignedLongLong(part));

	Py_XDECREF(seconds);
	Py_XDECREF(unit);
	return result;
}

/* Return frac * 2^-64 s in units of which a second has per_s, rounded down; 'rest': whether it was not exact. */
static uint64_t part_of(uint64_t frac, uint64_t per_s, bool *rest)
{
	uint64_t a = frac >> 32, b = frac & UINT32_MAX, c = per_s >> 32, d = per_s & UINT32_MAX;
	/* Halves, so that each product fits: no machine of 32 bits has a type of 128. The sum is below 3 * 2^32. */
	uint64_t middle = (b * d >> 32) + (a * d & UINT32_MAX) + (b * c & UINT32_MAX);

	*rest = ((b * d & UINT32_MAX) | (middle & UINT32_MAX)) != 0;
	return a * c + (a * d >> 32) + (b * c >> 32) + (middle >> 32);
}

/* Convert to nanoseconds, an int of any size. is_up: round up, not down. */
static PyObject *ns_of(struct ffntp_time time, bool is_up)
{
	static const int64_t most_s = INT64_MAX / FFNTP_NS_PER_S - 1;
	bool rest;
	uint64_t part = part_of(time.frac, (uint64_t)FFNTP_NS_PER_S, &rest);

	part += is_up && rest;
	if (time.s >= -most_s && time.s <= most_s)
		return PyLong_FromLongLong(time.s * FFNTP_NS_PER_S + (int64_t)part);
	return scaled(time.s, (uint64_t)FFNTP_NS_PER_S, part);
}

void binding_free(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	freefunc release = PyType_GetSlot(type, Py_tp_free);

	release(self);
	Py_DECREF(type);
}

/* --- Instant --- */

static struct ffntp_time time_of(PyObject *self)
{
	return ((struct instant_object *)self)->time;
}

PyObject *binding_new_instant(const struct binding_state *state, struct ffntp_time time)
{
	struct instant_object *self = PyObject_New(struct instant_object, state->instant);

	if (self != NULL)
		self->time = time;
	return (PyObject *)self;
}

bool binding_to_instant(const struct binding_state *state, PyObject *object, const char *name, struct ffntp_time *time)
{
	if (Py_TYPE(object) != state->instant)
		return binding_raise_type(name, "an Instant", object);
	*time = time_of(object);
	return true;
}

static PyObject *instant_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	static char s_name[] = "s", frac_name[] = "frac", *names[] = { s_name, frac_name, NULL };
	struct binding_state *state = binding_state_of(type);
	PyObject *s = NULL, *frac = NULL;
	struct ffntp_time time = { 0, 0 };

	if (state == NULL || !PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:Instant", names, &s, &frac) ||
	    !binding_to_i64(s, "s", &time.s) || (frac != NULL && !binding_to_u64(frac, "frac", &time.frac)))
		return NULL;
	return binding_new_instant(state, time);
}

static PyObject *instant_from_ns(PyObject *type, PyObject *ns)
{
	struct binding_state *state = binding_state_of((PyTypeObject *)type);
	int64_t value;

	if (state == NULL || !binding_to_i64(ns, "ns", &value))
		return NULL;
	return binding_new_instant(state, ffntp_time_from_ns(value));
}

static PyObject *instant_reduce(PyObject *self, PyObject *Py_UNUSED(nothing))
{
	return Py_BuildValue("O(LK)", Py_TYPE(self), (long long)time_of(self).s,
			     (unsigned long long)time_of(self).frac);
}

static PyObject *instant_s(PyObject *self, void *Py_UNUSED(closure))
{
	return PyLong_FromLongLong(time_of(self).s);
}

static PyObject *instant_frac(PyObject *self, void *Py_UNUSED(closure))
{
	return PyLong_FromUnsignedLongLong(time_of(self).frac);
}

static PyObject *instant_ns(PyObject *self, void *Py_UNUSED(closure))
{
	return ns_of(time_of(self), false);
}

static PyObject *instant_attoseconds(PyObject *self, void *Py_UNUSED(closure))
{
	bool rest;
	uint64_t part = part_of(time_of(self).frac, AS_PER_S, &rest);

	return scaled(time_of(self).s, AS_PER_S, part);
}

static PyObject *instant_repr(PyObject *self)
{
	return PyUnicode_FromFormat("Instant(s=%lld, frac=%llu)", (long long)time_of(self).s,
				    (unsigned long long)time_of(self).frac);
}

/* Mixed by a constant of splitmix64, so that whole seconds differ in their low bits. */
static Py_hash_t instant_hash(PyObject *self)
{
	uint64_t mixed = ((uint64_t)time_of(self).s * UINT64_C(0x9e3779b97f4a7c15)) ^ time_of(self).frac;
	Py_hash_t hash = (Py_hash_t)(mixed ^ mixed >> 32);

	return hash == -1 ? -2 : hash;
}

static PyObject *instant_compare(PyObject *self, PyObject *other, int operation)
{
	struct ffntp_time a, b;
	int order;

	if (Py_TYPE(self) != Py_TYPE(other))
		return Py_NewRef(Py_NotImplemented);
	a = time_of(self);
	b = time_of(other);
	order = ffntp_time_is_before(a, b) ? -1 : ffntp_time_is_before(b, a);
	switch (operation) {
	case Py_LT:
		return PyBool_FromLong(order < 0);
	case Py_LE:
		return PyBool_FromLong(order <= 0);
	case Py_EQ:
		return PyBool_FromLong(order == 0);
	case Py_NE:
		return PyBool_FromLong(order != 0);
	case Py_GT:
		return PyBool_FromLong(order > 0);
	default:
		return PyBool_FromLong(order >= 0);
	}
}

/* Both must be instants; the difference is exact, then rounded down. */
static PyObject *instant_subtract(PyObject *left, PyObject *right)
{
	struct ffntp_time a, b, difference;

	if (Py_TYPE(left) != Py_TYPE(right))
		return Py_NewRef(Py_NotImplemented);
	a = time_of(left);
	b = time_of(right);
	if (__builtin_sub_overflow(a.s, b.s, &difference.s) ||
	    __builtin_sub_overflow(difference.s, (int64_t)(a.frac < b.frac), &difference.s)) {
		PyErr_SetString(PyExc_OverflowError, "the instants are too far apart");
		return NULL;
	}
	difference.frac = a.frac - b.frac;
	return ns_of(difference, false);
}

static PyMethodDef instant_methods[] = {
	{ "from_ns", instant_from_ns, METH_O | METH_CLASS,
	  "from_ns($type, ns, /)\n--\n\nReturn the instant ns nanoseconds after 1970-01-01 00:00:00 of its time scale. "
	  "ns: "
	  "an int within -2^63 and 2^63 - 1; otherwise ValueError." },
	{ "__reduce__", instant_reduce, METH_NOARGS, "__reduce__($self, /)\n--\n\nReturn what pickle needs." },
	{ NULL, NULL, 0, NULL },
};

static PyGetSetDef instant_fields[] = {
	{ "s", instant_s, NULL, "Whole seconds since 1970-01-01 00:00:00 of the time scale.", NULL },
	{ "frac", instant_frac, NULL, "The rest of the second in units of 2^-64 s, 0 to 2^64 - 1.", NULL },
	{ "ns", instant_ns, NULL, "Nanoseconds since 1970, rounded down.", NULL },
	{ "attoseconds", instant_attoseconds, NULL, "Attoseconds (10^-18 s) since 1970, rounded down.", NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static char instant_doc[] =
	"Instant(s, frac=0)\n--\n\n"
	"A point of time: s + frac * 2^-64 seconds since 1970-01-01 00:00:00 of its time scale, exactly.\n\n"
	"The time scale is not part of it: do not mix instants of UTC and TAI. Instants are ordered, "
	"hashable\nand immutable, and can be pickled. The difference of two is an int in nanoseconds, "
	"rounded down.\nTypeError, ValueError: s is no int within -2^63 and 2^63 - 1, or frac none within "
	"0 and 2^64 - 1.";

static PyType_Slot instant_slots[] = {
	{ Py_tp_doc, instant_doc },
	{ Py_tp_new, (void *)instant_new },
	{ Py_tp_dealloc, (void *)binding_free },
	{ Py_tp_methods, instant_methods },
	{ Py_tp_getset, instant_fields },
	{ Py_tp_repr, (void *)instant_repr },
	{ Py_tp_hash, (void *)instant_hash },
	{ Py_tp_richcompare, (void *)instant_compare },
	{ Py_nb_subtract, (void *)instant_subtract },
	{ 0, NULL },
};

static PyType_Spec instant_spec = {
	.name = "ffntp.Instant",
	.basicsize = sizeof(struct instant_object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = instant_slots,
};

/* --- Reading --- */

static const struct ffntp_reading *reading_of(PyObject *self)
{
	return &((struct reading_object *)self)->reading;
}

PyObject *binding_new_reading(const struct binding_state *state, const struct ffntp_reading *reading,
			      enum ffntp_timescale scale)
{
	struct reading_object *self = PyObject_New(struct reading_object, state->reading);

	if (self != NULL) {
		self->reading = *reading;
		self->scale = scale;
	}
	return (PyObject *)self;
}

static PyObject *instant_like(PyObject *self, struct ffntp_time time)
{
	return binding_new_instant(PyType_GetModuleState(Py_TYPE(self)), time);
}

static PyObject *reading_estimate(PyObject *self, void *Py_UNUSED(closure))
{
	return instant_like(self, reading_of(self)->estimate);
}

static PyObject *reading_earliest(PyObject *self, void *Py_UNUSED(closure))
{
	return instant_like(self, reading_of(self)->earliest);
}

static PyObject *reading_latest(PyObject *self, void *Py_UNUSED(closure))
{
	return instant_like(self, reading_of(self)->latest);
}

static PyObject *reading_time_ns(PyObject *self, void *Py_UNUSED(closure))
{
	return ns_of(reading_of(self)->estimate, false);
}

static PyObject *reading_earliest_ns(PyObject *self, void *Py_UNUSED(closure))
{
	return ns_of(reading_of(self)->earliest, false);
}

static PyObject *reading_latest_ns(PyObject *self, void *Py_UNUSED(closure))
{
	return ns_of(reading_of(self)->latest, true);
}

static PyObject *reading_bound_ns(PyObject *self, void *Py_UNUSED(closure))
{
	return PyLong_FromUnsignedLongLong(reading_of(self)->bound_ns);
}

static PyObject *reading_esterror_ns(PyObject *self, void *Py_UNUSED(closure))
{
	return PyLong_FromUnsignedLongLong(reading_of(self)->esterror_ns);
}

static PyObject *reading_asymmetry(PyObject *self, void *Py_UNUSED(closure))
{
	uint64_t ns = reading_of(self)->asymmetry_esterror_ns;

	return ns == 0 ? Py_NewRef(Py_None) : PyLong_FromUnsignedLongLong(ns);
}

static PyObject *reading_status(PyObject *self, void *Py_UNUSED(closure))
{
	return PyUnicode_InternFromString(ffntp_status_name(reading_of(self)->status));
}

static PyObject *reading_leap(PyObject *self, void *Py_UNUSED(closure))
{
	return PyLong_FromLong(reading_of(self)->leap);
}

static PyObject *reading_offset_s(PyObject *self, void *Py_UNUSED(closure))
{
	return PyLong_FromLong(reading_of(self)->offset_s);
}

static PyObject *reading_scale(PyObject *self, void *Py_UNUSED(closure))
{
	return PyUnicode_InternFromString(scale_names[((struct reading_object *)self)->scale]);
}

static PyObject *reading_repr(PyObject *self)
{
	const struct ffntp_reading *reading = reading_of(self);
	PyObject *ns = ns_of(reading->estimate, false), *text = NULL;

	if (ns != NULL)
		text = PyUnicode_FromFormat("<Reading %s %S ns +- %llu ns, %s>",
					    scale_names[((struct reading_object *)self)->scale], ns,
					    (unsigned long long)reading->bound_ns, ffntp_status_name(reading->status));
	Py_XDECREF(ns);
	return text;
}

/* Set *order. Returns false with an exception set. */
static bool order_readings(PyObject *self, PyObject *other, enum ffntp_order *order)
{
	if (Py_TYPE(self) != Py_TYPE(other))
		return binding_raise_type("other", "a Reading", other);
	if (((struct reading_object *)self)->scale != ((struct reading_object *)other)->scale) {
		PyErr_SetString(PyExc_ValueError, "the readings are of different time scales");
		return false;
	}
	*order = ffntp_clock_order(reading_of(self), reading_of(other));
	return true;
}

static PyObject *reading_is_before(PyObject *self, PyObject *other)
{
	enum ffntp_order order;

	return order_readings(self, other, &order) ? PyBool_FromLong(order == FFNTP_BEFORE) : NULL;
}

static PyObject *reading_is_after(PyObject *self, PyObject *other)
{
	enum ffntp_order order;

	return order_readings(self, other, &order) ? PyBool_FromLong(order == FFNTP_AFTER) : NULL;
}

static PyMethodDef reading_methods[] = {
	{ "is_before", reading_is_before, METH_O,
	  "is_before($self, other, /)\n--\n\nReturn whether this reading was certainly taken before the other one: "
	  "their "
	  "intervals do not overlap. Right across leap seconds.\nTypeError: other is no Reading; ValueError: it is of "
	  "a "
	  "different time scale." },
	{ "is_after", reading_is_after, METH_O,
	  "is_after($self, other, /)\n--\n\nReturn whether this reading was certainly taken after the other one, as "
	  "is_before does." },
	{ NULL, NULL, 0, NULL },
};

static PyGetSetDef reading_fields[] = {
	{ "estimate", reading_estimate, NULL, "The best value of the time: an Instant.", NULL },
	{ "earliest", reading_earliest, NULL, "The true time is not before this Instant.", NULL },
	{ "latest", reading_latest, NULL, "The true time is not after this Instant.", NULL },
	{ "time_ns", reading_time_ns, NULL, "The estimate in nanoseconds since 1970, rounded down.", NULL },
	{ "earliest_ns", reading_earliest_ns, NULL, "earliest in nanoseconds since 1970, rounded down.", NULL },
	{ "latest_ns", reading_latest_ns, NULL, "latest in nanoseconds since 1970, rounded up.", NULL },
	{ "bound_ns", reading_bound_ns, NULL,
	  "Nanoseconds by which the estimate is wrong at most: the distance to the further end, rounded up.", NULL },
	{ "esterror_ns", reading_esterror_ns, NULL,
	  "Standard deviation of the estimate's error in nanoseconds, without the path's asymmetry.", NULL },
	{ "asymmetry_esterror_ns", reading_asymmetry, NULL,
	  "Standard deviation of the error from the path's asymmetry in nanoseconds; None: unknown.", NULL },
	{ "status", reading_status, NULL, "'synchronised' or 'free-running'.", NULL },
	{ "leap", reading_leap, NULL, "The leap indicator at the estimate: an index of ffntp.LEAPS.", NULL },
	{ "offset_s", reading_offset_s, NULL,
	  "Continuous time minus UTC at the estimate in seconds; 0 in other time scales than UTC.", NULL },
	{ "scale", reading_scale, NULL, "The time scale: 'utc', 'tai', 'utc-smeared' or 'utc-sls'.", NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static char reading_doc[] = "One reading of a clock: the true time lies within earliest and latest. Immutable.";

static PyType_Slot reading_slots[] = {
	{ Py_tp_doc, reading_doc },       { Py_tp_dealloc, (void *)binding_free }, { Py_tp_methods, reading_methods },
	{ Py_tp_getset, reading_fields }, { Py_tp_repr, (void *)reading_repr },    { 0, NULL },
};

#define VALUE_FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE)

static PyType_Spec reading_spec = {
	.name = "ffntp.Reading",
	.basicsize = sizeof(struct reading_object),
	.flags = VALUE_FLAGS,
	.slots = reading_slots,
};

/* --- Duration --- */

PyObject *binding_new_duration(const struct binding_state *state, const struct ffntp_duration *duration)
{
	struct duration_object *self = PyObject_New(struct duration_object, state->duration);

	if (self != NULL)
		self->duration = *duration;
	return (PyObject *)self;
}

static const struct ffntp_duration *duration_of(PyObject *self)
{
	return &((struct duration_object *)self)->duration;
}

static PyObject *duration_ns(PyObject *self, void *Py_UNUSED(closure))
{
	return PyLong_FromLongLong(duration_of(self)->ns);
}

static PyObject *duration_bound_ns(PyObject *self, void *Py_UNUSED(closure))
{
	return PyLong_FromUnsignedLongLong(duration_of(self)->bound_ns);
}

static PyObject *duration_esterror_ns(PyObject *self, void *Py_UNUSED(closure))
{
	return PyLong_FromUnsignedLongLong(duration_of(self)->esterror_ns);
}

static PyObject *duration_repr(PyObject *self)
{
	return PyUnicode_FromFormat("<Duration %lld ns +- %llu ns>", (long long)duration_of(self)->ns,
				    (unsigned long long)duration_of(self)->bound_ns);
}

static PyGetSetDef duration_fields[] = {
	{ "ns", duration_ns, NULL, "The duration in nanoseconds, rounded to nearest.", NULL },
	{ "bound_ns", duration_bound_ns, NULL, "Nanoseconds by which it is wrong at most.", NULL },
	{ "esterror_ns", duration_esterror_ns, NULL, "Standard deviation of its error in nanoseconds.", NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static char duration_doc[] =
	"The time between two marks, which no correction of the clock and no leap second disturbs. Immutable.";

static PyType_Slot duration_slots[] = {
	{ Py_tp_doc, duration_doc },
	{ Py_tp_dealloc, (void *)binding_free },
	{ Py_tp_getset, duration_fields },
	{ Py_tp_repr, (void *)duration_repr },
	{ 0, NULL },
};

static PyType_Spec duration_spec = {
	.name = "ffntp.Duration",
	.basicsize = sizeof(struct duration_object),
	.flags = VALUE_FLAGS,
	.slots = duration_slots,
};

/* --- Mark --- */

PyObject *binding_new_mark(const struct binding_state *state, const struct ffntp_mark *mark)
{
	struct mark_object *self = PyObject_New(struct mark_object, state->mark);

	if (self != NULL)
		self->mark = *mark;
	return (PyObject *)self;
}

static const struct ffntp_mark *mark_of(PyObject *self)
{
	return &((struct mark_object *)self)->mark;
}

bool binding_to_mark(const struct binding_state *state, PyObject *object, const char *name, struct ffntp_mark *mark)
{
	if (Py_TYPE(object) != state->mark)
		return binding_raise_type(name, "a Mark", object);
	*mark = *mark_of(object);
	return true;
}

/* phase, esterror: NULL or None if the phase was not known. */
static bool set_phase(const struct binding_state *state, PyObject *phase, PyObject *esterror, struct ffntp_mark *mark)
{
	mark->phase_esterror_ns = UINT64_MAX;
	if (phase == NULL || Py_IsNone(phase))
		return true;
	if (esterror == NULL || Py_IsNone(esterror)) {
		PyErr_SetString(PyExc_ValueError, "a phase needs phase_esterror_ns");
		return false;
	}
	return binding_to_instant(state, phase, "phase", &mark->phase) &&
	       binding_to_u64(esterror, "phase_esterror_ns", &mark->phase_esterror_ns);
}

static PyObject *mark_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	static char counter_name[] = "counter", boot_name[] = "boot", marker_name[] = "counter_marker";
	static char phase_name[] = "phase", esterror_name[] = "phase_esterror_ns";
	static char *names[] = { counter_name, boot_name, marker_name, phase_name, esterror_name, NULL };
	struct binding_state *state = binding_state_of(type);
	PyObject *counter, *boot, *marker, *phase = NULL, *esterror = NULL;
	struct ffntp_mark mark = { 0 };
	int64_t number;

	if (state == NULL ||
	    !PyArg_ParseTupleAndKeywords(args, kwargs, "OOO|OO:Mark", names, &counter, &boot, &marker, &phase,
					 &esterror) ||
	    !binding_to_u64(counter, counter_name, &mark.counter) || !binding_to_u64(boot, boot_name, &mark.boot) ||
	    !binding_to_range(marker, marker_name, 0, UINT32_MAX, &number) || !set_phase(state, phase, esterror, &mark))
		return NULL;
	mark.counter_marker = (uint32_t)number;
	return binding_new_mark(state, &mark);
}

static PyObject *mark_counter(PyObject *self, void *Py_UNUSED(closure))
{
	return PyLong_FromUnsignedLongLong(mark_of(self)->counter);
}

static PyObject *mark_boot(PyObject *self, void *Py_UNUSED(closure))
{
	return PyLong_FromUnsignedLongLong(mark_of(self)->boot);
}

static PyObject *mark_counter_marker(PyObject *self, void *Py_UNUSED(closure))
{
	return PyLong_FromUnsignedLong(mark_of(self)->counter_marker);
}

static bool has_phase(PyObject *self)
{
	return mark_of(self)->phase_esterror_ns != UINT64_MAX;
}

static PyObject *mark_phase(PyObject *self, void *Py_UNUSED(closure))
{
	return has_phase(self) ? instant_like(self, mark_of(self)->phase) : Py_NewRef(Py_None);
}

static PyObject *mark_phase_esterror_ns(PyObject *self, void *Py_UNUSED(closure))
{
	return has_phase(self) ? PyLong_FromUnsignedLongLong(mark_of(self)->phase_esterror_ns) : Py_NewRef(Py_None);
}

static PyObject *mark_reduce(PyObject *self, PyObject *Py_UNUSED(nothing))
{
	return Py_BuildValue("O(KKINN)", Py_TYPE(self), (unsigned long long)mark_of(self)->counter,
			     (unsigned long long)mark_of(self)->boot, (unsigned)mark_of(self)->counter_marker,
			     mark_phase(self, NULL), mark_phase_esterror_ns(self, NULL));
}

static PyObject *mark_compare(PyObject *self, PyObject *other, int operation)
{
	const struct ffntp_mark *a, *b;
	bool is_equal;

	if (Py_TYPE(self) != Py_TYPE(other) || (operation != Py_EQ && operation != Py_NE))
		return Py_NewRef(Py_NotImplemented);
	a = mark_of(self);
	b = mark_of(other);
	is_equal = a->counter == b->counter && a->boot == b->boot && a->counter_marker == b->counter_marker &&
		   a->phase.s == b->phase.s && a->phase.frac == b->phase.frac &&
		   a->phase_esterror_ns == b->phase_esterror_ns;
	return PyBool_FromLong(is_equal == (operation == Py_EQ));
}

static Py_hash_t mark_hash(PyObject *self)
{
	Py_hash_t hash = (Py_hash_t)(mark_of(self)->counter ^ mark_of(self)->boot);

	return hash == -1 ? -2 : hash;
}

static PyObject *mark_repr(PyObject *self)
{
	return PyUnicode_FromFormat("<Mark counter=%llu boot=%llu counter_marker=%u>",
				    (unsigned long long)mark_of(self)->counter, (unsigned long long)mark_of(self)->boot,
				    (unsigned)mark_of(self)->counter_marker);
}

static PyMethodDef mark_methods[] = {
	{ "__reduce__", mark_reduce, METH_NOARGS, "__reduce__($self, /)\n--\n\nReturn what pickle needs." },
	{ NULL, NULL, 0, NULL },
};

static PyGetSetDef mark_fields[] = {
	{ "counter", mark_counter, NULL, "The counter's reading, in ticks.", NULL },
	{ "boot", mark_boot, NULL, "Identifies the boot, the counter and the time namespace.", NULL },
	{ "counter_marker", mark_counter_marker, NULL, "Changes whenever the counter is in doubt.", NULL },
	{ "phase", mark_phase, NULL, "The clock's phase as it was known then, an Instant; None: unknown.", NULL },
	{ "phase_esterror_ns", mark_phase_esterror_ns, NULL,
	  "Standard deviation of the phase in nanoseconds; None: unknown.", NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static char mark_doc[] =
	"Mark(counter, boot, counter_marker, phase=None, phase_esterror_ns=None)\n--\n\n"
	"A point of time as a reading of the counter, for durations. Clock.mark() takes one.\n\n"
	"Marks are immutable and hashable, and can be pickled, stored and sent to other processes of this boot.\n"
	"TypeError, ValueError: an argument has the wrong type, or is out of its range.";

static PyType_Slot mark_slots[] = {
	{ Py_tp_doc, mark_doc },
	{ Py_tp_new, (void *)mark_new },
	{ Py_tp_dealloc, (void *)binding_free },
	{ Py_tp_methods, mark_methods },
	{ Py_tp_getset, mark_fields },
	{ Py_tp_repr, (void *)mark_repr },
	{ Py_tp_hash, (void *)mark_hash },
	{ Py_tp_richcompare, (void *)mark_compare },
	{ 0, NULL },
};

static PyType_Spec mark_spec = {
	.name = "ffntp.Mark",
	.basicsize = sizeof(struct mark_object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = mark_slots,
};

/* --- adding --- */

bool binding_add_type(PyObject *module, PyType_Spec *spec, PyTypeObject *base, PyTypeObject **type)
{
	*type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, (PyObject *)base);
	return *type != NULL && PyModule_AddType(module, *type) == 0;
}

bool binding_add_values(PyObject *module, struct binding_state *state)
{
	return binding_add_type(module, &instant_spec, NULL, &state->instant) &&
	       binding_add_type(module, &reading_spec, NULL, &state->reading) &&
	       binding_add_type(module, &duration_spec, NULL, &state->duration) &&
	       binding_add_type(module, &mark_spec, NULL, &state->mark);
}
