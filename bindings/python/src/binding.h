/*
 * binding: declarations that the files of the extension share. They use CPython's limited API of 3.11, so that one
 * binary serves all later versions, and the public headers of libffntp alone. All functions are called with the
 * interpreter's lock held.
 */
#ifndef FFNTP_PYTHON_BINDING_H
#define FFNTP_PYTHON_BINDING_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

#include <ffntp/clock.h>
#include <ffntp/device.h>
#include <ffntp/instant.h>
#include <ffntp/page.h>

/* Rooms for one exception class for each result. A newer library may return results beyond them: see binding_raise. */
#define BINDING_CLOCK_ERRORS 24
#define BINDING_PAGE_ERRORS 16

/* The module's state: there is one for each interpreter that imports it. */
struct binding_state {
	PyTypeObject *instant, *reading, *duration, *mark;
	PyTypeObject *clock_base, *page_clock, *fake_clock, *replayer;
	PyObject *error, *clock_error, *page_error, *journal_error;
	PyObject *clock_errors[BINDING_CLOCK_ERRORS]; /* by enum ffntp_clock_result; NULL: there is no class */
	PyObject *page_errors[BINDING_PAGE_ERRORS];   /* by enum ffntp_page_result; likewise */
};

/* The module's definition, which identifies its types among others. */
extern struct PyModuleDef binding_module;

/*
 * Return the state behind a type of this module, or behind a Python class that is derived from one. Returns NULL with
 * an exception set if there is none.
 */
struct binding_state *binding_state_of(PyTypeObject *type);

/* --- errors.c --- */

/* Make the classes of exceptions, and add them to the module. Returns false with an exception set. */
bool binding_add_errors(PyObject *module, struct binding_state *state);

/* Raise the exception of a result of the clock, with the library's text. Returns NULL. */
PyObject *binding_raise(const struct binding_state *state, enum ffntp_clock_result result);

/*
 * Raise the exception of a page that cannot be opened. path: for the message, NULL if there is none. problem: the
 * library's text, which determines the class.
 */
void binding_raise_page(const struct binding_state *state, const char *path, const char *problem);

/* --- values.c: conversions, and the types of values --- */

/* Raise a TypeError. wanted: a noun with its article. Returns false. */
bool binding_raise_type(const char *name, const char *wanted, PyObject *object);

/* Convert an integer, or anything with __index__. Returns false with an exception that names the argument. */
bool binding_to_u64(PyObject *object, const char *name, uint64_t *value);
bool binding_to_i64(PyObject *object, const char *name, int64_t *value);

/* Convert an integer within least and most. Returns false with an exception that names the argument. */
bool binding_to_range(PyObject *object, const char *name, int64_t least, int64_t most, int64_t *value);

/* Convert the name of a time scale; NULL is UTC. Returns false with an exception set. */
bool binding_to_scale(PyObject *object, enum ffntp_timescale *scale);

PyObject *binding_new_instant(const struct binding_state *state, struct ffntp_time time);
PyObject *binding_new_reading(const struct binding_state *state, const struct ffntp_reading *reading,
			      enum ffntp_timescale scale);
PyObject *binding_new_duration(const struct binding_state *state, const struct ffntp_duration *duration);
PyObject *binding_new_mark(const struct binding_state *state, const struct ffntp_mark *mark);

/* Get the value of an Instant or a Mark. Returns false with a TypeError that names the argument. */
bool binding_to_instant(const struct binding_state *state, PyObject *object, const char *name, struct ffntp_time *time);
bool binding_to_mark(const struct binding_state *state, PyObject *object, const char *name, struct ffntp_mark *mark);

/* Free an object of a type of this module, which holds no other objects. */
void binding_free(PyObject *self);

bool binding_add_values(PyObject *module, struct binding_state *state);

/* Make a type, add it to the module under its name, and keep a reference in *type. */
bool binding_add_type(PyObject *module, PyType_Spec *spec, PyTypeObject *base, PyTypeObject **type);

/* The functions of two parameters stand in a table of those with one; Python calls them by their flags. */
#define WITH_KEYWORDS(function) (PyCFunction)(void (*)(void))(function)

/* --- the rest --- */

/* clock.c: ClockBase, PageClock; fake.c: FakeClock. */
bool binding_add_clocks(PyObject *module, struct binding_state *state);
bool binding_add_fake(PyObject *module, struct binding_state *state);

/* status.c: Return a dictionary of what the page of a device has; NULL with an exception set. */
PyObject *binding_status(const struct binding_state *state, const struct ffntp_page_device *device);
/* Return a server's address and port as text, such as "192.0.2.1:123" and "[2001:db8::1]:123". */
PyObject *binding_address(const struct ffntp_source *source);
/* Add tuples of names to the module, such as VERDICTS: the index is the number in a column. */
bool binding_add_names(PyObject *module);

/* replayer.c: Replayer. */
bool binding_add_replayer(PyObject *module, struct binding_state *state);

#endif
