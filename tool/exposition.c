#include "exposition.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define NUMBER_SIZE 40

const char *exposition_media_type(enum exposition_format format)
{
	return format == EXPOSITION_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
						: "text/plain; version=0.0.4; charset=utf-8";
}

static const char *type_name(enum exposition_format format, enum exposition_type type)
{
	switch (type) {
	case EXPOSITION_COUNTER:
		return "counter";
	case EXPOSITION_INFO:
		return format == EXPOSITION_OPENMETRICS ? "info" : "gauge";
	case EXPOSITION_STATESET:
		return format == EXPOSITION_OPENMETRICS ? "stateset" : "gauge";
	case EXPOSITION_GAUGE:
		break;
	}
	return "gauge";
}

static const char *suffix_of(enum exposition_type type)
{
	return type == EXPOSITION_COUNTER ? "_total" : type == EXPOSITION_INFO ? "_info" : "";
}

/*
 * The older format has no types info and stateset, and names a family as its samples are named. It has no units: a
 * reader would take the line for a comment.
 */
static void write_description(struct exposition *out)
{
	const struct exposition_family *family = out->family;
	bool is_open = out->format == EXPOSITION_OPENMETRICS;
	const char *suffix = is_open ? "" : suffix_of(family->type);

	fprintf(out->file, "# HELP %s%s %s\n", family->name, suffix, family->help);
	fprintf(out->file, "# TYPE %s%s %s\n", family->name, suffix, type_name(out->format, family->type));
	if (is_open && family->unit[0] != '\0')
		fprintf(out->file, "# UNIT %s %s\n", family->name, family->unit);
}

void exposition_begin(struct exposition *out, const struct exposition_family *family)
{
	out->family = family;
	out->is_begun = false;
}

/* Both formats escape the same three characters. Other bytes would have to be UTF-8: all that are not ASCII become '?'.
 */
static void write_escaped(FILE *file, const char *text)
{
	for (const char *c = text; *c; c++) {
		if (*c == '\n')
			fputs("\\n", file);
		else if (*c == '"' || *c == '\\')
			fprintf(file, "\\%c", *c);
		else
			fputc((unsigned char)*c < ' ' || (unsigned char)*c >= 127 ? '?' : *c, file);
	}
}

static void write_labels(FILE *file, const struct exposition_labels *labels)
{
	for (int i = 0; i < EXPOSITION_LABELS && labels->label[i].name; i++) {
		fprintf(file, "%c%s=\"", i == 0 ? '{' : ',', labels->label[i].name);
		write_escaped(file, labels->label[i].value);
		fputc('"', file);
	}
	if (labels->label[0].name)
		fputc('}', file);
}

/* Write a sample whose value is this text: a decimal number. */
static void write_sample(struct exposition *out, const struct exposition_labels *labels, const char *value)
{
	if (!out->is_begun)
		write_description(out);
	out->is_begun = true;
	fprintf(out->file, "%s%s", out->family->name, suffix_of(out->family->type));
	if (labels)
		write_labels(out->file, labels);
	fprintf(out->file, " %s\n", value);
}

void exposition_integer(struct exposition *out, const struct exposition_labels *labels, int64_t value)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%" PRId64, value);
	write_sample(out, labels, text);
}

void exposition_ns(struct exposition *out, const struct exposition_labels *labels, int64_t ns)
{
	uint64_t magnitude = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%s%" PRIu64 ".%09" PRIu64, ns < 0 ? "-" : "", magnitude / 1000000000,
		 magnitude % 1000000000);
	write_sample(out, labels, text);
}

void exposition_real(struct exposition *out, const struct exposition_labels *labels, double value)
{
	char text[NUMBER_SIZE];

	if (!isfinite(value))
		return;
	snprintf(text, sizeof(text), "%.15g", value);
	write_sample(out, labels, text);
}

void exposition_end(struct exposition *out)
{
	if (out->format == EXPOSITION_OPENMETRICS)
		fputs("# EOF\n", out->file);
}
