/* status: prints the clock page's data on the clock, its counter and its servers. */
#include <stdio.h>

#include "../core/estimator.h"
#include "commands.h"
#include "output.h"
#include "sources.h"
#include "tracking.h"

/* A page may contain any number. */
static const char *estimator_name(const struct ffntp_estimator_state *state)
{
	const struct ffntp_estimator_ops *ops = ffntp_estimator_choose(state->kind);

	return ops ? ops->name : "unknown";
}

/* Return the standard deviation that the rate gains in a second, as a ratio. */
static double wander(const struct ffntp_estimator_state *state)
{
	return (double)state->wander_1e15 * 1e-15;
}

/* --- JSON --- */

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *hypotheses_json(const struct ffntp_estimator_state *state)
{
	json_t *list = json_array();

	for (int i = 0; i < FFNTP_HYPOTHESES_SHOWN && state->hypothesis[i] != FFNTP_HYPOTHESIS_NONE; i++) {
		json_t *object = json_object();

		set(object, "hypothesis", json_string(ffntp_hypothesis_text(state->hypothesis[i])));
		set(object, "probability", output_json_real(state->probability_percent[i] / 100.0));
		json_array_append_new(list, object);
	}
	return list;
}

/* Return null for an unknown number, which is 0. */
static json_t *known_json(uint64_t ns)
{
	return ns != 0 ? output_json_ns(ns) : json_null();
}

static json_t *estimator_json(const struct snapshot *snapshot)
{
	const struct ffntp_source *source = snapshot_followed(snapshot);
	struct ffntp_estimator_state state;
	json_t *object;

	if (!source || !ffntp_source_estimator(source, &state))
		return json_null();
	object = json_object();
	set(object, "name", json_string(estimator_name(&state)));
	set(object, "floor_forward_ns", known_json(state.floor_forward_ns));
	set(object, "floor_backward_ns", known_json(state.floor_backward_ns));
	set(object, "noise_forward_ns", known_json(state.noise_forward_ns));
	set(object, "noise_backward_ns", known_json(state.noise_backward_ns));
	set(object, "asymmetry_esterror_ns", known_json(snapshot->map.asymmetry_esterror_ns));
	set(object, "wander", state.wander_1e15 != 0 ? output_json_real(wander(&state)) : json_null());
	set(object, "hypotheses", hypotheses_json(&state));
	return object;
}

static bool print_json(const struct snapshot *snapshot, bool wants_estimator)
{
	json_t *object = json_object();

	tracking_set_json(snapshot, object);
	set(object, "sources", sources_json(snapshot));
	if (wants_estimator)
		set(object, "estimator", estimator_json(snapshot));
	return output_json(object);
}

/* --- text --- */

static void print_delay(const char *name, uint64_t ns, const char *comment)
{
	if (ns == 0)
		printf("%-14s: unknown\n", name);
	else
		output_row(name, (double)ns * 1e-9, comment);
}

static void print_hypotheses(const struct ffntp_estimator_state *state)
{
	for (int i = 0; i < FFNTP_HYPOTHESES_SHOWN && state->hypothesis[i] != FFNTP_HYPOTHESIS_NONE; i++)
		printf("%-14s: %3u %%  %s\n", i == 0 ? "Hypotheses" : "", state->probability_percent[i],
		       ffntp_hypothesis_text(state->hypothesis[i]));
}

static void print_estimator(const struct snapshot *snapshot)
{
	const struct ffntp_source *source = snapshot_followed(snapshot);
	struct ffntp_estimator_state state;

	if (!source || !ffntp_source_estimator(source, &state)) {
		printf("\n%-14s: unknown\n", "Estimator");
		return;
	}
	printf("\n%-14s: %s\n", "Estimator", estimator_name(&state));
	print_delay("Floor forward", state.floor_forward_ns, "least delay to the server, by this clock");
	print_delay("Floor backward", state.floor_backward_ns, "least delay from the server");
	print_delay("Noise forward", state.noise_forward_ns, "half of the middle 68 % of the delays");
	print_delay("Noise backward", state.noise_backward_ns, "likewise");
	print_delay("Asymmetry", snapshot->map.asymmetry_esterror_ns, "likely error from unequal floors");
	if (state.wander_1e15 == 0)
		printf("%-14s: unknown\n", "Wander");
	else
		printf("%-14s: %-14.2g change of the counter's rate in a second\n", "Wander", wander(&state));
	print_hypotheses(&state);
}

static void print_text(const struct snapshot *snapshot, bool wants_estimator)
{
	tracking_print(snapshot);
	if (snapshot->count > 0) {
		printf("\n");
		sources_print(stdout, snapshot, true);
	}
	if (wants_estimator)
		print_estimator(snapshot);
}

int tool_status(const struct tool_command *command, int argc, char **argv)
{
	const char *path = NULL;
	bool as_json = false, wants_estimator = false;
	struct snapshot snapshot;
	const struct tool_option options[] = {
		tool_text("page", "FILE", &path, "the clock page [the one that ffntpd keeps]"),
		tool_flag("json", &as_json, "print everything as one JSON object"),
		tool_flag("estimator", &wants_estimator, "print the estimator's view of the path, too"),
		{ 0 },
	};
	int code;

	if (!tool_options_alone(command, options, argc, argv, &code))
		return code;
	if (!snapshot_take(command, path, &snapshot))
		return TOOL_FAILED;
	if (as_json)
		return print_json(&snapshot, wants_estimator) ? TOOL_OK : TOOL_FAILED;
	print_text(&snapshot, wants_estimator);
	return TOOL_OK;
}
