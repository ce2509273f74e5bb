#!/usr/bin/env python3
"""Debian's chronyd, ntpsec and openntpd at once, while one stops, one steps by a second, one limits the rate, and one has no time."""
import contextlib
import os
import struct
import sys

import chrony
import namespace
import openntpd
import packages
import tap

USED = ("followed", "combined", "spare")
# Its usual limit of the rate holds. It leaves the loopback's other addresses to others.
NTPSEC = """disable ntp
tos orphan 5 orphanwait 1
tos minsane 1 minclock 1
driftfile /nonexistent
interface ignore wildcard
"""


class Step:
    """The clock of a server, which can step."""

    def __init__(self, folder):
        self.path = f"{folder}/bend"
        self.to(0)
        self.environment = {**os.environ, "LD_PRELOAD": os.environ["BEND"], "BEND": self.path, "BEND_SOCKETS": "1"}

    def to(self, ahead_s):
        with open(self.path, "r+b" if os.path.exists(self.path) else "wb") as f:
            f.write(struct.pack("=q", round(ahead_s * 1e9)).ljust(4096, b"\0"))


def sources(folder):
    """Return the rows of the page by address and port."""
    page = tap.probe(folder)
    return {(each["last_byte"], each["port"]): each for each in page["sources"]} if page else {}


def wait_for_selection(folder, server, *selections, patience_s=60):
    tap.wait_for(lambda: (sources(folder).get(server) or {}).get("selection") in selections,
                 f"{server} to be {selections}: {sources(folder).get(server)}", patience_s)


def check_right(folder, seconds=5):
    tap.check_watched(tap.watch(folder, seconds), seconds, median_ns=100000)
    tap.wait_for_status(folder, "synchronised")


def test_all_at_once(folder):
    ntpsec = packages.program("ntpsec", "/usr/sbin/ntpd")
    for each in packages.program("chrony", "/usr/sbin/chronyd"), openntpd.program():     # while there is a network
        tap.check(os.access(each, os.X_OK), each)
    namespace.enter()
    namespace.switch_loopback(True)
    for name in "stopped", "stepping", "openntpd", "good":
        os.mkdir(f"{folder}/{name}")
    with open(f"{folder}/ntp.conf", "w") as f:
        f.write(NTPSEC)
    with contextlib.ExitStack() as stack:
        stack.enter_context(openntpd.ntpd(f"{folder}/openntpd", "127.0.0.2"))
        stack.enter_context(tap.process([ntpsec, "-n", "-g", "-c", f"{folder}/ntp.conf"], f"{folder}/ntpsec.log",
                                        preexec_fn=namespace.without_the_clock))
        good = stack.enter_context(chrony.chronyd(f"{folder}/good"))
        step = Step(f"{folder}/stepping")
        port = stack.enter_context(chrony.chronyd(f"{folder}/stepping", env=step.environment))
        later = stack.enter_context(contextlib.ExitStack())
        stopped = later.enter_context(chrony.chronyd(f"{folder}/stopped"))
        servers = {"good": (1, good), "stepping": (1, port), "stopped": (1, stopped), "ntpsec": (1, 123), "openntpd": (2, 123)}
        with open(f"{folder}/conf", "w") as f:
            f.writelines(f"server 127.0.0.{host} port {port} iburst minpoll 0 maxpoll 4\n" for host, port in servers.values())
        stack.enter_context(tap.daemon(folder, "-v", "-c", f"{folder}/conf"))
        marker = tap.wait_for_status(folder, "synchronised")["disruption_marker"]
        for name in "good", "stepping", "stopped", "ntpsec":
            wait_for_selection(folder, servers[name], *USED)
        check_right(folder)

        # One has no time: its replies are marked so, and refused.
        row = sources(folder)[servers["openntpd"]]
        tap.check(row["selection"] == "none" and row["accepted"] == 0, f"{row}")

        # One steps.
        step.to(1)
        wait_for_selection(folder, servers["stepping"], "falseticker")
        check_right(folder)

        # One stops: two that are right stand against one that is not.
        later.close()
        wait_for_selection(folder, servers["stopped"], "none")
        check_right(folder)

        # The one that limits the rate is followed on, at intervals that it serves.
        before = sources(folder)[servers["ntpsec"]]["accepted"]
        tap.wait_for(lambda: sources(folder)[servers["ntpsec"]]["accepted"] >= before + 3, "replies of ntpsec", 110)
        wait_for_selection(folder, servers["ntpsec"], *USED)
        check_right(folder)

        # The one that stepped is used again once it is right.
        step.to(0)
        wait_for_selection(folder, servers["stepping"], *USED, patience_s=120)
        check_right(folder)
        tap.check(tap.probe(folder)["disruption_marker"] == marker, "broke its promises")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=1)
