#!/usr/bin/env python3
"""
Against ntpsec's ntpd: a minute at a request a second, and two and a half more with its usual limit of the rate. It always
binds port 123, and so runs in a network namespace.
"""
import contextlib
import sys
import time

import namespace
import packages
import tap

SECONDS = 60
CONFIG = """disable ntp
tos orphan 5 orphanwait 1
tos minsane 1 minclock 1
driftfile /nonexistent
"""
UNLIMITED = "restrict default noquery\n"


@contextlib.contextmanager
def ntpsec(folder, config):
    ntpd = packages.program("ntpsec", "/usr/sbin/ntpd")
    namespace.enter()
    namespace.switch_loopback(True)
    with open(f"{folder}/ntp.conf", "w") as f:
        f.write(config)
    with tap.process([ntpd, "-n", "-g", "-c", f"{folder}/ntp.conf"], f"{folder}/ntpd.log",
                     preexec_fn=namespace.without_the_clock):
        yield


def test_time_from_ntpsec(folder):
    with ntpsec(folder, CONFIG + UNLIMITED), tap.daemon(folder, "--poll", "1", "-v", "127.0.0.1"):
        tap.wait_for_status(folder, "synchronised", 60)
        tap.check_watched(tap.watch(folder, SECONDS), SECONDS)


def test_a_rate_is_found_that_ntpsec_serves(folder):
    """One request a second is over its limit after 75 s, and it counts what it drops."""
    with ntpsec(folder, CONFIG), tap.daemon(folder, "--poll", "1", "-v", "127.0.0.1"):
        tap.wait_for_status(folder, "synchronised", 60)
        tap.wait_for(lambda: tap.probe(folder)["poll_log2_s"] == 1, "an interval of 2 s", 110)
        for _ in range(4):
            before = tap.probe(folder)["verdicts"]["accepted"]
            time.sleep(15)
            after = tap.probe(folder)["verdicts"]["accepted"]
            tap.check(after >= before + 4, f"{after - before} replies in 15 s")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=1)
