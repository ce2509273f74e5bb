/*
 * golden_radclock: the estimator on recorded traces, compared with RADclock's own output and with the truth. Writes
 * TAP. Usage: golden_radclock TRACES REFERENCES
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../core/estimator.h"

#define NS_PER_S INT64_C(1000000000)

/* The two must agree after RADclock's warm-up of 480 stamps at 16 s; scores are of the second half. */
#define WARMUP_TICKS UINT64_C(7700000000000)

struct limits {
	const char *name;
	double poll_s;
	double apart_s; /* distance from RADclock, at the median stamp */
	double ratio;   /* RMS error divided by RADclock's; 0: not compared */
	double rms_s;   /* RMS error */
	unsigned refused;
};

/*
 * The RMS errors with a ratio of 0 are this project's own, with a fifth to spare: there is no reference, or RADclock's
 * faults show.
 */
static const struct limits traces[] = {
	{ "lan", 16, 3e-6, 1.05, 1, 0 },
	{ "metro", 16, 3e-6, 1.05, 1, 0 },
	{ "continental", 16, 3e-6, 1.05, 1, 0 },
	{ "congestion", 16, 3e-6, 1.05, 1, 0 },
	{ "metro-7-days-poll-64", 64, 3e-6, 1.05, 1, 0 },
	{ "server-fault", 16, 3e-6, 0.1, 16e-6, 75 },
	{ "route-change-one-way", 16, 3e-6, 1.05, 1, 0 },
	{ "route-change-both-ways", 16, 0, 0, 20e-6, 0 },
	{ "frequency-step", 16, 0, 0, 250e-6, 0 },
	{ "outage-4-hours", 16, 0, 0, 14e-6, 0 },
	{ "loss-90-percent", 16, 0, 0, 35e-6, 0 },
	{ "intercontinental", 16, 0, 0, 90e-6, 0 },
	{ "wifi", 16, 0, 0, 90e-6, 0 },
	{ "temperature", 16, 0, 0, 100e-6, 0 },
	{ "perfect-network", 16, 0, 0, 11e-6, 0 },
	{ "metro-quiet-oscillator", 16, 0, 0, 8e-6, 0 },
};

#define TRACES (sizeof traces / sizeof *traces)

struct row {
	uint64_t ta;
	int64_t tb_ns, te_ns;
	uint64_t tf;
	int64_t truth_ns;
};

static void fail(const char *path)
{
	printf("Bail out! %s cannot be read\n", path);
	exit(1);
}

/* Read the next line that is not a comment. */
static bool next_line(gzFile file, char *line, int size)
{
	do {
		if (!gzgets(file, line, size))
			return false;
	} while (line[0] == '#');
	return true;
}

static gzFile open_file(const char *folder, const char *name)
{
	char path[4096];
	gzFile file;

	(void)snprintf(path, sizeof path, "%s/%s.txt.gz", folder, name);
	file = gzopen(path, "rb");
	if (!file)
		fail(path);
	return file;
}

static struct row *read_rows(const char *folder, const char *name, size_t *count)
{
	gzFile file = open_file(folder, name);
	struct row *rows = NULL;
	char line[512];

	*count = 0;
	while (next_line(file, line, sizeof line)) {
		struct row row;

		if (sscanf(line, "%" SCNu64 "%" SCNd64 "%" SCNd64 "%" SCNu64 "%" SCNd64, &row.ta, &row.tb_ns,
			   &row.te_ns, &row.tf, &row.truth_ns) != 5)
			fail(name);
		rows = realloc(rows, (*count + 1) * sizeof *rows);
		if (!rows)
			abort();
		rows[(*count)++] = row;
	}
	(void)gzclose(file);
	return rows;
}

/* Read RADclock's time at each stamp's tf. */
static int64_t *read_reference(const char *folder, const char *name, const struct row *rows, size_t count)
{
	gzFile file = open_file(folder, name);
	int64_t *times_ns = calloc(count, sizeof *times_ns);
	char line[512];

	if (!times_ns)
		abort();
	for (size_t i = 0; i < count; i++) {
		uint64_t tf;

		if (!next_line(file, line, sizeof line) ||
		    sscanf(line, "%" SCNu64 "%*s%*s%*s%*s%" SCNd64, &tf, &times_ns[i]) != 2 || tf != rows[i].tf)
			fail(name);
	}
	(void)gzclose(file);
	return times_ns;
}

static struct ffntp_ntp ntp(int64_t ns)
{
	uint64_t s = (uint64_t)(ns / NS_PER_S + FFNTP_NTP_UNIX_S), rest = (uint64_t)(ns % NS_PER_S);

	return (struct ffntp_ntp){ s << 32 | (rest << 32) / (uint64_t)NS_PER_S };
}

