/* The content of a page beside the time, as dictionaries, from which the package makes its data classes; and tuples of
 * names.
 */
#include "binding.h"

#include <arpa/inet.h>
#include <ffntp/decision.h>
#include <ffntp/ensemble.h>
#include <ffntp/linux.h>
#include <ffntp/session.h>
#include <math.h>
#include <string.h>

/* Return the seconds from one counter reading to another. */
static double between_s(ffntp_counter from, ffntp_counter to, double period_s)
{
	return (double)(int64_t)(to - from) * period_s;
}

/* --- servers --- */

PyObject *binding_address(const struct ffntp_source *source)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool is_mapped = memcmp(source->address, mapped, sizeof(mapped)) == 0;
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(is_mapped ? AF_INET : AF_INET6, source->address + (is_mapped ? sizeof(mapped) : 0), text,
		  sizeof(text));
	return PyUnicode_FromFormat(is_mapped ? "%s:%u" : "[%s]:%u", text, (unsigned)source->port);
}

static PyObject *verdicts(const struct ffntp_source *source)
{
	PyObject *counts = PyDict_New();

	for (int i = 0; counts != NULL && i < FFNTP_VERDICTS; i++) {
		PyObject *count = PyLong_FromUnsignedLong(source->verdicts[i]);

		if (count == NULL || PyDict_SetItemString(counts, ffntp_verdict_name(i), count) < 0)
			Py_CLEAR(counts);
		Py_XDECREF(count);
	}
	return counts;
}

/* Return nanoseconds, or None for a server without a usable reply. */
static PyObject *measured(const struct ffntp_source *source, int64_t ns)
{
	return source->stratum != 0 ? PyLong_FromLongLong(ns) : Py_NewRef(Py_None);
}

static PyObject *server(const struct ffntp_source *source, double since_s)
{
	bool is_known = source->stratum != 0;

	return Py_BuildValue("{s:N,s:i,s:i,s:i,s:i,s:s,s:i,s:I,s:N,s:N,s:N,s:N,s:N,s:N,s:N}", "address",
			     binding_address(source), "stratum", source->stratum, "leap", source->leap, "reach",
			     source->reach, "poll_s", source->poll_log2_s < 31 ? 1 << source->poll_log2_s : INT32_MAX,
			     "selection", ffntp_selection_name((enum ffntp_selection)source->selection),
			     "share_percent", source->share_percent, "refid", (unsigned)source->refid, "offset_ns",
			     measured(source, source->offset_ns), "rtt_ns", measured(source, (int64_t)source->rtt_ns),
			     "rtt_min_ns", measured(source, (int64_t)source->rtt_min_ns), "root_delay_ns",
			     measured(source, source->root_delay_ns), "root_dispersion_ns",
			     measured(source, source->root_dispersion_ns), "since_accepted_s",
			     is_known ? PyFloat_FromDouble(since_s) : Py_NewRef(Py_None), "verdicts", verdicts(source));
}

/* Return a list of dictionaries. */
static PyObject *servers(const struct ffntp_source *sources, size_t count, ffntp_counter now, double period_s)
{
	PyObject *list = PyList_New(0);

	for (size_t i = 0; list != NULL && i < count; i++) {
		double since_s = between_s(sources[i].last_accepted, now, period_s);
		PyObject *each = server(&sources[i], since_s);

		if (each == NULL || PyList_Append(list, each) < 0)
			Py_CLEAR(list);
		Py_XDECREF(each);
	}
	return list;
}

/* --- the page --- */

static bool is_void(const struct ffntp_map *map, ffntp_counter now)
{
	return (int64_t)(now - map->void_after) > 0;
}

