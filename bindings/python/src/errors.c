/* Exceptions: a class for each error of a reading, and of a page that cannot be opened. */
#include "binding.h"

#include <string.h>

struct class
{
	int result;
	const char *name, *doc;
};

static const struct class clock_classes[] = {
	{ FFNTP_CLOCK_UNSYNCHRONISED, "ffntp.UnsynchronisedError",
	  "The clock has no time: its status is initialising or unknown." },
	{ FFNTP_CLOCK_DISRUPTED, "ffntp.DisruptedError",
	  "The counter jumped and has not been mapped again, or jumped after a mark." },
	{ FFNTP_CLOCK_VOID, "ffntp.VoidError", "The map is too old: its writer has stopped." },
	{ FFNTP_CLOCK_TAI_UNKNOWN, "ffntp.TAIUnknownError", "The offset TAI - UTC is not known." },
	{ FFNTP_CLOCK_BOUND, "ffntp.BoundError", "The error bound exceeds max_bound_ns." },
	{ FFNTP_CLOCK_RANGE, "ffntp.OutOfRangeError",
	  "The result does not fit, or the readings are too far apart to order past and future." },
	{ FFNTP_CLOCK_TOO_OLD, "ffntp.TooOldError", "The mark is older than the oldest stored map." },
	{ FFNTP_CLOCK_BUSY, "ffntp.BusyError", "The page was being written at every try." },
	{ FFNTP_CLOCK_COUNTER, "ffntp.CounterError", "The counter cannot be read in this process." },
	{ FFNTP_CLOCK_DISCONNECTED, "ffntp.DisconnectedError", "The clock is closed." },
	{ FFNTP_CLOCK_STEADY, "ffntp.NotMonotonicError", "The writer of the map does not keep monotonic UTC." },
	{ FFNTP_CLOCK_OTHER_BOOT, "ffntp.OtherBootError",
	  "The mark was taken in a different boot or from a different counter." },
	{ FFNTP_CLOCK_FUTURE, "ffntp.FutureError", "The mark lies in the future." },
	{ FFNTP_CLOCK_NEGATIVE, "ffntp.NegativeError", "The duration would end before it begins." },
	{ FFNTP_CLOCK_NO_BOUND, "ffntp.NoBoundError",
	  "A VMClock page of another writer, which does not state its maximum errors." },
	{ FFNTP_CLOCK_INVALID, "ffntp.InvalidClockError",
	  "A VMClock page of another writer, with values that VMClock does not define." },
};

static const struct class page_classes[] = {
	{ FFNTP_PAGE_TRUNCATED, "ffntp.PageTruncatedError", "The file is smaller than a page." },
	{ FFNTP_PAGE_FOREIGN, "ffntp.PageForeignError", "The file is not a clock page." },
	{ FFNTP_PAGE_VERSION, "ffntp.PageVersionError", "The page has a version that this library does not know." },
	{ FFNTP_PAGE_OTHER_BOOT, "ffntp.PageOtherBootError", "The page was written in a different boot." },
	{ FFNTP_PAGE_OTHER_NAMESPACE, "ffntp.PageNamespaceError", "The page is of a different time namespace." },
	{ FFNTP_PAGE_NO_COUNTER, "ffntp.PageCounterError", "This process cannot read the page's counter safely." },
	{ FFNTP_PAGE_MISSING, "ffntp.PageMissingError", "The file does not exist or cannot be mapped." },
	{ FFNTP_PAGE_UNTRUSTED, "ffntp.PageUntrustedError",
	  "The page lies where a user who is not trusted could replace it." },
	{ FFNTP_PAGE_DENIED, "ffntp.PageDeniedError", "This process may not read the file." },
	{ FFNTP_PAGE_UNKNOWN_BOOT, "ffntp.PageUnknownBootError",
	  "There is no boot id, and the page may be of an earlier boot." },
	{ FFNTP_PAGE_LIMIT, "ffntp.PageLimitError", "Too many open files or mappings, or no memory." },
	{ FFNTP_PAGE_NO_TIME, "ffntp.PageNoTimeError",
	  "A VMClock page of another writer that has no time, and only signals disruptions." },
	{ FFNTP_PAGE_TIMESCALE, "ffntp.PageTimescaleError",
	  "A VMClock page of another writer whose time is neither UTC nor TAI." },
	{ FFNTP_PAGE_GUESTS, "ffntp.PageGuestsError",
	  "The page is in terms of a guest's counter, and this is not that guest." },
};

/* Make a class, and add it to the module under its name without the package. Returns NULL with an exception set. */
static PyObject *add(PyObject *module, const char *name, const char *doc, PyObject *base)
{
	PyObject *made = PyErr_NewExceptionWithDoc(name, doc, base, NULL);

	if (made != NULL && PyModule_AddObjectRef(module, strchr(name, '.') + 1, made) < 0)
		Py_CLEAR(made);
	return made;
}

static bool add_all(PyObject *module, const struct class *classes, size_t count, PyObject *base, PyObject **made)
{
	for (size_t i = 0; i < count; i++) {
		PyObject **place = &made[classes[i].result];

		*place = add(module, classes[i].name, classes[i].doc, base);
		if (*place == NULL)
			return false;
	}
	return true;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool binding_add_errors(PyObject *module, struct binding_state *state)
{
	state->error = add(module, "ffntp.Error", "Base of all errors of this package.", PyExc_Exception);
	if (state->error == NULL)
		return false;
	state->clock_error =
		add(module, "ffntp.ClockError",
		    "The clock cannot be read. The text has the reason; a subclass has its kind.", state->error);
	state->page_error =
		add(module, "ffntp.PageError",
		    "The clock page cannot be opened. The text has the reason; a subclass has its kind.", state->error);
	state->journal_error = add(module, "ffntp.JournalError",
				   "A journal cannot be replayed. The text has file, line and reason.", state->error);
	return state->clock_error != NULL && state->page_error != NULL && state->journal_error != NULL &&
	       add_all(module, clock_classes, COUNT(clock_classes), state->clock_error, state->clock_errors) &&
	       add_all(module, page_classes, COUNT(page_classes), state->page_error, state->page_errors);
}

PyObject *binding_raise(const struct binding_state *state, enum ffntp_clock_result result)
{
	PyObject *class = (size_t)result < BINDING_CLOCK_ERRORS ? state->clock_errors[result] : NULL;

	PyErr_SetString(class != NULL ? class : state->clock_error, ffntp_clock_result_text(result));
	return NULL;
}

/* Connecting a device yields only the text of a result. Texts differ, so that the text determines the class. */
static PyObject *class_of(const struct binding_state *state, const char *problem)
{
	for (int i = 1; i < BINDING_PAGE_ERRORS; i++) {
		if (state->page_errors[i] != NULL && strcmp(ffntp_page_result_text(i), problem) == 0)
			return state->page_errors[i];
	}
	for (int i = 1; i < BINDING_CLOCK_ERRORS; i++) {
		if (state->clock_errors[i] != NULL && strcmp(ffntp_clock_result_text(i), problem) == 0)
			return state->clock_errors[i];
	}
	return state->page_error;
}

void binding_raise_page(const struct binding_state *state, const char *path, const char *problem)
{
	PyObject *class = class_of(state, problem);
	PyObject *name = path != NULL ? PyUnicode_DecodeFSDefault(path) : NULL;

	if (name != NULL)
		PyErr_Format(class, "%U: %s", name, problem);
	else if (path == NULL)
		PyErr_SetString(class, problem);
	Py_XDECREF(name);
}
