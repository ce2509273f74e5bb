#!/usr/bin/env python3
"""Measures the clock while bogus replies come, 10^5 a second, and without them, in turns: flood.py FLOOD [SECONDS [TURNS]].

It prints the RMS error against CLOCK_REALTIME and the mean bound of each turn, and the ratios of the medians. FFNTPD and PROBE
name the programs, as in the system tests.
"""
import os
import statistics
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/system"))
import tap

RATE = 100000


def turn(flood, rate, seconds):
    """Return RMS error and mean bound (us)."""
    port = tap.free_port()
    with tempfile.TemporaryDirectory() as folder, tap.process([flood, str(port), str(rate)], f"{folder}/flood.log"), \
            tap.daemon(folder, "--poll", "1", f"127.0.0.1:{port}"):
        tap.wait_for_status(folder, "synchronised", 30)
        tap.watch(folder, 10)
        result = tap.watch(folder, seconds)
        verdicts = tap.probe(folder)["verdicts"]
    print(f"{rate:6} packets/s: {result['rms_ns'] / 1e3:8.3f} us RMS, bound {result['bound_mean_ns'] / 1e3:8.3f} us, outside {result['outside']}, "
          f"refused {sum(verdicts.values()) - verdicts['accepted']}, accepted {verdicts['accepted']}", flush=True)
    return result["rms_ns"] / 1e3, result["bound_mean_ns"] / 1e3


def main():
    flood, seconds, turns = sys.argv[1], *map(int, (sys.argv[2:] + ["20", "3"][len(sys.argv) - 2:])[:2])
    found = {rate: [] for rate in (0, RATE)}
    for _ in range(turns):
        for rate in found:
            found[rate].append(turn(flood, rate, seconds))
    for column, name in enumerate(["RMS", "bound"]):
        quiet, flooded = (statistics.median(each[column] for each in found[rate]) for rate in found)
        print(f"{name}: {quiet:.3f} us without, {flooded:.3f} us with, ratio {flooded / quiet:.2f}")


main()
