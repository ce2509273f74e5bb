/*
 * reportdata: collects the course of the clock, its servers and the events of journals, for 'ffntp report', while they
 * are replayed (ffntp/replay.h).
 */
#ifndef FFNTP_TOOL_REPORTDATA_H
#define FFNTP_TOOL_REPORTDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rerun.h"
#include "timeseries.h"

/* The clock over time. Times of points are seconds since report_data.base_s, UTC. */
enum report_line {
	REPORT_CORRECTION,      /* s, by which a reply moved the clock; positive: forward */
	REPORT_EXPECTED,        /* s, the estimated error just before that */
	REPORT_BOUND,           /* s, the largest possible error after each map */
	REPORT_ESTERROR,        /* s, standard deviation, without the path's asymmetry */
	REPORT_ASYMMETRY,       /* s, standard deviation by the path's asymmetry */
	REPORT_FREQUENCY,       /* ppm, the counter's rate against its hint; positive: fast */
	REPORT_FREQUENCY_ERROR, /* ppm, standard deviation of that */
	REPORT_STATUS,          /* enum ffntp_status, where it changes */
	REPORT_PHASE,           /* s, the clock minus the counter at its hint of a rate */
	REPORT_LINES
};

/* One server over time, at each accepted reply. Delays include queues, and divide the least round trip by the clock. */
enum report_server_line {
	REPORT_OFFSET,    /* s, clock minus server; positive: the clock is ahead */
	REPORT_RTT,       /* s, round trip without the server's residence */
	REPORT_FORWARD,   /* s, delay to the server, by the clock */
	REPORT_BACKWARD,  /* s, delay from the server, by the clock */
	REPORT_SELECTION, /* enum ffntp_selection, where it changes; NAN: removed */
	REPORT_SEEN,      /* s, the server minus the counter at its hint of a rate */
	REPORT_SERVER_LINES
};

struct report_server {
	char name[TALLY_NAME_SIZE];
	char refid[OUTPUT_REFID_SIZE]; /* "" before the first accepted reply */
	unsigned stratum;
	struct timeseries line[REPORT_SERVER_LINES];
	/* Of the present session: */
	bool is_member, has_stamp;
	ffntp_counter stamp_at;
};

#define REPORT_KIND_SIZE 48

/* Events of one kind. */
struct report_kind {
	char name[REPORT_KIND_SIZE];
	struct timeseries at; /* y: the server's number, NAN if it is of none */
};

#define REPORT_NOTE_SIZE 96

/* An event for the table of events. */
struct report_note {
	size_t server; /* its number; SIZE_MAX: of none */
	char text[REPORT_NOTE_SIZE];
};

/* Zeroed: nothing collected. */
struct report_data {
	int64_t base_s;  /* seconds since 1970, UTC */
	double from, to; /* s since base_s */
	bool has_time;   /* the clock had a time; false: times are those that the sessions began with */
	struct timeseries line[REPORT_LINES];
	struct report_server *server;
	size_t servers;
	struct report_kind *kind;
	size_t kinds;
	struct report_note *note;
	size_t notes, note_room;
	struct timeseries noted; /* when; y: number of the note */
	bool is_out_of_order;    /* a session began before the end of the one before it */
	bool is_short;           /* memory was short: the data are not complete */

	/* The present session. */
	bool has_session, is_beginning, is_pending;
	double pending_to;     /* as 'to', while times are preliminary */
	ffntp_counter line_at; /* time by the newest map that had one */
	double line_s, line_period_s;
	struct ffntp_map map;
	double period_s; /* the session's hint */
	struct ffntp_ntp pivot;
	double pivot_s;
	bool is_moved; /* the last map moved the clock: by these (s) */
	double moved_s, expected_s;
};

/* The functions of a struct ffntp_replay_listener. context: the report_data. */
void report_data_begun(void *context, const struct ffntp_replay_state *state,
		       const struct ffntp_ensemble_config *config);
void report_data_event(void *context, const struct ffntp_replay_state *state, unsigned member,
		       const struct ffntp_event *event);

/* End the collection: set 'from' and 'to'. At least one session must have begun. */
void report_data_finish(struct report_data *data);

/* Remove all from before this time (s since base_s); the states that lasted then begin there. */
void report_data_cut(struct report_data *data, double from);

/* Release the memory. */
void report_data_end(struct report_data *data);

#endif
