#!/usr/bin/env python3
"""ffntp simulate: the same seed gives the same result, its traces replay to its scores, its limit, and invalid arguments."""
import os
import sys

import tap
import tool

KEYS = ["scenario", "seed", "estimator", "poll_s", "hours", "requests", "exchanges", "refused", "scored", "unreadable",
        "second", "before", "after", "bound_held", "bound_median_us", "within_2_esterror", "esterror_median_us",
        "within_1ms_s", "within_100us_s", "gauge", "less_gauge", "servers"]
SERVERS = ["number", "seconds", "readable_s", "synchronised_s", "bound_broken_s", "largest_jump_esterrors", "largest_jump_at_s",
           "within_2_esterror_and_asymmetry", "wrong_used_s", "used_s"]
SUMMARY = {"rms_us", "median_us", "p99_us", "max_us"}
NEEDED = """lan metro metro-quiet continental intercontinental wifi congestion temperature frequency-step
    route-change-one-way route-change-both-ways flapping-routes route-change-in-noise server-fault small-server-fault outage-4-hours
    loss-90-percent cold-start unequal-noise uplink wandering-oscillator asymmetric-path server-ticks-1-ms server-ticks-16-ms leap-smear
    server-transmit-noise
    counter-jump
    normal-tails normal-tails-unlike normal-tails-far gamma-tails gamma-down gamma-up hump-down uniform-down lognormal-tails
    weibull-tails granted-uplink fast-mode-rare slow-mode-rare slotted-uplink cellular-comb beam-comb spikes-and-tails
    lasting-queues busy-spells beating-slots sparse-polls missing-bunches server-ticks-half-ms server-wanders cheap-oscillator
    rate-turns temperature-gamma frequency-step-gamma floors-together floors-apart route-change-gamma route-change-slots
    server-fault-normal server-fault-two-modes
    three-equal ten-equal asymmetric-one asymmetric-five churn two-of-five-lie one-of-two-lies two-of-three-lie drifting-liar
    liar-within-bound small-fault-of-three long-fault-of-three all-but-one-silent pool-of-twenty nearest-fails falseticker""".split()
# A majority of liars is what no bound can contain.
LIARS_WIN = ["two-of-three-lie"]
TRACES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "traces")


def simulate(*arguments):
    return tool.objects(["simulate", "--json", *arguments])


def scenarios():
    code, output, errors = tool.ffntp("simulate", "--list")
    tap.check(code == 0 and errors == "", errors)
    return [line.split(None, 1) for line in output.splitlines()]


# --- its output ---

def test_list(folder):
    listed = scenarios()
    tap.check(all(len(line) == 2 for line in listed), f"{listed}")
    tap.check(set(NEEDED) <= {name for name, _ in listed}, f"{listed}")


def is_too_coarse(result):
    """RADclock's estimator takes timestamps to be exact to microseconds: docs/algorithm.md."""
    return result["estimator"] == "radclock" and result["scenario"].startswith("server-ticks")


def test_every_scenario_runs_with_each_estimator(folder):
    names = [name for name, _ in scenarios()]
    for estimator in tool.estimators():
        for poll in ("16", "adaptive"):
            results = simulate("--hours", "3", "--estimator", estimator, "--poll", poll, *names)
            tap.check([result["scenario"] for result in results] == names, f"{results}")
            results = [result for result in results if not is_too_coarse(result)]
            for result in results:
                tap.check(list(result) == KEYS and list(result["servers"]) == SERVERS, f"{list(result)}")
                tap.check(result["estimator"] == estimator and str(result["poll_s"]) == poll, f"{result}")
                tap.check(result["bound_held"] == (result["scenario"] not in LIARS_WIN), f"a bound: {result}")
                tap.check(result["requests"] >= result["exchanges"] >= result["refused"], f"{result}")
                tap.check(result["scored"] + result["unreadable"] == 5401, f"{result}")
                tap.check(all(set(result[when]) == SUMMARY for when in ("second", "before", "after")), f"{result}")


