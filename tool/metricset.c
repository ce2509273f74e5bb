#include "metricset.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../core/estimator.h"
#include "pageuse.h"
#include "snapshot.h"
#include "sources.h"
#include "tracking.h"

/* All that the metrics are made from. Without a readable page, snapshot and the objects are NULL. */
struct view {
	const char *reason; /* why a program cannot read the time; NULL if it can */
	const struct snapshot *snapshot;
	json_t *clock, *sources; /* as in ffntp status --json; the array has the snapshot's order */
};

struct metric {
	struct exposition_family family;
	void (*write)(struct exposition *out, const struct view *view, const struct metric *metric);
	/* Of a server's metric, instead of the former. number: of the server in the view. */
	void (*write_source)(struct exposition *out, const struct view *view, const struct metric *metric,
			     size_t number);
	const char *key;
};

/* --- why there is no time --- */

static const char *page_reason(enum ffntp_page_result result)
{
	static const char *const reasons[] = {
		[FFNTP_PAGE_TRUNCATED] = "truncated",
		[FFNTP_PAGE_FOREIGN] = "foreign",
		[FFNTP_PAGE_VERSION] = "version",
		[FFNTP_PAGE_OTHER_BOOT] = "other-boot",
		[FFNTP_PAGE_OTHER_NAMESPACE] = "other-time-namespace",
		[FFNTP_PAGE_NO_COUNTER] = "no-counter",
		[FFNTP_PAGE_MISSING] = "missing",
		[FFNTP_PAGE_UNTRUSTED] = "untrusted",
		[FFNTP_PAGE_DENIED] = "denied",
		[FFNTP_PAGE_UNKNOWN_BOOT] = "unknown-boot",
		[FFNTP_PAGE_LIMIT] = "limit",
		[FFNTP_PAGE_NO_TIME] = "no-time",
		[FFNTP_PAGE_TIMESCALE] = "timescale",
		[FFNTP_PAGE_GUESTS] = "guests",
	};

	return (size_t)result < sizeof(reasons) / sizeof(reasons[0]) && reasons[result] ? reasons[result] : "other";
}

static const char *clock_reason(enum ffntp_clock_result result)
{
	static const char *const reasons[] = {
		[FFNTP_CLOCK_UNSYNCHRONISED] = "unsynchronised",
		[FFNTP_CLOCK_DISRUPTED] = "disrupted",
		[FFNTP_CLOCK_VOID] = "stale",
		[FFNTP_CLOCK_BUSY] = "busy",
		[FFNTP_CLOCK_NO_BOUND] = "no-bound",
		[FFNTP_CLOCK_INVALID] = "invalid",
	};

	return (size_t)result < sizeof(reasons) / sizeof(reasons[0]) && reasons[result] ? reasons[result] : "other";
}

/* --- values of ffntp status --json, in base units --- */

/* The last word of a key is its unit. */
static const struct {
	const char *suffix;
	double base;
} units[] = { { "_ppm", 1e-6 }, { "_percent", 1e-2 } };

static double base_of(const char *key)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t length = strlen(key), suffix = strlen(units[i].suffix);

		if (length > suffix && strcmp(key + length - suffix, units[i].suffix) == 0)
			return units[i].base;
	}
	return 1;
}

static bool is_ns(const char *key)
{
	size_t length = strlen(key);

	return length > 3 && strcmp(key + length - 3, "_ns") == 0;
}

/* A value that is null is unknown, and has no sample. */
static void write_value(struct exposition *out, const struct exposition_labels *labels, const json_t *object,
			const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_integer(value) && is_ns(key))
		exposition_ns(out, labels, json_integer_value(value));
	else if (json_is_number(value))
		exposition_real(out, labels, json_number_value(value) * base_of(key));
	else if (json_is_boolean(value))
		exposition_integer(out, labels, json_is_true(value));
}

