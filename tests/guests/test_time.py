#!/usr/bin/env python3
"""A guest's clock beside the host's, for two minutes each: on microvm, on q35, and over a path with loss and delay."""
import os
import sys
import time

import guest
import tap

SECONDS = int(os.environ.get("GUEST_SECONDS", "120"))
MEDIAN_NS = 30000


def keep_time(folder, machine, port, least_rtt_ms=0, bound_ms=5):
    began = time.monotonic()
    with guest.awake(folder), guest.Guest(folder, machine, f"server={guest.HOST}:{port} poll=1") as running:
        running.wait_for_status("synchronised", patience_s=10)
        print(f"# synchronised {time.monotonic() - began:.1f} s after power-on", flush=True)
        time.sleep(8)           # the burst
        running.pin()
        for attempt in range(2):
            seen = running.watch(SECONDS)
            guest.check_watched(seen, SECONDS, bound_ms)
            if seen["median_ns"] <= MEDIAN_NS:
                break
            print(f"# too large; {os.getloadavg()[0]:.1f} processes want this machine's processors", flush=True)
        tap.check(seen["median_ns"] <= MEDIAN_NS, f"the median error is too large: {seen}")
        tap.check(running.page()["rtt_ns"] >= least_rtt_ms * 1e6, f"the path is shorter than it should be: {running.page()}")
        tap.check("exception" not in running.said(), running.said())


def test_microvm_keeps_time(folder):
    with guest.chronyd(folder) as port:
        keep_time(folder, "microvm", port)


def test_q35_keeps_time(folder):
    with guest.chronyd(folder) as port:
        keep_time(folder, "q35", port)


def test_one_percent_lost_and_two_milliseconds_of_queues(folder):
    with guest.chronyd(folder) as server, guest.relay(folder, server, 1, 2, 0.2) as port:
        keep_time(folder, "microvm", port, least_rtt_ms=4, bound_ms=20)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=1)
