/* The module ffntp._ffntp: its parts are in the other files. */
#include "binding.h"

/* Call a macro for each type and class that the state refers to. */
#define VISIT_ALL(visit, state)                                \
	do {                                                   \
		visit((state)->instant);                       \
		visit((state)->reading);                       \
		visit((state)->duration);                      \
		visit((state)->mark);                          \
		visit((state)->clock_base);                    \
		visit((state)->page_clock);                    \
		visit((state)->fake_clock);                    \
		visit((state)->replayer);                      \
		visit((state)->error);                         \
		visit((state)->clock_error);                   \
		visit((state)->page_error);                    \
		visit((state)->journal_error);                 \
		for (int i = 0; i < BINDING_CLOCK_ERRORS; i++) \
			visit((state)->clock_errors[i]);       \
		for (int i = 0; i < BINDING_PAGE_ERRORS; i++)  \
			visit((state)->page_errors[i]);        \
	} while (0)

static int traverse(PyObject *module, visitproc visit, void *arg)
{
	struct binding_state *state = PyModule_GetState(module);

	VISIT_ALL(Py_VISIT, state);
	return 0;
}

static int clear(PyObject *module)
{
	struct binding_state *state = PyModule_GetState(module);

	VISIT_ALL(Py_CLEAR, state);
	return 0;
}

static int execute(PyObject *module)
{
	struct binding_state *state = PyModule_GetState(module);
	bool is_good = binding_add_errors(module, state) && binding_add_values(module, state) &&
		       binding_add_clocks(module, state) && binding_add_fake(module, state) &&
		       binding_add_replayer(module, state) && binding_add_names(module);

	return is_good ? 0 : -1;
}

static PyModuleDef_Slot slots[] = {
	{ Py_mod_exec, (void *)execute },
	{ 0, NULL },
};

struct PyModuleDef binding_module = {
	PyModuleDef_HEAD_INIT,
	.m_name = "ffntp._ffntp",
	.m_doc = "The part of the package ffntp that is written in C. Import ffntp instead.",
	.m_size = sizeof(struct binding_state),
	.m_slots = slots,
	.m_traverse = traverse,
	.m_clear = clear,
};

struct binding_state *binding_state_of(PyTypeObject *type)
{
	for (PyTypeObject *each = type; each != NULL; each = PyType_GetSlot(each, Py_tp_base)) {
		PyObject *module = PyType_GetModule(each);

		if (module != NULL && PyModule_GetDef(module) == &binding_module)
			return PyModule_GetState(module);
		PyErr_Clear();
	}
	PyErr_SetString(PyExc_TypeError, "the class is not derived from one of ffntp's");
	return NULL;
}

PyMODINIT_FUNC PyInit__ffntp(void);

PyMODINIT_FUNC PyInit__ffntp(void)
{
	return PyModuleDef_Init(&binding_module);
}
