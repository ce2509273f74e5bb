/* clock: the object that all clocks of the extension begin with. */
#ifndef FFNTP_PYTHON_CLOCK_H
#define FFNTP_PYTHON_CLOCK_H

#include "binding.h"

struct clock_object {
	PyObject ob_base;
	struct binding_state *state;      /* of the module, which the type keeps alive */
	struct ffntp_page_device *device; /* within the object: its first member is the generic device */
};

static inline struct clock_object *clock_of(PyObject *self)
{
	return (struct clock_object *)self;
}

static inline struct ffntp_device *clock_device(PyObject *self)
{
	return &clock_of(self)->device->device;
}

/*
 * Allocate an object of a type whose objects begin with struct clock_object, and set its state. Returns NULL with an
 * exception set.
 */
PyObject *clock_allocate(PyTypeObject *type);

#endif
