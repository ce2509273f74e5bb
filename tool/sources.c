/* sources: prints a row for each server, with its state in one sign, from the clock page. */
#include "sources.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/estimator.h"
#include "commands.h"
#include "output.h"

#define NAME_WIDTH 17
#define TEXT_WIDTH 80
#define DETAIL_INDENT 4

/* --- what the page states of a server, and what follows from it --- */

/* A server that has not supplied a time has no other state, even if it is the only one, which the page follows. */
static enum ffntp_selection selection_of(const struct ffntp_source *source)
{
	return source->stratum == 0 ? FFNTP_SELECTION_NONE : (enum ffntp_selection)source->selection;
}

/* A server that is followed without a share is followed alone. */
static unsigned share_percent(const struct ffntp_source *source)
{
	return source->selection == FFNTP_SELECTION_FOLLOWED && source->share_percent == 0 ? 100
											   : source->share_percent;
}

/* Return the largest possible error of the offset (s), if the server's root distance is right. */
static double offset_bound_s(const struct ffntp_source *source)
{
	return (double)source->rtt_ns * 1e-9 / 2 + snapshot_root_distance_s(source);
}

/* Return the standard deviation of the offset's error by the asymmetry of the path (s). */
static double asymmetry_s(const struct ffntp_source *source)
{
	return ffntp_asymmetry_esterror_s((double)source->rtt_min_ns * 1e-9);
}

/*
 * Return the standard deviation of the offset's error by the noise of one exchange (s): an offset is half of the
 * difference of two delays. NAN if unknown.
 */
static double noise_s(const struct ffntp_source *source)
{
	struct ffntp_estimator_state state;

	if (!ffntp_source_estimator(source, &state) || (state.noise_forward_ns == 0 && state.noise_backward_ns == 0))
		return (double)NAN;
	return hypot((double)state.noise_forward_ns, (double)state.noise_backward_ns) * 1e-9 / 2;
}

/* --- JSON --- */

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *seconds_json(double seconds)
{
	return isfinite(seconds) ? json_integer((json_int_t)llround(seconds * 1e9)) : json_null();
}

static json_t *refusals_json(const struct ffntp_source *source)
{
	json_t *object = json_object();

	for (int verdict = FFNTP_ACCEPTED + 1; verdict < FFNTP_VERDICTS; verdict++)
		set(object, ffntp_verdict_name((enum ffntp_verdict)verdict), json_integer(source->verdicts[verdict]));
	return object;
}

/* All of these are unknown before the first accepted reply. */
static void set_exchange(json_t *object, const struct snapshot *snapshot, const struct ffntp_source *source)
{
	bool is_known = snapshot_was_accepted(source);

	set(object, "offset_ns", is_known ? json_integer(source->offset_ns) : json_null());
	set(object, "offset_bound_ns", is_known ? seconds_json(offset_bound_s(source)) : json_null());
	set(object, "noise_esterror_ns", is_known ? seconds_json(noise_s(source)) : json_null());
	set(object, "asymmetry_esterror_ns", is_known ? seconds_json(asymmetry_s(source)) : json_null());
	set(object, "rtt_ns", is_known ? output_json_ns(source->rtt_ns) : json_null());
	set(object, "rtt_min_ns", is_known ? output_json_ns(source->rtt_min_ns) : json_null());
	set(object, "root_delay_ns", is_known ? output_json_ns(source->root_delay_ns) : json_null());
	set(object, "root_dispersion_ns", is_known ? output_json_ns(source->root_dispersion_ns) : json_null());
	set(object, "last_accepted_s",
	    is_known ? output_json_real(snapshot_since_s(snapshot, source->last_accepted)) : json_null());
}

