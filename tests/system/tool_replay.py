#!/usr/bin/env python3
"""ffntp replay: its scores against an independent computation, its ways of reading, and the traces that it rejects."""
import gzip
import json
import math
import os
import statistics
import sys

import tap
import tool

KEYS = ["trace", "estimator", "stamps", "refused", "scored", "before", "after", "bound_held", "bound_median_us",
        "within_2_esterror", "ns_per_stamp"]
SUMMARY = {"rms_us", "median_us", "p99_us", "max_us"}
TRACES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "traces")


def replay(*arguments, **options):
    return tool.objects(["replay", "--json", *arguments], **options)


def comparable(result):
    """Drop the name, and the fields that differ from run to run."""
    return {key: value for key, value in result.items() if key not in ("trace", "ns_per_stamp")}


# --- scores ---

def read_steps(path):
    with open(path) as f:
        lines = [line.split() for line in f]
    tap.check(lines[0][:2] == ["#", "trace"] and lines[1][:2] == ["#", "tf_ticks"], f"no header: {lines[:2]}")
    names = lines[1][1:]
    return [dict(zip(names, line)) for line in lines[2:]]


def summarise(errors_us):
    return {"rms_us": math.sqrt(sum(e * e for e in errors_us) / len(errors_us)),
            "median_us": statistics.median(errors_us),
            "p99_us": statistics.quantiles(errors_us, n=100, method="inclusive")[98],
            "max_us": max(errors_us)}


def check_close(what, got, wanted):
    tap.check(abs(got - wanted) <= 1e-5 * abs(wanted) + 1e-9, f"{what}: {got}, not {wanted}")


def is_within(step, when, factor, error):
    truth = int(step["truth_ns"])
    rounding_ns = 2 if error == "bound" else 0
    return abs(int(step[f"{when}_ns"]) - truth) <= factor * int(step[f"{when}_{error}_ns"]) + rounding_ns


def check_scores(result, steps):
    truths = [int(step["truth_ns"]) for step in steps]
    scored = [step for step, truth in zip(steps, truths) if 2 * truth >= truths[0] + truths[-1]]
    tap.check(result["stamps"] == len(steps) and result["scored"] == len(scored), f"{result}")
    tap.check(result["refused"] == sum(step["verdict"] != "accepted" for step in steps), f"{result}")
    for when in ("before", "after"):
        wanted = summarise([abs(int(step[f"{when}_ns"]) - int(step["truth_ns"])) / 1e3 for step in scored])
        tap.check(set(result[when]) == SUMMARY, f"{result}")
        for key in SUMMARY:
            check_close(f"{when} {key}", result[when][key], wanted[key])
    check_close("bound", result["bound_median_us"],
                statistics.median(int(step["before_bound_ns"]) / 1e3 for step in scored))
    check_close("within", result["within_2_esterror"],
                sum(is_within(step, "before", 2, "esterror") for step in scored) / len(scored))
    held = sum(is_within(step, "before", 1, "bound") and is_within(step, "after", 1, "bound") for step in scored)
    check_close("held", result["bound_held"], held / len(scored))


def check_trace(folder, trace, *arguments):
    [result] = replay("--per-stamp", f"{folder}/steps", *arguments, trace)
    tap.check([key for key in result if key in KEYS] == KEYS, f"{list(result)}")
    check_scores(result, read_steps(f"{folder}/steps"))
    tap.check(result["bound_held"] == 1, f"a bound did not hold: {result}")
    tap.check(result["ns_per_stamp"] > 0, f"{result}")
    return result


def test_scores_are_those_of_an_independent_computation(folder):
    trace = tool.write(folder, "made.txt", tool.make_trace())
    for estimator in tool.estimators():
        result = check_trace(folder, trace, "--estimator", estimator)
        tap.check(result["trace"] == "made" and result["estimator"] == estimator, f"{result}")
        tap.check(result["before"]["median_us"] < 30, f"a clock of a quiet path is better than that: {result}")


