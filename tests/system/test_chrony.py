#!/usr/bin/env python3
"""Against Debian's chronyd, which serves CLOCK_REALTIME: for a minute, with a request a second and with each counter; and against
three of them and a server that lies, of which one is stopped and continued."""
import contextlib
import os
import signal
import sys

import chrony
import fake
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


def selections(folder):
    """Return the selection of each server in the page, by its port."""
    page = tap.probe(folder)
    return {each["port"]: each["selection"] for each in page["sources"]} if page else {}


def test_time_from_three_chronyds_and_a_liar(folder):
    """With four servers one may lie and, later, one may be silent: the clock goes on, and its bound holds."""
    used = ("followed", "combined", "spare")
    with contextlib.ExitStack() as stack, fake.Server(lambda server, request, number: [fake.reply(request, offset_s=1)]) as liar:
        for i in range(3):
            os.mkdir(f"{folder}/{i}")
        ports = [stack.enter_context(chrony.chronyd(f"{folder}/{i}")) for i in range(3)]
        stack.enter_context(tap.daemon(folder, "--poll", "1", *(f"127.0.0.1:{port}" for port in (liar.port, *ports))))
        marker = tap.wait_for_status(folder, "synchronised")["disruption_marker"]
        tap.wait_for(lambda: all(selections(folder).get(port) in used for port in ports), "three that are right")
        tap.wait_for(lambda: selections(folder).get(liar.port) == "falseticker", "the liar")
        tap.check_watched(tap.watch(folder, 5), 5, median_ns=100000)
        with open(f"{folder}/2/chronyd.pid") as f:
            pid = int(f.read())
        os.kill(pid, signal.SIGSTOP)
        try:
            tap.wait_for(lambda: selections(folder).get(ports[2]) == "none", "the silent one", 30)
            tap.check_watched(tap.watch(folder, 5), 5, median_ns=100000)
            tap.wait_for_status(folder, "synchronised")
        finally:
            os.kill(pid, signal.SIGCONT)
        tap.wait_for(lambda: selections(folder).get(ports[2]) in used, "the one that answers again", 30)
        tap.check(tap.probe(folder)["disruption_marker"] == marker, "broke its promises")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