json_t *sources_one_json(const struct snapshot *snapshot, const struct ffntp_source *source)
{
	char address[OUTPUT_ADDRESS_SIZE], refid[OUTPUT_REFID_SIZE];
	json_t *object = json_object();

	set(object, "address", json_string(output_address(source, address)));
	set(object, "selected", json_boolean(source->selection == FFNTP_SELECTION_FOLLOWED));
	set(object, "selection", json_string(ffntp_selection_name(selection_of(source))));
	set(object, "share_percent", source->stratum != 0 ? json_integer(share_percent(source)) : json_null());
	set(object, "stratum", json_integer(output_stratum(source)));
	set(object, "is_refclock", json_boolean(output_is_refclock(source)));
	set(object, "refid", json_string(output_refid(source, refid)));
	set(object, "leap", json_integer(source->leap));
	set(object, "reach", json_integer(source->reach));
	set(object, "poll_s", json_integer((json_int_t)1 << (source->poll_log2_s & 31)));
	set_exchange(object, snapshot, source);
	set(object, "accepted", json_integer(source->verdicts[FFNTP_ACCEPTED]));
	set(object, "refused", refusals_json(source));
	return object;
}

json_t *sources_json(const struct snapshot *snapshot)
{
	json_t *list = json_array();

	for (size_t i = 0; i < snapshot->count; i++)
		json_array_append_new(list, sources_one_json(snapshot, &snapshot->sources[i]));
	return list;
}

static bool print_json(const struct snapshot *snapshot)
{
	json_t *object = json_object();

	set(object, "status", json_string(ffntp_status_name(snapshot->map.status)));
	set(object, "sources", sources_json(snapshot));
	return output_json(object);
}

/* --- text --- */

static char sign_of(enum ffntp_selection selection)
{
	switch (selection) {
	case FFNTP_SELECTION_FOLLOWED:
		return '*';
	case FFNTP_SELECTION_COMBINED:
		return '+';
	case FFNTP_SELECTION_SPARE:
		return '-';
	case FFNTP_SELECTION_FALSETICKER:
		return 'x';
	case FFNTP_SELECTION_ASTRAY:
		return '~';
	case FFNTP_SELECTION_NO_MAJORITY:
		return '!';
	case FFNTP_SELECTION_NONE:
	case FFNTP_SELECTIONS:
		break;
	}
	return '?';
}

static void print_legend(void)
{
	printf("  * followed: counts most   + combined with it       - agrees, but is not used\n"
	       "  x falseticker: the majority excludes it            ~ drifts from the others\n"
	       "  ! no majority agrees: any of them may be wrong     ? no time, or no answer\n"
	       "  st      stratum of the server; 0: a reference clock of this machine\n"
	       "  poll    interval between requests; s, or with unit (m, h, d, y)\n"
	       "  reach   the last eight requests, octal; 1: answered with a usable time\n"
	       "  last    since the last accepted reply; s, or with unit\n"
	       "  offset  this clock minus the server at that reply; positive: we are ahead\n"
	       "  bound   its largest possible error: RTT / 2 + the server's root distance\n"
	       "  RTT     round trip of that reply; least: the least one from this server\n"
	       "  asymm.  standard deviation of the offset by the path's unequal directions\n"
	       "  share   weight of the server in the time\n"
	       "  noise   standard deviation of the offset by the queues that one reply meets\n\n");
}

/* Print words in lines of TEXT_WIDTH columns. column: 0 before the first word. */
static void print_words(FILE *file, unsigned *column, const char *words)
{
	unsigned length = (unsigned)strlen(words);

	if (*column != 0 && *column + 1 + length > TEXT_WIDTH) {
		fprintf(file, "\n");
		*column = 0;
	}
	*column += (unsigned)fprintf(file, "%*s%s", *column == 0 ? DETAIL_INDENT : 1, "", words);
}

static void print_refusals(FILE *file, const struct ffntp_source *source, unsigned *column)
{
	uint32_t left = 0;
	char words[64];

	for (int verdict = FFNTP_ACCEPTED + 1; verdict < FFNTP_VERDICTS; verdict++)
		left += source->verdicts[verdict] != 0;
	if (left == 0)
		print_words(file, column, "none");
	for (int verdict = FFNTP_ACCEPTED + 1; left > 0; verdict++) {
		if (source->verdicts[verdict] == 0)
			continue;
		left--;
		snprintf(words, sizeof(words), "%" PRIu32 " %s%s", source->verdicts[verdict],
			 ffntp_verdict_name((enum ffntp_verdict)verdict), left > 0 ? "," : "");
		print_words(file, column, words);
	}
}

