/*
 * exposition: writes metrics as text, in one of the two formats that Prometheus reads. A family is written when its
 * first sample is; a family without samples leaves no trace.
 */
#ifndef FFNTP_TOOL_EXPOSITION_H
#define FFNTP_TOOL_EXPOSITION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum exposition_format {
	EXPOSITION_OPENMETRICS, /* OpenMetrics 1.0 */
	EXPOSITION_PROMETHEUS,  /* Prometheus' text format 0.0.4, the only one that node_exporter reads from files */
};

enum exposition_type { EXPOSITION_GAUGE, EXPOSITION_COUNTER, EXPOSITION_INFO, EXPOSITION_STATESET };

struct exposition_family {
	const char *name, *unit, *help; /* unit: "" if there is none */
	enum exposition_type type;
};

struct exposition {
	FILE *file;
	enum exposition_format format;
	const struct exposition_family *family;
	bool is_begun; /* the family's description has been written */
};

#define EXPOSITION_LABELS 3

/* Labels of a sample, up to the first without a name. A value is any text, which is escaped. */
struct exposition_labels {
	struct {
		const char *name, *value;
	} label[EXPOSITION_LABELS];
};

/* Return the format's media type for HTTP. */
const char *exposition_media_type(enum exposition_format format);

/* Begin a family. Its samples must follow before the next one begins. */
void exposition_begin(struct exposition *out, const struct exposition_family *family);

/* Write a sample with this value. labels: NULL if there are none. */
void exposition_integer(struct exposition *out, const struct exposition_labels *labels, int64_t value);

/* Write a sample in seconds without rounding. */
void exposition_ns(struct exposition *out, const struct exposition_labels *labels, int64_t ns);

/* Write a sample with 15 significant digits; none if the value is not finite. */
void exposition_real(struct exposition *out, const struct exposition_labels *labels, double value);

/* End the text, as its format demands. */
void exposition_end(struct exposition *out);

#endif