static void write_clock(struct exposition *out, const struct view *view, const struct metric *metric)
{
	if (view->clock)
		write_value(out, NULL, view->clock, metric->key);
}

/* --- the program, the page and its clock --- */

static void write_build(struct exposition *out, const struct view *view, const struct metric *metric)
{
	(void)view;
	(void)metric;
	exposition_integer(out, &(struct exposition_labels){ { { "version", FFNTP_VERSION } } }, 1);
}

static void write_up(struct exposition *out, const struct view *view, const struct metric *metric)
{
	(void)metric;
	if (view->reason)
		exposition_integer(out, &(struct exposition_labels){ { { "reason", view->reason } } }, 0);
	else
		exposition_integer(out, NULL, 1);
}

static void write_status(struct exposition *out, const struct view *view, const struct metric *metric)
{
	if (!view->snapshot)
		return;
	for (int status = FFNTP_STATUS_UNKNOWN; status <= FFNTP_STATUS_DISRUPTED; status++) {
		struct exposition_labels labels = { { { metric->family.name,
							ffntp_status_name((enum ffntp_status)status) } } };

		exposition_integer(out, &labels, (int)view->snapshot->map.status == status);
	}
}

static void write_page(struct exposition *out, const struct view *view, const struct metric *metric)
{
	if (view->clock)
		exposition_integer(
			out,
			&(struct exposition_labels){
				{ { "counter", json_string_value(json_object_get(view->clock, metric->key)) } } },
			1);
}

/*
 * Write the time by the clock at an earlier counter reading, with the present rate, if there is a time. A page may
 * contain any number, so that the time need not fit.
 */
static void write_time_of(struct exposition *out, const struct exposition_labels *labels,
			  const struct snapshot *snapshot, ffntp_counter then)
{
	double since_ns = snapshot_since_s(snapshot, then) * 1e9;
	int64_t time_ns;

	if (snapshot->result != FFNTP_CLOCK_OK || fabs(since_ns) > 9e18)
		return;
	if (!__builtin_sub_overflow(ffntp_time_to_ns(snapshot->reading.estimate), llround(since_ns), &time_ns))
		exposition_ns(out, labels, time_ns);
}

static void write_update(struct exposition *out, const struct view *view, const struct metric *metric)
{
	(void)metric;
	if (view->snapshot)
		write_time_of(out, NULL, view->snapshot, view->snapshot->map.at);
}

static void write_growth(struct exposition *out, const struct view *view, const struct metric *metric)
{
	const struct ffntp_map *map = view->snapshot ? &view->snapshot->map : NULL;

	(void)metric;
	if (map && view->snapshot->result == FFNTP_CLOCK_OK && map->period > 0)
		exposition_real(out, NULL, (double)map->period_maxerror / (double)map->period);
}

/* A double holds 53 bits without rounding, so that different markers differ in Prometheus, too. */
static void write_disruption(struct exposition *out, const struct view *view, const struct metric *metric)
{
	(void)metric;
	if (view->snapshot)
		exposition_integer(out, NULL,
				   (int64_t)(view->snapshot->map.disruption_marker & ((UINT64_C(1) << 53) - 1)));
}

static void write_jump_marker(struct exposition *out, const struct view *view, const struct metric *metric)
{
	(void)metric;
	if (view->snapshot)
		exposition_integer(out, NULL, view->snapshot->map.counter_marker);
}

static void write_tai_expiry(struct exposition *out, const struct view *view, const struct metric *metric)
{
	(void)metric;
	if (view->snapshot && view->snapshot->map.tai_expires_s != 0)
		exposition_integer(out, NULL, view->snapshot->map.tai_expires_s);
}

/*
 * The object in JSON decides whether there is one. A second that is left out would have begun one second before
 * midnight.
 */
