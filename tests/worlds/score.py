#!/usr/bin/env python3
"""Replay worlds and judge the clock beside their limits.

    score.py [--ffntp PATH] [--estimator NAME] [--seeds N] [--jobs N] [NAME...]

Without names it judges all worlds of worlds.py, with `ffntp replay` of a build (build/plain/tool/ffntp). It prints a line for each world and a
summary, and exits 1 if a world fails. README.md beside this file has the criteria. scripts/accuracy and tests/system/golden_worlds.py use the
functions here.
"""
import argparse
import concurrent.futures
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import worlds  # pylint: disable=wrong-import-position

SEEDS = 3

# RMS error in reference errors: sqrt(limit^2 + least^2), pooled over the seeds.
STATIONARY_RATIO, EVENT_RATIO = 1.25, 1.5
STATIONARY_MEDIAN, EVENT_MEDIAN = 1.12, 1.25
# Share of errors within two estimated errors, in each seed. In beat-1s the limit's own filter has 0.74.
WITHIN, WITHIN_OF = 0.90, {"beat-1s": 0.80}
WITHIN_MEDIAN = 0.93
# Median estimated error in reference errors.
ESTERROR_RATIO, ESTERROR_MEDIAN = 5.0, 1.6
# Exchanges refused in a row, in stationary worlds.
REFUSED_RUN = 5


def rms(values):
    return math.sqrt(sum(value * value for value in values) / len(values)) if values else math.inf


class Run:
    """One replay. errors, esterrors: of the second half, just before each exchange, in us; errors are less the gauge."""

    def __init__(self, rows, gauges, result):
        half = (int(rows[0][1]) + int(rows[-1][1])) // 2
        readable = [(row, gauge) for row, gauge in zip(rows, gauges) if int(row[1]) >= half and row[2] != "-"]
        self.errors = [(int(row[2]) - int(row[1])) / 1e3 - gauge for row, gauge in readable]
        self.esterrors = [int(row[4]) / 1e3 for row, _ in readable]
        self.exchanges, self.refused, self.unreadable = result["stamps"], result["refused"], result["unreadable"]
        self.bound_held = result["bound_held"] or 0
        self.longest_run = longest_run(rows)
        self.rms = rms(self.errors)
        self.within = sum(abs(e) <= 2 * sd for e, sd in zip(self.errors, self.esterrors)) / max(len(self.errors), 1)


def longest_run(rows):
    """Return the largest number of exchanges refused in a row."""
    longest = run = 0
    for row in rows:
        run = 0 if row[-1] == "accepted" else run + 1
        longest = max(longest, run)
    return longest