def test_table(folder):
    code, output, errors = tool.ffntp("simulate", "--hours", "1", "--limit", "lan", "congestion")
    tap.check(code == 0 and errors == "" and len(output.splitlines()) == 6, output + errors)
    tool.check_width(output)
    tap.check(output.splitlines()[-1].split()[-1] == "-", f"congestion has no limit: {output}")


def test_one_seed_is_one_course(folder):
    [one] = simulate("--seed", "91", "--hours", "2", "metro")
    [again] = simulate("--seed", "91", "--hours", "2", "metro")
    [other] = simulate("--seed", "92", "--hours", "2", "metro")
    tap.check(one == again, f"{one} is not {again}")
    tap.check(one["second"] != other["second"], f"{one}")


def test_adaptive_asks_less(folder):
    [fixed] = simulate("--hours", "12", "metro")
    [adaptive] = simulate("--hours", "12", "--poll", "adaptive", "metro")
    tap.check(adaptive["requests"] * 3 < fixed["requests"], f"{adaptive}")
    tap.check(adaptive["second"]["rms_us"] > fixed["second"]["rms_us"], f"{adaptive}")


def test_a_jump_of_the_counter_is_seen(folder):
    [result] = simulate("--hours", "18", "counter-jump")
    tap.check(result["second"]["max_us"] > 1e6 and result["second"]["median_us"] < 20, f"{result}")
    tap.check(1 > result["bound_held"] > 0.998, f"bounds failed long after the jump, or not at all: {result}")


# --- what no exchange reveals ---

def test_the_gauge(folder):
    """With 2 ms forth and 6 ms back the clock is 2 ms behind, and otherwise good."""
    [apart, alike, far] = simulate("--hours", "6", "asymmetric-path", "metro", "normal-tails-far")
    tap.check(all(abs(apart["gauge"][key] + 2000) < 1e-6 for key in ("mean_us", "least_us", "most_us")), f"{apart}")
    tap.check(abs(far["gauge"]["mean_us"] - 300) < 1e-6, f"{far}")
    tap.check(apart["second"]["rms_us"] > 1900 and apart["less_gauge"]["second"]["rms_us"] < 50, f"{apart}")
    tap.check(apart["less_gauge"]["within_2_esterror"] > 0.5 > apart["within_2_esterror"], f"{apart}")
    tap.check(alike["gauge"] == {"mean_us": 0, "least_us": 0, "most_us": 0}, f"{alike}")
    tap.check(all(alike["less_gauge"][key] == alike[key] for key in alike["less_gauge"]), f"{alike}")


def test_the_gauge_drifts_with_the_floors(folder):
    [drifts] = simulate("--hours", "24", "floors-apart")
    gauge = drifts["gauge"]
    tap.check(-30 <= gauge["least_us"] < gauge["mean_us"] - 5 < gauge["mean_us"] + 5 < gauge["most_us"] <= 30, f"{gauge}")


# --- several servers ---

def test_any_scenario_with_several_servers(folder):
    [one] = simulate("--hours", "2", "--seed", "94", "metro")
    [same] = simulate("--hours", "2", "--seed", "94", "--servers", "1", "three-equal")
    [three] = simulate("--hours", "2", "--seed", "94", "--servers", "3", "metro")
    [listed] = simulate("--hours", "2", "--seed", "94", "three-equal")
    tap.check({**same, "scenario": "metro"} == one, f"{same} {one}")
    tap.check({**listed, "scenario": "metro"} == three, f"{listed} {three}")
    tap.check(one["servers"]["number"] == 1 and three["servers"]["number"] == len(three["servers"]["used_s"]) == 3, f"{three}")
    tap.check(three["servers"]["seconds"] == three["servers"]["synchronised_s"] == 7141, f"{three}")
    tap.check(three["requests"] > 2.9 * one["requests"], f"{three}")
    [most] = simulate("--hours", "0.1", "--servers", "64", "lan")
    tap.check(most["servers"]["number"] == 64 and most["bound_held"] == 1, f"{most}")


