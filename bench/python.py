#!/usr/bin/env python3
"""Compares the cost of a reading in Python with time.clock_gettime_ns, in turn, on this machine. Prints a table.

Usage: PYTHONPATH=build/plain/bindings/python bench/python.py [PAGE]
Without PAGE the readings are those of the page in its usual place.
"""
import sys
import time
import timeit

import ffntp

ROUNDS, READINGS = 25, 20000


def main():
    clock = ffntp.Clock(sys.argv[1] if len(sys.argv) > 1 else None)
    ffntp._shared = clock
    names = dict(clock=clock, ffntp=ffntp, time=time, realtime=time.CLOCK_REALTIME)
    cases = ["time.clock_gettime_ns(realtime)", "time.time_ns()", "clock.now()", "clock.now().time_ns", "clock.now('tai', 10**9)",
             "ffntp.now()", "clock.elapsed_ns()", "clock.mark()", "clock.since(mark)"]
    names["mark"] = clock.mark()
    # The least of many rounds, in turn, because other processes only ever add to a round.
    rounds = [[timeit.timeit(case, number=READINGS, globals=names) for case in cases] for _ in range(ROUNDS)]
    least = [min(times) for times in zip(*rounds)]
    for case, seconds in zip(cases, least):
        print(f"{case:32} {seconds / READINGS * 1e9:7.1f} ns  {seconds / least[0]:5.2f}")


if __name__ == "__main__":
    main()