def test_scores_of_shared_traces(folder):
    for name in ("lan", "server-fault", "loss-90-percent"):
        result = check_trace(folder, os.path.join(TRACES, f"{name}.txt.gz"))
        tap.check(result["trace"] == name, f"{result}")


def test_a_fault_is_refused_and_counted(folder):
    lines = tool.make_trace(300).splitlines()
    for i in range(200, 206):
        row = [int(word) for word in lines[i].split()]
        row[1] += 150_000_000
        row[2] += 150_000_000
        lines[i] = " ".join(map(str, row))
    result = check_trace(folder, tool.write(folder, "fault", "\n".join(lines)))
    tap.check(result["refused"] == 6, f"{result}")


def test_the_default_is_one_of_the_estimators(folder):
    trace = tool.write(folder, "made.txt", tool.make_trace(200))
    [default] = replay(trace)
    [named] = replay("--estimator", default["estimator"], trace)
    tap.check(comparable(default) == comparable(named), f"{default} is not {named}")


def test_a_trace_without_truth_runs(folder):
    trace = tool.write(folder, "untold", tool.make_trace(100, truth=False))
    [result] = replay("--per-stamp", f"{folder}/steps", trace)
    tap.check(result["stamps"] == 100 and result["scored"] == 0, f"{result}")
    tap.check(all(result[key] is None for key in ("before", "after", "bound_held", "bound_median_us")), f"{result}")
    tap.check(all(step["truth_ns"] == "-" for step in read_steps(f"{folder}/steps")), "a truth from nowhere")


# --- the same scores by other ways ---

def test_compressed_plain_and_standard_input_are_one(folder):
    text = tool.make_trace(200).encode()
    [plain] = replay(tool.write(folder, "made.txt", text))
    [packed] = replay(tool.write(folder, "made.txt.gz", gzip.compress(text)))
    tap.check(plain["trace"] == packed["trace"] == "made", f"{plain} {packed}")
    for stdin in (text, gzip.compress(text)):
        [piped] = replay("-", stdin=stdin)
        tap.check(comparable(plain) == comparable(packed) == comparable(piped), f"{plain} {packed} {piped}")


def test_every_era_is_the_same(folder):
    """Traces of 1975, before and after 2036, and 2104: the era is resolved once, and right."""
    results = [replay(tool.write(folder, str(begin_s), tool.make_trace(200, begin_s=begin_s)))[0]
               for begin_s in (1767225600, 157766400, 2085978000, 2085980000, 4228675200)]
    for result in results[1:]:
        tap.check(comparable(result) == comparable(results[0]), f"{result} is not {results[0]}")


def test_an_era_that_ends_in_the_middle(folder):
    check_trace(folder, tool.write(folder, "rollover", tool.make_trace(200, begin_s=2085978496 - 1600)))


def test_another_rate_of_the_counter(folder):
    rows = [line.split() for line in tool.make_trace(200).splitlines()[1:]]
    faster = "\n".join(" ".join([str(int(row[0]) * 3), *row[1:3], str(int(row[3]) * 3), *row[4:]]) for row in rows)
    [slow] = replay(tool.write(folder, "slow", tool.make_trace(200)))
    [fast] = replay("--counter-hz", "3e9", tool.write(folder, "fast", faster))
    tap.check(fast["refused"] == slow["refused"] == 0, f"{fast} {slow}")
    ratio = fast["before"]["rms_us"] / slow["before"]["rms_us"]
    tap.check(0.95 < ratio < 1.05, f"{fast} {slow}")