/* Print what the server states, the noise of its replies, and what became of them. */
static void print_details(FILE *file, const struct ffntp_source *source)
{
	char words[64], refid[OUTPUT_REFID_SIZE], number[OUTPUT_NUMBER_SIZE];
	unsigned column = 0;

	if (snapshot_was_accepted(source)) {
		snprintf(words, sizeof(words), "refid %s,", output_refid(source, refid));
		print_words(file, &column, words);
		snprintf(words, sizeof(words), "root distance %s,",
			 output_duration(snapshot_root_distance_s(source), number));
		print_words(file, &column, words);
	}
	if (snapshot_was_accepted(source) && isfinite(noise_s(source))) {
		snprintf(words, sizeof(words), "noise %s;", output_duration(noise_s(source), number));
		print_words(file, &column, words);
	}
	snprintf(words, sizeof(words), "%" PRIu32 " accepted; refused:", source->verdicts[FFNTP_ACCEPTED]);
	print_words(file, &column, words);
	print_refusals(file, source, &column);
	fprintf(file, "\n");
}

/* The columns from the offset on are those of an accepted reply. */
static void print_exchange(FILE *file, const struct ffntp_source *source)
{
	char offset[OUTPUT_NUMBER_SIZE], bound[OUTPUT_NUMBER_SIZE], rtt[OUTPUT_NUMBER_SIZE];
	char least[OUTPUT_NUMBER_SIZE], asymmetry[OUTPUT_NUMBER_SIZE];

	if (!snapshot_was_accepted(source)) {
		fprintf(file, " %7s %6s %6s %6s %6s %5s\n", "-", "-", "-", "-", "-", "-");
		return;
	}
	fprintf(file, " %7s %6s %6s %6s %6s %3u %%\n", output_short((double)source->offset_ns * 1e-9, offset),
		output_short(offset_bound_s(source), bound), output_short((double)source->rtt_ns * 1e-9, rtt),
		output_short((double)source->rtt_min_ns * 1e-9, least), output_short(asymmetry_s(source), asymmetry),
		share_percent(source));
}

static void print_row(FILE *file, const struct snapshot *snapshot, const struct ffntp_source *source)
{
	char address[OUTPUT_ADDRESS_SIZE], poll[OUTPUT_NUMBER_SIZE], last[OUTPUT_NUMBER_SIZE] = "-";

	if (snapshot_was_accepted(source))
		output_age(snapshot_since_s(snapshot, source->last_accepted), last);
	fprintf(file, "%c ", sign_of(selection_of(source)));
	output_name(file, snapshot_short_address(source, address), 2, NAME_WIDTH);
	fprintf(file, " %2u %4s %5o %4s", output_stratum(source), output_age(ldexp(1, source->poll_log2_s & 31), poll),
		source->reach, last);
	print_exchange(file, source);
}

void sources_print(FILE *file, const struct snapshot *snapshot, bool with_details)
{
	if (snapshot->count == 0) {
		fprintf(file, "no servers yet\n");
		return;
	}
	fprintf(file, "  %-*s %2s %4s %5s %4s %7s %6s %6s %6s %6s %5s\n", NAME_WIDTH, "server", "st", "poll", "reach",
		"last", "offset", "bound", "RTT", "least", "asymm.", "share");
	for (size_t i = 0; i < snapshot->count; i++) {
		print_row(file, snapshot, &snapshot->sources[i]);
		if (with_details)
			print_details(file, &snapshot->sources[i]);
	}
}

int tool_sources(const struct tool_command *command, int argc, char **argv)
{
	const char *path = NULL;
	bool as_json = false, is_verbose = false;
	struct snapshot snapshot;
	const struct tool_option options[] = {
		tool_text("page", "FILE", &path, "the clock page [the one that ffntpd keeps]"),
		tool_flag("verbose", &is_verbose, "explain the columns, and print each server's details"),
		tool_flag("json", &as_json, "print everything as one JSON object"),
		{ 0 },
	};
	int code;

	if (!tool_options_alone(command, options, argc, argv, &code))
		return code;
	if (!snapshot_take(command, path, &snapshot))
		return TOOL_FAILED;
	if (as_json)
		return print_json(&snapshot) ? TOOL_OK : TOOL_FAILED;
	if (is_verbose)
		print_legend();
	sources_print(stdout, &snapshot, is_verbose);
	return TOOL_OK;
}