static void write_next_leap(struct exposition *out, const struct view *view, const struct metric *metric)
{
	const struct ffntp_map *map = view->snapshot ? &view->snapshot->map : NULL;
	struct exposition_labels labels = { { { "change", map && map->leap_sign < 0 ? "left out" : "inserted" } } };

	if (map && json_is_object(json_object_get(view->clock, metric->key)))
		exposition_integer(out, &labels,
				   map->leap_at_s - ffntp_map_numbering(map).offset_s + (map->leap_sign < 0));
}

/* --- the servers --- */

/* Return a text of the server's object. */
static const char *word_of(const struct view *view, size_t number, const char *key)
{
	const char *word = json_string_value(json_object_get(json_array_get(view->sources, number), key));

	return word ? word : "";
}

/* The label that all metrics of a server have. */
static struct exposition_labels labels_of(const struct view *view, size_t number)
{
	return (struct exposition_labels){ { { "source", word_of(view, number, "address") } } };
}

/* Return whether an earlier server has the same name: two samples with the same labels would make the text invalid. */
static bool is_repeated(const struct view *view, size_t number)
{
	for (size_t i = 0; i < number; i++) {
		if (strcmp(word_of(view, i, "address"), word_of(view, number, "address")) == 0)
			return true;
	}
	return false;
}

static void write_sources(struct exposition *out, const struct view *view, const struct metric *metric)
{
	int counts[FFNTP_SELECTIONS] = { 0 };

	(void)metric;
	if (!view->snapshot)
		return;
	for (size_t i = 0; i < view->snapshot->count; i++) {
		for (int selection = 0; selection < FFNTP_SELECTIONS; selection++)
			counts[selection] += strcmp(word_of(view, i, "selection"),
						    ffntp_selection_name((enum ffntp_selection)selection)) == 0;
	}
	for (int selection = 0; selection < FFNTP_SELECTIONS; selection++) {
		struct exposition_labels labels = { { { "selection",
							ffntp_selection_name((enum ffntp_selection)selection) } } };

		exposition_integer(out, &labels, counts[selection]);
	}
}

static void source_value(struct exposition *out, const struct view *view, const struct metric *metric, size_t number)
{
	struct exposition_labels labels = labels_of(view, number);

	write_value(out, &labels, json_array_get(view->sources, number), metric->key);
}

static void source_source(struct exposition *out, const struct view *view, const struct metric *metric, size_t number)
{
	const struct ffntp_source *source = &view->snapshot->sources[number];
	struct exposition_labels labels = labels_of(view, number);
	struct ffntp_estimator_state state;
	const struct ffntp_estimator_ops *ops = NULL;

	(void)metric;
	if (ffntp_source_estimator(source, &state))
		ops = ffntp_estimator_choose(state.kind);
	labels.label[1].name = "refid";
	labels.label[1].value = word_of(view, number, "refid");
	labels.label[2].name = "estimator";
	labels.label[2].value = ops ? ops->name : "unknown";
	exposition_integer(out, &labels, 1);
}

static void source_selection(struct exposition *out, const struct view *view, const struct metric *metric,
			     size_t number)
{
	struct exposition_labels labels = labels_of(view, number);
	const char *chosen = word_of(view, number, metric->key);

	labels.label[1].name = metric->family.name;
	for (int selection = FFNTP_SELECTION_NONE; selection < FFNTP_SELECTIONS; selection++) {
		labels.label[1].value = ffntp_selection_name((enum ffntp_selection)selection);
		exposition_integer(out, &labels, strcmp(chosen, labels.label[1].value) == 0);
	}
}

static void source_reached(struct exposition *out, const struct view *view, const struct metric *metric, size_t number)
{
	struct exposition_labels labels = labels_of(view, number);
	int count = 0;

	(void)metric;
	for (unsigned reach = view->snapshot->sources[number].reach; reach != 0; reach >>= 1)
		count += (int)(reach & 1);
	exposition_integer(out, &labels, count);
}