def with_rate(hz, count=200, **options):
    """Write the same trace with a counter of that rate."""
    lines = [line.split() for line in tool.make_trace(count, **options).splitlines()[1:]]
    return "\n".join(" ".join([str(int(row[0]) * hz // 10**9), *row[1:3], str(int(row[3]) * hz // 10**9), *row[4:]])
                     for row in lines) + "\n"


def test_a_rate_that_was_not_given_is_named(folder):
    for count in (5, 1000):
        text = with_rate(14318180, count, skew=0)
        tool.check_refused(["replay", tool.write(folder, "acpi", text)], "acpi: ", "1431", " Hz", "500 ppm", "--counter-hz 1000000000")
        [result] = replay("--counter-hz", "14318180", tool.write(folder, "acpi", text))
        tap.check(result["refused"] == 0, f"{result}")
    for skew in (480e-6, -480e-6):
        [result] = replay(tool.write(folder, "skewed", tool.make_trace(200, skew=skew)))
        tap.check(result["refused"] == 0, f"{result}")
    for skew in (520e-6, -520e-6):
        tool.check_refused(["replay", tool.write(folder, "skewed", tool.make_trace(200, skew=skew))], "500 ppm")


def test_a_trace_of_which_nothing_is_accepted_is_explained(folder):
    """Its counter stands still; the score is printed all the same."""
    path = tool.write(folder, "still", "\n".join(f"1000 {s}000000000 {s}000000100 1000" for s in range(1, 20)))
    code, output, errors = tool.ffntp("replay", "--json", path)
    tap.check(code == 1 and json.loads(output)["refused"] == 19, f"{code} {output}")
    tap.check(errors.count("\n") == 1 and "still: no exchange was accepted" in errors, errors)


def test_a_step_does_not_change_a_trace_s_rate(folder):
    """Jumps of the server, of the counter, and a server that is ahead now and then: valid traces, which the client judges."""
    rows = [list(map(int, line.split())) for line in tool.make_trace(200).splitlines()[1:]]
    for name, column, step in (("server", (1, 2), 10**13), ("counter", (0, 3), 10**13)):
        stepped = [[value + (step if i >= 100 and k in column else 0) for k, value in enumerate(row)]
                   for i, row in enumerate(rows)]
        [result] = replay(tool.write(folder, name, "\n".join(" ".join(map(str, row)) for row in stepped)))
        tap.check(result["stamps"] == 200, f"{result}")
    flipped = [[value + (10**9 if i % 10 == 5 and k in (1, 2) else 0) for k, value in enumerate(row)]
               for i, row in enumerate(rows)]
    [result] = replay(tool.write(folder, "flips", "\n".join(" ".join(map(str, row)) for row in flipped)))
    tap.check(result["stamps"] == 200, f"{result}")


def test_a_counter_may_wrap(folder):
    rows = [line.split() for line in tool.make_trace(200).splitlines()[1:]]

    def later(ticks):
        return str((int(ticks) + 2**64 - 10**12) % 2**64)
    wrapped = "\n".join(" ".join([later(row[0]), *row[1:3], later(row[3]), *row[4:]]) for row in rows)
    [plain] = replay(tool.write(folder, "plain", tool.make_trace(200)))
    [wraps] = replay(tool.write(folder, "wraps", wrapped))
    tap.check(comparable(plain) == comparable(wraps), f"{plain} {wraps}")


def test_several_traces_are_several_lines(folder):
    paths = [tool.write(folder, f"{i}.txt", tool.make_trace(50, seed=i)) for i in range(3)]
    tap.check([result["trace"] for result in replay(*paths)] == ["0", "1", "2"], "not in their order")
    code, output, _ = tool.ffntp("replay", *paths)
    tap.check(code == 0 and len(output.strip().splitlines()) == 3 + 5, output)
    tool.check_width(output)


def test_line_ends_and_blanks_do_not_matter(folder):
    text = tool.make_trace(100)
    [plain] = replay("-", stdin=text.encode())
    for other in (text.replace("\n", "\r\n"), text.replace(" ", "\t"), text.replace("\n", "\n\n# more\n"),
                  text.rstrip("\n")):
        [result] = replay("-", stdin=other.encode())
        tap.check(comparable(result) == comparable(plain), f"{result} {plain}")


# --- rejected lines ---

def check_malformed(folder, line, number, *words):
    lines = tool.make_trace(20).splitlines()
    lines[number - 1] = line
    path = tool.write(folder, "bad.txt", "\n".join(lines))
    tool.check_refused(["replay", "--json", "--per-stamp", f"{folder}/steps", path], f"{path}:{number}: ", *words)
    tap.check(not os.path.exists(f"{folder}/steps"), "something was written")


def test_malformed_lines_are_named(folder):
    check_malformed(folder, "1 2 3", 5, "columns")
    check_malformed(folder, "1 2 3 4 5", 21, "columns")
    check_malformed(folder, "1 2 3 4", 7, "columns")
    check_malformed(folder, "1 2 x 4 5 6", 2, "not a whole number")
    check_malformed(folder, "-1 2 3 4 5 6", 9, "negative")
    check_malformed(folder, "99999999999999999999 2 3 4 5 6", 9, "64 bits")
    check_malformed(folder, "1 2 3 4 5 6" + " " * 600, 9, "too long")
    check_malformed(folder, "1 2 3 4 5 6\0", 9, "not a whole number")
    check_malformed(folder, "\x7fELF\x02\x01", 1, "not a whole number", "neither a trace nor the beginning of a journal")


def test_what_is_no_trace_is_refused(folder):
    packed = gzip.compress(tool.make_trace(200).encode())
    tool.check_refused(["replay", f"{folder}/missing"], "missing: No such file")
    tool.check_refused(["replay", folder], f"{folder}: ", "directory")
    tool.check_refused(["replay", tool.write(folder, "empty", "")], "empty: ", "no exchange")
    tool.check_refused(["replay", tool.write(folder, "comments", "# a\n# b\n")], "comments: ", "no exchange")
    tool.check_refused(["replay", tool.write(folder, "cut.gz", packed[:-100])], "cut.gz: ", "compressed")
    bent = tool.write(folder, "bent.gz", packed[:500] + bytes(500) + packed[1000:])
    tool.check_refused(["replay", bent], "bent.gz: ")
    tool.check_refused(["replay", "-"], "stdin: ", "no exchange")


def test_a_bad_trace_does_not_hide_a_good_one(folder):
    good = tool.write(folder, "good", tool.make_trace(50))
    bad = tool.write(folder, "bad", "1 2 3\n")
    code, output, errors = tool.ffntp("replay", "--json", bad, good)
    tap.check(code == 1 and len(output.splitlines()) == 1 and '"good"' in output, output)
    tap.check(len(errors.splitlines()) == 1 and "bad:1:" in errors, errors)


def test_a_file_that_cannot_be_written_is_told(folder):
    trace = tool.write(folder, "t", tool.make_trace(50))
    for path in (f"{folder}/no/such/folder", "/dev/full"):
        code, _, errors = tool.ffntp("replay", "--per-stamp", path, trace)
        tap.check(code == 1 and path in errors, f"{code} {errors}")


def test_nonsense_that_parses_ends_well(folder):
    """Counters that stand still or run back, times at the ends of their range: each is rejected, without a crash."""
    rows = ["0 0 0 0", "5 1 1 4", "18446744073709551615 9223372036854775807 -9223372036854775807 0",
            "10 -5 -5 20", "20 9223372036854775807 9223372036854775807 9223372036854775808"]
    [result] = replay("-", stdin="\n".join(rows).encode())
    tap.check(result["stamps"] == len(rows) and result["refused"] >= 3, f"{result}")
    extreme = "1 2 3 400 9223372036854775807 5\n2000 5 6 4000 -9223372036854775807 9\n"
    [result] = replay("-", stdin=extreme.encode())
    tap.check(result["stamps"] == 2, f"{result}")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=2)
