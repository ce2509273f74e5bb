#!/usr/bin/env python3
"""A guest's clock beside the host's, for two minutes each: on microvm, on q35, and over a path that loses and delays."""
import os
import sys
import time

import guest
import tap

SECONDS = int(os.environ.get("GUEST_SECONDS", "120"))


def keep_time(folder, machine, port, median_us=30):
    began = time.monotonic()
    with guest.Guest(folder, machine, f"server={guest.HOST}:{port} poll=1") as running:
        running.wait_for_status("synchronised", patience_s=10 - (time.monotonic() - began))
        print(f"# synchronised {time.monotonic() - began:.1f} s after power-on", flush=True)
        time.sleep(8)           # the burst
        running.pin()
        for attempt in range(3):
            seen = running.watch(SECONDS)
            guest.check_watched(seen, SECONDS)
            if seen["median_ns"] <= median_us * 1000:
                break
            print(f"# too large; {os.getloadavg()[0]:.1f} processes want this machine's processors", flush=True)
        tap.check(seen["median_ns"] <= median_us * 1000, f"the median error is too large: {seen}")
        tap.check("exception" not in running.said(), running.said())


def test_microvm_keeps_time(folder):
    with guest.chronyd(folder) as port:
        keep_time(folder, "microvm", port)


def test_q35_keeps_time(folder):
    with guest.chronyd(folder) as port:
        keep_time(folder, "q35", port)


def test_one_percent_lost_and_two_milliseconds_of_queues(folder):
    with guest.chronyd(folder) as server, guest.relay(folder, server, 1, 2, 0.2) as port:
        keep_time(folder, "microvm", port)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=1)