static void source_floor(struct exposition *out, const struct view *view, const struct metric *metric, size_t number)
{
	struct exposition_labels labels = labels_of(view, number);
	struct ffntp_estimator_state state;

	(void)metric;
	if (!ffntp_source_estimator(&view->snapshot->sources[number], &state))
		return;
	labels.label[1].name = "direction";
	labels.label[1].value = "forward";
	if (state.floor_forward_ns != 0)
		exposition_ns(out, &labels, (int64_t)state.floor_forward_ns);
	labels.label[1].value = "backward";
	if (state.floor_backward_ns != 0)
		exposition_ns(out, &labels, (int64_t)state.floor_backward_ns);
}

static void source_last_accepted(struct exposition *out, const struct view *view, const struct metric *metric,
				 size_t number)
{
	const struct ffntp_source *source = &view->snapshot->sources[number];
	struct exposition_labels labels = labels_of(view, number);

	(void)metric;
	if (snapshot_was_accepted(source))
		write_time_of(out, &labels, view->snapshot, source->last_accepted);
}

static void source_replies(struct exposition *out, const struct view *view, const struct metric *metric, size_t number)
{
	struct exposition_labels labels = labels_of(view, number);

	(void)metric;
	labels.label[1].name = "verdict";
	for (int verdict = FFNTP_ACCEPTED; verdict < FFNTP_VERDICTS; verdict++) {
		labels.label[1].value = ffntp_verdict_name((enum ffntp_verdict)verdict);
		exposition_integer(out, &labels, view->snapshot->sources[number].verdicts[verdict]);
	}
}

/* --- all of them --- */

#define METRIC(name, type, unit, writer, key, help) \
	{ { #name, unit, help, EXPOSITION_##type }, write_##writer, NULL, key },
#define SOURCE_METRIC(name, type, unit, writer, key, help) \
	{ { #name, unit, help, EXPOSITION_##type }, NULL, source_##writer, key },
static const struct metric metrics[] = {
#include "metricset.def"
};

static void write_metric(struct exposition *out, const struct view *view, const struct metric *metric)
{
	exposition_begin(out, &metric->family);
	if (metric->write) {
		metric->write(out, view, metric);
		return;
	}
	for (size_t i = 0; view->snapshot && i < view->snapshot->count; i++) {
		if (!is_repeated(view, i))
			metric->write_source(out, view, metric, i);
	}
}

static char *text_of(const struct view *view, enum exposition_format format, size_t *length)
{
	char *text = NULL;
	struct exposition out = { .file = open_memstream(&text, length), .format = format };

	if (!out.file)
		return NULL;
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		write_metric(&out, view, &metrics[i]);
	exposition_end(&out);
	if (fclose(out.file) == 0)
		return text;
	free(text);
	return NULL;
}

/* Return why a program cannot read the time; NULL if it can. */
static const char *reason_of(const struct pageuse_outcome *outcome, const struct snapshot *snapshot)
{
	if (outcome->page != FFNTP_PAGE_OK)
		return page_reason(outcome->page);
	if (outcome->clock != FFNTP_CLOCK_OK)
		return clock_reason(outcome->clock);
	if (snapshot->result == FFNTP_CLOCK_OK)
		return NULL;
	return snapshot->map.status == FFNTP_STATUS_INITIALISING ? "initialising" : clock_reason(snapshot->result);
}

char *metricset_text(const char *page, enum exposition_format format, size_t *length)
{
	struct snapshot snapshot;
	struct pageuse_outcome outcome;
	struct view view = { NULL, NULL, NULL, NULL };
	char *text;

	if (snapshot_try(page, &snapshot, &outcome)) {
		view.snapshot = &snapshot;
		view.clock = json_object();
		view.sources = sources_json(&snapshot);
		tracking_set_json(&snapshot, view.clock);
	}
	view.reason = reason_of(&outcome, &snapshot);
	text = text_of(&view, format, length);
	json_decref(view.clock);
	json_decref(view.sources);
	return text;
}