PyObject *binding_status(const struct binding_state *state, const struct ffntp_page_device *device)
{
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	struct ffntp_map map;
	ffntp_counter now;
	size_t count = 0;
	double period_s;
	enum ffntp_clock_result result = ffntp_page_read(device->page, &map);

	if (result == FFNTP_CLOCK_OK)
		result = ffntp_page_read_sources(device->page, sources, &count);
	if (result != FFNTP_CLOCK_OK)
		return binding_raise(state, result);
	now = device->counter(device->context);
	period_s = ldexp((double)map.period, -64 - map.period_shift);
	return Py_BuildValue(
		"{s:s,s:s,s:d,s:d,s:d,s:O,s:O,s:i,s:N,s:O,s:i,s:K,s:k,s:K,s:K,s:K,s:K,s:N}", "status",
		ffntp_status_name(is_void(&map, now) ? FFNTP_STATUS_UNKNOWN : map.status), "counter",
		ffntp_linux_counter_name(map.counter_kind), "period_s", period_s, "age_s",
		between_s(map.at, now, period_s), "void_in_s", between_s(now, map.void_after, period_s), "is_void",
		is_void(&map, now) ? Py_True : Py_False, "tai_is_known", map.tai_is_known ? Py_True : Py_False,
		"tai_offset_s", map.tai_offset_s, "tai_expires_s",
		map.tai_expires_s != 0 ? PyLong_FromLongLong(map.tai_expires_s) : Py_NewRef(Py_None),
		"tai_outlasts_table", map.tai_outlasts_table ? Py_True : Py_False, "leap", map.leap,
		"disruption_marker", (unsigned long long)map.disruption_marker, "counter_marker",
		(unsigned long)map.counter_marker, "bound_before_ns", (unsigned long long)map.maxerror_before_ns,
		"bound_after_ns", (unsigned long long)map.maxerror_after_ns, "esterror_ns",
		(unsigned long long)map.esterror_ns, "asymmetry_esterror_ns",
		(unsigned long long)map.asymmetry_esterror_ns, "sources", servers(sources, count, now, period_s));
}

/* --- names --- */

static const char *leap_name(int leap)
{
	static const char *const names[] = { "none",     "pre-positive",  "pre-negative",
					     "positive", "post-positive", "post-negative" };

	return names[leap];
}

#define NAME_OF(function, type)                             \
	static const char *name_of_##type(int number)       \
	{                                                   \
		return function((enum ffntp_##type)number); \
	}
NAME_OF(ffntp_status_name, status)
NAME_OF(ffntp_verdict_name, verdict)
NAME_OF(ffntp_event_name, event_kind)
NAME_OF(ffntp_selection_name, selection)
NAME_OF(ffntp_decision_name, decision_kind)
NAME_OF(ffntp_decision_reason_name, decision_reason)

static bool add_tuple(PyObject *module, const char *name, const char *(*name_of)(int), int count)
{
	PyObject *tuple = PyTuple_New(count);

	for (int i = 0; tuple != NULL && i < count; i++) {
		PyObject *each = PyUnicode_InternFromString(name_of(i));

		if (each == NULL || PyTuple_SetItem(tuple, i, each) < 0)
			Py_CLEAR(tuple);
	}
	if (tuple == NULL || PyModule_AddObjectRef(module, name, tuple) < 0) {
		Py_XDECREF(tuple);
		return false;
	}
	Py_DECREF(tuple);
	return true;
}

bool binding_add_names(PyObject *module)
{
	return add_tuple(module, "STATUSES", name_of_status, FFNTP_STATUS_DISRUPTED + 1) &&
	       add_tuple(module, "LEAPS", leap_name, FFNTP_LEAP_POST_NEGATIVE + 1) &&
	       add_tuple(module, "VERDICTS", name_of_verdict, FFNTP_VERDICTS) &&
	       add_tuple(module, "EVENTS", name_of_event_kind, FFNTP_EVENTS) &&
	       add_tuple(module, "SELECTIONS", name_of_selection, FFNTP_SELECTIONS) &&
	       add_tuple(module, "DECISIONS", name_of_decision_kind, FFNTP_DECISIONS) &&
	       add_tuple(module, "REASONS", name_of_decision_reason, FFNTP_REASONS);
}
