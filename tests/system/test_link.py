#!/usr/bin/env python3
"""A network that is not there yet, goes, and comes back: errors of send and ICMP are counted, and nothing ends."""
import sys
import time

import fake
import namespace
import tap


def test_a_link_that_comes_up_late_and_flaps(folder):
    namespace.enter()
    with fake.Server(host="") as server, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{server.port}") as running:
        time.sleep(3)
        tap.check(running.poll() is None, "ended while the network was down")
        tap.check("not sent" in tap.said(folder), "says nothing of the network")
        namespace.switch_loopback(True)
        tap.wait_for_status(folder, "synchronised")
        namespace.switch_loopback(False)
        tap.wait_for_status(folder, "free-running")
        namespace.switch_loopback(True)
        tap.wait_for_status(folder, "synchronised")
        tap.check(tap.stop(running)[0] == 0, "did not end well")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=1)
