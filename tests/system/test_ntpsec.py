#!/usr/bin/env python3
"""
Against ntpsec's ntpd: a minute at a request a second. It always binds port 123, and so runs in a network namespace.
"""
import sys

import namespace
import packages
import tap

SECONDS = 60
CONFIG = """disable ntp
tos orphan 5 orphanwait 1
tos minsane 1 minclock 1
restrict default noquery
driftfile /nonexistent
"""


def test_time_from_ntpsec(folder):
    ntpd = packages.program("ntpsec", "/usr/sbin/ntpd")
    namespace.enter()
    namespace.switch_loopback(True)
    with open(f"{folder}/ntp.conf", "w") as f:
        f.write(CONFIG)
    with tap.process([ntpd, "-n", "-g", "-c", f"{folder}/ntp.conf"], f"{folder}/ntpd.log",
                     preexec_fn=namespace.without_the_clock), \
            tap.daemon(folder, "--poll", "1", "-v", "127.0.0.1"):
        tap.wait_for_status(folder, "synchronised", 60)
        tap.check_watched(tap.watch(folder, SECONDS), SECONDS)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=1)
