#!/usr/bin/env python3
"""Against Debian's chronyd, which serves CLOCK_REALTIME: for a minute, with a request a second and with each counter."""
import sys

import chrony
import tap

SECONDS = 60


def keep_time(folder, *arguments):
    with chrony.chronyd(folder) as port, tap.daemon(folder, "--poll", "1", "-v", *arguments, f"127.0.0.1:{port}"):
        tap.wait_for_status(folder, "synchronised")
        tap.check_watched(tap.watch(folder, SECONDS), SECONDS)
        page = tap.probe(folder)
        tap.check_heard(page, SECONDS - 5)


def test_time_from_chronyd_with_the_best_counter(folder):
    keep_time(folder)


def test_time_from_chronyd_with_clock_monotonic_raw(folder):
    keep_time(folder, "--counter", "raw")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