def replay(ffntp, path, gauges, *arguments):
    """Replay a trace. gauges: the part of the error that no exchange reveals, one for all exchanges or one for each, in us."""
    command = [ffntp, "replay", "--json", "--per-stamp", f"{path}.per", *map(str, arguments), path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    with open(f"{path}.per", encoding="ascii") as file:
        rows = [line.split() for line in file if line[0] != "#"]
    os.remove(f"{path}.per")
    if isinstance(gauges, float):
        gauges = [gauges] * len(rows)
    if len(gauges) != len(rows):
        raise RuntimeError(f"{path}: {len(rows)} rows, {len(gauges)} exchanges")
    return Run(rows, gauges, json.loads(done.stdout))


def write_world(folder, name, seed):
    """Write a world's trace; return its path, and the gauge at each exchange."""
    path, gauges = os.path.join(folder, f"{name}-{seed}.txt"), []
    with open(path, "w", encoding="ascii") as file:
        for e in worlds.exchanges(worlds.WORLDS[name], name, seed):
            print(e.ta, e.tb, e.te, e.tf, e.true_tf, e.true_ta, file=file)
            gauges.append(e.gauge)
    return path, gauges


def replay_world(ffntp, name, seed, estimator="default"):
    with tempfile.TemporaryDirectory() as folder:
        path, gauges = write_world(folder, name, seed)
        return replay(ffntp, path, gauges, "--estimator", estimator, "--poll", worlds.WORLDS[name].poll)


def limits():
    """Return a list of (limit, least) for each world, in us, one pair a seed; the limit is that of a filter without knowledge of correlation."""
    found = {}
    with open(f"{HERE}/limits.txt", encoding="ascii") as file:
        for line in file:
            if line.strip() and line[0] != "#":
                head, per_seed = line.split("|")[:2]
                figures = [[float(figure) for figure in pair.split("/")] for pair in per_seed.split()]
                found[head.split()[0]] = [(figure[-1] if len(figure) > 2 else figure[0], figure[1]) for figure in figures]
    return found


class Judgement:
    """The judgement of one world, from all of its seeds."""

    def __init__(self, name, runs, per_seed):
        self.name, self.runs, self.is_stationary = name, runs, worlds.WORLDS[name].stationary()
        per_seed = per_seed[:len(runs)]
        self.limit, self.least = rms([pair[0] for pair in per_seed]), rms([pair[1] for pair in per_seed])
        self.reference = math.hypot(self.limit, self.least)
        self.rms = rms([error for run in runs for error in run.errors])
        self.ratio = self.rms / self.reference
        self.within = min(run.within for run in runs)
        self.within_all = statistics.mean(run.within for run in runs)
        esterrors = [esterror for run in runs for esterror in run.esterrors]
        self.esterror_ratio = statistics.median(esterrors) / self.reference if esterrors else math.inf
        self.longest_run = max(run.longest_run for run in runs)
        self.bound_held = min(run.bound_held for run in runs)
        self.unreadable = sum(run.unreadable for run in runs)

    def failures(self):
        """Return the names of the criteria that the world fails."""
        checks = {
            "RMS": self.ratio > (STATIONARY_RATIO if self.is_stationary else EVENT_RATIO),
            "within 2": self.within < WITHIN_OF.get(self.name, WITHIN),
            "esterror": self.esterror_ratio > ESTERROR_RATIO,
            "refused": self.is_stationary and self.longest_run > REFUSED_RUN,
            "bound": self.bound_held < 1,
            "unreadable": self.unreadable > 0,
        }
        return [what for what, failed in checks.items() if failed]

    def text(self):
        failures = self.failures()
        return (f"{self.name:19s} RMS {self.rms:8.2f} us, limit {self.limit:6.2f}, least {self.least:6.2f}, ratio {self.ratio:5.2f}; "
                f"within 2 {self.within:.3f}; esterror {self.esterror_ratio:5.2f}; refused in a row {self.longest_run:3d}; "
                f"bound {self.bound_held:.5f}; {'fails: ' + ', '.join(failures) if failures else 'passes'}")


def judge(ffntp, names, seeds=SEEDS, estimator="default", jobs=2):
    """Yield the judgement of each world as soon as its seeds are replayed."""
    known = limits()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        pending = [(name, [pool.submit(replay_world, ffntp, name, seed, estimator) for seed in range(1, seeds + 1)]) for name in names]
        for name, results in pending:
            yield Judgement(name, [result.result() for result in results], known[name])


class Summary:
    """The medians over the worlds."""

    def __init__(self, judgements):
        def median(values):
            values = list(values)
            return statistics.median(values) if values else math.nan
        self.count, self.failed = len(judgements), [j.name for j in judgements if j.failures()]
        self.stationary = median(j.ratio for j in judgements if j.is_stationary)
        self.event = median(j.ratio for j in judgements if not j.is_stationary)
        self.within = median(j.within_all for j in judgements)
        self.esterror = median(j.esterror_ratio for j in judgements)

    def failures(self):
        return self.failed + [what for what, failed in (
            ("median RMS, stationary", self.stationary > STATIONARY_MEDIAN), ("median RMS, drift and events", self.event > EVENT_MEDIAN),
            ("median within 2", self.within < WITHIN_MEDIAN), ("median esterror", self.esterror > ESTERROR_MEDIAN)) if failed]

    def text(self):
        return (f"{self.count - len(self.failed)} of {self.count} worlds pass. Medians: RMS / reference {self.stationary:.2f} (stationary), "
                f"{self.event:.2f} (drift and events); within 2 {self.within:.3f}; esterror / reference {self.esterror:.2f}.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all without any")
    parser.add_argument("--ffntp", default=os.environ.get("FFNTP", f"{TOP}/build/plain/tool/ffntp"), metavar="PATH")
    parser.add_argument("--estimator", default="default", metavar="NAME")
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N", help=f"1 to {SEEDS} [{SEEDS}]")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="replays at a time [2]")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in worlds.WORLDS]
    if unknown:
        sys.exit(f"score.py: no world named {unknown[0]}; worlds.py --list names them")
    if not 1 <= options.seeds <= SEEDS or options.jobs < 1:
        sys.exit(f"score.py: --seeds is 1 to {SEEDS}, --jobs at least 1")
    if not os.access(options.ffntp, os.X_OK):
        sys.exit(f"score.py: {options.ffntp}: no such program; make build makes it")
    judgements = []
    for judgement in judge(options.ffntp, options.names or list(worlds.WORLDS), options.seeds, options.estimator, options.jobs):
        judgements.append(judgement)
        print(judgement.text(), flush=True)
    summary = Summary(judgements)
    print(summary.text())
    sys.exit(bool(summary.failures()))


if __name__ == "__main__":
    main()