def test_liars(folder):
    wins, splits, found = simulate("--hours", "2", "two-of-three-lie", "one-of-two-lies", "two-of-five-lie")
    tap.check(wins["bound_held"] == 0 and wins["servers"]["wrong_used_s"] > 7000, f"{wins}")
    tap.check(splits["servers"]["synchronised_s"] == 0 and splits["bound_held"] == 1, f"{splits}")
    tap.check(splits["bound_median_us"] > 20000, f"{splits}")
    tap.check(found["servers"]["wrong_used_s"] == 0 and found["servers"]["synchronised_s"] == 7141, f"{found}")


# --- its traces ---

def test_traces_replay_to_the_same_scores(folder):
    for estimator in tool.estimators():
        for name in ("metro", "loss-90-percent", "server-fault"):
            path = f"{folder}/{name}.txt"
            [made] = simulate("--hours", "15", "--seed", "93", "--estimator", estimator, "--trace", path, name)
            [replayed] = tool.objects(["replay", "--json", "--estimator", estimator, path])
            tap.check(replayed["stamps"] == made["exchanges"] and replayed["refused"] == made["refused"], f"{made}")
            # The halves differ by an exchange or two: replay halves the number of exchanges, simulate the time.
            for when in ("before", "after"):
                got, wanted = replayed[when]["rms_us"], made[when]["rms_us"]
                tap.check(abs(got - wanted) <= 0.02 * wanted, f"{name} {estimator}: {got}, not {wanted}")
                tap.check(replayed[when]["max_us"] == made[when]["max_us"], f"{replayed} {made}")


def test_a_trace_is_a_trace(folder):
    simulate("--hours", "1", "--trace", f"{folder}/t", "lan")
    lines = open(f"{folder}/t").read().splitlines()
    tap.check(lines[0].startswith("# ffntp simulate lan --seed 1 "), lines[0])
    rows = [[int(word) for word in line.split()] for line in lines[1:]]
    tap.check(all(len(row) == 6 for row in rows), f"{rows[0]}")
    tap.check(all(row[5] < row[1] < row[2] < row[4] for row in rows), "not in the order of causes")
    tap.check(all(a[4] < b[5] for a, b in zip(rows, rows[1:])), "truth goes back")


# --- the limit ---

# Limits in us that a particle filter found on the recorded traces, to two or three digits.
LIMITS = {"lan": 1.75, "metro": 4.14, "continental": 10.1, "intercontinental": 22.2, "wifi": 20.3}


def test_the_limit_on_recorded_traces(folder):
    for name, wanted in LIMITS.items():
        [result] = simulate("--recorded", f"{TRACES}/{name}.txt.gz", name)
        got = result["limit"]["before"]["rms_us"]
        tap.check(abs(got - wanted) <= 0.01 * wanted, f"{name}: {got}, not {wanted}")
    _, output, _ = tool.ffntp("simulate", "--recorded", f"{TRACES}/lan.txt.gz", "lan")
    tool.check_width(output)
    tap.check("RMS 1.7" in output, output)


def test_a_limit_that_no_trace_can_give(folder):
    tool.check_refused(["simulate", "--recorded", f"{TRACES}/lan.txt.gz", "floors-apart"], "floors-apart", "trace", code=2)
    [known] = simulate("--limit", "--hours", "3", "floors-apart")
    tap.check(0 < known["limit"]["before"]["rms_us"] < 60, f"{known}")
    [unknown] = simulate("--limit", "--hours", "3", "rate-turns")
    tap.check("limit" not in unknown, f"{unknown}")


def test_the_clock_does_not_beat_the_limit(folder):
    """The clock may beat the limit by luck, which is worth at most two percent in a day."""
    for seed in ("94", "95"):
        for result in simulate("--limit", "--seed", seed, "lan", "metro", "unequal-noise"):
            for when in ("second", "before"):
                limit, clock = result["limit"][when]["rms_us"], result[when]["rms_us"]
                tap.check(0.98 * limit < clock < 1.5 * limit, f"{result}")


