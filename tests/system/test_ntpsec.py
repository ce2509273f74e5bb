#!/usr/bin/env python3
"""
Against ntpsec's ntpd: a minute at a request a second. Debian does not install ntpsec beside chrony, so its package is unpacked
into the build folder, and it always binds port 123, so that it runs in a network namespace.
"""
import glob
import os
import subprocess
import sys

import namespace
import tap

SECONDS = 60
CONFIG = """disable ntp
tos orphan 5 orphanwait 1
tos minsane 1 minclock 1
restrict default noquery
driftfile /nonexistent
"""


def unpacked(folder):
    """ntpd, from Debian's archive if it is not there yet."""
    ntpd = f"{folder}/usr/sbin/ntpd"
    if os.path.exists(ntpd):
        return ntpd
    os.makedirs(folder, exist_ok=True)
    got = subprocess.run(["apt-get", "download", "ntpsec"], cwd=folder, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    packages = glob.glob(f"{folder}/ntpsec_*.deb")
    if got.returncode != 0 or not packages:
        raise tap.Skip(f"apt-get download ntpsec: {got.stdout.strip().splitlines()[-1:]}")
    subprocess.run(["dpkg-deb", "-x", packages[0], folder], check=True)
    return ntpd


def test_time_from_ntpsec(folder):
    ntpd = unpacked(sys.argv[1])
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
