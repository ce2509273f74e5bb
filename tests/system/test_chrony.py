#!/usr/bin/env python3
"""Against Debian's chronyd, which serves CLOCK_REALTIME: a minute at a request a second, with each counter."""
import contextlib
import os
import sys

import packages
import tap

SECONDS = 60


@contextlib.contextmanager
def chronyd(folder):
    """Serves the host's time, which it does not touch (-x). Yields its port."""
    program = packages.program("chrony", "/usr/sbin/chronyd")
    port = tap.free_port()
    with open(f"{folder}/chrony.conf", "w") as f:
        f.write(f"local stratum 1\nallow\nport {port}\ncmdport 0\nbindcmdaddress /\npidfile {folder}/chronyd.pid\n")
    user = ["-u", "root"] if os.geteuid() == 0 else ["-U"]
    with tap.process([program, "-x", "-d", *user, "-f", f"{folder}/chrony.conf"], f"{folder}/chronyd.log") as running:
        tap.wait_for(lambda: tap.answers(port) or running.poll() is not None, "chronyd to answer")
        tap.check(running.poll() is None, "chronyd ended")
        yield port


def keep_time(folder, *arguments):
    with chronyd(folder) as port, tap.daemon(folder, "--poll", "1", "-v", *arguments, f"127.0.0.1:{port}"):
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