def errors_us(trace, per_stamp):
    """Replay a trace. Return (s since the first exchange, larger absolute error just before and just after) of each."""
    code, _, errors = tool.ffntp("replay", "--per-stamp", per_stamp, trace)
    tap.check(code == 0, errors)
    with open(per_stamp, encoding="ascii") as file:
        rows = [line.split() for line in file if not line.startswith("#")]
    first = int(rows[0][0])
    return [((int(row[0]) - first) * 1e-9,
             max(abs(int(row[column]) - int(row[1])) * 1e-3 for column in (2, 5) if row[column] != "-")) for row in rows]


def test_a_cold_start(folder):
    """From nothing but the counter's nominal rate: within 100 us after 15 s and 8 requests, two seconds apart."""
    for seed in range(1, 6):
        tool.ffntp("simulate", "--hours", "1", "--seed", str(seed), "--trace", f"{folder}/t{seed}", "cold-start")
        errors = errors_us(f"{folder}/t{seed}", f"{folder}/p{seed}")
        times = [time for time, _ in errors if time < 60]
        tap.check(sum(time <= 15 for time in times) <= 8, f"seed {seed}: {times}")
        tap.check(all(after - before > 1.9 for before, after in zip(times, times[1:])), f"seed {seed}: {times}")
        tap.check(all(error < 100 for time, error in errors if time > 15), f"seed {seed}: {errors}")


# --- invalid arguments ---

def test_what_makes_no_sense_is_refused(folder):
    tool.check_refused(["simulate"], "no scenario", "--list", code=2)
    tool.check_refused(["simulate", "nowhere"], "'nowhere'", "--list", code=2)
    tool.check_refused(["simulate", "lan", ""], "''", code=2)
    tool.check_refused(["simulate", "--poll", "0", "lan"], "--poll", "'0'", code=2)
    tool.check_refused(["simulate", "--poll", "often", "lan"], "--poll", "'often'", code=2)
    tool.check_refused(["simulate", "--poll", "131073", "lan"], "--poll", code=2)
    tool.check_refused(["simulate", "--seed", "-1", "lan"], "--seed", code=2)
    tool.check_refused(["simulate", "--seed", "1.5", "lan"], "--seed", code=2)
    tool.check_refused(["simulate", "--hours", "0", "lan"], "--hours", code=2)
    tool.check_refused(["simulate", "--hours", "1e9", "lan"], "--hours", code=2)
    tool.check_refused(["simulate", "--estimator", "sundial", "lan"], "'sundial'", code=2)
    tool.check_refused(["simulate", "--servers", "0", "lan"], "--servers", code=2)
    tool.check_refused(["simulate", "--servers", "65", "lan"], "--servers", code=2)
    tool.check_refused(["simulate", "--trace", f"{folder}/t", "--servers", "2", "lan"], "--trace", "lan", code=2)
    tool.check_refused(["simulate", "--trace", f"{folder}/t", "lan", "metro"], "--trace", code=2)
    tool.check_refused(["simulate", "--recorded", f"{folder}/t", "congestion"], "congestion", "limit", code=2)
    tap.check(not os.path.exists(f"{folder}/t"), "something was written")


def test_files_that_cannot_be_used_are_told(folder):
    tool.check_refused(["simulate", "--hours", "1", "--trace", f"{folder}/no/such", "lan"], f"{folder}/no/such: ")
    tool.check_refused(["simulate", "--hours", "1", "--trace", "/dev/full", "lan"], "/dev/full: ")
    tool.check_refused(["simulate", "--recorded", f"{folder}/missing", "lan"], "missing: No such file")
    untold = tool.write(folder, "untold", tool.make_trace(50, truth=False))
    tool.check_refused(["simulate", "--recorded", untold, "lan"], "untold: ", "no true time")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=2)