static double ahead_s(const struct ffntp_estimate *estimate, int64_t ns)
{
	return ffntp_ntp_diff_s(estimate->reference, ntp(ns)) + estimate->correction_s;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct scores {
	double apart_s; /* median */
	double rms_s, reference_rms_s, within_2_esterror;
	unsigned refused;
};

/* Sums over the stamps. */
struct sums {
	double *apart_s;
	size_t aparts, scored, within;
	double square_s2, reference_square_s2;
};

static void score_stamp(struct sums *sums, const struct ffntp_estimate *estimate, const struct row *row,
			const int64_t *reference_ns, bool is_scored, bool is_warm)
{
	double error_s = ahead_s(estimate, row->truth_ns);

	if (reference_ns && is_warm)
		sums->apart_s[sums->aparts++] = fabs(ahead_s(estimate, *reference_ns));
	if (!is_scored)
		return;
	sums->scored++;
	sums->square_s2 += error_s * error_s;
	sums->within += fabs(error_s) <= 2 * estimate->esterror_s;
	if (reference_ns)
		sums->reference_square_s2 += pow((double)(*reference_ns - row->truth_ns) * 1e-9, 2);
}

static struct scores conclude(struct sums *sums)
{
	if (sums->aparts > 0)
		qsort(sums->apart_s, sums->aparts, sizeof *sums->apart_s, compare);
	return (struct scores){
		.apart_s = sums->aparts > 0 ? sums->apart_s[sums->aparts / 2] : 0,
		.rms_s = sqrt(sums->square_s2 / (double)sums->scored),
		.reference_rms_s = sqrt(sums->reference_square_s2 / (double)sums->scored),
		.within_2_esterror = (double)sums->within / (double)sums->scored,
	};
}

static struct scores run(const struct limits *limits, const struct row *rows, size_t count, const int64_t *reference_ns)
{
	const struct ffntp_estimator_config config = { 1e-9, 500e-6, limits->poll_s, 0 };
	void *state = malloc(ffntp_radclock_ops.memory(&config));
	struct sums sums = { .apart_s = calloc(count, sizeof(double)) };
	uint64_t middle = rows[0].tf + (rows[count - 1].tf - rows[0].tf) / 2;
	struct scores scores;
	unsigned refused = 0;

	if (!state || !sums.apart_s)
		abort();
	ffntp_radclock_ops.init(state, &config);
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		struct ffntp_stamp stamp = {
			.ta = row->ta,
			.tb = ntp(row->tb_ns),
			.te = ntp(row->te_ns),
			.tf = row->tf,
			.stratum = 1,
		};
		struct ffntp_estimate estimate;

		refused += ffntp_radclock_ops.add(state, &stamp, &estimate) != FFNTP_ACCEPTED;
		score_stamp(&sums, &estimate, row, reference_ns ? &reference_ns[i] : NULL, row->tf >= middle,
			    row->tf - rows[0].tf > WARMUP_TICKS);
	}
	scores = conclude(&sums);
	scores.refused = refused;
	free(sums.apart_s);
	free(state);
	return scores;
}

/*
 * Return whether the estimated errors cover the true ones. The trace whose path changes one way is exempt, because no
 * exchange reveals half of that change.
 */
static bool is_calibrated(const struct limits *limits, const struct scores *scores)
{
	return strcmp(limits->name, "route-change-one-way") == 0 || scores->within_2_esterror >= 0.88;
}

static bool test(const struct limits *limits, const char *folder, const char *reference_folder)
{
	size_t count;
	struct row *rows = read_rows(folder, limits->name, &count);
	int64_t *reference_ns = limits->ratio > 0 ? read_reference(reference_folder, limits->name, rows, count) : NULL;
	struct scores scores = run(limits, rows, count, reference_ns);
	bool is_good =
		scores.rms_s <= limits->rms_s && scores.refused == limits->refused && is_calibrated(limits, &scores);

	if (reference_ns)
		is_good = is_good && scores.apart_s <= limits->apart_s &&
			  scores.rms_s <= limits->ratio * scores.reference_rms_s;
	printf("# %s: RMS %.2f us (RADclock %.2f), median distance %.3f us, %u refused, %.3f within 2 estimated "
	       "errors\n",
	       limits->name, scores.rms_s * 1e6, scores.reference_rms_s * 1e6, scores.apart_s * 1e6, scores.refused,
	       scores.within_2_esterror);
	free(reference_ns);
	free(rows);
	return is_good;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: golden_radclock TRACES REFERENCES\n");
		return 2;
	}
	printf("1..%zu\n", TRACES);
	for (size_t i = 0; i < TRACES; i++)
		printf("%s %zu - %s\n", test(&traces[i], argv[1], argv[2]) ? "ok" : "not ok", i + 1, traces[i].name);
	return 0;
}
