#!/usr/bin/env python3
"""The default estimator in some of the worlds of tests/worlds, one seed each, and on the recorded trace of tests/realtraces.

The criteria are those of tests/worlds/README.md, for one seed. tests/worlds/score.py runs all worlds with all seeds.
"""
import gzip
import os
import sys

import tap
import tool

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{TESTS}/worlds")
import score  # pylint: disable=wrong-import-position
import worlds  # pylint: disable=wrong-import-position

# In order: the control, a thin lower tail in one direction, slots, correlated delays, a route that changes in one
# direction, a small fault of the server.
WORLDS = ("exponential", "gamma-2-down", "slotted", "queue-level", "route-up", "fault-small")

RECORDED = f"{TESTS}/realtraces/radclock-nmi.txt.gz"
# Half the difference between the least delays of its two directions, us.
RECORDED_GAUGE_US = -447.5
# RMS error with all exchanges (us), and least share of errors within two estimated errors: the measured figures with a
# little to spare. The aims are 76, which RADclock's estimator reaches, and 0.90. Figures may become better here, not
# worse.
RECORDED_RMS_US, RECORDED_WITHIN = 106, 0.83


def world(name):
    def test(_):
        [judgement] = score.judge(tool.FFNTP, [name], seeds=1)
        tap.check(not judgement.failures(), judgement.text())
    return test


for world_name in WORLDS:
    globals()[f"test_{world_name.replace('-', '_')}"] = world(world_name)


def replay_recorded(folder, left_out, factor):
    """Replay the recorded trace without its first exchanges, or every factor-th of its exchanges."""
    with gzip.open(RECORDED, "rt") as file:
        lines = [line for line in file if line.strip() and not line.startswith("#")]
    path = tool.write(folder, f"recorded-{left_out}-{factor}.txt", "".join(lines[left_out::factor]))
    run = score.replay(tool.FFNTP, path, RECORDED_GAUGE_US, "--poll", factor, "--counter-hz", 14318180)
    what = f"left out {left_out}, one in {factor}: RMS {run.rms:.1f} us, within 2 {run.within:.3f}, refused {run.refused}"
    tap.check(run.within >= RECORDED_WITHIN and run.refused == 0 and run.bound_held == 1 and run.unreadable == 0, what)
    return run, what


def test_recorded_exchanges(folder):
    run, what = replay_recorded(folder, 0, 1)
    tap.check(run.rms <= RECORDED_RMS_US, what)


def test_recorded_exchanges_begun_later(folder):
    for left_out in 50, 300, 700:
        replay_recorded(folder, left_out, 1)


def test_recorded_exchanges_thinned(folder):
    for factor in 2, 4, 8:
        replay_recorded(folder, 0, factor)


def made_up(error_us, esterror_us, refused=0):
    """Make a run of 1000 exchanges with these errors, of which the first `refused` are refused."""
    rows = [["0", str(i * 10**9), str(i * 10**9 + round(error_us * 1e3)), "0", str(round(esterror_us * 1e3)),
             "contradiction" if i < refused else "accepted"] for i in range(1000)]
    return score.Run(rows, [0.0] * 1000, {"stamps": 1000, "refused": refused, "unreadable": 0, "bound_held": 1.0})


def test_scores_are_those_of_the_errors(_):
    reference = 10.0
    for arguments, failures in (((12, 10), []), ((13, 10), ["RMS"]), ((-12, 5), ["within 2"]), ((1, 51), ["esterror"]),
                                ((1, 10, 5), []), ((1, 10, 6), ["refused"])):
        judgement = score.Judgement("exponential", [made_up(*arguments)], [(0.8 * reference, 0.6 * reference)])
        tap.check(judgement.failures() == failures, f"{arguments}: {judgement.text()}")


def test_each_world_has_its_limits(_):
    known = score.limits()
    tap.check(set(known) == set(worlds.WORLDS), f"{set(known) ^ set(worlds.WORLDS)}")
    tap.check(all(len(per_seed) == score.SEEDS for per_seed in known.values()), f"{known}")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=2)
